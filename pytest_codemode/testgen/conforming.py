"""Does a value that was returned agree with the annotation? Only where that is beyond doubt, it does not."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from pytest_codemode.core.exploring import Shape, Shown

_ACCEPTED: dict[str, frozenset[str]] = {
    "bool": frozenset({"bool"}),
    "int": frozenset({"int", "bool"}),
    "float": frozenset({"float", "int", "bool"}),
    "complex": frozenset({"complex", "float", "int", "bool"}),
    "str": frozenset({"str"}),
    "bytes": frozenset({"bytes", "bytearray", "memoryview"}),
    "none": frozenset({"NoneType"}),
    "list": frozenset({"list"}),
    "tuple": frozenset({"tuple"}),
    "set": frozenset({"set"}),
    "frozenset": frozenset({"frozenset"}),
    "dict": frozenset({"dict"}),
}
"""Kind of the annotation -> built-in types that it accepts (PEP 484's numeric tower)."""
_BUILT_IN = frozenset().union(*_ACCEPTED.values())


def contradicts(shape: Shape, shown: Shown) -> bool:
    """Return whether a value cannot be what `shape` says.

    A value of no built-in type may be a subclass of anything, and so agrees; so does anything with `any` in its shape.
    """
    if shape.kind == "union":
        return bool(shape.items) and all(contradicts(item, shown) for item in shape.items)
    accepted = _ACCEPTED.get(shape.kind)
    kind = _kind(shown)
    if accepted is None or kind not in _BUILT_IN:
        return kind == "NoneType" and shape.kind in ("enum", "dataclass", "namedtuple", "class") and shape.name != ""
    if kind not in accepted:
        return True
    return any(contradicts(item, element) for item, element in _elements(shape, shown))


def _kind(shown: Shown) -> str:
    if shown.kind in ("literal", "float"):
        value = _value(shown)
        return type(value).__name__
    module, _, name = shown.type.partition(":")
    return name if module == "builtins" else ""


def _value(shown: Shown) -> object:
    try:
        return ast.literal_eval(shown.text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return float("nan") if shown.kind == "float" else NotImplemented


def _elements(shape: Shape, shown: Shown) -> list[tuple[Shape, Shown]]:
    if shape.kind not in ("list", "tuple", "set", "frozenset", "dict") or not shape.items:
        return []
    parts = shown.parts or _parts(shown)
    if shape.kind == "tuple" and not shape.variadic:
        return list(zip(shape.items, parts, strict=True)) if len(shape.items) == len(parts) else []
    return [(shape.items[index % len(shape.items)], part) for index, part in enumerate(parts)]


def _parts(shown: Shown) -> Sequence[Shown]:
    value = _value(shown)
    if isinstance(value, dict):
        return [literal(part) for pair in value.items() for part in pair]
    return [literal(part) for part in value] if isinstance(value, list | tuple | set | frozenset) else []


def literal(value: object) -> Shown:
    """Return a value of built-in types as it is shown."""
    return Shown("float" if isinstance(value, float) else "literal", repr(value), f"builtins:{type(value).__name__}")
