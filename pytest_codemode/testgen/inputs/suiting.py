"""Harvested constants as values of a type: texts, numbers next to them, tables, containers that hold them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from pytest_codemode.core.exploring import Shape
from pytest_codemode.testgen.inputs.constants import Constants
from pytest_codemode.testgen.inputs.expressions import literal


def suiting(shapes: Sequence[Shape], constants: Constants) -> list[list[str]]:
    """Return for each way to make values of these shapes from constants what comes of it, as source text."""
    kinds = {shape.kind for shape in shapes}
    if any(shape.kind in ("list", "iterator") and _holds_texts(shape) for shape in shapes):
        kinds.add("recursive")
    return [made for wanted, make in _WAYS if kinds & wanted and (made := make(constants))]


def _holds_texts(shape: Shape) -> bool:
    return bool(shape.items) and shape.items[0].kind in ("str", "any")


def _texts(constants: Constants) -> list[str]:
    return [literal(text) for text in islice(constants.strings(), 160)]


def _numbers(constants: Constants) -> list[str]:
    return [literal(number) for number in constants.neighbours() if number == int(number)][:60]


def _floats(constants: Constants) -> list[str]:
    return [literal(float(number)) for number in constants.neighbours()][:60]


def _starting(*beginnings: str) -> Callable[[Constants], list[str]]:
    return lambda constants: [text for text in constants.others if text.startswith(beginnings)]


def _keyed(constants: Constants) -> list[str]:
    return [f"{{{literal(text)}: {value}}}" for text in list(constants.texts)[:20] for value in ("1", '"a"')]


def _listed(constants: Constants) -> list[str]:
    return [f"[{literal(text)}]" for text in islice(constants.strings(), 40)]


_WAYS: tuple[tuple[frozenset[str], Callable[[Constants], list[str]]], ...] = (
    (frozenset(["str", "any"]), _texts),
    (frozenset(["int", "any"]), _numbers),
    (frozenset(["float"]), _floats),
    (frozenset(["bytes", "any"]), _starting("b")),
    (frozenset(["list", "tuple", "set", "any"]), _starting("(", "[")),
    (frozenset(["dict", "typeddict", "any"]), _starting("{")),
    (frozenset(["dict", "typeddict", "any"]), _keyed),
    (frozenset(["recursive"]), _listed),
)
"""`recursive` stands for a list of texts."""
