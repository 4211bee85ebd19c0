"""Pieces of state, each kept as it was: told whether it still is so, and put back where that is possible.

What is compared are identities, and only by what C itself offers: no method of a foreign class is called.
"""

from __future__ import annotations

import random
from collections import OrderedDict, deque
from collections.abc import Callable
from operator import is_
from types import GeneratorType, ModuleType
from typing import Any, Protocol

_MISSING = object()


class Kept(Protocol):
    """One piece of state, as it was."""

    def same(self) -> bool:
        """Whether it still is so."""
        ...

    def put_back(self) -> None:
        """Make it so again, as far as possible."""
        ...


class KeptMapping:
    """A dictionary; subclasses are looked at as what they are underneath."""

    def __init__(self, thing: dict[Any, Any]) -> None:
        self._thing = thing
        self._keys = [*dict.__iter__(thing)]
        self._values = [*dict.values(thing)]

    def same(self) -> bool:
        """See `Kept`."""
        thing, keys = self._thing, self._keys
        if dict.__len__(thing) != len(keys):
            return False
        return all(map(is_, dict.values(thing), self._values)) and all(map(is_, dict.__iter__(thing), keys))

    def put_back(self) -> None:
        """See `Kept`."""
        thing, clear, update = self._thing, dict.clear, dict.update
        pairs = [*zip(self._keys, self._values, strict=True)]
        clear(thing)  # it may be that of `builtins`: until it is full again no name is looked up
        update(thing, pairs)


class KeptNames:
    """What the names of a module stand for; a submodule that is imported later adds its own."""

    def __init__(self, module: ModuleType) -> None:
        self._names = vars(module)
        self._exact = KeptMapping(self._names)
        self._before = dict(self._names)

    def same(self) -> bool:
        """See `Kept`."""
        if self._exact.same():
            return True
        names, before = self._names, self._before
        return all(names.get(name, _MISSING) is value for name, value in before.items()) and all(
            issubclass(type(value), ModuleType) for name, value in names.items() if name not in before
        )

    def put_back(self) -> None:
        """See `Kept`."""
        if not self.same():
            self._exact.put_back()


class KeptOrdered:
    """An ordered dictionary, which keeps its order apart from what it is underneath."""

    def __init__(self, thing: OrderedDict[Any, Any]) -> None:
        self._thing = thing
        self._under = KeptMapping(thing)
        self._order = [*OrderedDict.__iter__(thing)]
        self._pairs = [(key, dict.__getitem__(thing, key)) for key in self._order]

    def same(self) -> bool:
        """See `Kept`."""
        return self._under.same() and all(map(is_, OrderedDict.__iter__(self._thing), self._order))

    def put_back(self) -> None:
        """See `Kept`."""
        OrderedDict.clear(self._thing)
        for key, value in self._pairs:
            OrderedDict.__setitem__(self._thing, key, value)
        self._under = KeptMapping(self._thing)


class KeptList:
    """A list, subclasses as what they are underneath."""

    def __init__(self, thing: list[Any]) -> None:
        self._thing = thing
        self._items = [*list.__iter__(thing)]

    def same(self) -> bool:
        """See `Kept`."""
        thing, items = self._thing, self._items
        return list.__len__(thing) == len(items) and all(map(is_, list.__iter__(thing), items))

    def put_back(self) -> None:
        """See `Kept`."""
        list.__setitem__(self._thing, slice(None), self._items)


class KeptSet:
    """A set."""

    def __init__(self, thing: set[Any]) -> None:
        self._thing = thing
        self._items = [*set.__iter__(thing)]
        self._ids = {*map(id, self._items)}

    def same(self) -> bool:
        """See `Kept`."""
        return set.__len__(self._thing) == len(self._ids) and self._ids.issuperset(map(id, set.__iter__(self._thing)))

    def put_back(self) -> None:
        """See `Kept`."""
        set.clear(self._thing)
        set.update(self._thing, self._items)


class KeptQueue:
    """A deque."""

    def __init__(self, thing: deque[Any]) -> None:
        self._thing = thing
        self._items = [*deque.__iter__(thing)]

    def same(self) -> bool:
        """See `Kept`."""
        thing, items = self._thing, self._items
        return deque.__len__(thing) == len(items) and all(map(is_, deque.__iter__(thing), items))

    def put_back(self) -> None:
        """See `Kept`."""
        deque.clear(self._thing)
        deque.extend(self._thing, self._items)


class KeptBytes:
    """A bytearray."""

    def __init__(self, thing: bytearray) -> None:
        self._thing = thing
        self._copy = bytes(thing)

    def same(self) -> bool:
        """See `Kept`."""
        return self._thing == self._copy

    def put_back(self) -> None:
        """See `Kept`."""
        self._thing[:] = self._copy


class KeptAttributes:
    """Attributes that C reads and sets."""

    def __init__(self, thing: Any, names: tuple[str, ...]) -> None:
        self._thing = thing
        self._values = {name: getattr(thing, name, _MISSING) for name in names}

    def same(self) -> bool:
        """See `Kept`."""
        return all(getattr(self._thing, name, _MISSING) is value for name, value in self._values.items())

    def put_back(self) -> None:
        """See `Kept`."""
        for name, value in self._values.items():
            if value is not _MISSING:
                setattr(self._thing, name, value)
            elif hasattr(self._thing, name):
                delattr(self._thing, name)


class KeptCache:
    """What `functools.lru_cache` remembers; only one that was empty can be made so again."""

    def __init__(self, thing: Any) -> None:
        self._thing = thing
        self._info = thing.cache_info()

    def same(self) -> bool:
        """See `Kept`."""
        now = self._thing.cache_info()
        return bool(now.misses == self._info.misses and now.currsize == self._info.currsize)

    def put_back(self) -> None:
        """See `Kept`."""
        if not self._info.currsize and not self._info.misses:
            self._thing.cache_clear()


class KeptPosition:
    """How far something has come that only goes on."""

    def __init__(self, thing: Any, tell: Callable[[Any], object]) -> None:
        self._thing = thing
        self._tell = tell
        self._place = tell(thing)

    def same(self) -> bool:
        """See `Kept`."""
        return self._tell(self._thing) == self._place

    def put_back(self) -> None:
        """Nothing leads back."""


class KeptRandomness:
    """A generator of random numbers."""

    def __init__(self, thing: random.Random) -> None:
        self._thing = thing
        self._state = thing.getstate()

    def same(self) -> bool:
        """See `Kept`."""
        return self._thing.getstate() == self._state

    def put_back(self) -> None:
        """See `Kept`."""
        self._thing.setstate(self._state)


def position_of(generator: GeneratorType[Any, Any, Any]) -> tuple[object, object]:
    """Return where a generator stands."""
    frame = generator.gi_frame
    return (frame.f_lineno, frame.f_lasti) if frame is not None else (None, None)
