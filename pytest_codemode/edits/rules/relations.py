"""Whether a special method compares the two objects it is given, or only looks at one of them."""

from __future__ import annotations

import ast

from pytest_codemode.edits.rules.constancy import is_constant, returns_of
from pytest_codemode.edits.rules.tables import RICH, VALUE_TYPES

_BLIND = frozenset(
    {"str", "repr", "bool", "len", "hash", "id", "format", "print", "any", "all", "tuple", "list", "set"}
)
"""Builtins that take anything: a call of one with both objects compares nothing."""

_BUILTIN_TYPES = VALUE_TYPES | {"bool", "object", "type"}


def compares_nothing(name: str, value: ast.AST) -> bool:
    """Return whether a rich comparison surely does not depend on both objects.

    Args:
        name: as `__eq__`.
        value: its function, or the expression its name is bound to.
    """
    if name not in RICH or not isinstance(value, ast.FunctionDef | ast.Lambda):
        return False
    arguments = value.args
    given = [*arguments.posonlyargs, *arguments.args]
    if arguments.vararg and not given:  # `def __eq__(*both)`
        given = [arguments.vararg, arguments.vararg]
    elif arguments.vararg and len(given) == 1:
        given = [*given, arguments.vararg]
    if len(given) != 2:
        return False
    results = [value.body] if isinstance(value, ast.Lambda) else returns_of(value)
    if not results or all(is_constant(item) or _declines(item) for item in results):
        return False  # it declines, or always gives the same: which `always_equal` judges
    body = [value.body] if isinstance(value, ast.Lambda) else value.body
    nodes = [node for part in body for node in ast.walk(part)]
    mine, theirs = _derived(given[0].arg, nodes) | {"super"}, _derived(given[1].arg, nodes)
    return not any(_relates(node, mine, theirs) for node in nodes)


def _declines(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Name) and node.id == "NotImplemented"


def _derived(name: str, nodes: list[ast.AST]) -> frozenset[str]:
    """Return the names whose values come from that of `name`."""
    found = {name}
    grown = True
    while grown:
        before = len(found)
        for node in nodes:
            targets, source = binding(node)
            if source is not None and _mentions(source, found):
                stored = (item for target in targets for item in ast.walk(target))
                found.update(item.id for item in stored if isinstance(item, ast.Name))
        grown = len(found) > before
    return frozenset(found)


def binding(node: ast.AST) -> tuple[list[ast.expr], ast.expr | None]:
    """Return the targets and the value of whatever binds names."""
    match node:
        case ast.Assign(targets=targets, value=value):
            return targets, value
        case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value):
            return [target], value
        case ast.NamedExpr(target=target, value=value):
            return [target], value
        case (
            ast.For(target=target, iter=value)
            | ast.AsyncFor(target=target, iter=value)
            | ast.comprehension(target=target, iter=value)
        ):
            return [target], value
        case ast.withitem(context_expr=value, optional_vars=target) if target is not None:
            return [target], value
    return [], None


def _mentions(node: ast.AST, names: frozenset[str] | set[str]) -> bool:
    return any(isinstance(item, ast.Name) and item.id in names for item in ast.walk(node))


def _relates(node: ast.AST, mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Return whether one expression looks at both objects; an exact type of the other one is as good."""
    match node:
        case ast.Call(func=ast.Name(id="isinstance"), args=[tested, kind]) if _mentions(tested, theirs):
            return _mentions(kind, mine) or not _builtin(kind)
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot()], comparators=[right]):
            return _mentions(left, theirs) != _mentions(right, theirs) and not is_constant(right)
        case ast.Call(func=ast.Name(id=name)) if name in _BLIND:
            return False
        case ast.Compare(left=left, comparators=rights):
            sides = [left, *rights]
            both = any(_mentions(side, mine) for side in sides) and any(_mentions(side, theirs) for side in sides)
            return both and not any(map(is_constant, sides))
        case ast.Call() | ast.BinOp() | ast.Subscript() | ast.MatchValue() | ast.match_case():
            return _mentions(node, mine) and _mentions(node, theirs)
    return False


def _builtin(kind: ast.expr) -> bool:
    names = {item.id for item in ast.walk(kind) if isinstance(item, ast.Name)}
    return bool(names & _BUILTIN_TYPES)
