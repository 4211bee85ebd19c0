from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.core.exploring import Recipe
from pytest_codemode.testgen.readability import effort
from pytest_codemode.testgen.selection import MOST_KEPT, chosen

NOTHING = frozenset()


def test_of_two_that_cover_the_same_the_more_readable_one_is_kept():
    covers = {"long": frozenset({1, 2}), "short": frozenset({1, 2})}
    assert chosen(["long", "short"], covers, dict.fromkeys(covers, NOTHING), {"long": 3.0, "short": 0.0}, 5) == (
        "short",
    )


def test_what_the_others_make_superfluous_is_dropped():
    covers = {"a": frozenset({1, 2, 3, 4}), "b": frozenset({1, 2, 5}), "c": frozenset({3, 4, 6})}
    kept = chosen(list(covers), covers, dict.fromkeys(covers, NOTHING), dict.fromkeys(covers, 0.0), 5)
    assert kept == ("b", "c")


def test_a_call_that_covers_nothing_is_kept_for_its_mutants_up_to_the_limit():
    covers = {"a": frozenset({1}), "b": NOTHING, "c": NOTHING}
    kills = {"a": NOTHING, "b": frozenset({"m1"}), "c": frozenset({"m2"})}
    assert chosen(list(covers), covers, kills, dict.fromkeys(covers, 0.0), 1) == ("a", "b")
    assert chosen(list(covers), covers, kills, dict.fromkeys(covers, 0.0), 0) == ("a",)


def test_what_is_to_be_kept_is_kept_although_it_covers_nothing_new():
    covers = {"search": frozenset({1, 2, 3}), "example": frozenset({1}), "other": NOTHING}
    efforts = dict.fromkeys(covers, 0.0)
    none = dict.fromkeys(covers, NOTHING)
    assert chosen(list(covers), covers, none, efforts, 5) == ("search",)
    assert chosen(list(covers), covers, none, efforts, 5, keep={"example", "other"}) == ("search", "example", "other")
    everything = {"search": frozenset({1}), "example": frozenset({1, 2}), "other": NOTHING}
    assert chosen(list(covers), everything, none, efforts, 5, keep={"example"}) == ("example",)


def test_of_those_to_be_kept_the_most_readable_ones_are():
    keys = list(range(MOST_KEPT + 3))
    efforts = {key: float(len(keys) - key) for key in keys}
    kept = chosen(keys, dict.fromkeys(keys, NOTHING), dict.fromkeys(keys, NOTHING), efforts, 5, keep=keys)
    assert kept == tuple(keys[3:])


def test_nothing_comes_of_nothing():
    assert chosen([], {}, {}, {}, 5) == ()


@given(st.lists(st.tuples(st.frozensets(st.integers(0, 12)), st.floats(0, 9)), max_size=9))
def test_together_they_cover_all_that_can_be_covered_and_none_is_superfluous(some):
    keys = list(range(len(some)))
    covers = {key: some[key][0] for key in keys}
    kept = chosen(keys, covers, dict.fromkeys(keys, NOTHING), {key: some[key][1] for key in keys}, 9)
    everything = NOTHING.union(*covers.values())
    assert NOTHING.union(*(covers[key] for key in kept)) == everything
    for key in kept:
        assert NOTHING.union(*(covers[other] for other in kept if other != key)) != everything


def test_an_example_of_the_documentation_is_easier_to_read_than_a_mutant_of_it():
    example = Recipe("1", "f", 'f("device_type")', origin="docstring")
    mutant = Recipe("2", "f", 'f("dev_t\\x00")', origin="mutation")
    assert effort(example) < effort(mutant)


def test_a_typical_input_is_easier_to_read_than_an_empty_one():
    typical = Recipe("1", "f", 'f("hello")')
    assert effort(typical) < effort(Recipe("2", "f", 'f("")'))
