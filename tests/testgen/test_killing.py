"""Which calls tell which mutants from the code, in the sandbox as it is."""

import pytest

from pytest_codemode.core.exploring import Described, ExploreRequest, Import, Recipe
from pytest_codemode.testgen.gaps import FunctionGap
from pytest_codemode.testgen.killing import kills
from pytest_codemode.testgen.mutants import mutants
from pytest_codemode.testgen.numbering import Numbering
from pytest_codemode.testgen.subject import Subject
from tests.sandbox.toys import project_at, sandboxed, write_project

SOURCE = """\
SEEN = {}


def grade(points):
    if points < 10:
        return "low"
    if points > 90:
        return "high"
    return "in"


def count(limit):
    at = 0
    while at < limit:
        at += 1
    return at


def remembered(number):
    if number not in SEEN:
        SEEN[number] = number + 1
    return SEEN[number]


def at_import(text):
    return text + "!"


AT_IMPORT = at_import("a")
"""


class Heard:
    """The real sandbox, and what it was asked."""

    def __init__(self, box):
        self._box = box
        self.requests = []

    def explore(self, requests):
        self.requests += requests
        return self._box.portal.call(self._box.service.explore, requests)


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    root = tmp_path_factory.mktemp("killing")
    write_project(root, {"marks.py": SOURCE, "test_marks.py": "def test_marks(): pass\n"})
    with sandboxed(project_at(root, workers=2)) as box:
        yield box


def judged(box, lines, *calls, limit=60, left_s=lambda: 60.0, told=True):
    """Return the requests, the mutants by key, and call -> the mutants it tells."""
    sandbox = Heard(box)
    name = calls[0].partition("(")[0]
    gap = FunctionGap("marks.py", name, 1, 1, 99, (), (), (), ())
    number = Numbering(SOURCE.encode()).translated
    subject = Subject(Described("marks.py", "marks", name, 1), gap, frozenset(), number, "test_marks.py")
    recipes = [Recipe(call, name, call, (Import("marks", name),)) for call in calls]
    plain = sandbox.explore([ExploreRequest("marks.py", "marks", tuple(recipes), full=True)])[0].observations
    made = mutants("marks.py", SOURCE.encode(), lines, limit)
    assert made
    sandbox.requests.clear()
    found = kills(
        subject,
        recipes,
        {one.key: one.digest for one in plain},
        made,
        sandbox=sandbox,
        left_s=left_s,
        arcs={one.key: one.arcs for one in plain} if told else None,
        workers=2,
    )
    return sandbox.requests, {one.key: one for one in made}, found


def test_as_many_as_with_a_process_for_each_and_calls_that_come_by_alone(box):
    calls = [f"grade({points})" for points in (3, 10, 50, 90, 95)]
    requests, made, found = judged(box, range(5, 10), *calls)
    _, _, without = judged(box, range(5, 10), *calls, told=False)
    assert found == without
    whats = {made[key].what for key in found["grade(10)"]}
    assert "`<` becomes `<=`" in whats
    assert not any(made[key].line == 8 for key in found["grade(50)"])
    assert len(requests) < len(made) / 3
    under = [recipe for request in requests for recipe in request.recipes if recipe.variant >= 0]
    assert len(under) < len(made) * len(calls)


def test_one_that_does_not_end_is_told_by_the_first_call_and_costs_no_more(box):
    requests, made, found = judged(box, [15], "count(3)", "count(4)")
    endless = {key for key, one in made.items() if b"at -= 1" in one.candidate.files["marks.py"]}
    assert endless
    assert endless & (found["count(3)"] | found["count(4)"])
    assert all(request.stop_at_timeout for request in requests)


def test_what_a_mutant_leaves_in_its_process_is_not_taken_for_another_ones(box):
    requests, made, found = judged(box, [20, 21, 22], "remembered(3)")
    alone = [request for request in requests if len(request.variants) == 1]
    assert len(alone) == len(made)
    silent = {key for key in made if key not in found["remembered(3)"]}
    assert len(silent) < len(made)
    for key in found["remembered(3)"]:
        assert made[key].line in (20, 21, 22)


def test_one_that_cannot_be_put_in_place_counts_for_nothing(box):
    _, _made, found = judged(box, [26], "at_import('b')")
    assert found == {"at_import('b')": frozenset()}


def test_without_time_nothing_is_asked(box):
    requests, _, found = judged(box, range(5, 10), "grade(3)", left_s=lambda: 0.0)
    assert (requests, found) == ([], {"grade(3)": frozenset()})
