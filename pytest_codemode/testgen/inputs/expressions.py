"""Source text of values as a person would write it: double quotes, short floats, nothing giant."""

from __future__ import annotations

import ast
import keyword
import re

_STRING = re.compile(r"""[bu]?'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\"""")
_FORMATTED = re.compile(r"""\b[rf]{1,2}['"]|'''|\"\"\"""")
LONGEST = 400
"""Characters of one expression; longer ones read badly and say no more."""


def quoted(text: str) -> str:
    """Return the repr of a text, in double quotes unless it holds some itself."""
    return _double(repr(text))


def literal(value: object) -> str:
    """Return the source text of a value that consists of literals."""
    return _requoted(repr(value)) if not isinstance(value, str) else quoted(value)


def unparsed(node: ast.AST) -> str:
    """Return the source text of an expression, on one line."""
    return _requoted(ast.unparse(node))


def normalised(text: str) -> str:
    """Return an expression in one spelling, empty if it is none."""
    node = parsed(text)
    return unparsed(node) if node is not None else ""


def parsed(text: str) -> ast.expr | None:
    """Return an expression's tree, None if it is none."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def evaluated(text: str) -> tuple[bool, object]:
    """Return whether a text is a literal, and its value."""
    try:
        return True, ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return False, None


def snake_case(name: str) -> str:
    """Return a class's name as a variable's: `HTTPServer` -> `http_server`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip("_")).lower()
    return words if words.isidentifier() and not keyword.iskeyword(words) else f"{words or 'value'}_"


def _requoted(text: str) -> str:
    """Return text that `ast` or `repr` wrote, in double quotes; f-strings stay as they are, with all around them."""
    if "'" not in text or _FORMATTED.search(text):
        return text
    return _STRING.sub(lambda found: _double(found[0]), text)


def _double(text: str) -> str:
    prefix, _, rest = text.partition("'")
    if '"' in text or not rest.endswith("'"):
        return text
    return f'{prefix}"{rest[:-1]}"'
