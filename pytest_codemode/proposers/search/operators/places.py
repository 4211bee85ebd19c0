"""The same edit at several places as one candidate: what is written twice is usually wrong twice."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from pytest_codemode.core.patch import Edit, ReplaceExpression
from pytest_codemode.proposers.search.operators import (
    arithmetic,
    calls,
    comparisons,
    conditions,
    constants,
    conversions,
    logic,
    names,
    patterns,
    texts,
    variables,
    wraps,
)
from pytest_codemode.proposers.search.operators.shapes import called_name
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.source import SourceFile
from pytest_codemode.proposers.search.splices import parses

_MOST = 8
"""Places that one candidate changes."""
_SHORTEST = 4
"""Characters of an expression that is told again from its text alone."""
_BASE: tuple[tuple[Callable[[Site], Iterable[Draft]], float], ...] = (
    (names.undefined, 1.0),
    (names.attribute, 1.0),
    (names.keyword, 1.0),
    (conversions.converted, 0.9),
    (calls.callee, 0.8),
    (calls.fewer, 0.7),
    (calls.more, 0.6),
    (calls.swapped, 0.5),
    (variables.attribute, 0.7),
    (variables.name, 0.5),
    (comparisons.operator, 0.8),
    (logic.negated, 0.6),
    (conditions.none_test, 0.7),
    (arithmetic.operator, 0.6),
    (constants.number, 0.5),
    (constants.text, 0.6),
    (texts.key, 0.5),
    (patterns.quantifier, 0.8),
    (patterns.characters, 0.7),
    (patterns.anchor, 0.6),
    (wraps.wrapped, 0.5),
    (wraps.method, 0.5),
)
"""Operators whose edits are made everywhere, and how likely it is that they are needed everywhere."""


def repeated(site: Site) -> Iterator[Draft]:
    """An edit is made wherever the same expression stands in the statement, the function, the class or the file."""
    if not _has_twins(site):
        return
    for draft_all, likely in _BASE:
        for draft in draft_all(site):
            edit = draft.edits[0]
            if len(draft.edits) == 1 and isinstance(edit, ReplaceExpression) and parses(site, edit):
                yield from _everywhere(site, edit, likely * min(draft.weight, 1.0))


def _has_twins(site: Site) -> bool:
    return any(len(_twins(site, node)) > 1 for node in site.expressions)


def _twins(site: Site, node: ast.AST) -> list[ast.expr]:
    """Return the expressions of the file that are written as `node` is, itself included."""
    if not isinstance(node, ast.expr):
        return []
    return site.project.written(site.source).get((type(node), site.text(node)), [])


def _everywhere(site: Site, edit: ReplaceExpression, weight: float) -> Iterator[Draft]:
    start = site.source.offset(edit.line, 0) + edit.column
    end = start + len(edit.old)
    seen: set[int] = set()
    for whole in _around(site, start, end):
        first, last = site.source.span(whole)
        for scope, likely in _scopes(site):
            places = _inside(site, _twins(site, whole), scope)
            if 1 < len(places) <= _MOST and len(places) not in seen:
                seen.add(len(places))
                edits = [_at(site.source, edit, place + start - first) for place in places]
                note = f"`{edit.old}` becomes `{edit.new}` at {len(places)} places"
                yield Draft(tuple(edits), weight * likely, note)
        if last - first > 120 or len(seen) > 1:
            return


def _around(site: Site, start: int, end: int) -> Iterator[ast.expr]:
    """Yield the expressions that hold the changed characters, inside out; a bare name says too little."""
    holding = []
    for node in site.expressions:
        first, last = site.source.span(node)
        if first <= start and end <= last and last - first >= _SHORTEST:
            holding.append((last - first, node))
    for _, node in sorted(holding, key=lambda pair: pair[0]):
        if isinstance(node, ast.Name) and not _in_statement(site, node):
            continue
        yield node


def _in_statement(site: Site, node: ast.Name) -> bool:
    """Whether the statement itself reads the name more than once."""
    return sum(isinstance(other, ast.Name) and other.id == node.id for other in site.expressions) > 1


def _scopes(site: Site) -> Iterator[tuple[ast.AST, float]]:
    yield site.statement, 1.0
    if site.function is not None:
        yield site.function, 0.9
    owner = site.source.class_of(site.statement)
    if owner is not None:
        yield owner, 0.75
    yield site.source.tree, 0.6


def _inside(site: Site, nodes: list[ast.expr], scope: ast.AST) -> list[int]:
    """Return where those of `nodes` that are part of `scope` start, none inside another."""
    found: list[int] = []
    end = -1
    for node in nodes:
        if scope is site.source.tree or site.source.is_part(node, scope):
            start, last = site.source.span(node)
            if start >= end:
                found.append(start)
                end = last
    return found


def _at(source: SourceFile, edit: ReplaceExpression, offset: int) -> Edit:
    line, column = source.position(offset)
    return ReplaceExpression(edit.path, line, column, edit.old, edit.new)


def membership(site: Site) -> Iterator[Draft]:
    """What is looked for in a collection, and what is put into it, become another form: `id(x)`, `x.lower()`."""
    unhashable = "unhashable" in site.project.hints.texts
    if site.function is None:
        return
    for container in _collections(site):
        uses = [
            use for node in site.source.inside(site.function) if (use := _use_of(site, node, container)) is not None
        ]
        uses = list(dict.fromkeys(uses))
        if 2 <= len(uses) <= _MOST:
            forms = ("tuple({})", "frozenset({})", "str({})", "id({})", "repr({})")
            usual = ("id({})", "{}.lower()", "str({})", "tuple({})", "{}.strip()", "int({})")
            for rank, form in enumerate(forms if unhashable else usual):
                edits = [edit for use in uses for edit in site.replace(use, form.format(site.text(use))).edits]
                yield Draft(tuple(edits), 0.8 - 0.08 * rank, f"`{container}` holds {form.format('...')}")


def _collections(site: Site) -> list[str]:
    """Return the names that the statement asks for membership or fills."""
    found = []
    for node in site.expressions:
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            found.append(site.text(node.comparators[0]))
        elif called_name(node) in ("add", "append") and isinstance(node, ast.Call):
            found += [site.text(node.func.value)] if isinstance(node.func, ast.Attribute) else []
    return [name for name in dict.fromkeys(found) if name.replace(".", "").isidentifier()]


def _use_of(site: Site, node: ast.AST, container: str) -> ast.expr | None:
    """Return the item that `node` looks for in the container or puts into it."""
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn) and len(node.ops) == 1:
        return node.left if site.text(node.comparators[0]) == container else None
    if called_name(node) in ("add", "append", "discard", "remove") and isinstance(node, ast.Call):
        own = isinstance(node.func, ast.Attribute) and site.text(node.func.value) == container
        return node.args[0] if own and len(node.args) == 1 else None
    return None
