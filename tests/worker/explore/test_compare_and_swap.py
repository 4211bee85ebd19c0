"""Functions of a file are changed in place: to tell their comparisons, and to be mutants."""

import pytest

from pytest_codemode.core.outcome import Swap
from tests.sandbox.toys import project_at, sandboxed, write_project
from tests.worker.explore.toys import explore, recipe

SOURCE = """
    import functools


    def logged(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)
        return wrapper


    @logged
    def grade(points):
        if points == 42:
            return "answer"
        if points < 10 or points > 100:
            return "out"
        return "in"


    class Box:
        limit = 3 if 1 < 2 else 4

        def __init__(self, items):
            self.items = items

        def has(self, item):
            return item in self.items


    def check(text):
        return text.startswith("ab") and not text.isdigit()


    def between(number):
        return 1 < number < 10


    def many(limit):
        return [number for number in range(limit) if number == 3]


    def odd(thing):
        return thing == thing


    def sort(names):
        return sorted(names, key=lambda name: name == "z")


    class Vague:
        def __eq__(self, other):
            return "vague"


    AT_IMPORT = between(3)
"""


@pytest.fixture(scope="module", params=["held by the session", "not imported yet"])
def box(tmp_path_factory, request):
    root = tmp_path_factory.mktemp("compared")
    held = request.param == "held by the session"
    write_project(root, {"marks.py": SOURCE, "test_marks.py": f"{'import marks' * held}\ndef test_marks(): pass\n"})
    with sandboxed(project_at(root)) as box:
        yield box


def call(text, *names):
    return recipe(text, *(names or (text.partition("(")[0],)), module="marks")


def compared(box, *recipes):
    explored = explore(box, *recipes, path="marks.py", compare=True)
    assert explored.status == "finished"
    return [
        [(one.line, one.operator, one.left, one.right, one.holds) for one in seen.compared]
        for seen in explored.observations
    ]


def test_operands_and_outcomes_of_comparisons(box):
    first, second = compared(box, call("grade(7)"), call("grade(42)"))
    assert first == [(14, "==", "7", "42", False), (16, "<", "7", "10", True)]
    assert second == [(14, "==", "42", "42", True)]


def test_methods_lambdas_comprehensions_and_checks(box):
    found = compared(
        box, call("Box([1, 2]).has(3)", "Box"), call("check('abc')"), call("many(5)"), call("sort(['a', 'b'])")
    )
    assert found[0] == [(28, "in", "3", "[1, 2]", False)]
    assert found[1] == [(32, "startswith", "'abc'", "'ab'", True), (32, "isdigit", "'abc'", "None", False)]
    assert found[2] == [(40, "==", "4", "3", False)]
    assert found[3] == [(48, "==", "'b'", "'z'", False)]


def test_chains_and_values_that_are_no_booleans_are_left_alone(box):
    assert compared(box, call("between(3)"), call("odd(Vague())", "odd", "Vague")) == [[], []]
    explored = explore(box, call("odd(Vague())", "odd", "Vague"), path="marks.py", compare=True)
    assert explored.observations[0].value.text == "'vague'"


def test_nothing_else_changes(box):
    calls = [call(f"grade({points})") for points in (1, 42, 50, 101)]
    calls += [call("check('12')"), call("check(3)"), call("many(6)"), call("Box(0).has(1)", "Box"), call("grade('a')")]
    plain = explore(box, *calls, path="marks.py").observations
    told = explore(box, *calls, path="marks.py", compare=True).observations
    assert [(one.digest, one.arcs, one.raised) for one in told] == [(one.digest, one.arcs, one.raised) for one in plain]


def test_the_nearer_the_smaller_the_distance(box):
    calls = [call(f"grade({points})") for points in (30, 41, 43, 90)]
    explored = explore(box, *calls, path="marks.py", compare=True)
    far, near, also_near, farther = (one.compared[0].distance for one in explored.observations)
    assert 0 < near == also_near < far < farther < 1


def swap(name, line, source):
    return Swap("marks.py", name, line, source)


def test_a_call_that_is_no_news_tells_what_came_nearer_than_any_before(box):
    calls = [call(f"grade({points})") for points in (50, 45, 48)]
    first, nearer, farther = explore(box, *calls, path="marks.py", full=False, compare=True).observations
    assert (first.new, nearer.new, farther.new) == (True, False, False)
    assert [(one.operator, one.left, one.right) for one in nearer.compared] == [("==", "45", "42"), ("<", "45", "10")]
    assert farther.compared == ()


def test_a_mutant_answers_in_place_of_the_function(box):
    mutant = swap("check", 31, 'def check(text):\n    return not text.startswith("ab")\n')
    plain = explore(box, call("check('abc')"), path="marks.py").observations[0]
    changed = explore(box, call("check('abc')"), path="marks.py", swaps=(mutant,)).observations[0]
    assert (plain.value.text, changed.value.text) == ("True", "False")
    assert plain.digest != changed.digest


def test_a_method_is_changed_too(box):
    mutant = swap("Box.has", 27, "    def has(self, item):\n        return item not in self.items\n")
    one = explore(box, call("Box([1]).has(1)", "Box"), path="marks.py", swaps=(mutant,)).observations[0]
    assert one.value.text == "False"


def test_a_change_that_only_an_import_would_show_is_refused(box):
    mutant = swap("between", 35, "def between(number):\n    return number == 3\n")
    explored = explore(box, call("between(3)"), path="marks.py", swaps=(mutant,))
    assert explored.status == "failed"
    assert explored.reason.startswith("the change cannot be put in place: ")
