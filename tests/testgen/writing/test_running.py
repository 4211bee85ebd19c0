"""The tests that were written run for real, in a small project; and fail where the project changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_codemode.core.exploring import Import, Shown
from pytest_codemode.testgen.writing.cases import Case
from pytest_codemode.testgen.writing.layout import Style
from pytest_codemode.testgen.writing.module import TestFile, write
from tests.testgen.writing.making import MODULE, case, function, raised, shown, thing

SOURCE = """
import contextlib
import datetime
import enum


class Colour(enum.Enum):
    RED = 1


class OutOfStock(LookupError):
    pass


class Cart:
    def __init__(self, items):
        self.items = list(items)

    @property
    def total(self):
        return sum(self.items)

    def add(self, item):
        if item < 0:
            raise ValueError(f"item must not be negative (got {item})")
        self.items.append(item)


def share(part, whole):
    return part / whole


def count(stop):
    yield from range(stop)


def forever():
    n = 0
    while True:
        yield n
        n += 1


async def fetch(n):
    if n > 5:
        raise OutOfStock(f"no {n} left")
    return n


async def ticks(n):
    for item in range(n):
        yield item


@contextlib.contextmanager
def opened(n):
    yield n


@contextlib.asynccontextmanager
async def connected(n):
    yield n


def describe(n):
    return Colour.RED, datetime.timedelta(seconds=n)


def greet(name):
    print("hello", name)


def letter(name):
    return f"Dear {name},\\nyour order has left the house today, and it is on its way.\\nGoodbye\\n"
"""

CART = (Import(MODULE, "Cart"),)
SETUP = (("cart", "Cart([1, 2])"),)
LATER = thing("Cart", items=shown([1, 2, 3]), total=shown(6))
COLOUR = Shown("enum", "RED", f"{MODULE}:Colour")
DELTA = Shown("built", "datetime.timedelta(seconds=3)", "datetime:timedelta", imports=(Import("datetime"),))
NEGATIVE = raised("ValueError", "item must not be negative (got -1)")


def cases() -> list[Case]:
    init = function("Cart.__init__", "items", line=14, kind="constructor")
    add = function("Cart.add", "item", line=20, kind="method")
    share = function("share", "part", "whole", line=30)
    endless = Shown("list", parts=tuple(map(shown, range(9))), cut=True)
    letter = "Dear Ada,\nyour order has left the house today, and it is on its way.\nGoodbye\n"
    waits = "coroutine"
    return [
        case(init, "Cart([1])", thing("Cart", items=shown([1]), total=shown(1)), imports=CART),
        case(function("Cart.total", line=17, kind="property"), "cart.total", 3, setup=SETUP, imports=CART),
        case(add, "cart.add(3)", None, setup=SETUP, imports=CART, after=(("cart", LATER),)),
        case(add, "cart.add(-1)", NEGATIVE, setup=SETUP, imports=CART),
        case(share, "share(1, 3)", 1 / 3),
        case(share, "share(1, 4)", 0.25),
        case(share, "share(4, 2)", 2.0),
        case(function("count", "stop", line=35), "count(3)", [0, 1, 2], flavour="generator"),
        case(function("forever", line=40), "forever()", endless, flavour="generator"),
        case(function("fetch", "n", line=45), "fetch(2)", 2, flavour=waits),
        case(function("fetch", "n", line=45), "fetch(9)", raised(f"{MODULE}:OutOfStock", "no 9 left"), flavour=waits),
        case(function("ticks", "n", line=50), "ticks(2)", [0, 1], flavour="async generator"),
        case(function("opened", "n", line=55), "opened(2)", 2, flavour="context manager"),
        case(function("connected", "n", line=60), "connected(2)", 2, flavour="async context manager"),
        case(function("describe", "n", line=65), "describe(3)", Shown("tuple", parts=(COLOUR, DELTA))),
        case(function("greet", "name", line=70), "greet('ada')", None, stdout="hello ada\n"),
        case(function("letter", "name", line=75), "letter('Ada')", letter),
    ]  # fmt: skip


def project(root: Path, written: TestFile, source: str = SOURCE) -> None:
    (root / "src" / "shop").mkdir(parents=True, exist_ok=True)
    (root / "src" / "shop" / "__init__.py").write_text("")
    (root / "src" / "shop" / "cart.py").write_text(source)
    (root / "tests").mkdir(exist_ok=True)
    (root / written.path).write_bytes(written.after)
    (root / "pytest.ini").write_text("[pytest]\npythonpath = src\nfilterwarnings = error\n")


def run(root: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:randomly", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("plugin", ["none", "anyio"])
def test_written_tests_pass_and_their_node_ids_are_those_that_were_told(tmp_path: Path, plugin):
    written = write(
        cases(), None, "tests/test_cart.py", Style(asynchronous=plugin, first_party=("shop",)), "# By hand."
    )
    if plugin == "anyio":
        pytest.importorskip("anyio")
    project(tmp_path, written)
    output = run(tmp_path)
    assert " failed" not in output, output
    assert "error" not in output.lower(), output
    for name in written.tests:
        assert f"PASSED {written.path}::{name}" in output
    assert len(written.tests) == len(written.cases) == 15
    assert sorted(key for keys in written.cases.values() for key in keys) == sorted(
        {key for keys in written.cases.values() for key in keys}
    )


@pytest.mark.parametrize(
    ("old", "new", "failing"),
    [
        ("self.items.append(item)", "self.items.insert(0, item)", "test_cart_add_changes_items_and_total"),
        ("part / whole", "part / whole + 1e-3", "test_share"),
        ("item < 0", "item < -1", "test_cart_add_rejects_negative_item"),
        ("n > 5", "n > 10", "test_fetch_raises_out_of_stock"),
        ('"hello"', '"Hello"', "test_greet_prints_output"),
        ("yield from range(stop)", "yield from range(1, stop)", "test_count"),
    ],
)
def test_written_tests_notice_a_change_of_behaviour(tmp_path: Path, old, new, failing):
    assert old in SOURCE
    written = write(cases(), None, "tests/test_cart.py", Style(), "")
    project(tmp_path, written, SOURCE.replace(old, new))
    output = run(tmp_path)
    assert f"FAILED {written.path}::{failing}" in output
    assert " passed" in output
