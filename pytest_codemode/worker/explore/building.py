"""Expressions that build an equal value: parsed, evaluated here and compared."""

from __future__ import annotations

import ast
import collections
import datetime
import decimal
import fractions
import pathlib
import sys
import uuid
import zoneinfo
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from pytest_codemode.core.exploring import Import

MAX_REPR = 2_000
MAX_CALLS = 60

_MODULES: dict[str, ModuleType] = {"datetime": datetime, "collections": collections, "zoneinfo": zoneinfo}
_STANDARD: dict[str, tuple[str, Any]] = {
    "Decimal": ("decimal", decimal.Decimal),
    "Fraction": ("fractions", fractions.Fraction),
    "UUID": ("uuid", uuid.UUID),
    "OrderedDict": ("collections", collections.OrderedDict),
    "Counter": ("collections", collections.Counter),
    "deque": ("collections", collections.deque),
    "Path": ("pathlib", pathlib.Path),
    "PurePosixPath": ("pathlib", pathlib.PurePosixPath),
    "PureWindowsPath": ("pathlib", pathlib.PureWindowsPath),
}
_BUILTIN: dict[str, Any] = {
    "range": range,
    "slice": slice,
    "bytearray": bytearray,
    "frozenset": frozenset,
    "set": set,
}
_ALLOWED = (
    *(ast.Expression, ast.Call, ast.Name, ast.Load, ast.Attribute, ast.Constant, ast.keyword, ast.List, ast.Tuple),
    *(ast.Dict, ast.Set, ast.UnaryOp, ast.USub, ast.UAdd),
)
_KNOWN = {id(kind) for _, kind in _STANDARD.values()} | {id(kind) for kind in _BUILTIN.values()}
_KNOWN |= {id(kind) for kind in vars(datetime).values() if isinstance(kind, type)} | {id(pathlib.PosixPath)}


@dataclass(frozen=True, slots=True)
class Expression:
    """Source text, and what it needs."""

    text: str
    imports: tuple[Import, ...]


def is_standard(kind: type) -> bool:
    """Whether values of that type are nothing but what their `repr` says."""
    return id(kind) in _KNOWN


def built(value: Any) -> Expression | None:
    """Return what builds a value that is equal to `value` and of the same type; None if its `repr` does not."""
    kind = type(value)
    if id(kind) not in _KNOWN and (_repr_of(kind) is object.__repr__ or _eq_of(kind) is object.__eq__):
        return None
    try:
        text = repr(value)
        if type(text) is not str or len(text) > MAX_REPR or text[:1] == "<":
            return None
        return _checked(text.replace("PosixPath(", "Path(") if isinstance(value, pathlib.PosixPath) else text, value)
    except Exception:  # noqa: BLE001  # its `repr`, its constructor or its comparison, whatever they raise
        return None


def _checked(text: str, value: Any) -> Expression | None:
    tree = ast.parse(text, mode="eval")
    nodes = list(ast.walk(tree))
    if not isinstance(tree.body, ast.Call) or not all(isinstance(node, _ALLOWED) for node in nodes):
        return None
    if sum(isinstance(node, ast.Call) for node in nodes) > MAX_CALLS:
        return None
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    found = _resolved(names, value)
    if found is None:
        return None
    imports, namespace = found
    again = eval(compile(tree, "<repr>", "eval"), {"__builtins__": {}, **namespace})  # checked above
    if type(again) is not type(value) or again is value or (again == value) is not True:
        return None
    return Expression(ast.unparse(tree), tuple(imports))


def _resolved(names: set[str], value: Any) -> tuple[list[Import], dict[str, Any]] | None:
    """Return imports and objects for the names of an expression; None if one cannot be imported."""
    imports: list[Import] = []
    namespace: dict[str, Any] = {}
    own = {kind.__name__: kind for kind in _kinds_in(value)}
    for name in sorted(names):
        if name in own and id(own[name]) not in _KNOWN:
            kind = own[name]
            if kind.__qualname__ != name or getattr(sys.modules.get(kind.__module__), name, None) is not kind:
                return None
            imports.append(Import(kind.__module__, name))
            namespace[name] = kind
        elif name in _MODULES:
            imports.append(Import(name))
            namespace[name] = _MODULES[name]
        elif name in _STANDARD:
            imports.append(Import(_STANDARD[name][0], name))
            namespace[name] = _STANDARD[name][1]
        elif name in _BUILTIN:
            namespace[name] = _BUILTIN[name]
        else:
            return None
    return imports, namespace


def _kinds_in(value: Any, depth: int = 0) -> list[type]:
    """Return the types of a value and of what it holds."""
    kinds = [type(value)]
    if depth < 4:
        if isinstance(value, dict):
            inner = [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            inner = [*value]
        else:
            inner = [*getattr(value, "__dict__", {}).values()]
            slots = getattr(type(value), "__slots__", ())
            inner += [getattr(value, name, None) for name in ([slots] if isinstance(slots, str) else slots)]
        for one in inner[:50]:
            kinds += _kinds_in(one, depth + 1)
    return kinds


def _repr_of(kind: type) -> Any:
    return next(vars(base)["__repr__"] for base in kind.__mro__ if "__repr__" in vars(base))


def _eq_of(kind: type) -> Any:
    return next(vars(base)["__eq__"] for base in kind.__mro__ if "__eq__" in vars(base))
