"""Texts of foreign code take the trusted side no longer than their length, however they are made."""

import datetime
import time

import pytest

from pytest_codemode.core.exploring import Observation, Raised, Recipe, Shown
from pytest_codemode.testgen.writing.examples import contradiction
from pytest_codemode.testgen.writing.raising import stable_part
from pytest_codemode.testgen.writing.stability import unstable

NOW = datetime.datetime.now(datetime.UTC)
PIECES = ("a", "/a", "{", "{a,", ",", "9", "0x", "1.", "pytest-of-", "/tmp/", "negative ", "a_")


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("before", ["", "{"])
def test_a_text_of_one_piece_over_and_over_takes_no_square_of_its_length(before: str, piece: str) -> None:
    text = before + piece * (20_000 // len(piece))
    began = time.process_time()
    unstable((Shown("literal", repr(text)),), "", NOW)
    stable_part(text)
    assert time.process_time() - began < 1.0


def test_many_long_texts_in_one_value_are_looked_at_in_time() -> None:
    value = Shown("list", parts=tuple(Shown("literal", repr("a" * 19_990)) for _ in range(100)))
    began = time.process_time()
    assert unstable((value,), "", NOW) == ""
    assert time.process_time() - began < 3.0


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("see /tmp/x/y", True),
        ("at C:pytest-of-me/pytest-1/a", True),
        ("a pytest-of-me", True),
        ("pytest of me", False),
        ("{'a', 'b'}", False),
    ],
)
def test_paths_of_this_machine_are_still_found(text: str, holds: bool) -> None:
    assert bool(unstable((Shown("literal", repr(text)),), "", NOW)) is holds


@pytest.mark.parametrize(
    ("message", "stable"),
    [
        ("bad: {'b', 'a'} is left", "is left"),
        ("nothing: {,} here", "nothing: {,} here"),
        ("in x/pytest-of-me/y there is none", "there is none"),
    ],
)
def test_what_changes_in_a_message_is_still_left_out(message: str, stable: str) -> None:
    assert stable_part(message) == stable


@pytest.mark.parametrize(
    ("expected", "message", "agrees"),
    [
        ("E: a...b", "a and b", True),
        ("E: a...", "a and b", True),
        ("E: ...b", "a and b", True),
        ("E: a...a", "a", False),
        ("E: a ... and ... b", "a x and y b", True),
        ("E: a ... or ... b", "a x and y b", False),
        ("E: ...", "", True),
        ("E: a\n  b", "a b", True),
        ("E: a...b...c", "a c b c", True),
        ("E: a...c...b", "a b c", False),
    ],
)
def test_dots_stand_for_anything_as_in_a_doctest(expected: str, message: str, agrees: bool) -> None:
    recipe = Recipe("k", "f", "f()", origin="docstring", expected=expected)
    raised = Raised("shop:E", message, explicit=True)
    assert (contradiction(recipe, Observation("k", "raised", raised=raised)) == "") is agrees


def test_many_dots_take_no_longer_than_the_text() -> None:
    recipe = Recipe("k", "f", "f()", origin="docstring", expected="E: " + "a..." * 1_000 + "b")
    began = time.process_time()
    assert contradiction(recipe, Observation("k", "raised", raised=Raised("shop:E", "a" * 20_000, explicit=True)))
    assert time.process_time() - began < 1.0
