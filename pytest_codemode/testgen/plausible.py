"""Could somebody call it like that? What nonsense leads to is no bug."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.core.exploring import Described, Parameter, Recipe, Shape, Shown
from pytest_codemode.testgen.conforming import contradicts, literal

_HUMAN = frozenset({"docstring", "recorded"})
_TYPED = frozenset({"type", "default"})
_CALLED_AS_SUCH = frozenset(
    ("__init__", "__call__", "__len__", "__iter__", "__getitem__", "__contains__", "__str__", "__repr__")
)
"""Special methods that a user of the class calls, by another spelling, with arguments of his own."""
_STAND_INS = frozenset({"SimpleNamespace"})


def is_plausible(described: Described, recipe: Recipe) -> bool:
    """Return whether documentation, suite or annotations of a function say that it may be called like that."""
    if recipe.origin in _HUMAN:
        return True
    last = described.qualname.rpartition(".")[2]
    if is_private(described.qualname):
        return False  # what may reach it is for its callers to say
    if last.startswith("__") and last not in _CALLED_AS_SUCH:
        return False
    parameters = [one for one in described.parameters if one.kind not in ("args", "kwargs")]
    typed = bool(parameters) and all(_is_known(one.shape) for one in parameters)
    return typed and recipe.origin in _TYPED and conforms(described, recipe)


def is_private(qualname: str) -> bool:
    """Return whether a function, or the class it is in, is for its own module alone."""
    return any(part.startswith("_") and not part.endswith("__") for part in qualname.split("."))


def conforms(described: Described, recipe: Recipe) -> bool:
    """Return whether no argument contradicts its annotation; what is no literal agrees, unless it is a stand-in."""
    setup = {name: _parsed(text) for name, text in recipe.setup}
    call = _call_of(described, recipe)
    if call is None:
        return True
    for parameter, node in _arguments(described, call):
        value = setup.get(node.id) if isinstance(node, ast.Name) else node
        if value is not None and not _agrees(parameter.shape, value):
            return False
    return True


def _agrees(shape: Shape, node: ast.expr) -> bool:
    if any(isinstance(one, ast.Name | ast.Attribute) and _name(one) in _STAND_INS for one in ast.walk(node)):
        return shape.kind in ("any", "protocol")
    if isinstance(node, ast.Lambda):
        return shape.kind in ("any", "callable", "protocol", "union")
    shown = _shown(node)
    if shown is None:
        return True
    if shape.kind == "typeddict" and isinstance(node, ast.Dict):
        return all(_agrees(one, value) for one, value in _entries(shape, node))
    return not contradicts(shape, shown)


def _entries(shape: Shape, node: ast.Dict) -> Iterator[tuple[Shape, ast.expr]]:
    shapes = {one.name: one.shape for one in shape.parameters}
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and key.value in shapes:
            yield shapes[key.value], value


def _call_of(described: Described, recipe: Recipe) -> ast.Call | None:
    node = _parsed(recipe.call)
    name = described.qualname.split(".")[-2 if described.kind == "constructor" else -1]
    calls = (one for one in ast.walk(node) if isinstance(one, ast.Call)) if node is not None else ()
    return next((one for one in calls if _name(one.func) == name), None)


def _arguments(described: Described, call: ast.Call) -> Iterator[tuple[Parameter, ast.expr]]:
    by_name = {one.name: one for one in described.parameters}
    in_order = [one for one in described.parameters if one.kind in ("positional", "either")]
    for parameter, node in zip(in_order, call.args, strict=False):
        if isinstance(node, ast.Starred):
            return
        yield parameter, node
    for keyword in call.keywords:
        if keyword.arg in by_name:
            yield by_name[keyword.arg], keyword.value


def _shown(node: ast.expr) -> Shown | None:
    try:
        return literal(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_known(shape: Shape) -> bool:
    return shape.kind not in ("any", "callable", "protocol", "recursive") and all(map(_is_known, shape.items))
