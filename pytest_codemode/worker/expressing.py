"""Source text that makes a value again: literals, members, what can be imported, objects made from their attributes.

No method of the project's is called for it, so that a test is not disturbed: an object is told by the attributes that
its constructor's parameters are named like, and nobody looks whether that makes an equal one.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import sys
from inspect import CO_VARARGS, CO_VARKEYWORDS
from itertools import islice
from types import BuiltinFunctionType, FunctionType
from typing import Any

from pytest_codemode.core.exploring import Import
from pytest_codemode.worker.explore.building import built, is_standard
from pytest_codemode.worker.members import slot_value, slots_of

MAX_CHARS = 400
"""Of one expression."""
MAX_ITEMS = 40
MAX_DEPTH = 4
_MAX_BITS = 256
_MADE_BY_DATACLASSES = "<string>"
"""File of the constructors that `dataclasses` makes: they set each field, and those that are no parameters too."""
_missing: Any = object()
_BUILTINS = vars(sys.modules["builtins"])
_OPEN: dict[Any, str] = {list: "[", tuple: "(", set: "{", frozenset: "frozenset({"}
_CLOSE: dict[Any, str] = {list: "]", tuple: ")", set: "}", frozenset: "})"}
_EMPTY: dict[Any, str] = {set: "set()", frozenset: "frozenset()"}


class Unexpressed(Exception):
    """There is no such text, or it is too long."""


class Expressing:
    """Makes one expression, or several that share their imports."""

    def __init__(self) -> None:
        self.imports: dict[Import, None] = {}

    def text(self, value: Any) -> str:
        """Return the text.

        Raises:
            Unexpressed: see there.
        """
        text = self._text(value, 0)
        if len(text) > MAX_CHARS:
            raise Unexpressed
        return text

    def _text(self, value: Any, depth: int) -> str:
        kind = type(value)
        if depth > MAX_DEPTH:
            raise Unexpressed
        if value is None or value is Ellipsis or kind in (bool, int, float, complex, str, bytes):
            return _scalar(value)
        if kind is dict or kind in _OPEN:
            return self._dict(value, depth) if kind is dict else self._items(value, kind, depth)
        if is_standard(kind):
            return self._standard(value)
        if issubclass(kind, type | FunctionType | BuiltinFunctionType):  # `isinstance` would ask the value's class
            return self._named(value)
        return self._member(value) if issubclass(kind, enum.Enum) else self._object(value, depth)

    def _dict(self, value: dict[Any, Any], depth: int) -> str:
        pairs = _first(value.items(), len(value))
        return "{" + ", ".join(f"{self._text(k, depth + 1)}: {self._text(v, depth + 1)}" for k, v in pairs) + "}"

    def _items(self, value: Any, kind: type, depth: int) -> str:
        if not value and kind in _EMPTY:
            return _EMPTY[kind]
        texts = [self._text(item, depth + 1) for item in _first(value, len(value))]
        if kind in _EMPTY:
            texts.sort()  # their own order changes from run to run
        return _OPEN[kind] + ", ".join(texts) + ("," if kind is tuple and len(texts) == 1 else "") + _CLOSE[kind]

    def _standard(self, value: Any) -> str:
        found = built(value)
        if found is None:
            raise Unexpressed
        self.imports |= dict.fromkeys(found.imports)
        return found.text

    def _named(self, value: Any) -> str:
        """Return the name of a class or function that can be imported."""
        module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
        if type(module) is not str or type(name) is not str or not name.isidentifier():
            raise Unexpressed
        if _BUILTINS.get(name) is value:
            return name
        if getattr(sys.modules.get(module), name, None) is not value or module == "__main__":
            raise Unexpressed
        self.imports[Import(module, name)] = None
        return name

    def _member(self, value: enum.Enum) -> str:
        name = value._name_
        if type(name) is not str or type(value)._member_map_.get(name) is not value:
            raise Unexpressed  # a combination of flags
        return f"{self._named(type(value))}.{name}"

    def _object(self, value: Any, depth: int) -> str:
        kind = type(value)
        fields = getattr(kind, "_fields", None)
        if issubclass(kind, tuple) and type(fields) is tuple and kind.__new__ is not tuple.__new__:
            given = dict(zip(fields, _first(value, len(value)), strict=True))
        else:
            given = _constructor_arguments(value, kind)
        name = self._named(kind)
        return f"{name}({', '.join(f'{one}={self._text(item, depth + 1)}' for one, item in given.items())})"


def _constructor_arguments(value: Any, kind: type) -> dict[str, Any]:
    """Return what an object was made from: its attributes, if they are its constructor's parameters and all it has."""
    attributes = _attributes(value, kind)
    init: Any = next(vars(base)["__init__"] for base in kind.__mro__ if "__init__" in vars(base))
    plain = all("__new__" not in vars(base) for base in kind.__mro__[:-1])
    if init is object.__init__ and plain and not attributes:
        return {}
    if type(init) is not FunctionType or init.__code__.co_flags & (CO_VARARGS | CO_VARKEYWORDS):
        raise Unexpressed
    code = init.__code__
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    held = {name: f"_{name}" if name not in attributes and f"_{name}" in attributes else name for name in names}
    more = set(attributes) - set(held.values())
    if dataclasses.is_dataclass(kind) and code.co_filename == _MADE_BY_DATACLASSES:
        more -= {one.name for one in dataclasses.fields(kind) if not one.init}
    if more or not attributes.keys() >= set(held.values()) or code.co_posonlyargcount:
        raise Unexpressed
    return {name: attributes[own] for name, own in held.items()}


def _attributes(value: Any, kind: type) -> dict[str, Any]:
    try:
        found = dict(object.__getattribute__(value, "__dict__"))
    except (AttributeError, TypeError):
        found = {}
    for slot in slots_of(kind):
        if (held := slot_value(slot, value, _missing)) is not _missing:
            found[slot.__name__] = held
    return found


def _first(items: Any, count: int) -> list[Any]:
    if count > MAX_ITEMS:
        raise Unexpressed
    try:
        return list(islice(items, MAX_ITEMS))
    except RuntimeError:  # another thread has changed it
        raise Unexpressed from None


def _scalar(value: Any) -> str:
    kind = type(value)
    if (kind is str or kind is bytes) and len(value) > MAX_CHARS:
        raise Unexpressed
    if kind is int and value.bit_length() > _MAX_BITS:
        raise Unexpressed
    if kind is float and not math.isfinite(value):
        return f'float("{value!r}")'
    if kind is complex and not (math.isfinite(value.real) and math.isfinite(value.imag)):
        raise Unexpressed
    return repr(value)
