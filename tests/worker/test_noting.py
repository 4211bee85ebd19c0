import datetime
import enum
import json
import os
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.worker.noting import notes
from pytest_codemode.worker.noting.shapes import cut, shape
from pytest_codemode.worker.noting.variants import near, variants


class Colour(enum.Enum):
    RED = 1


class Point:
    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y

    def __repr__(self) -> str:
        raise AssertionError("nobody may ask")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("nobody may ask")

    __hash__ = None  # type: ignore[assignment]


class Slotted:
    __slots__ = ("here", "unset")

    def __init__(self) -> None:
        self.here = 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1, "a", None), "(1, 'a', None)"),
        ((1,), "(1,)"),
        ({"k": [1.5, b"x"]}, "{'k': [1.5, b'x']}"),
        ({2, 1}, "{1, 2}"),
        (Colour.RED, "Colour.RED"),
        (Point(1, Point(2, 3)), "Point(x=1, y=Point(x=2, y=3))"),
        (Slotted(), "Slotted(here=1)"),
        (ValueError("x", 1), "ValueError('x', 1)"),
        (datetime.date(2026, 1, 2), "datetime.date(2026, 1, 2)"),
        # A smoke test: the module that holds the class is another one from Python 3.13 on.
        pytest.param(PurePosixPath("a/b"), "PurePosixPath('a/b')", marks=pytest.mark.smoke),
        (len, "builtins.len"),
        (object(), "object()"),
        (iter(()), "tuple_iterator()"),
    ],
)
def test_a_value_is_told_by_what_it_holds_and_not_by_its_own_code(value: Any, text: str) -> None:
    assert shape(value) == text


def test_a_value_that_holds_itself_or_is_endless_has_a_bounded_shape() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert len(shape(loop)) < 200
    assert shape(list(range(100))).endswith(", 70 more]")
    assert shape(10**5000) == "int"
    assert shape("a" * 10_000) != shape("a" * 9_999 + "b")
    assert len(cut("x" * 5_000)) < 200


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.tuples(v)))
def test_what_is_near_a_value_is_another_value_and_the_same_every_time(value: Any) -> None:
    found = [shape(one) for one in variants(value)]
    assert shape(value) not in found
    assert found == [shape(one) for one in variants(value)]


def test_near_arguments_differ_in_one_place_in_turn() -> None:
    found = [args for args, _ in near(((5, "ab"), {}))]
    assert found[:4] == [(6, "ab"), (5, ""), (4, "ab"), (5, "ba")]
    assert all((args[0] == 5) + (args[1] == "ab") == 1 for args in found)


def test_near_an_object_are_copies_with_one_attribute_changed() -> None:
    point = Point(1, "a")
    texts = [shape(args[0]) for args, _ in near(((point,), {}))]
    assert "Point(x=2, y='a')" in texts
    assert "Point(x=1, y='')" in texts
    assert shape(point) == "Point(x=1, y='a')"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    for state in (notes._rows, notes._seeds, notes._failing, notes._told):
        state.clear()
    notes._local.busy = False
    yield
    notes._local.busy = False


NAMES = ("key", "call", "result", "passing", "near", "raised", "steady")


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    text = ""
    for part in range(notes.PARTS):
        capsys.readouterr()
        notes.report("token", part)
        text += capsys.readouterr().out.removeprefix("\ntoken ").removesuffix("\n")
    return {row[1]: dict(zip(NAMES, row, strict=True)) for row in json.loads(text)}


def watched(source: str, *functions: str, failing: tuple[str, ...] = (), module: str = "watched") -> dict[str, Any]:
    scope: dict[str, Any] = {"__name__": module}
    exec(source, scope)
    notes.watch(scope, functions, failing)
    return scope


def test_calls_are_noted_with_what_they_return_raise_and_leave(capsys: pytest.CaptureFixture[str]) -> None:
    scope = watched(
        "def f(a):\n    return 1 / a\ndef g(items):\n    items.pop()\ndef inner(): return f(4)\n", "f", "g", "inner"
    )
    assert scope["f"](2) == 0.5
    with pytest.raises(ZeroDivisionError):
        scope["f"](0)
    scope["g"]([1, 2])
    scope["inner"]()
    rows = told(capsys)
    assert {call: row["result"] for call, row in rows.items() if not row["near"]} == {
        "f(2)": "0.5",
        "f(0)": "raises ZeroDivisionError",
        "g([1, 2])": "None, leaving (([1],), {})",
        "inner()": "0.25",
    }
    assert rows["f(3)"]["near"]
    assert rows["g([])"]["result"] == "raises IndexError"


def test_every_kind_of_method_is_noted_and_works_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    scope = watched(
        """
class Base:
    def name(self): return "base"
class C(Base):
    def __init__(self, n): self.n = n
    def name(self): return super().name() + str(self.n)
    @staticmethod
    def twice(n): return 2 * n
    @classmethod
    def made(cls, n): return cls(n + 1)
    @property
    def half(self): return self.n / 2
""",
        "C.name",
        "C.twice",
        "C.made",
        "C.half",
        "C.missing",
        "nothing",
    )
    one = scope["C"].made(3)
    assert (one.n, one.name(), one.twice(4), scope["C"].twice(5), one.half) == (4, "base4", 8, 10, 2.0)
    rows = told(capsys)
    assert rows["C.name(C(n=4))"]["result"] == "'base4'"
    assert rows["C.half(C(n=5))"]["near"]


def test_what_gives_two_results_for_equal_arguments_is_not_steady(capsys: pytest.CaptureFixture[str]) -> None:
    scope = watched("n = 0\ndef f(a):\n    global n\n    n += 1\n    return n\n", "f")
    scope["f"](1)
    scope["f"](1)
    assert not told(capsys)["f(1)"]["steady"]


def test_which_test_made_a_call_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    here = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]
    scope = watched("def f(a):\n    return a\n", "f", failing=(here,))
    scope["f"](1)
    rows = told(capsys)
    assert not rows["f(1)"]["passing"]
    assert not rows["f(2)"]["passing"]


def test_an_input_near_that_never_ends_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    scope = watched("def f(a):\n    while a:\n        a = a - 1 if a > 0 else a\n    return 'end'\n", "f")
    scope["f"](2)
    rows = told(capsys)
    assert rows["f(3)"]["result"] == "'end'"
    assert (rows["f(-2)"]["result"], rows["f(-2)"]["raised"]) == ("does not end", True)


def test_arguments_are_not_changed_by_what_is_tried_near_them(capsys: pytest.CaptureFixture[str]) -> None:
    scope = watched("def f(items):\n    items.clear()\n    return len(items)\n", "f")
    kept = [1, 2]
    scope["f"](kept)
    kept.append(9)
    told(capsys)
    assert kept == [9]


def test_coroutines_are_left_alone() -> None:
    source = "async def f():\n    return 1\n"
    scope = watched(source, "f")
    assert scope["f"].__code__.co_name == "f"
    assert not hasattr(scope["f"], "__wrapped__")


def test_an_asynchronous_property_keeps_its_getter() -> None:
    scope = watched("class C:\n    @property\n    async def p(self):\n        return 1\n", "C.p")
    waiting = scope["C"]().p
    with pytest.raises(StopIteration) as ended:
        waiting.send(None)
    assert ended.value.value == 1


def test_a_class_whose_module_has_another_name_inside_says_what_it_is() -> None:
    moved = type("Path", (), {"__module__": "pathlib._local", "__repr__": lambda self: "Path('a')"})
    assert shape(moved()) == "Path('a')"


def test_functions_of_one_name_in_two_files_are_two_functions(capsys: pytest.CaptureFixture[str]) -> None:
    one = watched("def f(a):\n    return a\n", "f", module="one")
    two = watched("def f(a):\n    return -a\n", "f", module="two")
    assert (one["f"](3), two["f"](3)) == (3, -3)
    assert [(row["result"], row["steady"]) for row in notes._rows.values()] == [("3", True), ("-3", True)]
    told(capsys)
    near_four = [row["result"] for row in notes._rows.values() if row["call"] == "f(4)"]
    assert near_four == ["4", "-4"]


def test_a_report_that_is_too_long_loses_its_last_rows_and_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    scope = watched("def f(a, b):\n    return b + a\n", "f")
    for number in range(700):
        scope["f"](f"{number:04}" + "x" * 500, "é" * 500)
    rows = told(capsys)
    assert 100 < len(rows) < 700
    assert any(call.startswith("f('0000x") for call in rows)
