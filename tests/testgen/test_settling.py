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


class Asked:
    """The real sandbox, as the engine sees it."""

    def __init__(self, box):
        self._box = box

    def explore(self, requests):
        return self._box.portal.call(self._box.service.explore, requests)


def explored(sandbox, name, *calls):
    gap = FunctionGap("ages.py", name, 1, 1, 99, (), (), (6, 7, 11), ())
    missing = items_of((6, 7, 11), ())
    subject = Subject(Described("ages.py", "ages", name, 1), gap, missing, Numbering(SOURCE.encode()).translated, "")
    recipes = tuple(Recipe(call, name, call, (Import("ages", name),)) for call in calls)
    told = sandbox.explore([ExploreRequest("ages.py", "ages", recipes, full=True)])[0].observations
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
