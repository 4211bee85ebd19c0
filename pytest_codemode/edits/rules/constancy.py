"""What an expression or a function gives, whatever its input."""

from __future__ import annotations

import ast
from typing import Any


def truth(node: ast.expr) -> bool | None:  # noqa: PLR0911  # one return a kind of expression
    """Return the truth value of an expression that has only one, else None."""
    match node:
        case ast.Constant(value=value):
            return bool(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = truth(operand)
            return None if inner is None else not inner
        case ast.BoolOp(op=op, values=values):
            truths = [truth(value) for value in values]
            decisive = isinstance(op, ast.Or)
            if decisive in truths:
                return decisive
            return None if None in truths else not decisive
        case ast.Compare(left=left, ops=[op], comparators=[right]) if ast.dump(left) == ast.dump(right):
            return _reflexive(op)
        case ast.IfExp(body=body, orelse=orelse) if truth(body) == truth(orelse):
            return truth(body)
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, ast.Name(id="object")]):
            return True
        case ast.Call(func=ast.Name(id="bool"), args=[value]):
            return truth(value)
    return None


def _reflexive(op: ast.cmpop) -> bool | None:
    if isinstance(op, ast.Eq | ast.Is | ast.LtE | ast.GtE):
        return True
    return False if isinstance(op, ast.NotEq | ast.IsNot | ast.Lt | ast.Gt) else None


def is_constant(node: ast.expr | None) -> bool:
    """Return whether an expression is a literal (None and empty containers included)."""
    if node is None:
        return True
    if isinstance(node, ast.UnaryOp):
        return is_constant(node.operand)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return all(is_constant(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        return all(is_constant(item) for item in (*node.keys, *node.values))
    return isinstance(node, ast.Constant)


def returns_of(function: ast.AST) -> list[ast.expr | None]:
    """Return the values of the `return` statements of a function, without those of the functions in it."""
    found: list[ast.expr | None] = []
    waiting: list[ast.AST] = list(getattr(function, "body", []))
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Return):
            found.append(node.value)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def always_equal(name: str, value: ast.AST, *, sized: bool) -> bool:
    """Return whether a special method makes everything equal (or true, or contained) without looking.

    Args:
        name: as `__eq__`.
        value: its function, or the expression its name is bound to.
        sized: whether its class has a length or a base: then an ever true `__bool__` may be meant.
    """
    if isinstance(value, ast.FunctionDef | ast.AsyncFunctionDef):
        results: list[Any] = returns_of(value)
    elif isinstance(value, ast.Lambda):
        results = [value.body]
    else:
        return False
    if not results:
        return False
    if name == "__hash__":
        return all(result is not None and is_constant(result) for result in results)
    wanted = name != "__ne__"
    if name == "__bool__" and sized:
        return False
    return all(result is not None and truth(result) is wanted for result in results)
