import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_codemode.core.suspicion import Attempts, Suspect, ochiai, ordered, rank, reranked

LOCATIONS = st.frozensets(st.tuples(st.sampled_from("ab"), st.integers(1, 5)))


@pytest.mark.parametrize(
    ("failed_hits", "passed_hits", "failed_total", "expected"),
    [
        (1, 0, 1, 1.0),
        (1, 3, 1, 0.5),  # 1 / sqrt(1 * 4)
        (2, 0, 2, 1.0),
        (1, 0, 2, 1 / math.sqrt(2)),
        (2, 6, 2, 0.5),  # 2 / sqrt(2 * 8)
        (3, 9, 4, 3 / math.sqrt(48)),
        (0, 5, 2, 0.0),
        (0, 0, 0, 0.0),
    ],
)
def test_ochiai_agrees_with_numbers_worked_out_by_hand(
    failed_hits: int, passed_hits: int, failed_total: int, expected: float
) -> None:
    assert ochiai(failed_hits, passed_hits, failed_total) == pytest.approx(expected)


def test_a_line_that_only_failing_tests_run_outranks_one_that_passing_tests_run_too() -> None:
    failing = [[("m.py", 1), ("m.py", 2)], [("m.py", 1), ("m.py", 2), ("m.py", 2)]]
    passing = [[("m.py", 1), ("m.py", 1)], [("m.py", 1), ("m.py", 9)]]
    assert rank(failing, passing) == pytest.approx({("m.py", 2): 1.0, ("m.py", 1): 2 / math.sqrt(2 * 4)})


@settings(max_examples=40, deadline=None)
@given(st.lists(LOCATIONS, max_size=4), st.lists(LOCATIONS, max_size=4))
def test_scores_lie_between_0_and_1_and_only_on_lines_that_a_failing_test_ran(
    failing: list[frozenset[tuple[str, int]]], passing: list[frozenset[tuple[str, int]]]
) -> None:
    scores = rank(failing, passing)
    assert scores.keys() == frozenset().union(*failing)
    assert all(0 < score <= 1 for score in scores.values())


def test_suspects_of_equal_score_stand_in_the_order_of_the_text() -> None:
    scores = {("b.py", 1): 0.5, ("a.py", 9): 0.5, ("a.py", 2): 0.5, ("c.py", 3): 0.9}
    found = ordered(scores, {("a.py", 9): "innermost frame"})
    assert [(s.path, s.line) for s in found] == [("c.py", 3), ("a.py", 2), ("a.py", 9), ("b.py", 1)]
    assert found[2] == Suspect("a.py", 9, 0.5, "innermost frame")


FIRST, SECOND, THIRD = Suspect("a.py", 1, 1.0, "innermost frame"), Suspect("a.py", 2, 0.9), Suspect("b.py", 1, 0.8)


def test_without_trials_the_ranking_stays() -> None:
    assert reranked((FIRST, SECOND, THIRD), {}) == (FIRST, SECOND, THIRD)
    assert reranked((), {("a.py", 1): Attempts(1, 1)}) == ()


def test_places_whose_candidates_change_nothing_fall_and_those_that_matter_rise() -> None:
    found = reranked((FIRST, SECOND, THIRD), {("a.py", 1): Attempts(same=30), ("b.py", 1): Attempts(2, 6)})
    assert [(one.path, one.line) for one in found] == [("b.py", 1), ("a.py", 2), ("a.py", 1)]
    assert found[0].score == 1.0
    assert found[2].score > 0.3
    assert found[0].why == "6 of 8 candidates there changed the failure"
    assert found[2].why == "innermost frame; 0 of 30 candidates there changed the failure"


def test_one_trial_weighs_little() -> None:
    found = reranked((FIRST, Suspect("a.py", 2, 0.7)), {("a.py", 1): Attempts(same=1)})
    assert [one.line for one in found] == [1, 2]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.builds(Suspect, st.just("a.py"), st.integers(1, 9), st.floats(0, 1)), max_size=6),
    st.dictionaries(st.tuples(st.just("a.py"), st.integers(1, 9)), st.builds(Attempts, *[st.integers(0, 99)] * 2)),
)
def test_a_new_ranking_has_the_same_places_falls_and_stays_between_0_and_1(
    suspects: list[Suspect], attempts: dict[tuple[str, int], Attempts]
) -> None:
    found = reranked(suspects, attempts)
    assert sorted(one.line for one in found) == sorted(one.line for one in suspects)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0 <= one.score <= 1 for one in found)
