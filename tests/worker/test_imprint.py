"""Whatever code changes in a module is seen, and put back or told to be lost."""

import builtins
import functools
import itertools
import random
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any

import pytest

from pytest_codemode.worker.imprint import Imprint

SOURCE = """
class Base:
    level = 1

class Own(Base):
    kept = [1]

    def __init__(self):
        self.names = {"a"}

    @property
    def size(self):
        return len(self.names)

class Slotted:
    __slots__ = ("one", "two")

class Text(str):
    pass

class Angry(dict):
    def __eq__(self, other):
        raise RuntimeError
    __hash__ = None
    def __iter__(self):
        raise RuntimeError
    def values(self):
        raise RuntimeError
    def __getattribute__(self, name):
        raise RuntimeError

def plain(items=[1], *, named={"x": 1}):
    return items

def outer():
    seen = []
    def inner():
        return seen
    return inner
"""


@pytest.fixture
def module() -> types.ModuleType:
    made: Any = types.ModuleType("toy_module")
    exec(SOURCE, vars(made))
    made.inner = made.outer()
    made.own = made.Own()
    made.slotted = made.Slotted()
    made.slotted.one = [1]
    made.angry = made.Angry(a=1)
    made.rows = [[1], [2, {"deep": [3]}]]
    made.table = {"a": 1, "b": 2}
    made.many = defaultdict(list, a=[1])
    made.counted = Counter("aab")
    made.ordered = OrderedDict(a=1, b=2)
    made.queue = deque([1, 2, 3], maxlen=4)
    made.raw = bytearray(b"abc")
    made.draw = random.Random(1)
    made.numbers = itertools.count()
    made.lines = (n for n in range(9))
    made.cached = functools.lru_cache(lambda a: a)
    made.partial = functools.partial(made.plain, [5])
    made.text = made.Text("t")
    made.part = type("Part", (functools.partial,), {})(made.plain)  # has members that C made, which nobody can set
    return made


def imprint(module: types.ModuleType) -> Imprint:
    return Imprint([module], frozenset({"toy_module"}), 1_000)


RESTORED: dict[str, Callable[[Any], object]] = {
    "name": lambda m: setattr(m, "table", {}),
    "new name": lambda m: setattr(m, "new", 1),
    "deleted name": lambda m: delattr(m, "table"),
    "equal but another": lambda m: m.table.update(a=True),
    "key": lambda m: m.table.update(c=m.table.pop("a")),
    "order": lambda m: m.table.update(a=m.table.pop("a")),
    "deep": lambda m: m.rows[1][1]["deep"].append(4),
    "sorted": lambda m: m.rows.reverse(),
    "default factory": lambda m: m.many["b"],
    "ordered": lambda m: m.ordered.move_to_end("a"),
    "counter": lambda m: m.counted.update("c"),
    "queue": lambda m: m.queue.rotate(),
    "bytes": lambda m: m.raw.reverse(),
    "random": lambda m: m.draw.random(),
    "cache": lambda m: m.cached(1),
    "partial": lambda m: m.partial.args[0].clear(),
    "default": lambda m: m.plain().append(2),
    "keyword default": lambda m: m.plain.__kwdefaults__.clear(),
    "defaults": lambda m: setattr(m.plain, "__defaults__", ()),
    "code": lambda m: setattr(m.plain, "__code__", (lambda items: 0).__code__),
    "function attribute": lambda m: setattr(m.plain, "calls", 1),
    "closure": lambda m: m.inner().append(1),
    "instance": lambda m: m.own.names.add("b"),
    "instance attribute": lambda m: setattr(m.own, "names", 0),
    "class attribute": lambda m: setattr(m.Own, "kept", []),
    "inside a class attribute": lambda m: m.Own.kept.append(1),
    "class of a class": lambda m: setattr(m.Base, "level", 2),
    "method": lambda m: setattr(m.Own, "size", 3),
    "deleted class attribute": lambda m: delattr(m.Own, "kept"),
    "slot": lambda m: setattr(m.slotted, "one", 2),
    "empty slot": lambda m: setattr(m.slotted, "two", 2),
    "deleted slot": lambda m: delattr(m.slotted, "one"),
    "inside a slot": lambda m: m.slotted.one.append(1),
    "subclass that answers nothing": lambda m: dict.__setitem__(m.angry, "a", 2),
    "attribute of a text": lambda m: setattr(m.text, "mark", 1),
}
LOST: dict[str, Callable[[Any], object]] = {
    "count": lambda m: next(m.numbers),
    "generator": lambda m: next(m.lines),
}


def test_nothing_has_changed_where_nothing_was_done(module: types.ModuleType) -> None:
    assert not imprint(module).changed()


@pytest.mark.parametrize("change", RESTORED.values(), ids=RESTORED)
def test_change_is_seen_and_undone(module: types.ModuleType, change: Callable[[Any], object]) -> None:
    kept = imprint(module)
    names = [*vars(module)]
    change(module)

    assert kept.changed()
    assert kept.put_back()
    assert not kept.changed()
    assert [*vars(module)] == names
    change(module)  # as possible as it was before
    assert kept.changed()


@pytest.mark.parametrize("change", LOST.values(), ids=LOST)
def test_change_that_cannot_be_undone_is_told(module: types.ModuleType, change: Callable[[Any], object]) -> None:
    kept = imprint(module)
    change(module)

    assert kept.changed()
    assert not kept.put_back()


def test_cache_that_was_filled_before_cannot_be_made_so_again(module: types.ModuleType) -> None:
    module.cached(1)
    kept = imprint(module)
    module.cached(1)
    assert not kept.changed()

    module.cached(2)
    assert kept.changed()
    assert not kept.put_back()


def test_walk_ends_at_its_bound(module: types.ModuleType) -> None:
    chain: list[Any] = []
    for _ in range(5_000):
        chain = [chain]
    few = Imprint([chain], frozenset(), 10)
    while chain[0]:
        chain = chain[0]
    chain[0].append(1)

    assert not few.changed()


def test_shallow_imprint_sees_names_only() -> None:
    module: Any = types.ModuleType("toy_module")
    module.rows = [1]
    kept = Imprint(shallow=[module])
    module.rows.append(2)
    assert not kept.changed()

    module.rows = []
    assert kept.changed()
    kept.forget_changed()
    assert not kept.changed()


def test_even_builtins_are_put_back() -> None:
    kept = Imprint(shallow=[builtins])
    before = hex
    try:
        builtins.hex = str  # type: ignore[assignment]
        assert kept.put_back()
        assert builtins.hex is before
    finally:
        builtins.hex = before
