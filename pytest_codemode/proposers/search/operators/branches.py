"""Branches: their order, one that is missing, several statements under one condition."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_codemode.core.patch import DeleteStatement, ReplaceStatement
from pytest_codemode.proposers.search.operators.guards import weighted_results
from pytest_codemode.proposers.search.scope import parameters
from pytest_codemode.proposers.search.similarity import likeness
from pytest_codemode.proposers.search.site import Draft, Site

_CLASSES = ("str", "dict", "list", "tuple", "int", "float", "bytes", "bool", "set")
_MOST = 12
"""Statements that are put under one condition."""


@dataclass(frozen=True, slots=True)
class _Arm:
    """One branch of a chain of conditions."""

    test: str
    """Empty for `else`."""
    body: str
    """Its lines, indented by one step against the `if`."""


def _arms(site: Site) -> list[_Arm]:
    """Return the branches of the chain that begins at the site; empty where their lines cannot be moved."""
    node: ast.stmt = site.statement
    if not isinstance(node, ast.If) or not site.whole:
        return []
    found: list[_Arm] = []
    column = site.source.lines[node.lineno - 1].index("if")
    while True:
        body = _lines(site, node.body, column)
        if not body:
            return []
        found.append(_Arm(site.text(node.test), body))
        rest = node.orelse
        if len(rest) == 1 and isinstance(rest[0], ast.If) and _is_elif(site, rest[0]):
            node = rest[0]
            continue
        if rest:
            body = _lines(site, rest, column)
            found.append(_Arm("", body))
        return found if body else []


def _is_elif(site: Site, node: ast.If) -> bool:
    return site.source.lines[node.lineno - 1].lstrip().startswith("elif")


def _lines(site: Site, block: list[ast.stmt], column: int) -> str:
    """Return the whole lines of a block moved left by `column`; empty where that would change a text."""
    first, last = block[0], block[-1]
    decorated: list[ast.expr] = getattr(first, "decorator_list", [])
    start = min([first.lineno, *(node.lineno for node in decorated)])
    lines = site.source.lines[start - 1 : last.end_lineno]
    text = "\n".join(lines)
    if not site.source.first_on_line(first) or '"""' in text or "'''" in text:
        return ""
    if any(line.strip() and line[:column].strip() for line in lines):
        return ""
    return "\n".join(line[column:] for line in lines)


def _chain(arms: list[_Arm]) -> str:
    parts = []
    for index, arm in enumerate(arms):
        word = "if" if not index else "elif"
        parts.append(f"{word} {arm.test}:\n{arm.body}" if arm.test else f"else:\n{arm.body}")
    return "\n".join(parts)


def reordered(site: Site) -> Iterator[Draft]:
    """Two branches of a chain change places, or their bodies do, or the last `elif` becomes `else` or comes first."""
    arms = _arms(site)
    tested = [arm for arm in arms if arm.test]
    rest = arms[len(tested) :]
    for one in range(len(tested) - 1):
        for other in range(one + 1, len(tested)):
            order = list(tested)
            order[one], order[other] = order[other], order[one]
            yield site.replace_statement(_chain([*order, *rest]), 1.0 if other == one + 1 else 0.6)
    if len(tested) > 2:
        yield site.replace_statement(_chain([tested[-1], *tested[:-1], *rest]), 0.7)
    for one in range(len(arms) - 1):
        bodies = list(arms)
        bodies[one] = _Arm(arms[one].test, arms[one + 1].body)
        bodies[one + 1] = _Arm(arms[one + 1].test, arms[one].body)
        yield site.replace_statement(_chain(bodies), 0.6)
    if len(tested) > 1 and not rest:
        yield site.replace_statement(_chain([*tested[:-1], _Arm("", tested[-1].body)]), 0.7)


def alternative(site: Site) -> Iterator[Draft]:
    """A condition that follows another becomes its `elif`; an `elif` becomes a condition of its own."""
    if not isinstance(site.statement, ast.If):
        return
    start, _ = site.source.span(site.statement)
    if site.header.startswith("elif"):
        yield site.splice(start, start + 4, "if", 0.6)
        return
    block = site.source.block_of(site.statement)
    at = block.index(site.statement)
    before = block[at - 1] if at else None
    if isinstance(before, ast.If) and site.whole and not _ends_in_else(site, before):
        yield site.splice(start, start + 2, "elif", 1.0)


def _ends_in_else(site: Site, node: ast.If) -> bool:
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If) and _is_elif(site, node.orelse[0]):
        node = node.orelse[0]
    return bool(node.orelse)


def otherwise(site: Site) -> Iterator[Draft]:
    """A chain without `else` gets one: it sets what the branches set, returns, or does as a branch does."""
    arms = _arms(site)
    if not arms or not arms[-1].test or site.function is None:
        return
    for line, weight in _other_bodies(site):
        yield site.replace_statement(_chain([*arms, _Arm("", f"    {line}")]), weight)


def _other_bodies(site: Site) -> Iterator[tuple[str, float]]:
    """Yield one-line bodies for a further branch."""
    if site.function is None:
        return
    mine = [name for name in parameters(site.function) if name not in ("self", "cls")]
    for target in _targets(site):
        near = sorted(mine, key=lambda name: -likeness(name, target))[:3]
        for rank, value in enumerate((*near, "None", "0", '""', "[]", "False")):
            if value != target:
                yield f"{target} = {value}", 0.9 - 0.06 * rank
    leaves = any(isinstance(node, ast.Return) for node in site.source.inside(site.statement))
    for value, fits in weighted_results(site, site.function)[:5]:
        yield f"return {value}".rstrip(), (0.8 if leaves else 0.4) * fits
    if site.source.loop_of(site.statement) is not None:
        yield from (("continue", 0.5), ("break", 0.5))
    for other in _siblings(site):
        yield other, 0.5


def _targets(site: Site) -> list[str]:
    """Return the names that every branch of the chain sets last."""
    found: list[set[str]] = []
    node: ast.stmt | None = site.statement
    while isinstance(node, ast.If):
        found.append(
            {
                target.id
                for statement in node.body
                if isinstance(statement, ast.Assign)
                for target in statement.targets
                if isinstance(target, ast.Name)
            }
        )
        node = node.orelse[0] if node.orelse else None
    return sorted(set.intersection(*found)) if found else []


def _siblings(site: Site) -> Iterator[str]:
    """Yield the one-line bodies of the branches."""
    node: ast.stmt | None = site.statement
    while isinstance(node, ast.If):
        if len(node.body) == 1 and not isinstance(node.body[0], ast.Raise):
            text = site.text(node.body[0])
            if "\n" not in text:
                yield text
        node = node.orelse[0] if node.orelse else None


def kind(site: Site) -> Iterator[Draft]:
    """A chain that asks for types gets a branch for another type, with a body like those of the others."""
    arms = _arms(site)
    subject = next((found for arm in arms if (found := _asked_type(arm.test))), "")
    if not subject or site.function is None:
        return
    known = {name for arm in arms for name in _CLASSES if name in arm.test}
    place = len(arms) - (not arms[-1].test)
    bodies = [(line, weight) for line, weight in _other_bodies(site) if weight >= 0.4][:8]
    for rank, name in enumerate(("(list, tuple)", *_CLASSES)):
        if name in known:
            continue
        for line, weight in bodies:
            new = [*arms[:place], _Arm(f"isinstance({subject}, {name})", f"    {line}"), *arms[place:]]
            yield site.replace_statement(_chain(new), weight * (0.9 - 0.05 * rank))


def _asked_type(test: str) -> str:
    start = test.find("isinstance(")
    return test[start + len("isinstance(") :].split(",", 1)[0].strip() if start >= 0 else ""


def rest(site: Site) -> Iterator[Draft]:
    """This statement and those after it in its block are done only where what they need is there."""
    block = site.source.block_of(site.statement)
    at = block.index(site.statement)
    tail = block[at:]
    if site.function is None or not site.whole or site.statement is site.function or len(tail) > _MOST:
        return
    column = len(site.source.lines[site.statement.lineno - 1]) - len(
        site.source.lines[site.statement.lineno - 1].lstrip()
    )
    for count in dict.fromkeys((2, 3, len(tail))):
        if not 2 <= count <= len(tail) or not _movable(site, tail[:count]):
            continue
        text = _lines(site, tail[:count], column)
        body = "\n".join(f"    {line}" if line.strip() else line for line in text.split("\n"))
        for test, weight in _needed(site):
            if text:
                yield _under(site, tail[:count], f"if {test}:\n{body}", weight * (0.9 if count == len(tail) else 0.7))


def _movable(site: Site, block: list[ast.stmt]) -> bool:
    return all(site.source.first_on_line(statement) for statement in block)


def _under(site: Site, block: list[ast.stmt], text: str, weight: float) -> Draft:
    first = ReplaceStatement(site.path, site.statement.lineno, site.first_line, text)
    others = (
        DeleteStatement(site.path, statement.lineno, site.source.lines[statement.lineno - 1].strip())
        for statement in block[1:]
    )
    return Draft((first, *others), weight, f"`{text.split(':', 1)[0]}` for {len(block)} statements")


def _needed(site: Site) -> Iterator[tuple[str, float]]:
    """Yield conditions on what the statement reads."""
    found: dict[str, float] = {}
    for culprit in site.culprits:
        text = site.text(culprit.node)
        found[text] = 1.0
        if culprit.trouble == "none":
            found[f"{text} is not None"] = 1.0
    local = site.scope.visible_locals(site.statement)
    for node in site.expressions:
        own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        called = isinstance(parent := site.parent(node), ast.Call) and parent.func is node
        if ((isinstance(node, ast.Name) and node.id in local) or own) and not called:
            text = site.text(node)
            if text not in ("self", "cls"):
                found.setdefault(text, 0.6)
                found.setdefault(f"{text} is not None", 0.5)
    yield from list(found.items())[:6]
