"""What the suite calls a function with comes back as source text that calls it again."""

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_codemode.core.calls import CallSeen, checked, looks_secret
from pytest_codemode.core.exploring import Import, Measured, MeasureRequest
from pytest_codemode.core.outcome import RunRequest
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.testgen.gaps import functions
from pytest_codemode.testgen.recorded import RecordedCall, callers, recorded_calls, recorded_for
from tests.sandbox.toys import project_at, write_project

SHOP = {
    "pytest.ini": "[pytest]\npythonpath = .\n",
    "shop.py": """
        import dataclasses
        import datetime
        import enum
        import functools
        from typing import NamedTuple


        class Colour(enum.Enum):
            RED = 1


        class Point(NamedTuple):
            x: int
            y: int = 0


        @dataclasses.dataclass
        class Line:
            start: Point
            parts: list
            length: int = dataclasses.field(init=False, default=0)


        class Cart:
            def __init__(self, prices, rate=2):
                self._prices = prices
                self.rate = rate

            def total(self, extra=0):
                return sum(self._prices) + extra

            @property
            def size(self):
                return len(self._prices)

            @classmethod
            def empty(cls, rate):
                return cls([], rate)

            @staticmethod
            def check(price):
                return price > 0


        class Door:
            def __init__(self, password):
                self.password = password

            def open(self):
                pass


        class Odd:
            def __init__(self, path):
                self.file = path

            def look(self, x):
                return x


        def anything(value, /, *rest, named=None, **more):
            return value


        def login(user, password):
            return user


        def numbers(n):
            for number in range(n):
                yield number


        @functools.lru_cache
        def cached(n):
            return n


        def often(n):
            return n


        def outer(x):
            def inner(y):
                return y
            return inner(x) + cached(x)
    """,
    "test_shop.py": """
        import datetime
        import decimal
        import pathlib
        import pytest
        import shop
        from shop import *

        def test_values():
            for value in (1, -2.5, float("inf"), "a'b", b"x", None, [1, (2,)], {"a": {1, 2}}, set(), frozenset({3})):
                anything(value)
            anything(Colour.RED)
            anything(Point(1))
            anything(Line(Point(1, 2), ["a"]))
            anything(Cart([1]))
            anything(datetime.date(2024, 1, 2))
            anything(decimal.Decimal("1.5"))
            anything(pathlib.Path("a/b"))
            anything(len)
            anything(Cart)
            anything(shop.often)
            anything(object())
            anything(lambda: 1)
            anything(Odd("x"))
            anything("x" * 1000)
            anything([[[[[[1]]]]]])

        def test_shapes():
            anything(1, 2, "c", named=3, other=4)
            anything(1, named=None)

        def test_methods():
            assert Cart([1, 2]).total(extra=3) == 6
            Cart([1]).size
            Cart.empty(3)
            Cart.check(4)
            Odd("x").look(5)

        def test_generators():
            assert list(numbers(3)) == [0, 1, 2]

        def test_secrets():
            login("me", "hunter2secret")
            login("me", "")
            anything("sk-abcdefghijklmnopqrstuvwx")
            anything({"password": "swordfish"})
            anything(Door("swordfish"))
            Door("swordfish").open()

        @pytest.mark.parametrize("n", range(60))
        def test_often(n):
            often(n)
            often(n)
            assert cached(7) == 7

        def test_inner():
            assert outer(7) == 14

        @pytest.fixture
        def made():
            return often("made")

        def test_fixture(made):
            assert made == "made"

        def test_changed():
            prices = [1]
            anything(prices)
            anything(value_of(prices))

        def value_of(prices):
            prices.append(2)
            return prices
    """,
}
NAMES = (
    *("anything", "login", "numbers", "cached", "often", "outer", "Cart.total", "Cart.size", "Cart.empty"),
    *("Cart.check", "Cart.__init__", "Odd.look", "Door.open"),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("recorded")
    write_project(root, SHOP)
    return root


@pytest.fixture(scope="module")
def sandbox(root: Path) -> Iterator[SandboxClient]:
    with SandboxClient(project_at(root, inifile=str(root / "pytest.ini"))) as client:
        yield client


@pytest.fixture(scope="module")
def recorded(sandbox: SandboxClient) -> dict[str, tuple[RecordedCall, ...]]:
    nodeids = sandbox.collect().nodeids
    found = recorded_calls(sandbox, [f"shop.py::{name}" for name in NAMES], nodeids)
    return {name.partition("::")[2]: calls for name, calls in found.items()}


def arguments(recorded: dict[str, tuple[RecordedCall, ...]], name: str, test: str) -> list[tuple[tuple[str, str], ...]]:
    return [call.arguments for call in recorded[name] if call.nodeid.partition("::")[2].startswith(test)]


def test_values_come_as_the_text_that_makes_them(recorded: dict[str, tuple[RecordedCall, ...]], root: Path) -> None:
    texts = [text for ((name, text),) in arguments(recorded, "anything", "test_values") if name == "value"]
    assert texts == [
        *("1", "-2.5", 'float("inf")', '"a\'b"', "b'x'", "None", "[1, (2,)]", "{'a': {1, 2}}", "set()"),
        *("frozenset({3})", "Colour.RED", "Point(x=1, y=0)", "Line(start=Point(x=1, y=2), parts=['a'])"),
        *("Cart(prices=[1], rate=2)", "datetime.date(2024, 1, 2)", "Decimal('1.5')", "Path('a/b')", "len", "Cart"),
        "often",
    ]
    needed = {one for call in recorded["anything"] for one in call.imports}
    assert {Import("shop", "Colour"), Import("datetime"), Import("decimal", "Decimal")} <= needed
    sys.path.insert(0, str(root))
    try:
        for call in recorded["anything"]:
            names = {one.bound: _imported(one) for one in call.imports}
            for _, text in call.arguments:
                eval(text, names)  # the tests' own text: it must be possible
    finally:
        sys.path.remove(str(root))
        sys.modules.pop("shop", None)


def _imported(one: Import) -> object:
    module = importlib.import_module(one.module)
    return getattr(module, one.name) if one.name else module


def test_arguments_have_the_names_of_their_parameters(recorded: dict[str, tuple[RecordedCall, ...]]) -> None:
    assert arguments(recorded, "anything", "test_shapes") == [
        (("value", "1"), ("named", "3"), ("*0", "2"), ("*1", "'c'"), ("other", "4")),
    ]  # the second one is known from `test_values`: a default that is given is no difference


def test_of_methods_the_object_is_told_where_it_can_be_made_again(
    recorded: dict[str, tuple[RecordedCall, ...]],
) -> None:
    of_methods = {
        name: [(call.receiver, call.arguments) for call in calls if "test_methods" in call.nodeid]
        for name, calls in recorded.items()
    }
    assert of_methods["Cart.total"] == [("Cart(prices=[1, 2], rate=2)", (("extra", "3"),))]
    assert of_methods["Cart.size"] == [("Cart(prices=[1], rate=2)", ())]
    assert of_methods["Cart.empty"] == [("", (("rate", "3"),))]
    assert of_methods["Cart.check"] == [("", (("price", "4"),))]
    assert of_methods["Cart.__init__"] == [
        ("", (("prices", "[1, 2]"),)),
        ("", (("prices", "[]"), ("rate", "3"))),
    ]
    assert of_methods["Odd.look"] == [("", (("x", "5"),))]


def test_a_generator_is_called_once_and_each_call_is_told_once(recorded: dict[str, tuple[RecordedCall, ...]]) -> None:
    assert [call.arguments for call in recorded["numbers"]] == [(("n", "3"),)]
    assert [(call.arguments, call.nodeid) for call in recorded["cached"]] == [
        ((("n", "7"),), "test_shop.py::test_often[0]")
    ]
    assert [call.arguments for call in recorded["outer"]] == [(("x", "7"),)]
    often = [call.arguments[0][1] for call in recorded["often"]]
    assert often == [str(n) for n in range(40)]


def test_an_argument_is_told_as_it_was_when_the_call_began(recorded: dict[str, tuple[RecordedCall, ...]]) -> None:
    assert arguments(recorded, "anything", "test_changed") == [(("value", "[1]"),), (("value", "[1, 2]"),)]


def test_nothing_that_looks_like_a_credential_is_told(recorded: dict[str, tuple[RecordedCall, ...]]) -> None:
    assert [call.arguments for call in recorded["login"]] == [(("user", "'me'"), ("password", "''"))]
    assert "sk-abc" not in str(recorded)
    assert "swordfish" not in str(recorded)


def test_what_fixtures_call_belongs_to_the_test(sandbox: SandboxClient) -> None:
    (found,) = recorded_calls(sandbox, ["shop.py::often"], ["test_shop.py::test_fixture"]).values()
    assert [(call.arguments, call.nodeid) for call in found] == [((("n", "'made'"),), "test_shop.py::test_fixture")]


def test_only_tests_that_enter_a_function_are_asked_about_it(sandbox: SandboxClient, root: Path) -> None:
    measured = sandbox.measure(MeasureRequest(contexts=True))
    (file,) = measured.files
    raw = (root / "shop.py").read_bytes()
    some = [one for one in functions(file, raw) if one.qualname in ("numbers", "outer", "<module>")]
    assert callers([one for one in some if one.qualname != "<module>"], measured) == (
        "test_shop.py::test_generators",
        "test_shop.py::test_inner",
    )
    assert {name: len(calls) for name, calls in recorded_for(sandbox, some, measured).items()} == {
        "shop.py::numbers": 1,
        "shop.py::outer": 1,
    }


def test_a_run_without_the_request_tells_no_calls(sandbox: SandboxClient) -> None:
    run = sandbox.run_tests(RunRequest(("test_shop.py::test_inner",)))
    assert [result.calls for result in run.results] == [()]


PLAIN = ("shop", "Cart")


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("key", "'colour'", False),
        ("key", "len", False),
        ("api_key", "'a8f5f167f44f4964e6c998dee827110c'", True),
        ("secret_key", "'abc'", True),
        ("password", "'correct horse'", True),
        ("password", "''", False),
        ("password", "None", False),
        ("tokens", "3", False),
        ("url", "'https://me:hunter2@example.org/'", True),
        ("name", "'a8f5f167f44f4964e6c998dee827110c'", False),
    ],
)
def test_a_credential_is_told_by_its_form_or_its_name(name: str, text: str, secret: bool) -> None:
    assert looks_secret(name, text) is secret


@pytest.mark.parametrize(
    ("text", "imports", "fine"),
    [
        ("[1, 'a', {2: (3.5, -4)}]", (), True),
        ("Cart(prices=[1])", (PLAIN,), True),
        ("datetime.date(2024, 1, 2)", (("datetime", ""),), True),
        ("Cart", (), False),
        ("open('x')", (), False),
        ("len('x')", (), False),
        ("Cart.__subclasses__()", (PLAIN,), False),
        ("Cart().x().y", (PLAIN,), False),
        ("(lambda: 1)()", (), False),
        ("[x for x in (1,)]", (), False),
        ("system('x')", (("os", "system"),), False),
        ("subprocess.run('x')", (("subprocess", ""),), False),
        ("f'{1}'", (), False),
        ("1 if 2 else 3", (), False),
        ("1; 2", (), False),
        ("'" + "x" * 1000 + "'", (), False),
    ],
)
def test_what_comes_from_the_sandbox_is_nothing_but_values(
    text: str, imports: tuple[tuple[str, str], ...], fine: bool
) -> None:
    call = CallSeen("shop.py::f", (("x", text),), "", imports)
    assert (checked(call, {"shop.py::f"}) == call) is fine
    assert checked(call, {"shop.py::g"}) is None
    if fine:
        ast.parse(text, mode="eval")


def test_a_doubtful_receiver_is_left_out() -> None:
    call = CallSeen("shop.py::f", (), "open('x')", ())
    assert checked(call, {"shop.py::f"}) == CallSeen("shop.py::f")


def test_the_first_tests_are_asked_where_nothing_is_known_of_them() -> None:
    from pytest_codemode.core.exploring import MeasureResult

    measured = MeasureResult("finished", (Measured("a.py", (1,), ()),), {"a": "passed", "b": "failed"})
    assert callers((), measured) == ("a", "b")
