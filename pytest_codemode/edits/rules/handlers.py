"""What an `except` clause catches and what it does with it."""

from __future__ import annotations

import ast

from pytest_codemode.edits.rules.constancy import is_constant, returns_of, truth


def catches_everything(node: ast.ExceptHandler) -> bool:
    """Return whether a handler is bare or catches `BaseException`."""
    if node.type is None:
        return True
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(ast.unparse(kind).rpartition(".")[2] == "BaseException" for kind in kinds)


def reraises(node: ast.ExceptHandler) -> bool:
    """Return whether a handler ends in `raise` (of anything) on its straight way."""
    return any(isinstance(statement, ast.Raise) for statement in node.body)


def swallows(node: ast.ExceptHandler) -> bool:
    """Return whether a handler does nothing with what it caught but go on with a constant, or with nothing."""
    return all(_empty(statement) for statement in node.body)


def _empty(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass | ast.Continue | ast.Break):
        return True
    if isinstance(statement, ast.Return):
        return is_constant(statement.value) or isinstance(statement.value, ast.Name)
    if isinstance(statement, ast.Assign):
        return is_constant(statement.value)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def leaves_in_finally(node: ast.Try) -> bool:
    """Return whether `finally` returns, which drops whatever was raised."""
    waiting: list[ast.AST] = list(node.finalbody)
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.Return):
            return True
        if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(item))
    return False


def drops_on_exit(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a context manager drops every exception, whatever it is."""
    if node.name not in ("__exit__", "__aexit__"):
        return False
    results = returns_of(node)
    return bool(results) and all(result is not None and truth(result) is True for result in results)
