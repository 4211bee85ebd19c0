"""Source text of observed values: expressions that are equal to them, and how large they are."""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_codemode.core.exploring import Import, Shown
from pytest_codemode.testgen.writing.source import BUILTINS, NoLiteral, expression_of, literal

PYTEST = Import("pytest")
MATH = Import("math")

_OPENING = {"list": "[", "tuple": "(", "set": "{", "frozenset": "frozenset({", "dict": "{"}
_CLOSING = {"list": "]", "tuple": ")", "set": "}", "frozenset": "})", "dict": "}"}
_EMPTY = {"list": "[]", "tuple": "()", "set": "set()", "frozenset": "frozenset()", "dict": "{}"}
_BUILDING = (
    ast.Call, ast.Name, ast.Attribute, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.keyword, ast.UnaryOp,
    ast.USub, ast.UAdd, ast.Invert, ast.BinOp, ast.Add, ast.Sub, ast.BitOr, ast.Load,
)  # fmt: skip
"""What a `built` text may consist of."""
_NOISY_DIGITS = 6
"""Significant digits from which on a float within a built value shows rounding rather than what a human would write."""

_SHOWN_DIGITS = 12
"""Significant digits that stand within `approx`."""


@dataclass(frozen=True, slots=True)
class Expression:
    """Source text that is equal to a value."""

    text: str
    imports: tuple[Import, ...] = ()
    approx: bool = False
    """Whether a float in it is only near to the value."""


def expression(shown: Shown) -> Expression | None:  # noqa: PLR0911  # one return a kind
    """Return text that is equal to the value, None if there is none that a test could hold."""
    shown = expanded(shown)
    if shown.cut:
        return None
    match shown.kind:
        case "literal":
            return _scalar(shown)
        case "float":
            return _float(shown)
        case "enum":
            return _member(shown)
        case "class":
            return named(shown.type)
        case "built":
            return _built(shown)
        case "list" | "tuple" | "set" | "frozenset":
            return _elements(shown)
        case "dict":
            return _pairs(shown)
        case _:
            return None


def expanded(shown: Shown) -> Shown:
    """Return a container that is one literal as a container with parts, and a float as one, so that all are alike."""
    if shown.kind != "literal":
        return shown
    try:
        value = literal(shown.text)
    except NoLiteral:
        return Shown("opaque", type=shown.type)
    return replace(_of(value), type=shown.type, cut=shown.cut)


def value_of(shown: Shown) -> Any:
    """Return a literal's value.

    Raises:
        NoLiteral: it is no literal.
    """
    if shown.kind in ("literal", "float"):
        return float(shown.text) if shown.text.strip("+-") in ("inf", "nan") else literal(shown.text)
    raise NoLiteral(shown.text)


def leaves(shown: Shown) -> Iterator[Shown]:
    """Return the value and all that is in it."""
    shown = expanded(shown)
    yield shown
    for part in (*shown.parts, *(value for _, value in shown.fields)):
        yield from leaves(part)


def named(type_name: str) -> Expression | None:
    """Return how a class is named in a test, None if it cannot be imported."""
    module, _, qualname = type_name.partition(":")
    parts = (*module.split("."), *qualname.split("."))
    if not qualname or not all(part.isidentifier() for part in parts) or module == "__main__":
        return None
    if module == "builtins":
        return Expression(qualname) if qualname in BUILTINS else None
    return Expression(qualname, (Import(module, qualname.partition(".")[0]),))


def _of(value: object) -> Shown:  # noqa: PLR0911  # one return a kind
    """Return a literal's value as data, sets in an order of their own."""
    match value:
        case bool() | int() | str() | bytes() | complex() | None:
            return Shown("literal", repr(value))
        case float():
            return Shown("float", repr(value))
        case list():
            return Shown("list", parts=tuple(map(_of, value)))
        case tuple():
            return Shown("tuple", parts=tuple(map(_of, value)))
        case set():
            return Shown("set", parts=tuple(map(_of, value)))
        case dict():
            return Shown("dict", parts=tuple(_of(item) for pair in value.items() for item in pair))
        case _:
            return Shown("literal", "...")


def _scalar(shown: Shown) -> Expression:
    value = value_of(shown)
    if isinstance(value, complex):
        if all(part.is_integer() for part in (value.real, value.imag)):
            return Expression(shown.text)
        return Expression(f"pytest.approx({shown.text})", (PYTEST,), approx=True)
    return Expression(shown.text)


def _float(shown: Shown) -> Expression | None:
    try:
        value = float(shown.text)
    except ValueError:
        return None
    if math.isnan(value):
        return Expression('pytest.approx(float("nan"), nan_ok=True)', (PYTEST,), approx=True)
    if math.isinf(value):
        return Expression("math.inf" if value > 0 else "-math.inf", (MATH,))
    if value.is_integer():
        return Expression(repr(value))
    return Expression(f"pytest.approx({_rounded(value)})", (PYTEST,), approx=True)


def _rounded(value: float) -> str:
    """Return a number as it stands within `approx`: without the last digits, that show rounding and nothing else."""
    return repr(float(f"{value:.{_SHOWN_DIGITS}g}")) if math.isfinite(value) else repr(value)


def _member(shown: Shown) -> Expression | None:
    owner = named(shown.type)
    names = shown.text.split("|")
    if owner is None or not all(name.isidentifier() for name in names):
        return None
    return replace(owner, text=" | ".join(f"{owner.text}.{name}" for name in names))


def _built(shown: Shown) -> Expression | None:
    tree = expression_of(shown.text)
    if tree is None or not all(isinstance(node, _BUILDING) for node in ast.walk(tree)):
        return None
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not names <= BUILTINS | {item.bound for item in shown.imports}:
        return None
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    noisy = [(node, node.value) for node in constants if isinstance(node.value, float) and _noisy(node.value)]
    own = any(item.module.partition(".")[0] not in sys.stdlib_module_names for item in shown.imports)
    if not noisy or not own or "\n" in shown.text:
        return Expression(shown.text, shown.imports)
    raw = shown.text.encode()
    for node, value in sorted(noisy, key=lambda item: item[0].col_offset, reverse=True):
        stop = node.end_col_offset or node.col_offset
        raw = raw[: node.col_offset] + f"pytest.approx({_rounded(value)})".encode() + raw[stop:]
    return Expression(raw.decode(), (*shown.imports, PYTEST), approx=True)


def _noisy(value: float) -> bool:
    digits = repr(value).partition("e")[0].replace(".", "").strip("0")
    return not value.is_integer() and len(digits) > _NOISY_DIGITS


def _elements(shown: Shown) -> Expression | None:
    if not shown.parts:
        return Expression(_EMPTY[shown.kind])
    near = _numbers_near(shown.parts) if shown.kind in ("list", "tuple") else ""
    parts = [_near(part) if near else expression(part) for part in shown.parts]
    if None in parts or (shown.kind in ("set", "frozenset") and any(part and part.approx for part in parts)):
        return None
    found = [part for part in parts if part is not None]
    if shown.kind in ("set", "frozenset"):
        found.sort(key=lambda part: part.text)
    text = _joined(shown.kind, [part.text for part in found])
    imports = tuple(item for part in found for item in part.imports)
    if near:
        return Expression(f"pytest.approx({text})", (*imports, PYTEST), approx=True)
    return Expression(text, imports, any(part.approx for part in found))


def _numbers_near(parts: Sequence[Shown]) -> bool:
    """Return whether one `approx` serves them all: several finite numbers, one at least with a fraction."""
    try:
        values = [value_of(part) for part in parts]
    except NoLiteral:
        return False
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if len(values) < 2 or not numbers or not all(math.isfinite(value) for value in values):
        return False
    return any(isinstance(value, float) and not value.is_integer() for value in values)


def _exact(shown: Shown) -> Expression | None:
    """Return a float as a dict's key: equal, not near; None where it is equal to nothing, or no float."""
    try:
        value = float(shown.text)
    except ValueError:
        return None
    return Expression(repr(value)) if math.isfinite(value) else None if math.isnan(value) else _float(shown)


def _near(shown: Shown) -> Expression:
    return Expression(_rounded(float(shown.text))) if shown.kind == "float" else Expression(repr(value_of(shown)))


def _pairs(shown: Shown) -> Expression | None:
    if not shown.parts:
        return Expression("{}")
    keys, values = shown.parts[::2], shown.parts[1::2]
    near = _numbers_near(values)
    texts: list[str] = []
    imports: list[Import] = []
    approx = near
    for key, value in zip(keys, values, strict=False):
        name = _exact(key) if key.kind == "float" else expression(key)
        item = _near(value) if near else expression(value)
        if name is None or item is None or name.approx:
            return None
        texts.append(f"{name.text}: {item.text}")
        imports += (*name.imports, *item.imports)
        approx = approx or item.approx
    text = "{" + ", ".join(texts) + "}"
    if near:
        return Expression(f"pytest.approx({text})", (*imports, PYTEST), approx=True)
    return Expression(text, tuple(imports), approx)


def _joined(kind: str, texts: Sequence[str]) -> str:
    comma = "," if kind == "tuple" and len(texts) == 1 else ""
    return _OPENING[kind] + ", ".join(texts) + comma + _CLOSING[kind]
