"""What failures tell: names, relations of values, kinds, and where they point."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.proposers.search.direction import boost
from pytest_codemode.proposers.search.hints import read_hints, relations_between
from pytest_codemode.proposers.search.scope import Scope
from pytest_codemode.proposers.search.similarity import distance, likeness, near_text, nearest_part
from pytest_codemode.proposers.search.source import SourceFile
from tests.proposers.material import failure


@pytest.mark.parametrize(
    ("actual", "wanted", "relation"),
    [
        (3, 4, "off_by_one"),
        (-3, 3, "sign"),
        (60, 1, "factor"),
        (2.5, 2.4999, "rounding"),
        (2.0, 2, "number_type"),
        (True, False, "negated"),
        ("AB", "ab", "case"),
        (" ab ", "ab", "space"),
        ("abc", "ab", "surplus"),
        ("cba", "abc", "reversed"),
        ([1, 2], [2, 1], "order"),
        ([1, 2, 3], [3, 2, 1], "reversed"),
        ([1, 2], [1, 2, 3], "cut"),
        ([1, 1, 2], [1, 2], "duplicates"),
        ((1, 2), [1, 2], "type_changed"),
        (None, 3, "none_for_value"),
        (3, None, "value_for_none"),
        ("3", 3, "text_or_number"),
        ({"a": 1}, {"a": 2}, "off_by_one"),
        ([[1], [2]], [[1], [3]], "off_by_one"),
        ({"a ": 1}, {"a": 1}, "space"),
    ],
)
def test_relation_of_actual_to_expected_is_recognised(actual: Any, wanted: Any, relation: str) -> None:
    assert relation in relations_between(actual, wanted)


@pytest.mark.parametrize("value", [3, 2.5, "a", [1, "b"], {"a": [1]}, {1, 2}, True])
def test_equal_values_are_related_in_no_way(value: Any) -> None:
    assert not relations_between(value, value) - {"elements"}


@pytest.mark.parametrize(
    ("exception", "message", "field", "expected"),
    [
        ("NameError", "name 'foo' is not defined", "unknown_names", {"foo"}),
        (
            "UnboundLocalError",
            "cannot access local variable 'n' where it is not associated with a value",
            "unknown_names",
            {"n"},
        ),
        ("AttributeError", "'Cart' object has no attribute 'tota'", "unknown_attributes", {("Cart", "tota")}),
        ("AttributeError", "module 'math' has no attribute 'sqr'", "unknown_attributes", {("math", "sqr")}),
        ("ImportError", "cannot import name 'a' from 'b.c' (/x/b/c.py)", "unknown_imports", {("b.c", "a")}),
        ("ModuleNotFoundError", "No module named 'jsn'", "unknown_imports", {("jsn", "")}),
        ("TypeError", "C.f() got an unexpected keyword argument 'k'", "unknown_keywords", {("f", "k")}),
        ("KeyError", "'nmae'", "unknown_keys", {"nmae"}),
    ],
)
def test_names_are_read_from_the_exception(exception: str, message: str, field: str, expected: set[Any]) -> None:
    assert getattr(read_hints([failure(exception, message)]), field) == expected


def test_operands_are_read_from_the_message_where_pytest_gave_none() -> None:
    hints = read_hints([failure(message="assert 3 == 4\n +  where 3 = f()")])
    assert "off_by_one" in hints.relations


@pytest.mark.parametrize("left", ["<filter object at 0x7f>", "<generator object f at 0x7f>", "dict_keys(['a'])"])
def test_value_that_is_only_walked_is_known_to_want_a_list(left: str) -> None:
    assert {"type_changed", "to_list"} <= read_hints([failure(left=left, right="['a']")]).relations


def test_names_that_nothing_reads_are_known() -> None:
    source = SourceFile("m.py", "def f(a, b):\n    c = a\n    for d, _ in a:\n        e = d\n    return e\n")
    function = source.tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert Scope(source).unread(function) == {"b", "c"}


def test_values_that_are_no_literals_are_no_error() -> None:
    hints = read_hints([failure(left="<Cart object at 0x1>", right="Cart(")])
    assert hints.relations == frozenset()


def test_wrong_case_points_at_string_methods_and_not_at_arithmetic() -> None:
    hints = read_hints([failure(left="'AB'", right="'ab'")])
    assert boost(hints, "calls.method") > 1
    assert boost(hints, "arithmetic.operator") == 1


@given(st.text("ab", max_size=8), st.text("ab", max_size=8))
def test_edit_distance_is_symmetric_and_zero_only_for_equal_texts(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)


@given(st.text(max_size=12), st.text(max_size=12))
def test_likeness_is_between_zero_and_one(one: str, other: str) -> None:
    assert 0.0 <= likeness(one, other) <= 1.0


@pytest.mark.parametrize(
    ("text", "other", "near"),
    [
        ("Welcom", "Welcome", True),
        ("HELLO", "hello", True),
        ("yes", "no", False),
        ("", "expected", False),
        ("error", "strange answer", False),
    ],
)
def test_only_nearly_equal_texts_may_be_corrected_into_each_other(text: str, other: str, near: bool) -> None:
    assert near_text(text, other) == near


def test_part_of_an_expected_text_that_is_nearly_the_literal_is_found() -> None:
    assert nearest_part("! Welcom back", "Hello, Ann! Welcome back") == "! Welcome back"
    assert nearest_part("total", "nothing like it") is None
