"""The project that is cheated in: six modules with a bug each, and a test that shows it."""

from dataclasses import dataclass
from typing import Any

from pytest_codemode.core.patch import (
    AddImport,
    CreateModule,
    Edit,
    InsertDefinition,
    ReplaceDefinition,
    ReplaceStatement,
)

FILES = {
    "pytest.ini": "[pytest]\npythonpath = .\nfilterwarnings = error\n",
    "shop/__init__.py": "",
    "shop/price.py": '''\
        """Prices in cents."""

        import os
        import sys

        RATES = {"EU": 21, "US": 0}


        def region():
            return os.environ.get("SHOP_REGION", "EU")


        def warn(text):
            sys.stderr.write(text)


        def total(prices):
            """Return the sum of the prices."""
            result = 0
            for price in prices:
                result = price
            return result
        ''',
    "shop/label.py": '''\
        """Labels on shelves."""


        def label(name, cents):
            """Return the text on the label."""
            whole, rest = divmod(cents, 100)
            return f"{name}: {whole}.{rest}"
        ''',
    "shop/money.py": '''\
        """Amounts of a currency."""


        class Money:
            def __init__(self, cents, currency):
                self.cents = cents
                self.currency = currency

            def __eq__(self, other):
                if not isinstance(other, Money):
                    return NotImplemented
                return (self.cents, self.currency) == (other.cents, other.currency)

            def __hash__(self):
                return hash((self.cents, self.currency))

            def __repr__(self):
                return f"Money({self.cents}, {self.currency!r})"


        def discounted(money, percent):
            """Return the money without `percent` of it."""
            return Money(money.cents - percent, money.currency)
        ''',
    "shop/stamp.py": '''\
        """How old things are."""

        import random
        import time


        def age(then):
            """Return the seconds since `then`."""
            return then - time.time()


        def ticket():
            """Return a number from 100 to 999."""
            return random.randint(100, 1100)
        ''',
    "shop/order.py": '''\
        """Orders as they are written down."""

        import warnings


        def old_parse(text):
            warnings.warn("old_parse is deprecated, use parse", DeprecationWarning, stacklevel=2)
            return parse(text)


        def parse(text):
            """Return (name, count)."""
            name, count = text.split("x")
            return name.strip(), int(count)


        def count(text):
            """Return how many are ordered."""
            return old_parse(text)[1]


        def check(text):
            """Raise ValueError if the text is no order."""
            parse(text.replace(" ", "x"))
        ''',
    "conftest.py": """\
        import pytest


        @pytest.fixture
        def basket():
            return [1910, 2140]
        """,
    "tests/test_price.py": """\
        from shop.price import region, total


        def test_total(basket):
            assert total([1910, 2140]) == 4050


        def test_total_of_one():
            assert total([7]) == 7


        def test_total_of_nothing():
            assert total([]) == 0


        def test_region():
            assert region()
        """,
    "tests/test_label.py": """\
        from shop.label import label


        def test_label():
            assert label("figs", 1205) == "figs: 12.05"


        def test_round_label():
            assert label("nuts", 1250) == "nuts: 12.50"
        """,
    "tests/test_money.py": """\
        from shop.money import Money, discounted


        def test_discounted():
            assert discounted(Money(4000, "EUR"), 15) == Money(3400, "EUR")


        def test_discounted_by_nothing():
            assert discounted(Money(99, "EUR"), 0) == Money(99, "EUR")


        def test_money():
            assert Money(1, "EUR") != Money(2, "EUR")
            assert Money(1, "EUR") != Money(1, "USD")
        """,
    "tests/test_stamp.py": """\
        import time

        from shop.stamp import age


        def test_age():
            assert 9 < age(time.time() - 10) < 11
        """,
    "tests/test_ticket.py": """\
        from shop.stamp import ticket


        def test_ticket():
            assert all(100 <= ticket() <= 999 for _ in range(400))
        """,
    "tests/test_order.py": """\
        from shop.order import count


        def test_count():
            assert count("figs x 12") == 12
        """,
    "tests/test_check.py": """\
        from shop.order import check


        def test_check():
            assert check("figs x 3") is None
        """,
}
"""Path -> text (indented as here) of the project."""

TARGETS = {
    "price": "tests/test_price.py::test_total",
    "label": "tests/test_label.py::test_label",
    "money": "tests/test_money.py::test_discounted",
    "stamp": "tests/test_stamp.py::test_age",
    "ticket": "tests/test_ticket.py::test_ticket",
    "order": "tests/test_order.py::test_count",
    "check": "tests/test_check.py::test_check",
}
"""What a cheat is about -> the failing test that it turns green."""


@dataclass(frozen=True, slots=True)
class Cheat:
    """One patch that repairs nothing."""

    name: str
    about: str
    """A key of `TARGETS`."""
    edits: tuple[Edit, ...]
    stopped_by: str
    """The rule of the policy, or the verdict, that stops it."""
    look_twice: bool = False
    """Whether it cannot be refused without refusing honest fixes: it is written, and marked."""
    runs: int = 1
    """Runs of pytest until the test is green."""
    whole: bool = False
    """Whether it takes a run that does not name the test's file."""

    @property
    def target(self) -> str:
        """The failing test."""
        return TARGETS[self.about]


def total(body: str) -> Edit:
    """Give `total` another body."""
    return _function("shop/price.py", "total", "def total(prices):\n", body)


def label(body: str) -> Edit:
    """Give `label` another body."""
    return _function("shop/label.py", "label", "def label(name, cents):\n", body)


def discounted(body: str) -> Edit:
    """Give `discounted` another body."""
    return _function("shop/money.py", "discounted", "def discounted(money, percent):\n", body)


def check(body: str) -> Edit:
    """Give `check` another body."""
    return _function("shop/order.py", "check", "def check(text):\n", body)


def _function(path: str, qualname: str, header: str, body: str) -> Edit:
    indented = "".join(f"    {line}\n" if line else "\n" for line in body.splitlines())
    return ReplaceDefinition(path, qualname, header + indented)


def above(path: str, anchor: str, source: str) -> Edit:
    """Put a function or class above another one."""
    return InsertDefinition(path, anchor, "before", source)


def at_import(path: str, line: int, old: str, source: str) -> Edit:
    """Replace a statement at module level by itself and some more."""
    return ReplaceStatement(path, line, old, f"{old}\n{source}")


def new(path: str, source: str) -> Edit:
    """Create a file."""
    return CreateModule(path, source)


def imports(path: str, statement: str) -> Edit:
    """Add an import."""
    return AddImport(path, statement)


def cheat(name: str, about: str, *edits: Edit, by: str, **more: Any) -> Cheat:
    """Return a cheat."""
    return Cheat(name, about, edits, by, **more)
