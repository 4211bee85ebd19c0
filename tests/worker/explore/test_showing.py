"""Values as data: what is shown is true of the value, bounded, and the same each time."""

import ast
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import math
import pathlib
import threading
import types
import typing
import uuid
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.core.exploring import Import, Shown
from pytest_codemode.worker.explore.showing import MAX_PARTS, MAX_TEXT, Show, canonical

show = Show(("/scratch/run", "/project"))
HERE = __name__


class Size(enum.Enum):
    SMALL = 1
    ALSO_SMALL = SMALL


class Right(enum.Flag):
    READ = 1
    WRITE = 2


class Pair(typing.NamedTuple):
    left: object
    right: object


class Slotted:
    __slots__ = ("_hidden", "shown", "unset")

    def __init__(self):
        self._hidden, self.shown = 1, 2


class Text(str):
    pass


class Odd(str):
    __hash__ = str.__hash__

    def __eq__(self, other):
        return True


class Many(list):
    def __iter__(self):
        raise RuntimeError("not by me")

    def __len__(self):
        return 10**9


class Words(dict):
    pass


@dataclasses.dataclass
class Money:
    amount: decimal.Decimal
    day: datetime.date

    note = "class attribute"


@dataclasses.dataclass(eq=False)
class Unequal:
    amount: int


class Counting:
    made = 0

    def __init__(self):
        type(self).made += 1
        self.number = self.made

    __hash__ = None

    def __repr__(self):
        return "Counting()"

    def __eq__(self, other):
        return isinstance(other, Counting) and self.number == other.number


def text_of(value):
    shown = show(value)
    return shown.kind, shown.text


literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=4)
        | st.sets(st.integers() | st.text(max_size=3), min_size=1, max_size=4)
    ),
    max_leaves=12,
)


@given(literals)
def test_a_literal_reads_back_as_the_value(value):
    shown = show(value)
    if not any(place in repr(value) for place in ("/scratch/run", "/project")) and not _deep(shown):
        assert shown.kind == "literal"
        assert ast.literal_eval(shown.text) == value
        assert type(ast.literal_eval(shown.text)) is type(value)


def _deep(shown):
    return shown.cut or any(map(_deep, shown.parts))


@given(literals, literals)
def test_what_is_shown_alike_is_equal(one, other):
    first, second = show(one), show(other)
    if canonical(first) == canonical(second) and first.kind == "literal":
        assert one == other


@given(st.floats())
def test_floats_stand_apart(value):
    kind, text = text_of(value)
    assert kind == "float"
    assert math.isnan(float(text)) if math.isnan(value) else float(text) == value


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (True, "literal", "True"),
        (set(), "set", ""),
        ({1}, "literal", "{1}"),
        (frozenset({1}), "frozenset", ""),
        ((1,), "literal", "(1,)"),
        ((), "literal", "()"),
        (..., "literal", "..."),
        (1 + 2j, "literal", "(1+2j)"),
        (Size.SMALL, "enum", "SMALL"),
        (Size.ALSO_SMALL, "enum", "SMALL"),
        (Right.READ, "enum", "READ"),
        (Right.READ | Right.WRITE, "opaque", ""),
        (range(3), "built", "range(0, 3)"),
        (bytearray(b"a"), "built", "bytearray(b'a')"),
        (datetime.date(2020, 1, 2), "built", "datetime.date(2020, 1, 2)"),
        (datetime.timedelta(1), "built", "datetime.timedelta(days=1)"),
        (decimal.Decimal("1.0"), "built", "Decimal('1.0')"),
        (fractions.Fraction(1, 2), "built", "Fraction(1, 2)"),
        (uuid.UUID(int=1), "built", "UUID('00000000-0000-0000-0000-000000000001')"),
        (pathlib.Path("a/b"), "built", "Path('a/b')"),
        (pathlib.PurePosixPath("a"), "built", "PurePosixPath('a')"),
        (collections.OrderedDict(a=1), "built", "OrderedDict([('a', 1)])"),
        (collections.Counter("aab"), "built", "Counter({'a': 2, 'b': 1})"),
        (collections.deque([1], 3), "built", "deque([1], maxlen=3)"),
        (collections.defaultdict(int, a=1), "dict", ""),
        (Text("a"), "literal", "'a'"),
        (Odd("a"), "opaque", ""),
        (int, "class", ""),
        (Money, "class", ""),
        (text_of, "opaque", ""),
        (len, "opaque", ""),
        (ast, "opaque", ""),
        (threading.Lock(), "opaque", ""),
        (object(), "opaque", ""),
        (lambda: 1, "opaque", ""),
        ("<f at 0x7f0012345678>", "opaque", ""),
        ("0xffffffff", "literal", "'0xffffffff'"),
        ("see /project/a.py", "opaque", ""),
        (b"/scratch/run/x", "opaque", ""),
        (pathlib.Path("/scratch/run/x"), "object", ""),
        ("ghp_" + "a1" * 20, "opaque", ""),
    ],
)
def test_kinds(value, kind, text):
    shown = show(value)
    assert (shown.kind, shown.kind == "object" or shown.text) == (kind, kind == "object" or text)
    assert show(value) == shown


def test_numbers_of_numpy_that_are_pythons_too_are_values():
    numpy = pytest.importorskip("numpy")
    assert (Show(())(numpy.float64(0.25)).kind, Show(())(numpy.float64(0.25)).text) == ("float", "0.25")
    assert Show(())(numpy.str_("a")).text == "'a'"
    assert Show(())(numpy.float32(0.25)).kind == "opaque"


def test_types_are_told_with_their_module():
    assert show(1).type == "builtins:int"
    assert show(Text("a")).type == f"{HERE}:Text"
    assert show(Money).type == f"{HERE}:Money"
    assert show(collections.defaultdict(int)).type == "collections:defaultdict"


def test_what_builds_a_value_names_all_that_it_needs():
    shown = show(Money(decimal.Decimal("2.50"), datetime.date(2020, 1, 2)))
    assert shown.text == "Money(amount=Decimal('2.50'), day=datetime.date(2020, 1, 2))"
    assert set(shown.imports) == {Import(HERE, "Money"), Import("decimal", "Decimal"), Import("datetime")}
    aware = datetime.datetime(2020, 1, 2, tzinfo=zoneinfo.ZoneInfo("UTC"))
    assert Import("zoneinfo") in show(aware).imports
    assert show(Pair(1, b"x")).text == "Pair(left=1, right=b'x')"


@pytest.mark.parametrize("value", [Unequal(1), Counting(), Pair(object(), 1)])
def test_what_does_not_build_an_equal_value_is_an_object(value):
    assert show(value).kind == "object"


def test_attributes_of_objects():
    fields = dict(show(Slotted()).fields)
    assert {name: shown.text for name, shown in fields.items()} == {"shown": "2"}
    assert [name for name, _ in show(Pair(object(), 1)).fields] == ["left", "right"]
    assert dict(show(types.SimpleNamespace(b=1, a=[1.5])).fields)["a"].parts == (
        Shown("float", "1.5", "builtins:float"),
    )
    assert [(name, shown.text) for name, shown in show(ValueError("no", 3)).fields] == [("args", "('no', 3)")]
    private = dict(Show((), deep=True)(Slotted()).fields)
    assert private["_hidden"].text == "1"


def test_subclasses_of_containers_are_read_past_what_they_override():
    shown = show(Many([1, 2]))
    assert (shown.kind, shown.type, [part.text for part in shown.parts]) == ("list", f"{HERE}:Many", ["1", "2"])
    shown = show(Words(a=1))
    assert (shown.kind, [part.text for part in shown.parts]) == ("dict", ["'a'", "1"])


def test_the_order_of_a_set_does_not_show():
    one, other = {"a", "b", "c", 1.5}, {1.5, "c", "b", "a"}
    assert show(one) == show(other)
    assert show(frozenset(one)) == show(frozenset(other))


def test_large_deep_and_endless_values_are_cut():
    assert show(list(range(MAX_PARTS + 1))).cut
    assert show("x" * (MAX_TEXT + 1)).cut
    assert show(10**100_000).cut
    assert len(canonical(show([["x" * 3_000] * 50] * 50))) < 60_000
    loop: list[object] = []
    loop.append({"again": loop})
    assert show(loop).parts[0].parts[1].cut
    nested: list[object] = []
    for _ in range(1_000):
        nested = [nested]
    assert _deep(show(nested))


def test_a_credential_is_not_shown_by_its_name_either():
    record = types.SimpleNamespace(user="bob", password="hunter2-Sup3r", token="NUMBER")
    fields = dict(show(record).fields)
    assert (fields["user"].text, fields["password"].kind, fields["token"].text) == ("'bob'", "opaque", "'NUMBER'")
    entries = show({"X-Api-Key": "9c1185a57be2", "password": "hello world"})
    assert [(part.kind, part.text) for part in entries.parts[1::2]] == [("opaque", ""), ("literal", "'hello world'")]
    deep = Show((), deep=True)
    assert canonical(deep(record)) != canonical(deep(types.SimpleNamespace(**{**vars(record), "password": "other-1"})))
