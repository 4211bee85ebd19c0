"""A branch distance grows with the way there is to go, and says when it does not know."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.worker.explore.distances import UNKNOWN, distance

NUMBERS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
numbers = st.integers() | st.floats(allow_nan=False)


@given(st.sampled_from(sorted(NUMBERS)), numbers, numbers)
def test_distance_of_numbers_is_between_none_and_all(name, left, right):
    assert 0 < distance(name, left, right, NUMBERS[name](left, right)) <= 1


@given(st.sampled_from(sorted(NUMBERS)), st.text(), st.text())
def test_distance_of_texts_is_between_none_and_all(name, left, right):
    assert 0 < distance(name, left, right, NUMBERS[name](left, right)) < 1


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(1, 100))
def test_a_step_towards_equality_makes_it_less(left, right, step):
    if left + step <= right:
        assert distance("==", left + step, right, left + step == right) < distance("==", left, right, False) or (
            left + step == right
        )


@given(st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_a_step_over_the_border_is_the_least_distance(left, right):
    holds = left < right
    there = distance("<", left, right, holds)
    further = distance("<", left + (-1 if holds else 1), right, holds)
    assert there < further


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_right_prefix_is_nearer_to_equality_than_none(left, right):
    if left != right:
        assert distance("==", right[: len(right) - 1], right, False) <= distance("==", "", right, False)


@pytest.mark.parametrize(
    ("name", "near", "far", "right", "holds"),
    [
        ("in", 4, 40, [1, 2, 3], False),
        ("in", "tee", "zzz", ["tea", "milk"], False),
        ("in", "tee", "zzz", "a tea pot", False),
        ("startswith", "httq://", "mail", "http", False),
        ("endswith", "a.pz", "a.txt", ".py", False),
        ("==", (1, 2), (1, 9), (1, 3), False),
        ("<", "b", "z", "b", False),
        ("==", b"ab", b"zz", b"ac", False),
    ],
)
def test_the_nearer_value_has_the_smaller_distance(name, near, far, right, holds):
    assert distance(name, near, right, holds) < distance(name, far, right, holds) < 1


@pytest.mark.parametrize(
    ("name", "left", "right", "holds"),
    [("is", None, 1, False), ("==", "a", 1, False), ("in", 1, object(), False), ("isdigit", "a", None, False)],
)
def test_what_cannot_be_told(name, left, right, holds):
    assert distance(name, left, right, holds) == UNKNOWN


def test_numbers_that_no_float_can_hold():
    assert distance("==", 10**400, 1, False) == UNKNOWN
    assert distance("==", float("inf"), 1, False) < 1
    assert distance("==", float("nan"), 1, False) == UNKNOWN
