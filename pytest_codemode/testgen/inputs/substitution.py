"""What comparisons say about inputs: the other operand put where the first one came from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice

from pytest_codemode.core.exploring import Compared
from pytest_codemode.testgen.inputs.expressions import evaluated, literal, parsed, unparsed
from pytest_codemode.testgen.inputs.mutation import replaced, sites, value_at
from pytest_codemode.testgen.inputs.numbering import replaced_numbers

_CHECKS: dict[str, tuple[str, ...]] = {
    "": ("-", "a", "1", " "),
    "isdigit": ("1", "12"), "isdecimal": ("1",), "isnumeric": ("1",), "isalpha": ("a", "b"), "isalnum": ("a1",),
    "isspace": (" ", "\n"), "isupper": ("A", "AB"), "islower": ("a", "ab"), "istitle": ("Ab",),
    "isidentifier": ("name",), "isascii": ("a",), "isprintable": ("a",),
}  # fmt: skip
"""Texts that pass what a text can be asked about itself; those that pass little under an empty name."""
_LONGEST = 60
"""Elements that a container is stretched to, at most."""


def flipping(text: str, compared: Compared) -> Iterator[str]:
    """Yield an argument's text changed so that a comparison may come out the other way."""
    tree = parsed(text)
    if tree is None:
        return
    if compared.operator in _CHECKS:
        yield from _checked(tree, compared)
        return
    for here, there in ((compared.left, compared.right), (compared.right, compared.left)):
        left, right = evaluated(here), evaluated(there)
        if here and left[0]:
            for node in sites(tree):
                for new in _instead(node, left[1], right, compared.operator):
                    if changed := replaced(tree, node, new):
                        yield changed


def _checked(tree: ast.expr, compared: Compared) -> Iterator[str]:
    """Yield texts with the checked part replaced by one that passes, or one that does not."""
    left = evaluated(compared.left)[1]
    if not isinstance(left, str):
        return
    news = _CHECKS["" if compared.holds else compared.operator]
    for node in sites(tree):
        value = value_at(node)
        if not isinstance(value, str) or left not in value:
            continue
        for new in news:
            if changed := replaced(tree, node, literal(value.replace(left, new, 1) if left else new + value)):
                yield changed


def wanted_values(compared: Compared) -> Iterator[str]:
    """Yield values, as source text, that are worth passing as they are."""
    for text in (compared.right, compared.left):
        known, value = evaluated(text)
        if text and known:
            yield from _near(value, compared.operator)


def _instead(node: ast.expr, left: object, right: tuple[bool, object], operator: str) -> Iterator[str]:
    """Yield what may stand in the place of a literal that an operand came from."""
    value = value_at(node)
    if value is NotImplemented:
        return
    known, other = right
    if type(value) is type(left) and value == left:
        if known:
            yield from _near(other, operator, value)
        return
    if isinstance(left, int) and not isinstance(left, bool) and known and isinstance(other, int):
        if isinstance(value, str | bytes) and len(value) == left:
            yield from (literal(_stretched(value, size)) for size in _sizes(other))
        elif isinstance(node, ast.List | ast.Tuple) and len(node.elts) == left:
            yield from (_resized(node, size) for size in _sizes(other))
        elif isinstance(node, ast.Dict) and len(node.keys) == left:
            yield from (_resized_dict(node, size) for size in _sizes(other))
        elif isinstance(value, str):
            yield from map(literal, _renumbered(value, left, other))
    elif isinstance(left, str) and isinstance(value, str) and known and left:
        yield from _texts(value, left, other, operator)


def _renumbered(value: str, old: int, new: int) -> Iterator[str]:
    """Yield a text with a number in it replaced by another one, or one next to that."""
    for by in (0, 1, -1):
        if new + by >= 0:
            yield from islice(replaced_numbers(value, old, new + by), 6)
    if str(old) in value:
        yield from (value.replace(str(old), str(new + by), 1) for by in (0, 1, -1))


def _texts(value: str, left: str, other: object, operator: str) -> Iterator[str]:
    """Yield a text with the part that was compared replaced, whatever its case."""
    at = value.lower().find(left.lower())
    if at < 0:
        return
    for new in _strings(other):
        yield literal(value[:at] + new + value[at + len(left) :])
        if operator in ("in", "not in", "startswith", "find"):
            yield literal(new + value)
            yield literal(value + new)


def _strings(other: object) -> list[str]:
    if isinstance(other, str):
        return [other]
    if isinstance(other, tuple | list | set | frozenset | dict):
        return [item for item in other if isinstance(item, str)][:12]
    return []


def _near(value: object, operator: str, old: object = None) -> Iterator[str]:
    match value:
        case bool() | None:
            yield literal(value)
        case int() | float():
            yield from (literal(value), literal(value + 1), literal(value - 1))
        case str() | bytes():
            yield literal(value)
            if isinstance(value, str):
                yield from _affixed(value, operator, old)
        case tuple() | list() | set() | frozenset() | dict():
            yield from (literal(item) for item in list(value)[:12])
            yield literal(value)


def _affixed(value: str, operator: str, old: object) -> Iterator[str]:
    rest = old if isinstance(old, str) else "rest"
    if operator in ("startswith", "removeprefix"):
        yield literal(value + rest)
    elif operator in ("endswith", "removesuffix"):
        yield literal(rest + value)
    elif operator in ("in", "not in", "find", "split", "partition", "count", "index"):
        yield from (literal(f"{rest}{value}{rest}"), literal(value + rest), literal(rest + value))


def _sizes(wanted: int) -> list[int]:
    return [size for size in (wanted, wanted + 1, wanted - 1) if 0 <= size <= _LONGEST]


def _stretched(value: str | bytes, size: int) -> str | bytes:
    if isinstance(value, bytes):
        return (value or b"a")[:size].ljust(size, b"a")
    text = value or "a"
    return (text * (size // len(text) + 1))[:size]


def _resized(node: ast.List | ast.Tuple, size: int) -> str:
    items = [unparsed(item) for item in node.elts] or ["1"]
    items = [items[at % len(items)] for at in range(size)]
    if isinstance(node, ast.Tuple):
        return f"({', '.join(items)}{',' if size == 1 else ''})"
    return f"[{', '.join(items)}]"


def _resized_dict(node: ast.Dict, size: int) -> str:
    pairs = [f"{unparsed(k)}: {unparsed(v)}" for k, v in zip(node.keys, node.values, strict=True) if k is not None][
        :size
    ]
    pairs += [f'"k{at}": {at}' for at in range(len(pairs), size)]
    return "{" + ", ".join(pairs) + "}"
