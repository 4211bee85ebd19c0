"""Bugs that no single edit repairs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.patch import Patch, ReplaceExpression
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.proposers.search.engine import SearchProposer
from pytest_codemode.proposers.search.pairs import MAX_EDITS, Pairs, likeness
from tests.proposers.judge import Bug, bug, search_for

TWO = (
    bug(
        "error_then_value",
        """
        def average(values):
            count = len(values) - 1
            total = 0
            for value in values:
                total += values
            return total / count
        """,
        (
            "len(values) - 1\n    total = 0\n    for value in values:\n        total += values",
            "len(values)\n    total = 0\n    for value in values:\n        total += value",
        ),
        checks=(("average([1, 2, 9])", "4.0"), ("average([4, 6])", "5.0")),
    ),
    bug(
        "nearer_value",
        """
        def windows(items, size):
            found = []
            for start in range(len(items) - size):
                found.append(items[start : start + size - 1])
            return found
        """,
        (
            "len(items) - size):\n        found.append(items[start : start + size - 1])",
            "len(items) - size + 1):\n        found.append(items[start : start + size])",
        ),
        checks=(("windows([1, 2, 3, 4], 2)", "[[1, 2], [2, 3], [3, 4]]"),),
    ),
    bug(
        "one_test_each",
        """
        def grade(points):
            if points > 90:
                return "a"
            if points > 50:
                return "b"
            return "c"
        """,
        (
            'points > 90:\n        return "a"\n    if points > 50',
            'points >= 90:\n        return "a"\n    if points >= 50',
        ),
        checks=(
            ("grade(90)", "'a'"),
            ("grade(50)", "'b'"),
            ("grade(91)", "'a'"),
            ("grade(89)", "'b'"),
            ("grade(49)", "'c'"),
        ),
    ),
)
THREE = bug(
    "three_bounds",
    """
    def band(size):
        if size > 10:
            return 4
        if size > 20:
            return 3
        if size > 30:
            return 2
        return 1
    """,
    (
        "size > 10:\n        return 4\n    if size > 20:\n        return 3\n    if size > 30",
        "size < 10:\n        return 4\n    if size < 20:\n        return 3\n    if size < 30",
    ),
    checks=(("band(5)", "4"), ("band(15)", "3"), ("band(25)", "2"), ("band(31)", "1")),
)


@pytest.mark.parametrize("case", TWO, ids=lambda case: case.name)
def test_two_wrong_places_are_repaired_together(case: Bug) -> None:
    found = search_for(case, SearchProposer(), 2500)
    assert found.right is not None, found
    assert found.right_template.count("+") == 1


def test_three_wrong_places_are_repaired_one_after_the_other() -> None:
    found = search_for(THREE, SearchProposer(), 4000)
    assert found.right is not None, found
    assert found.right_template.count("+") == 2


def test_the_beam_takes_the_same_way_every_time() -> None:
    assert search_for(TWO[2], SearchProposer(), 2500) == search_for(TWO[2], SearchProposer(), 2500)


def failure(nodeid: str = "t::one", left: str = "", right: str = "", exception: str = "AssertionError") -> Failure:
    return Failure(nodeid, Phase.CALL, exception, f"assert {left} == {right}", left=left, operator="==", right=right)


def patch(*columns: int, new: str = "2", prior: float = 0.5, template: str = "compare.operator") -> Patch:
    edits = tuple(ReplaceExpression("m.py", 1, column, "1", new) for column in columns)
    return Patch(edits, "search", template, prior=prior)


def trial(of: Patch, *failures: Failure, passed: tuple[str, ...] = (), verdict: Verdict = Verdict.FAILED) -> Trial:
    return Trial(of, verdict, passed=passed, failures=failures)


def pairs(*failures: Failure) -> Pairs:
    return Pairs(RepairTask("t1", failures, (), {}, {}))


def test_the_nearer_a_patch_came_the_more_it_promises() -> None:
    beam = pairs(failure(left="10", right="100"), failure("t::two"), failure("t::three"))
    worse = beam.promise(trial(patch(0), failure(left="1", right="100")))
    same = beam.promise(trial(patch(0), failure(left="10", right="100")))
    nearer = beam.promise(trial(patch(0), failure(left="60", right="100")))
    nearest = beam.promise(trial(patch(0), failure(left="99", right="100")))
    later = beam.promise(trial(patch(0), failure(left="3", right="7")))
    one, two = (beam.promise(trial(patch(0), passed=("t::one", "t::two")[:count])) for count in (1, 2))
    assert worse == same == 0 < nearer < nearest < later < one < two < 1


def test_an_error_that_says_the_same_in_its_first_line_is_no_other_error() -> None:
    first, same, other = (
        Failure("t::one", Phase.CALL, "KeyError", text) for text in ("no\nat 1", "no\nat 2", "yes\nat 1")
    )
    beam = pairs(first)
    assert beam.promise(trial(patch(0), same)) == 0 < beam.promise(trial(patch(0), other))


@pytest.mark.parametrize("verdict", [Verdict.OVERFIT, Verdict.TIMED_OUT, Verdict.REFUSED, Verdict.PLAUSIBLE])
def test_what_is_at_its_end_promises_nothing(verdict: Verdict) -> None:
    beam = pairs(failure(), failure("t::two"))
    assert beam.promise(trial(patch(0), passed=("t::one",), verdict=verdict)) == 0


def combined(beam: Pairs, *trials: Trial) -> list[Patch]:
    return [made for stream, _ in beam.learn([one.patch for one in trials], trials) for made in stream]


def test_a_pair_is_widened_only_if_it_comes_nearer_than_its_parts() -> None:
    names = ("t::one", "t::two", "t::three", "t::four")
    beam = pairs(*(failure(name) for name in names))
    first, second, third = patch(0), patch(10), patch(20, prior=0.4)
    made = combined(beam, trial(first, passed=names[:1]), trial(second), trial(third))
    assert [one.edits for one in made] == [patch(0, 10).edits, patch(0, 20).edits]
    assert combined(beam, trial(made[0], passed=names[:1])) == []
    wider = combined(beam, trial(made[0], passed=names[:2]))
    assert [one.edits for one in wider] == [patch(0, 10, 20).edits]
    assert combined(beam, trial(wider[0], passed=names[:3])) == []
    assert len(wider[0].edits) == MAX_EDITS


def test_the_beam_is_bounded() -> None:
    beam = pairs(failure(exception="TypeError"))
    moved = [trial(patch(4 * column), failure(exception="KeyError")) for column in range(90)]
    streams = list(beam.learn([one.patch for one in moved], moved))
    assert len(streams) == 40


@given(st.integers(-100, 100), st.integers(-100, 100), st.integers(-100, 100))
def test_of_two_numbers_the_nearer_one_is_more_alike(wanted: int, one: int, two: int) -> None:
    near, far = sorted((one, two), key=lambda value: abs(value - wanted))
    assert likeness(repr(near), repr(wanted)) >= likeness(repr(far), repr(wanted))


@given(st.text(max_size=30), st.text(max_size=30))
def test_likeness_is_a_share(one: str, two: str) -> None:
    assert 0 <= likeness(one, two) <= 1
    assert likeness(repr(one), repr(one)) == 1
