"""Statements copied from like code, with names adapted."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator

from pytest_codemode.proposers.search.similarity import likeness
from pytest_codemode.proposers.search.site import Draft, Site


def copied(site: Site) -> Iterator[Draft]:
    """A statement of the same function, or of one like it, stands here too, with names adapted."""
    if site.function is None or not site.whole or site.statement is site.function:
        return
    here = _neighbours(site)
    forms: dict[str, float] = {}
    looping = site.source.loop_of(site.statement) is not None
    for other, text, near in _donors(site):
        if isinstance(other, ast.Break | ast.Continue) and not looping:
            continue
        for form, weight in adapted(site, text):
            if form not in here:
                forms[form] = max(forms.get(form, 0.0), weight * near)
    leaving = isinstance(site.statement, ast.Return)
    for form, weight in sorted(forms.items(), key=lambda item: -item[1])[:60]:
        if not leaving:
            yield site.insert_after(form, weight)
        yield site.insert_before(form, weight * (1.0 if leaving else 0.8))


def _neighbours(site: Site) -> set[str]:
    block = site.source.block_of(site.statement)
    at = block.index(site.statement)
    return {site.source.text_of(statement) for statement in block[max(at - 1, 0) : at + 2]}


def _donors(site: Site) -> Iterator[tuple[ast.stmt, str, float]]:
    """Yield simple statements to copy: of this function, of the class or module, of like functions of other files."""
    count, owner = 0, site.source.class_of(site.statement)
    for statement, text, function in site.source.one_liners:
        if function is site.function:
            yield statement, text, 0.8
        elif count < 60 and site.source.class_of(statement) is owner:
            count += 1
            yield statement, text, 0.4
    for source, function in site.project.functions.get(site.function.name if site.function else "", ()):
        if source is not site.source:
            inside = (found for found in source.one_liners if found[2] is function)
            yield from ((statement, text, 0.4) for statement, text, _ in inside)


def adapted(site: Site, text: str) -> Iterator[tuple[str, float]]:
    """Yield the code `text`, and it with one name replaced by a like one that means something here."""
    visible = set(site.scope.visible(site.statement))
    names = list(dict.fromkeys(re.findall(r"(?<![\w.'\"])[A-Za-z_]\w*", text)))
    local = [name for name in site.scope.visible_locals(site.statement) if name not in ("self", "cls")]
    strange = [
        name for name in names if name not in visible and name in site.scope.uses and not hasattr(builtins, name)
    ]
    if not strange:
        yield text, 0.8
    if len(strange) <= 1:
        for name in strange or names[:3]:
            for other in local[:8]:
                if name not in (other, "self"):
                    yield re.sub(rf"(?<![\w.]){re.escape(name)}\b", other, text), 0.35 + 0.4 * likeness(name, other)


def flushed(site: Site) -> Iterator[Draft]:
    """What a loop hands on whenever a part is complete is handed on once more after it: the last part, or the rest."""
    loop = site.statement if isinstance(site.statement, _LOOPS) else site.source.enclosing(site.statement, _LOOPS)
    if not isinstance(loop, _LOOPS) or site.function is None:
        return
    after = Site(site.source, loop, site.score, site.project)
    if not after.whole:
        return
    inside = site.source.inside(loop)
    changed = {node.id for node in inside if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for statement in inside:
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call | ast.Yield):
            continue
        text = site.text(statement)
        given = statement.value.args if isinstance(statement.value, ast.Call) else [statement.value]
        names = {node.id for arg in given for node in ast.walk(arg) if isinstance(node, ast.Name)}
        mine = sorted(names & set(site.scope.locals_of(site.function)))
        if not mine or "\n" in text:
            continue
        if site.source.parents.get(statement) is not loop:
            yield from ((after.insert_after(f"if {name}:\n    {text}", 0.9)) for name in mine)
            yield after.insert_after(text, 0.8)
        elif isinstance(given[0], ast.Name):
            start = len(text) - len(given[0].id) - 1
            for name in sorted(changed - names):
                rest = f"{text[:start]}{name}{text[start + len(given[0].id) :]}"
                yield after.insert_after(rest, 0.8)
                yield after.insert_after(f"if {name}:\n    {rest}", 0.8)


_LOOPS = (ast.For, ast.AsyncFor, ast.While)
