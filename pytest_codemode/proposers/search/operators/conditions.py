"""Conditions: stricter and looser ones, tests for None, loops that end, statements made conditional."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.kinds import NUMBERS
from pytest_codemode.proposers.search.operators.shapes import is_condition, negation
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.source import Function


def stricter(site: Site) -> Iterator[Draft]:
    """A condition gets another part, found in the file or made of a name it uses: `and`, `or`, before or after."""
    drafts = []
    for node in site.expressions:
        if not is_condition(site, node) or isinstance(site.parent(node), ast.BoolOp | ast.UnaryOp):
            continue
        text = site.text(node)
        for part, weight in _parts(site, node):
            kept = f"({text})" if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else text
            either = f"({part})" if " or " in part else part
            drafts.append(site.replace(node, f"{either} and {kept}", weight))
            drafts.append(site.replace(node, f"{text} or {part}", weight * 0.8))
            drafts.append(site.replace(node, f"{kept} and {either}", weight * 0.7))
    yield from drafts


def _parts(site: Site, node: ast.expr) -> Iterator[tuple[str, float]]:
    """Yield conditions that may be missing: bounds of an index, None, type, emptiness, others of the function."""
    names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    local = set(site.scope.visible_locals(site.statement))
    for part in ast.walk(node):
        if isinstance(part, ast.Subscript) and not isinstance(part.slice, ast.Slice | ast.Constant):
            yield f"{site.text(part.slice)} < len({site.text(part.value)})", 1.0
            yield f"{site.text(part.slice)} in {site.text(part.value)}", 0.4
            yield f"{site.text(part.slice)} >= 0", 0.4
    yield from _typed_parts(site, node)
    for name in dict.fromkeys(names):
        if name in local and name not in ("self", "cls"):
            yield name, 0.7
            yield f"not {name}", 0.6
            yield f"{name} is not None", 0.6
            yield f"{name} is None", 0.4
    if site.function is not None:
        others = [
            other for other in site.source.inside(site.function) if isinstance(other, ast.Compare) and other is not node
        ]
        for other in others[:20]:
            known = {part.id for part in ast.walk(other) if isinstance(part, ast.Name)}
            if known <= local | set(site.scope.module_names) | {"len"} and len(site.text(other)) < 60:
                yield site.text(other), 0.45
        yield from _unused_parts(site, site.function, names)


def _typed_parts(site: Site, node: ast.expr) -> Iterator[tuple[str, float]]:
    """Yield what asks for the type of a value before it is compared with a literal of that type."""
    for part in ast.walk(node):
        if isinstance(part, ast.Compare) and isinstance(part.left, ast.Name | ast.Attribute):
            other = part.comparators[0]
            if isinstance(other, ast.Constant) and type(other.value) in (str, int, float, bytes):
                yield f"isinstance({site.text(part.left)}, {type(other.value).__name__})", 0.5


def _unused_parts(site: Site, function: Function, names: list[str]) -> Iterator[tuple[str, float]]:
    """Yield conditions made of local names that the condition does not use, those that nothing reads first."""
    unread = site.scope.unread(function)
    others = set(site.scope.visible_locals(site.statement)) - set(names) - {"self", "cls"}
    for name in sorted(others, key=lambda name: (name not in unread, name))[:10]:
        weight = 0.7 if name in unread else 0.35
        yield name, weight
        yield f"not {name}", weight
        if name in unread and site.kinds.name(name) not in NUMBERS:
            for mine in dict.fromkeys(names):
                yield from ((f"{mine} not in {name}", 0.8), (f"{mine} in {name}", 0.7), (f"{mine} != {name}", 0.6))


def none_test(site: Site) -> Iterator[Draft]:
    """`if x` becomes `if x is not None` and the other way round; so do `not x` and `x or y`."""
    for node in site.expressions:
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and len(node.values) == 2:
            first, second = (site.text(value) for value in node.values)
            if isinstance(node.values[0], ast.Name | ast.Attribute):
                yield site.replace(node, f"{second} if {first} is None else {first}", 0.7)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot):
            left = site.text(node.left)
            if site.text(node.comparators[0]) == "None":
                yield site.replace(node, f"not {left}" if isinstance(node.ops[0], ast.Is) else left, 0.6)
        elif isinstance(node, ast.Name | ast.Attribute) and is_condition(site, node):
            if isinstance(site.parent(node), ast.UnaryOp):
                continue
            yield site.replace(node, f"{site.text(node)} is not None", 0.8)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not) and _plain(node.operand):
            yield site.replace(node, f"{site.text(node.operand)} is None", 0.8)


def _plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Attribute)


def loop_guard(site: Site) -> Iterator[Draft]:
    """The condition of a loop also asks that something is left: `while x and ...`, `while True` ends."""
    if not isinstance(site.statement, ast.While):
        return
    test = site.statement.test
    emptied = _emptied(site)
    for name in site.scope.visible_locals(site.statement)[:8]:
        if isinstance(test, ast.Constant):
            yield site.replace(test, name, 1.0 if name in emptied else 0.7)
            for other in site.scope.visible_locals(site.statement)[:8]:
                if other != name:
                    yield site.replace(test, f"{name} < {other}", 0.4)
        elif name not in ("self", "cls"):
            yield site.replace(test, name, 0.3)


def _emptied(site: Site) -> set[str]:
    """Return the names from which the statement takes one item after the other."""
    calls = (node.func for node in site.source.inside(site.statement) if isinstance(node, ast.Call))
    return {
        function.value.id
        for function in calls
        if isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.attr in ("pop", "popleft", "popitem", "get", "get_nowait")
    }


def condition(site: Site) -> Iterator[Draft]:
    """A statement gets a condition found in the function; an `if` becomes `while` or loses its condition."""
    if site.function is None or not site.whole:
        return
    statement = site.statement
    if isinstance(statement, ast.If) and site.header.startswith("if "):
        yield (
            site.replace_statement(f"while {site.header[3:]}", 0.4, header_only=True)
            if not statement.orelse
            else site.replace(statement.test, "True", 0.1)
        )
    if not isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign | ast.Return | ast.Continue):
        return
    text = "\n    ".join(site.source.text_of(statement).split("\n"))
    used = {node.id for node in site.nodes if isinstance(node, ast.Name)}
    local = set(site.scope.visible_locals(statement))
    tests: dict[str, float] = {}
    for node in site.source.inside(site.function):
        if isinstance(node, ast.Compare) and len(site.source.text_of(node)) < 50:
            names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            if names <= local | set(site.scope.module_names) | {"len"}:
                tests[site.source.text_of(node)] = 0.5
                tests[negation(site, node)] = 0.4
    for name in sorted(used & local - {"self", "cls"}):
        tests[name] = 0.6
        tests[f"{name} is not None"] = 0.5
        for other in sorted(local - {name, "self", "cls"})[:6]:
            tests[f"{name} not in {other}"] = 0.3
            tests[f"{name} != {other}"] = 0.3
    for test, weight in sorted(tests.items(), key=lambda item: -item[1])[:40]:
        yield site.replace_statement(f"if {test}:\n    {text}", weight)
