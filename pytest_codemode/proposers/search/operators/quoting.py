"""String literals as they stand in the source: their value, their parts, and how a new value is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pytest_codemode.proposers.search.operators.shapes import is_docstring
from pytest_codemode.proposers.search.site import Site

_LITERAL = re.compile(r"(?s)([a-zA-Z]{0,2})(\"\"\"|'''|\"|')(.*)\2$")


def texts(site: Site) -> Iterator[tuple[ast.Constant, str]]:
    """Yield the string literals of the statement with their values; no docstrings, no parts of f-strings."""
    for node in site.expressions:
        part = is_docstring(site, node) or isinstance(site.parent(node), ast.JoinedStr)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not part:
            yield node, node.value


_TABLE = 6
"""Entries from which a display is a table, of which a failing test uses a few."""
_ELSEWHERE = 0.3


def concerned(site: Site, node: ast.expr) -> float:
    """Return 1, or less for an entry of a table that the failing tests do not mention by its key or value."""
    entry: ast.AST = node
    table = site.parent(node)
    while isinstance(table, ast.Tuple | ast.List | ast.Call) and len(_entries(table)) < _TABLE:
        entry, table = table, site.parent(table)
    items = _entries(table)
    if len(items) < _TABLE:
        return 1.0
    told = [part.value for part in ast.walk(entry) if isinstance(part, ast.Constant)]
    if isinstance(table, ast.Dict) and entry in table.values:
        key = table.keys[table.values.index(entry)]
        told += [key.value] if isinstance(key, ast.Constant) else []
    texts_ = [text for text in told if isinstance(text, str) and text.strip()]
    return 1.0 if any(text in site.project.told for text in texts_) else _ELSEWHERE


def _entries(node: ast.AST | None) -> list[ast.expr]:
    if isinstance(node, ast.Dict):
        return node.values
    return node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else []


def written(old: str, new: str) -> str:
    """Return the value `new` as a literal that looks like the literal `old`: its prefix, its quotes."""
    match = _LITERAL.match(old)
    if match is None:
        return repr(new)
    prefix, quote, _ = match.groups()
    if "r" in prefix.lower() and quote not in new and "\n" not in new and not new.endswith("\\"):
        return f"{prefix}{quote}{new}{quote}"
    body = repr(new)
    mark = quote[0]
    if mark not in new and not body.startswith(mark):
        return f"{mark}{body[1:-1]}{mark}"
    return body


def parts(literal: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each of the adjacent literals that make up one text."""
    for match in re.finditer(r"[a-zA-Z]{0,2}(?:\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')", literal):
        yield match.span()
