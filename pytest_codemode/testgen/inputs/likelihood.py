"""What a parameter likely is: its annotation, else what its use, its name and its default say, weighed."""

from __future__ import annotations

from pytest_codemode.core.exploring import ANY, Parameter, Shape
from pytest_codemode.testgen.inputs.expressions import evaluated
from pytest_codemode.testgen.inputs.names import BOOL, FLOAT, INT, NONE, STR, guessed
from pytest_codemode.testgen.inputs.uses import Uses

_DEFAULTS: dict[type, Shape] = {bool: BOOL, int: INT, float: FLOAT, str: STR, bytes: Shape("bytes")}


def shapes_of(parameter: Parameter, uses: Uses) -> tuple[list[Shape], list[Shape]]:
    """Return what a parameter likely is, and what it may be too.

    That is its annotation, else what its use, its name and its default say.
    """
    none = [NONE] if uses.may_be_none else []
    if parameter.shape.kind not in ("any", "recursive") and parameter.shape.name != "builtins:object":
        narrow = [s for s in uses.shapes()[:2] if s.kind in ("typeddict", "protocol")]
        narrow = narrow if parameter.shape.kind in ("dict", "class", "protocol") else []
        return [*narrow[:1], parameter.shape, *none], []
    single = parameter.kind == "args"  # what is known is known of all of them together
    ranked = _each(uses.ranked()) if single else uses.ranked()
    weights: dict[tuple[str, str], float] = {}
    shapes: dict[tuple[str, str], Shape] = {}
    by_name = guessed(parameter.name) if parameter.kind != "kwargs" else ()
    named = [(shape, weight) for shape, weight in zip(by_name, (2.5, 1.2, 1.0), strict=False)]
    default = [(shape, 100.0) for shape in _of_default(parameter.default or "")]
    for shape, weight in (*ranked, *(_each(named) if single else named), *default):
        key = (shape.kind, shape.name)
        shapes.setdefault(key, shape)
        weights[key] = weights.get(key, 0.0) + weight
    best = max(weights.values(), default=0.0)
    ordered = sorted(shapes, key=lambda key: -weights[key])
    likely = [key for key in ordered if weights[key] >= 0.5 * best or (key[1] or key[0]) in uses.asked]
    unlikely = [shapes[key] for key in ordered if key not in likely]
    return [*([shapes[key] for key in likely] or [ANY]), *none], unlikely


def _of_default(text: str) -> list[Shape]:
    known, value = evaluated(text)
    if not known:
        return []
    if isinstance(value, tuple):
        return [Shape("tuple", items=(_DEFAULTS.get(type(value[0]), STR),), variadic=True)] if value else []
    return [_DEFAULTS[type(value)]] if type(value) in _DEFAULTS else []


def _each(ranked: list[tuple[Shape, float]]) -> list[tuple[Shape, float]]:
    """Return what the elements are, of all that has some."""
    return [(shape.items[0], weight) for shape, weight in ranked if shape.kind in ("list", "iterator") and shape.items]


def flat(shapes: list[Shape]) -> list[Shape]:
    """Return shapes with unions taken apart."""
    return [item for shape in shapes for item in (flat(list(shape.items)) if shape.kind == "union" else [shape])]
