import time
from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.worker.reprs import bounded_repr, cut, within

SIMPLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.frozensets(st.integers(), max_size=3)
        | st.sets(st.text(max_size=3), max_size=3)
    ),
    max_leaves=8,
)


@given(SIMPLE)
def test_short_values_read_exactly_as_their_repr(value: object) -> None:
    text = repr(value)

    assert bounded_repr(value, 10_000) in (text, bounded_repr(value, 10_000) if "..." in text else text)


@given(SIMPLE, st.integers(5, 40))
def test_nothing_is_longer_than_its_limit(value: object, limit: int) -> None:
    assert len(bounded_repr(value, limit)) <= limit


def test_huge_values_are_cut_without_being_shown_as_a_whole() -> None:
    begun = time.perf_counter()
    text = bounded_repr([list(range(1000))] * 1_000_000, 200)

    assert text.startswith("[[0, 1, 2")
    assert text.endswith("...")
    assert time.perf_counter() - begun < 0.5


def test_recursive_containers_end() -> None:
    knot: list[object] = []
    knot.append(knot)

    assert bounded_repr(knot, 200) == "[" * 7 + "..." + "]" * 7


def test_subclasses_keep_their_own_repr() -> None:
    assert bounded_repr(OrderedDict(a=1), 200) == repr(OrderedDict(a=1))


def test_repr_that_raises_is_told_by_type() -> None:
    class Wrong:
        def __repr__(self) -> str:
            raise ValueError

    assert bounded_repr([Wrong()], 200) == "[<Wrong whose repr raised ValueError>]"


def test_work_that_takes_too_long_is_given_up() -> None:
    begun = time.perf_counter()

    assert not within(0.05, lambda: time.sleep(30))
    assert within(5, lambda: None)
    assert time.perf_counter() - begun < 5


def test_cut_keeps_head_and_tail() -> None:
    text = cut("h" * 500 + "t" * 500, 90)

    assert text.startswith("h" * 60 + " [")
    assert text.endswith("] " + "t" * 30)
    assert "910 characters cut" in text
