"""What an expression is there for: those in equal roles may stand for one another."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.source import SourceFile


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def roles_of(source: SourceFile, node: ast.expr) -> Iterator[str]:
    """Yield what an expression is there for, as text that is equal for expressions that may stand for one another."""
    parent = source.parents.get(node)
    if isinstance(parent, ast.Assign) and node is parent.value:
        yield f"= {source.text_of(parent.targets[0])}"
    elif isinstance(parent, ast.keyword):
        yield f"keyword {parent.arg}"
    elif isinstance(parent, ast.Return):
        function = source.function_of(parent)
        yield f"return {function.name if function is not None else ''}"
    elif isinstance(parent, ast.Call) and node in parent.args:
        yield f"argument {parent.args.index(node)} of {_called(parent)}"
    elif isinstance(parent, ast.Dict) and node in parent.values:
        key = parent.keys[parent.values.index(node)]
        yield f"value of {source.text_of(key) if key is not None else ''}"
    elif isinstance(parent, ast.For | ast.comprehension) and node is parent.iter:
        yield f"items {source.text_of(parent.target)}"
    if isinstance(node, ast.Call):
        yield f"call of {_called(node)}"
    elif isinstance(node, ast.Compare):
        yield f"comparison of {source.text_of(node.left)}"
