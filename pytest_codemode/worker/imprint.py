"""The state that code of a process can leave behind for what runs after it: found by a walk from some roots."""

from __future__ import annotations

import functools
import random
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import (
    CellType,
    FunctionType,
    GeneratorType,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import Any

from pytest_codemode.worker.members import KeptClass, KeptFunctions, KeptSlots, slot_value, slots_of
from pytest_codemode.worker.pieces import (
    Kept,
    KeptAttributes,
    KeptBytes,
    KeptCache,
    KeptList,
    KeptMapping,
    KeptNames,
    KeptOrdered,
    KeptPosition,
    KeptQueue,
    KeptRandomness,
    KeptSet,
    position_of,
)

_HEAP_TYPE = 1 << 9
"""Of `type.__flags__`: a class made by Python code. Source: CPython's Include/object.h, Py_TPFLAGS_HEAPTYPE."""
_NOT_STATE = frozenset({"_pytest", "pytest", "pluggy", "pytest_codemode", "threading", "importlib", "weakref"})
"""Packages whose instances belong to those who judge or to the interpreter."""
_PLUMBING = frozenset({"__builtins__", "__spec__", "__loader__", "__cached__"})


class Imprint:
    """The state that can be reached from some roots, as it was when this was made."""

    def __init__(
        self,
        roots: Iterable[object] = (),
        own: frozenset[str] = frozenset(),
        most: int = 0,
        *,
        shallow: Iterable[ModuleType] = (),
    ) -> None:
        """Note it.

        Args:
            roots: objects to start from.
            own: names of the modules whose classes and functions belong to the state.
            most: pieces of state that are noted, those next to the roots first.
            shallow: modules of which only is noted which objects their names stand for.
        """
        self._kept: list[Kept] = [*_Walk(own, most).pieces(roots), *map(KeptNames, shallow)]

    def forget_changed(self) -> None:
        """Leave out from now on what is not as it was."""
        self._kept = [kept for kept in self._kept if kept.same()]

    def changed(self) -> bool:
        """Whether anything is not as it was."""
        return not all(kept.same() for kept in self._kept)

    def put_back(self) -> bool:
        """Make everything as it was; return whether that worked."""
        for _ in range(2):  # what one piece holds may be noted only by another one
            for kept in self._kept:
                if not kept.same():
                    with suppress(Exception):  # what refuses to be set is still another one afterwards
                        kept.put_back()
        return not self.changed()


class _Walk:
    """One walk over the objects that hold state, in the order of their distance from the roots."""

    def __init__(self, own: frozenset[str], most: int) -> None:
        self._own = own
        self._most = most
        self._seen: dict[int, object] = {}
        self._todo: deque[object] = deque()
        self._kept: list[Kept] = []
        self._functions: list[FunctionType] = []

    def pieces(self, roots: Iterable[object]) -> list[Kept]:
        for root in roots:
            self._visit(vars(root) if issubclass(type(root), ModuleType) else root)
        while self._todo and len(self._kept) + len(self._functions) < self._most:
            self._look_at(self._todo.popleft())
        return [*self._kept, KeptFunctions(self._functions)] if self._functions else self._kept

    def _visit(self, *things: object) -> None:
        for thing in things:
            if type(thing) not in _PLAIN and id(thing) not in self._seen:
                self._seen[id(thing)] = thing  # held, so that no other object gets its number
                self._todo.append(thing)

    def _look_at(self, thing: Any) -> None:
        kind = type(thing)
        look = _LOOKS.get(kind)
        if look is not None:
            look(self, thing)
        elif issubclass(kind, type):  # `isinstance` asks the instance, too
            self.own_class(thing)
        elif kind.__flags__ & _HEAP_TYPE:
            self.instance(thing)

    def mapping(self, thing: dict[Any, Any]) -> None:
        self._kept.append(KeptMapping(thing))
        self._visit(*(value for key, value in dict.items(thing) if key not in _PLUMBING))

    def ordered(self, thing: OrderedDict[Any, Any]) -> None:
        self._kept.append(KeptOrdered(thing))
        self._visit(*dict.values(thing))

    def sequence(self, thing: list[Any]) -> None:
        self._kept.append(KeptList(thing))
        self._visit(*list.__iter__(thing))

    def members(self, thing: set[Any]) -> None:
        self._kept.append(KeptSet(thing))

    def queue(self, thing: deque[Any]) -> None:
        self._kept.append(KeptQueue(thing))
        self._visit(*thing)

    def items(self, thing: Iterable[Any]) -> None:
        self._visit(*thing)

    def bytes(self, thing: bytearray) -> None:
        self._kept.append(KeptBytes(thing))

    def function(self, thing: FunctionType) -> None:
        if thing.__module__ in self._own:
            self._functions.append(thing)
            self._visit(thing.__defaults__, thing.__kwdefaults__, thing.__closure__)
            if vars(thing):
                self._visit(vars(thing))

    def cell(self, thing: CellType) -> None:
        self._kept.append(KeptAttributes(thing, ("cell_contents",)))
        if hasattr(thing, "cell_contents"):
            self._visit(thing.cell_contents)

    def wrapped(self, thing: Any) -> None:
        self._visit(getattr(thing, "__func__", None), getattr(thing, "__self__", None))

    def described(self, thing: property) -> None:
        self._visit(thing.fget, thing.fset, thing.fdel)

    def partial(self, thing: functools.partial[Any]) -> None:
        self._visit(thing.func, thing.args, thing.keywords)

    def cache(self, thing: Any) -> None:
        self._kept.append(KeptCache(thing))
        self._visit(thing.__wrapped__)

    def generator(self, thing: GeneratorType[Any, Any, Any]) -> None:
        self._kept.append(KeptPosition(thing, position_of))

    def counting(self, thing: Iterator[Any]) -> None:
        self._kept.append(KeptPosition(thing, repr))

    def randomness(self, thing: random.Random) -> None:
        self._kept.append(KeptRandomness(thing))

    def own_class(self, thing: type) -> None:
        if type.__dict__["__module__"].__get__(thing) in self._own:
            self._kept.append(KeptClass(thing))
            self._visit(*vars(thing).values())

    def instance(self, thing: Any) -> None:
        kind = type(thing)
        if str(kind.__module__).partition(".")[0] in _NOT_STATE:
            return
        for base in (OrderedDict, dict, list, set, deque):
            if issubclass(kind, base):
                _LOOKS[base](self, thing)
                break
        if issubclass(kind, tuple):
            self._visit(*tuple.__iter__(thing))
        if type(inside := _dictionary(thing)) is dict:
            self.mapping(inside)
        if slots := slots_of(kind):
            self._kept.append(KeptSlots(thing, slots))
            self._visit(*(slot_value(slot, thing) for slot in slots))


_PLAIN = frozenset({type(None), bool, int, float, complex, str, bytes, range, slice, type(...), type(NotImplemented)})
_LRU: type = type(functools.lru_cache(lambda: None))
_COUNT: type = type(__import__("itertools").count())

_LOOKS: Mapping[type, Callable[[_Walk, Any], None]] = MappingProxyType(
    {
        dict: _Walk.mapping,
        defaultdict: _Walk.mapping,
        Counter: _Walk.mapping,
        OrderedDict: _Walk.ordered,
        list: _Walk.sequence,
        set: _Walk.members,
        deque: _Walk.queue,
        tuple: _Walk.items,
        frozenset: _Walk.items,
        bytearray: _Walk.bytes,
        FunctionType: _Walk.function,
        CellType: _Walk.cell,
        MethodType: _Walk.wrapped,
        staticmethod: _Walk.wrapped,
        classmethod: _Walk.wrapped,
        property: _Walk.described,
        functools.partial: _Walk.partial,
        _LRU: _Walk.cache,
        GeneratorType: _Walk.generator,
        _COUNT: _Walk.counting,
        random.Random: _Walk.randomness,
    }
)


def _dictionary(thing: object) -> object:
    """Return the `__dict__` of an instance, however its class looks attributes up."""
    try:
        return object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return None
