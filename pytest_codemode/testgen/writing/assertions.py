"""Assertions of a value: one where an expression is equal to it, else some of its length, elements and fields."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pytest_codemode.core.exploring import Import, Shown
from pytest_codemode.testgen.writing.shown import (
    MATH,
    Expression,
    expanded,
    expression,
    leaves,
    named,
    value_of,
)

MAX_TEXT = 200
"""Characters of a value that one assertion compares; beyond, it is a table that no reader checks."""
MAX_ELEMENTS = 20
"""Scalars within a container, likewise."""
MAX_LINES = 6
"""Assertions of one value."""
_DEPTH = 3
_SINGLETONS = ("True", "False", "None")


@dataclass(frozen=True, slots=True)
class Assertion:
    """One assertion statement."""

    text: str
    imports: tuple[Import, ...] = ()
    approx: bool = False
    expected: str = ""
    """The text compared with, where it is `target == expected` or `target is expected`."""


def assertions(target: str, shown: Shown) -> tuple[Assertion, ...]:
    """Return what can be asserted of the value that `target` stands for; empty if nothing can."""
    return tuple(islice(_of(target, expanded(shown), 0), MAX_LINES))


def too_large(shown: Shown, text: str) -> bool:
    """Return whether the value is a table rather than a result that a reader can check."""
    return len(text) > MAX_TEXT or sum(1 for leaf in leaves(shown) if not leaf.parts) > MAX_ELEMENTS


def equals(target: str, found: Expression) -> Assertion:
    """Return the assertion that the target is equal to an expression, `is` for those that are one of a kind."""
    operator = "is" if found.text in _SINGLETONS else "=="
    return Assertion(f"assert {target} {operator} {found.text}", found.imports, found.approx, found.text)


def _of(target: str, shown: Shown, depth: int) -> Iterator[Assertion]:
    found = expression(shown)
    if shown.kind == "float" and shown.text.strip("+-") == "nan":
        yield Assertion(f"assert math.isnan({target})", (MATH,))
    elif shown.kind == "class" and found is not None:
        yield Assertion(f"assert {target} is {found.text}", found.imports, expected=found.text)
    elif found is not None and not too_large(shown, found.text):
        yield equals(target, found)
    elif depth < _DEPTH:
        yield from _in_parts(target, shown, depth)


def _in_parts(target: str, shown: Shown, depth: int) -> Iterator[Assertion]:
    match shown.kind:
        case "literal":
            yield from _long_text(target, shown)
        case "list" | "tuple":
            yield from _sequence(target, shown, depth)
        case "dict":
            yield from _mapping(target, shown, depth)
        case "set" | "frozenset" if not shown.cut:
            yield _length(target, len(shown.parts))
        case "object":
            yield from _fields(target, shown, depth)
        case _:
            return


def _length(target: str, length: int) -> Assertion:
    return Assertion(f"assert len({target}) == {length}")


def _long_text(target: str, shown: Shown) -> Iterator[Assertion]:
    value = value_of(shown)
    if not isinstance(value, str | bytes) or not value:
        return
    if not shown.cut:
        yield _length(target, len(value))
    first = value.splitlines()[0][:60]
    if first:
        yield Assertion(f"assert {target}.startswith({first!r})")
    if not shown.cut:
        yield Assertion(f"assert {target}.endswith({value.splitlines(keepends=True)[-1][-60:]!r})")


def _sequence(target: str, shown: Shown, depth: int) -> Iterator[Assertion]:
    columns = () if shown.cut else tuple(_columns(target, shown))
    if columns:
        yield from columns
        return
    if not shown.cut:
        yield _length(target, len(shown.parts))
    places = range(min(2, len(shown.parts)))
    for place in places:
        yield from _of(f"{target}[{place}]", shown.parts[place], depth + 1)
    if len(shown.parts) > 2 and not shown.cut:
        yield from _of(f"{target}[-1]", shown.parts[-1], depth + 1)


def _columns(target: str, shown: Shown) -> Iterator[Assertion]:
    """Return assertions of objects in a row by what they have in common, as `[item.name for item in result] == ...`."""
    parts = shown.parts
    alike = bool(parts) and all(part.kind == "object" and part.type == parts[0].type for part in parts)
    if not alike or len(parts) > MAX_ELEMENTS:
        return
    names = [name for name, _ in parts[0].fields if all(name in dict(part.fields) for part in parts)]
    given = 0
    for name in names:
        column = Shown("list", parts=tuple(dict(part.fields)[name] for part in parts))
        found = expression(column)
        if _is_name(name) and found is not None and not too_large(column, found.text) and given < 3:
            given += 1
            yield equals(f"[item.{name} for item in {target}]", found)


def _mapping(target: str, shown: Shown, depth: int) -> Iterator[Assertion]:
    if not shown.cut:
        yield _length(target, len(shown.parts) // 2)
    pairs = list(zip(shown.parts[::2], shown.parts[1::2], strict=False))
    few = pairs[:3] if len(pairs) <= 3 else [*pairs[:2], pairs[-1]]
    for key, value in few:
        name = expression(key)
        if name is not None and not name.approx and len(name.text) <= 60:
            for found in _of(f"{target}[{name.text}]", value, depth + 1):
                yield Assertion(found.text, (*name.imports, *found.imports), found.approx, found.expected)


def _fields(target: str, shown: Shown, depth: int) -> Iterator[Assertion]:
    """Return assertions of an object's fields, those with plain values first."""
    fields = [(name, value) for name, value in shown.fields if _is_name(name) and not name.startswith("_")]
    fields = [(name, value) for name, value in fields if (name, value.text) != ("args", "()")]  # an exception's
    plain = [(name, value) for name, value in fields if expression(value) is not None]
    for name, value in plain:
        yield from _of(f"{target}.{name}", value, depth + 1)
    for name, value in fields:
        if (name, value) not in plain:
            yield from _of(f"{target}.{name}", value, depth + 1)


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def is_a(target: str, shown: Shown) -> Assertion | None:
    """Return the assertion of an object's class, None if the class cannot be imported from where it is meant to be."""
    found = named(shown.type)
    private = any(part.startswith("_") for part in shown.type.replace(":", ".").split("."))
    if found is None or private or not found.imports:
        return None
    return Assertion(f"assert isinstance({target}, {found.text})", found.imports)
