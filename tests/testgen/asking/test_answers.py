"""What a model gives as calls is read strictly, and met half way where its meaning is plain."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.core.exploring import Import
from pytest_codemode.testgen.asking.answers import MAX_CALLS, MAX_PROBLEM, read_calls, try_calls
from tests.messages_api.schemas import problem as schema_problem

FULL = {
    "why": "the coupon",
    "imports": [["shop.cart", "Cart"], ["datetime", ""]],
    "fixtures": ["tmp_path"],
    "setup": [["cart", "Cart([1])"]],
    "call": " cart.total('SPRING') ",
}


def test_every_part_of_a_call_is_read() -> None:
    (one,) = read_calls({"calls": [FULL]}, "Cart.total", "plain")
    assert one.recipe is not None
    assert one.recipe.call == "cart.total('SPRING')"
    assert one.recipe.imports == (Import("shop.cart", "Cart"), Import("datetime"))
    assert one.recipe.setup == (("cart", "Cart([1])"),)
    assert one.recipe.fixtures == ("tmp_path",)
    assert (one.recipe.function, one.recipe.origin, one.recipe.flavour) == ("Cart.total", "model", "plain")


@pytest.mark.parametrize(
    "calls",
    [
        ["f(1)"],
        [{"call": "f(1)"}],
        [{**FULL, "call": "f(1)", "setup": None, "fixtures": None, "imports": [["m"]]}],
        json.dumps([{"call": "f(1)", "imports": json.dumps([["m", "f"]])}]),
        [{"call": "f(1)", "setup": [{"name": "a", "expression": "1"}]}],
    ],
)
def test_what_is_plain_is_understood(calls: object) -> None:
    (one,) = read_calls({"calls": calls}, "f", "plain")
    assert one.recipe is not None
    assert one.recipe.call == "f(1)"


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (3, "calls[1]: an object expected"),
        ({}, "calls[1].call: one Python expression expected"),
        ({"call": 3}, "calls[1].call"),
        ({"call": "f()", "expected": "3"}, "unknown field 'expected'"),
        ({"call": "f()", "setup": [["a", "1", "2"]]}, "calls[1].setup[0]: [name, expression] expected"),
        ({"call": "f()", "setup": [["a", 1]]}, "calls[1].setup[0]"),
        ({"call": "f()", "imports": [["a b", "c"]]}, "is no module and name in it"),
        ({"call": "f()", "imports": "x"}, "calls[1].imports: an array expected, got text that is not JSON"),
        ({"call": "f()", "fixtures": [["a"]]}, "calls[1].fixtures: names expected"),
    ],
)
def test_one_call_that_is_wrong_is_named_and_the_others_are_taken(item: object, said: str) -> None:
    first, second = read_calls({"calls": ["f(1)", item]}, "f", "plain")
    assert first.recipe is not None
    assert second.recipe is None
    assert said in second.problem


@pytest.mark.parametrize("arguments", [{}, {"calls": []}, {"calls": {}}, {"calls": "x"}, {"calls": [1], "more": 2}])
def test_without_calls_the_place_is_named(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="calls"):
        read_calls(arguments, "f", "plain")


def test_no_more_calls_than_anybody_reads() -> None:
    read = read_calls({"calls": ["f(1)"] * 1_000}, "f", "plain")
    assert sum(one.recipe is not None for one in read) == MAX_CALLS
    assert len(read) <= 2 * MAX_CALLS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FULL, "x"]), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_whatever_comes_is_a_sentence_or_a_call(calls: object) -> None:
    try:
        read = read_calls({"calls": calls}, "f", "plain")
    except ValueError as problem:
        assert "calls" in str(problem)  # noqa: PT017  # it need not be raised
        return
    for one in read:
        assert (one.recipe is None) == bool(one.problem)
        assert len(one.problem) <= MAX_PROBLEM


def test_the_schema_is_one_that_strict_tools_take_and_the_full_form_fits_it() -> None:
    assert try_calls().strict
    assert schema_problem(try_calls().input_schema, {"calls": [FULL]}) == ""
    assert schema_problem(try_calls().input_schema, {"calls": [{"call": "f(1)"}]})
