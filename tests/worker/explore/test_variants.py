"""Many mutants in one process: each in force for its own calls, and gone after them."""

import pytest

from pytest_codemode.core.exploring import UNSWAPPABLE
from pytest_codemode.core.outcome import Swap
from tests.sandbox.toys import project_at, sandboxed, write_project
from tests.worker.explore.toys import explore, recipe

SOURCE = """
    import functools
    import os


    def grade(points):
        return "low" if points < 10 else "high"


    def count(limit):
        at = 0
        while at < limit:
            at += 1
        return at


    @functools.lru_cache
    def root_of(number):
        return number * number


    def at_import():
        return 1


    AT_IMPORT = at_import()
"""

HIGH = Swap("marks.py", "grade", 6, 'def grade(points):\n    return "low" if points < 20 else "high"\n')
OTHER = Swap("marks.py", "grade", 6, 'def grade(points):\n    return "other"\n')
ENDLESS = Swap(
    "marks.py", "count", 10, "def count(limit):\n    at = 0\n    while at < limit:\n        at += 0\n    return at\n"
)
DEADLY = Swap("marks.py", "count", 10, "def count(limit):\n    os._exit(3)\n")
CUBE = Swap("marks.py", "root_of", 18, "def root_of(number):\n    return number * number * number\n")
IMPORTED = Swap("marks.py", "at_import", 22, "def at_import():\n    return 2\n")


@pytest.fixture(scope="module", params=["held by the session", "not imported yet"])
def box(tmp_path_factory, request):
    root = tmp_path_factory.mktemp("variants")
    held = request.param == "held by the session"
    write_project(root, {"marks.py": SOURCE, "test_marks.py": f"{'import marks' * held}\ndef test_marks(): pass\n"})
    with sandboxed(project_at(root)) as box:
        yield box


def call(text, variant=-1):
    return recipe(text, text.partition("(")[0], module="marks", variant=variant)


def outcomes(box, variants, *recipes, **fields):
    explored = explore(box, *recipes, path="marks.py", variants=tuple((one,) for one in variants), **fields)
    assert explored.status == "finished", explored.reason
    return [one.value.text if one.value is not None else one.outcome for one in explored.observations]


def test_each_is_in_force_for_its_own_calls_alone(box):
    calls = [call("grade(15)", number) for number in (-1, 0, 0, 1, -1, 1, 0, -1)]
    low, high, other = "'low'", "'high'", "'other'"
    assert outcomes(box, (HIGH, OTHER), *calls) == [high, low, low, other, high, other, low, high]


def test_what_a_cache_remembers_of_one_is_forgotten_for_the_next(box):
    calls = [call("root_of(3)", number) for number in (-1, 0, -1)]
    assert outcomes(box, (CUBE,), *calls) == ["9", "27", "9"]


def test_calls_of_a_variant_come_out_as_those_of_a_process_of_its_own(box):
    together = explore(box, call("grade(15)", 0), path="marks.py", variants=((HIGH,),)).observations[0]
    alone = explore(box, call("grade(15)"), path="marks.py", swaps=(HIGH,)).observations[0]
    assert together.digest == alone.digest
    assert (together.arcs, bool(alone.arcs)) == ((), True)


def test_one_that_cannot_be_put_in_place_is_refused_and_the_others_go_on(box):
    calls = [call("at_import()", 0), call("grade(15)", 1), call("at_import()", 0), call("at_import()")]
    explored = explore(box, *calls, path="marks.py", variants=((IMPORTED,), (HIGH,)), full=False)
    refused, again = explored.observations[0], explored.observations[2]
    assert [one.outcome for one in explored.observations] == ["invalid", "returned", "invalid", "returned"]
    assert refused.raised.type == again.raised.type == UNSWAPPABLE
    assert refused.raised.message.startswith("the change cannot be put in place: ")


@pytest.mark.parametrize(("mutant", "outcome"), [(ENDLESS, "timeout"), (DEADLY, "crashed")])
def test_after_one_that_does_not_end_the_rest_of_its_calls_is_left_out(box, mutant, outcome):
    calls = [call("count(1)", 0), call("count(2)", 0), call("count(3)", 0), call("grade(1)", 1), call("count(3)")]
    assert outcomes(box, (mutant, OTHER), *calls, call_s=0.2, stop_at_timeout=True) == [
        outcome, "not run", "not run", "'other'", "3",
    ]  # fmt: skip
    assert outcomes(box, (mutant, OTHER), *calls[:3], call_s=0.2) == [outcome] * 3


def test_calls_of_the_code_as_it_is_are_never_left_out(box):
    calls = [call("count(10 ** 12)"), call("count(2)")]
    assert outcomes(box, (), *calls, call_s=0.2, stop_at_timeout=True) == ["timeout", "2"]
