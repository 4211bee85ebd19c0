"""The text of expressions that are put together from constants alone: what a plain reading of the source misses."""

from __future__ import annotations

import ast
import base64
import binascii
import codecs
import re
from typing import Any

_MAX = 4096
"""Characters or items up to which a value is followed: no source may cost us memory."""

_METHODS = frozenset(
    {"join", "replace", "lower", "upper", "title", "capitalize", "casefold", "swapcase", "strip", "lstrip", "rstrip"}
    | {"removeprefix", "removesuffix", "split", "format"}
)
_CODECS = frozenset({"utf-8", "utf8", "ascii", "latin-1", "latin1"})
_FAILURES = (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError)


def folded(node: ast.expr) -> str | None:
    """Return the text of an expression that is put together from constants, None if it is something else."""
    value = _value(node)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else None


def _value(node: ast.expr) -> Any:
    """Return the str, bytes, int or tuple of those that an expression gives, None if it cannot be told."""
    try:
        value = _evaluated(node)
    except _FAILURES:
        return None
    return None if isinstance(value, str | bytes | tuple) and len(value) > _MAX else value


def _evaluated(node: ast.expr) -> Any:  # noqa: PLR0911  # one return a kind of expression
    match node:
        case ast.Constant(value=str() | bytes() | int() as value):
            return value
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return _all(elements)
        case ast.JoinedStr(values=parts):
            texts = _all(parts)
            return None if texts is None else "".join(map(str, texts))
        case ast.FormattedValue(value=inner, format_spec=None):
            return _value(inner)
        case ast.BinOp(left=left, op=op, right=right):
            return _combined(_value(left), op, right)
        case ast.Subscript(value=whole, slice=part):
            return _sliced(_value(whole), part)
        case ast.Call(func=ast.Attribute(value=receiver, attr=name), args=arguments, keywords=[]):
            return _method(receiver, name, arguments)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
            return _function(name, argument)
    return None


def _all(nodes: list[ast.expr]) -> tuple[Any, ...] | None:
    values = tuple(_value(node) for node in nodes)
    return None if None in values else values


def _combined(left: Any, op: ast.operator, node: ast.expr) -> Any:
    if left is None:
        return None
    right = _value(node)
    if right is None:
        return None
    if isinstance(op, ast.Add):
        return left + right
    if isinstance(op, ast.Mult) and isinstance(left, str | bytes) and isinstance(right, int):
        return left * right if len(left) * right <= _MAX else None
    # A width in the format could ask for any amount of memory.
    if isinstance(op, ast.Mod) and isinstance(left, str) and not re.search(r"[\d*]", left):
        return left % right
    return None


def _sliced(whole: Any, part: ast.expr) -> Any:
    if not isinstance(whole, str | bytes | tuple):
        return None
    if not isinstance(part, ast.Slice):
        return whole[_number(part)]
    bounds = [None if node is None else _number(node) for node in (part.lower, part.upper, part.step)]
    return whole[slice(*bounds)]


def _number(node: ast.expr) -> int:
    number = ast.literal_eval(node)
    if not isinstance(number, int):
        raise TypeError
    return number


def _method(receiver: ast.expr, name: str, arguments: list[ast.expr]) -> Any:
    if isinstance(receiver, ast.Name):
        return _decoder(name, arguments)
    whole = _value(receiver)
    if not isinstance(whole, str | bytes):
        return None
    values = _all(arguments)
    if values is None:
        return None
    if name in ("encode", "decode"):
        return getattr(whole, name)(*values) if _CODECS.issuperset(values) else None
    if name not in _METHODS or (name == "format" and isinstance(whole, str) and re.search(r"[:.\[]", whole)):
        return None
    result = getattr(whole, name)(*values)
    return tuple(result) if isinstance(result, list) else result


def _decoder(name: str, arguments: list[ast.expr]) -> Any:
    """Return what `bytes.fromhex`, `base64.b64decode` and the like give."""
    values = _all(arguments)
    match name, values:
        case "fromhex", (str(text),):
            return bytes.fromhex(text)
        case "b64decode", (str() | bytes() as data,):
            return base64.b64decode(data)
        case "unhexlify", (str() | bytes() as data,):
            return binascii.unhexlify(data)
        case "decode", (str(text), "rot13" | "rot_13"):
            return codecs.decode(text, "rot13")
    return None


def _function(name: str, node: ast.expr) -> Any:
    argument = _value(node)
    match name, argument:
        case "chr", int(number):
            return chr(number)
        case "str", str() | int():
            return str(argument)
        case "bytes" | "bytearray", tuple():
            return bytes(argument)
        case "reversed", str() | tuple():
            return tuple(reversed(argument))
        case "list" | "tuple", str() | tuple():
            return tuple(argument)
    return None


def hides_a_name(node: ast.expr) -> bool:
    """Return whether an expression holds no name but those of builtins: a constant that is spelt out to hide it."""
    known = {"chr", "str", "bytes", "map", "reversed", "list", "tuple", "int", "ord", "range", "sorted", "filter"}
    bound = {item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)}
    bound |= {item.arg for item in ast.walk(node) if isinstance(item, ast.arg)}
    return all(item.id in known | bound for item in ast.walk(node) if isinstance(item, ast.Name))
