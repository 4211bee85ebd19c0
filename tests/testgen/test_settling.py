"""Calls that may become tests, made once more: what reads the clock is refused, and the reason says so."""

from pytest_codemode.core.exploring import Described, ExploreRequest, Import, Recipe
from pytest_codemode.testgen.drafting import draft
from pytest_codemode.testgen.gaps import FunctionGap
from pytest_codemode.testgen.numbering import Numbering
from pytest_codemode.testgen.settling import settle
from pytest_codemode.testgen.subject import Subject, Tried, items_of
from tests.sandbox.toys import project_at, sandboxed, write_project

SOURCE = """\
import datetime
import random


def age(born, now=None):
    now = now or datetime.date.today().year
    return now - born > 0


def spread(count):
    return [random.random() for _ in range(count)]
"""


WHERE = """\
import functools
import getpass
import os
import time

OFFSET = time.localtime(0).tm_min
MODE = os.environ.get("CODEMODE_MODE", "dev")


def offset(hours):
    return OFFSET + hours


@functools.lru_cache
def user():
    return getpass.getuser()


def hello(name):
    return f"{name} of {user()}"


def mode(kind):
    return os.environ.get("CODEMODE_MODE", "dev") if kind else "none"


def mode_at_import(kind):
    return MODE
"""


class Asked:
    """The real sandbox, as the engine sees it."""

    def __init__(self, box):
        self._box = box

    def explore(self, requests):
        return self._box.portal.call(self._box.service.explore, requests)


def explored(sandbox, name, *calls, module="ages", source=SOURCE, fixtures=(), near=""):
    path = f"{module}.py"
    lines = tuple(range(1, 40))
    missing = items_of(lines, ())
    gap = FunctionGap(path, name, 1, 1, 99, (), (), lines, ())
    subject = Subject(Described(path, module, name, 1), gap, missing, Numbering(source.encode()).translated, near)
    recipes = tuple(Recipe(call, name, call, (Import(module, name),), fixtures=fixtures) for call in calls)
    told = sandbox.explore([ExploreRequest(path, module, recipes, full=True, near=near)])[0].observations
    subject.pool = [Tried(recipe, one, subject.takes(one)) for recipe, one in zip(recipes, told, strict=True)]
    return subject


def test_what_reads_the_clock_is_refused_for_that_and_what_is_given_the_time_is_kept(tmp_path):
    write_project(tmp_path, {"ages.py": SOURCE, "test_ages.py": "def test_ages(): pass\n"})
    with sandboxed(project_at(tmp_path)) as box:
        sandbox = Asked(box)
        subjects = [
            explored(sandbox, "age", "age(1990)", "age(1990, 2000)", "age(1990, now=1980)"),
            explored(sandbox, "spread", "spread(3)", "spread(0)"),
        ]
        ages, spreads = settle(subjects, sandbox)
    assert [one.recipe.call for one in ages.tried] == ["age(1990, 2000)", "age(1990, now=1980)"]
    assert (ages.unsteady, dict(ages.reads)) == (0, {"the clock": 1})
    assert draft(ages).refused["it reads the clock"] == 1
    assert [one.recipe.call for one in spreads.tried] == ["spread(0)"]
    assert draft(spreads).refused["it depends on chance"] == 1
    assert "it does not come out the same each time" not in draft(spreads).refused


def test_what_depends_on_where_it_runs_is_no_test(tmp_path):
    write_project(tmp_path, {"where.py": WHERE, "test_where.py": "def test_where(): pass\n"})
    with sandboxed(project_at(tmp_path)) as box:
        sandbox = Asked(box)

        def at(name, *calls):
            return explored(sandbox, name, *calls, module="where", source=WHERE)

        subjects = [
            at("offset", "offset(1)"),
            at("hello", "hello('a')", "hello('b')"),
            at("mode", "mode(1)", "mode(0)"),
            at("mode_at_import", "mode_at_import(1)"),
        ]
        offset, hello, mode, at_import = settle(subjects, sandbox)
    assert (offset.tried, offset.unsteady) == ((), 1)
    assert hello.tried == ()  # the second call has the name from a cache: it is another one elsewhere
    assert [one.recipe.call for one in mode.tried] == ["mode(0)"]
    assert draft(mode).refused["it reads the environment"] == 1
    assert [one.recipe.call for one in at_import.tried] == ["mode_at_import(1)"]


BASKET = """\
class Basket:
    def __init__(self):
        self.items = []

    def add(self, item):
        self.items.append(item)
        return len(self.items)


def total(basket, price):
    if not basket.items:
        return 0
    return price * len(basket.items)


def put(basket, item):
    return basket.add(item)
"""
CONFTEST = """\
import pytest
from basket import Basket


@pytest.fixture
def basket():
    basket = Basket()
    basket.add("pear")
    return basket


@pytest.fixture(scope="module")
def shared():
    return Basket()
"""


def test_calls_with_fixtures_of_the_project_come_out_the_same_in_a_fresh_interpreter(tmp_path):
    files = {
        "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\ntestpaths = ["tests"]\n',
        "basket.py": BASKET,
        "tests/conftest.py": CONFTEST,
        "tests/test_basket.py": "def test_basket(basket): assert basket.items\n",
    }
    write_project(tmp_path, files)
    with sandboxed(project_at(tmp_path)) as box:
        sandbox = Asked(box)

        def using(fixture, name, *calls):
            given = {"module": "basket", "source": BASKET, "fixtures": (fixture,), "near": "tests/test_basket.py"}
            return explored(sandbox, name, *calls, **given)

        subjects = [
            using("basket", "total", "total(basket, 3)"),
            using("shared", "total", "total(shared, 3)"),
            using("basket", "put", "put(basket, 'plum')"),
            using("shared", "put", "put(shared, 'plum')"),
        ]
        total, total_shared, put, put_shared = settle(subjects, sandbox)
    assert [one.observation.value.text for one in (*total.tried, *total_shared.tried, *put.tried)] == ["3", "0", "2"]
    assert (put_shared.tried, put_shared.unsteady) == ((), 1)  # the next test would find it changed
