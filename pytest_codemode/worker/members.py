"""Pieces of state that functions, classes and slots hold; see `pieces`."""

from __future__ import annotations

from operator import attrgetter, is_
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

_MISSING = object()
_CODE = attrgetter("__code__")
_DEFAULTS = attrgetter("__defaults__")
_KEYWORD_DEFAULTS = attrgetter("__kwdefaults__")


class KeptFunctions:
    """All functions together: a project has many, and each is seldom touched."""

    def __init__(self, functions: list[FunctionType]) -> None:
        self._functions = functions
        self._noted = [(get, [*map(get, functions)]) for get in (_CODE, _DEFAULTS, _KEYWORD_DEFAULTS)]
        self._bare = [function for function in functions if not vars(function)]

    def same(self) -> bool:
        """See `Kept`."""
        as_noted = all(all(map(is_, map(get, self._functions), values)) for get, values in self._noted)
        return as_noted and not any(map(vars, self._bare))

    def put_back(self) -> None:
        """See `Kept`."""
        codes, defaults, keywords = (values for _, values in self._noted)
        for function, code, given, named in zip(self._functions, codes, defaults, keywords, strict=True):
            function.__code__, function.__defaults__, function.__kwdefaults__ = code, given, named
        for function in self._bare:
            vars(function).clear()


class KeptClass:
    """The attributes of a class."""

    def __init__(self, thing: type) -> None:
        self._thing = thing
        self._before = {name: value for name, value in vars(thing).items() if type(value) is not GetSetDescriptorType}
        self._values = [*vars(thing).values()]

    def same(self) -> bool:
        """See `Kept`."""
        now = vars(self._thing)
        if len(now) != len(self._values):
            return False
        # An attribute that was deleted comes back at the end; the order of a class means nothing once it is made.
        return all(map(is_, now.values(), self._values)) or all(
            now.get(name, _MISSING) is value for name, value in self._before.items()
        )

    def put_back(self) -> None:
        """See `Kept`."""
        for name in [name for name in vars(self._thing) if name not in self._before]:
            if type(vars(self._thing)[name]) is not GetSetDescriptorType:
                type.__delattr__(self._thing, name)
        for name, value in self._before.items():
            if vars(self._thing).get(name, _MISSING) is not value:
                type.__setattr__(self._thing, name, value)


class KeptSlots:
    """What an instance has in slots."""

    def __init__(self, thing: object, slots: tuple[MemberDescriptorType, ...]) -> None:
        self._thing = thing
        self._before = [(slot, slot_value(slot, thing, _MISSING)) for slot in slots]

    def same(self) -> bool:
        """See `Kept`."""
        return all(slot_value(slot, self._thing, _MISSING) is value for slot, value in self._before)

    def put_back(self) -> None:
        """See `Kept`."""
        for slot, value in self._before:
            if value is not _MISSING:
                slot.__set__(self._thing, value)
            elif slot_value(slot, self._thing, _MISSING) is not _MISSING:
                slot.__delete__(self._thing)


def slots_of(kind: type) -> tuple[MemberDescriptorType, ...]:
    """Return the descriptors of all slots of instances of a class made by Python code."""
    return tuple(
        value
        for base in kind.__mro__
        if "__slots__" in vars(base)  # members that C code has made are no slots: each look may make another object
        for value in vars(base).values()
        if type(value) is MemberDescriptorType
    )


def slot_value(slot: MemberDescriptorType, thing: object, missing: object = None) -> Any:
    """Return what is in a slot, `missing` if nothing is."""
    try:
        return slot.__get__(thing)
    except AttributeError:
        return missing
