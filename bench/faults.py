"""An independent set of mutants of a module, to measure tests by. Shares nothing with `testgen.mutants`.

The classical operators (Offutt et al., "An experimental determination of sufficient mutant operators", TOSEM 1996):
relational, arithmetic and logical operators, conditions negated, constants moved by one, texts changed, statements
dropped, results replaced.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One mutant: the whole module, and where it differs."""

    line: int
    what: str
    source: str


def faults(source: str, most: int) -> list[Fault]:
    """Return at most `most` mutants, evenly spread over the module."""
    found = [fault for fault in _all(source) if fault is not None]
    if len(found) <= most:
        return found
    return [found[index * len(found) // most] for index in range(most)]


def _all(source: str) -> Iterator[Fault]:
    tree = ast.parse(source)
    for index, node in enumerate(ast.walk(tree)):
        if not _in_function(tree, node):
            continue
        for what, change in _changes(node):
            mutated = copy.deepcopy(tree)
            target = next(one for at, one in enumerate(ast.walk(mutated)) if at == index)
            change(mutated, target)
            try:
                text = ast.unparse(ast.fix_missing_locations(mutated))
                compile(text, "mutant", "exec")
            except (SyntaxError, ValueError):
                continue
            yield Fault(getattr(node, "lineno", 0), what, text)


def _in_function(tree: ast.Module, node: ast.AST) -> bool:
    line = getattr(node, "lineno", 0)
    functions = (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(one.body[0].lineno <= line <= (one.end_lineno or 0) for one in functions) and not _is_docstring(
        tree, node
    )


def _is_docstring(tree: ast.Module, node: ast.AST) -> bool:
    for one in ast.walk(tree):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = one.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and node in (first, first.value):
                return True
    return False


def _changes(node: ast.AST) -> Iterator[tuple[str, object]]:  # one branch an operator
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARE:
        yield "relation", lambda _, one: one.ops.__setitem__(0, _COMPARE[type(one.ops[0])]())
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield "arithmetic", lambda _, one: setattr(one, "op", _ARITHMETIC[type(one.op)]())
    elif isinstance(node, ast.BoolOp):
        yield "connective", lambda _, one: setattr(one, "op", ast.Or() if isinstance(one.op, ast.And) else ast.And())
    elif isinstance(node, ast.If | ast.While) and not isinstance(node.test, ast.Compare):
        yield "negated", lambda _, one: setattr(one, "test", ast.UnaryOp(ast.Not(), one.test))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "boolean", lambda _, one: setattr(one, "value", not one.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield "number", lambda _, one: setattr(one, "value", one.value + 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield "text", lambda _, one: setattr(one, "value", one.value + "X")
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "result", lambda _, one: setattr(one, "value", ast.Constant(None))
    elif isinstance(node, ast.Expr | ast.AugAssign):
        yield "dropped", lambda tree, one: _replace(tree, one, ast.Pass())


def _replace(tree: ast.Module, old: ast.stmt, new: ast.stmt) -> None:
    for node in ast.walk(tree):
        for body in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(body, list) and old in body:
                body[body.index(old)] = new
