"""Which classes are plain values in disguise: a builtin value type with a comparison of its own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from pytest_codemode.edits.rules.folding import folded
from pytest_codemode.edits.rules.tables import RICH, VALUE_CLASSES, VALUE_TYPES

_DECIDING = RICH | {"__bool__"}


class Classes:
    """What the classes of a module that were seen so far are."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._comparing: set[str] = set()

    def disguises(self, node: ast.ClassDef, resolve: Callable[[ast.expr], str]) -> bool:
        """Note a class; return whether it, or a class it is made of, compares a plain value in its own way.

        Args:
            node: the class; those it is made of were noted before.
            resolve: returns the dotted name of an expression, an empty text if it is no import.
        """
        bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
        value = bool(bases & self._values) or any(_is_value(base, resolve) for base in node.bases)
        comparing = bool(bases & self._comparing) or not _DECIDING.isdisjoint(_defined(node))
        if value:
            self._values.add(node.name)
        if comparing:
            self._comparing.add(node.name)
        return value and comparing

    def given(self, name: str, method: str) -> bool:
        """Return whether a value class of that name becomes one by being given `method`."""
        return name in self._values and method in _DECIDING

    @staticmethod
    def made(node: ast.Call) -> bool:
        """Return whether a call makes such a class: `type(name, bases, {"__eq__": ...})`."""
        match node:
            case ast.Call(func=ast.Name(id="type"), args=[_, _, ast.Dict(keys=keys)]):
                return any(key is not None and folded(key) in _DECIDING for key in keys)
        return False


def _is_value(base: ast.expr, resolve: Callable[[ast.expr], str]) -> bool:
    match base:
        case ast.Name(id=name) if name in VALUE_TYPES:
            return True
        case ast.Call(func=ast.Name(id="type")):
            return True
    return resolve(base) in VALUE_CLASSES


def _defined(node: ast.ClassDef) -> Iterator[str]:
    """Yield the names that the body of a class defines or assigns."""
    for item in node.body:
        if isinstance(item, ast.FunctionDef):
            yield item.name
        elif isinstance(item, ast.Assign):
            yield from (target.id for target in item.targets if isinstance(target, ast.Name))
