"""Source text of expressions and statements: the names in it, and the same text under other names.

Text that crossed the border is only ever parsed here, never evaluated but for literals.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_codemode.edits.outline import parse_quietly
from pytest_codemode.edits.text import SourceError

BUILTINS = frozenset(dir(builtins))


class NoLiteral(ValueError):
    """A text that is no literal."""


def expression_of(text: str) -> ast.expr | None:
    """Return the tree of one expression, None if the text is none."""
    try:
        body = parse_quietly(text.strip()).body
    except SourceError:
        return None
    if len(body) == 1 and isinstance(body[0], ast.Expr):
        return body[0].value
    return None


def literal(text: str) -> Any:
    """Return what a literal stands for.

    Raises:
        NoLiteral: the text is none.
    """
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise NoLiteral(text) from None


def names_in(code: str) -> frozenset[str]:
    """Return every name that the code reads or binds; attributes and the names of keywords are none."""
    try:
        tree = parse_quietly(code)
    except SourceError:
        return frozenset()
    return frozenset(_name_of(node) for node in _named(tree))


def bound_in(code: str) -> frozenset[str]:
    """Return every name that the code gives a value, parameters included."""
    nodes = _named(parse_quietly(code))
    return frozenset(
        _name_of(node) for node in nodes if isinstance(node, ast.arg) or isinstance(node.ctx, ast.Store | ast.Del)
    )


def count_name(code: str, name: str) -> int:
    """Return how often a name stands in the code."""
    return sum(_name_of(node) == name for node in _named(parse_quietly(code)))


def words_in(code: str) -> frozenset[str]:
    """Return the names and the attributes in the code."""
    tree = parse_quietly(code)
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return frozenset(_name_of(node) for node in _named(tree)) | attributes


def replaced(code: str, texts: Mapping[str, str]) -> str:
    """Return the code with other text in the place of names; all else stands as it did."""
    if not texts or not names_in(code) & texts.keys():
        return code
    tree = parse_quietly(code)
    lines = [line.encode() for line in code.split("\n")]
    nodes = [node for node in _named(tree) if _name_of(node) in texts]
    for node in sorted(nodes, key=lambda item: (item.lineno, item.col_offset), reverse=True):
        name = _name_of(node).encode()
        line = lines[node.lineno - 1]
        if line[node.col_offset : node.col_offset + len(name)] != name:
            return _rewritten(tree, texts)  # within an f-string, before Python 3.12
        lines[node.lineno - 1] = (
            line[: node.col_offset] + texts[name.decode()].encode() + line[node.col_offset + len(name) :]
        )
    return b"\n".join(lines).decode()


def module_replaced(code: str, module: str, name: str) -> str:
    """Return the code with `name` in the place of a dotted module, as `a.b.f(1)` -> `a_b.f(1)`."""
    tree = parse_quietly(code)
    lines = [line.encode() for line in code.split("\n")]
    found = [
        node for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) == module
    ]
    for node in sorted(found, key=lambda item: (item.lineno, item.col_offset), reverse=True):
        if node.end_lineno == node.lineno:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line[: node.col_offset] + name.encode() + line[node.end_col_offset :]
    return b"\n".join(lines).decode()


def segment(text: str, node: ast.expr) -> str:
    """Return the text of a part of an expression, as it stands there."""
    return ast.get_source_segment(text, node) or ast.unparse(node)


def snake(name: str) -> str:
    """Return a name in lower case with underscores, as `cart_item` for `CartItem`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"\W+|_+", "_", spaced).strip("_").lower()


def _named(tree: ast.AST) -> Iterator[ast.Name | ast.arg]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.arg):
            yield node


def _name_of(node: ast.Name | ast.arg) -> str:
    return node.id if isinstance(node, ast.Name) else node.arg


def _rewritten(tree: ast.Module, texts: Mapping[str, str]) -> str:
    for node in _named(tree):
        if isinstance(node, ast.Name):
            node.id = texts.get(node.id, node.id)
        else:
            node.arg = texts.get(node.arg, node.arg)
    return ast.unparse(tree)
