"""Texts for an expression, within a budget: a project's expression may be made to grow without end."""

import re
import time

import pytest

from pytest_codemode.testgen.inputs.documentation import shown
from pytest_codemode.testgen.inputs.patterns import matching

ENDLESS = (
    "(" * 60 + "a" + "+)" * 60,
    "((a{300}){300}){300}",
    "(aa)" + "".join(f"(\\{number}\\{number})" for number in range(1, 40)),
    "(" * 290 + "a" + ")" * 290,
    "(?:(?:(?:){30}){30}){30}" * 8,
    "(a|b|c|d)" * 60,
)


@pytest.mark.parametrize("pattern", ENDLESS)
def test_an_expression_that_multiplies_is_soon_done_with(pattern: str) -> None:
    began = time.process_time()
    found = matching(pattern)
    assert time.process_time() - began < 2.0
    assert all(len(text) <= 60 for text in found)


@pytest.mark.parametrize("pattern", [r"(\w+)-\1", r"[A-Z]{2}\d{4}", r"(a|bc)+x?", r"(?:ab){2,5}$"])
def test_what_is_found_matches(pattern: str) -> None:
    found = matching(pattern)
    assert found
    assert all(re.search(pattern, text) for text in found)


@pytest.mark.parametrize("piece", [".", "a.", "`f", "\n", "'", "[", ">>> f(1)\n"])
def test_a_docstring_of_one_piece_over_and_over_takes_no_square_of_its_length(piece: str) -> None:
    began = time.process_time()
    list(shown([piece * (20_000 // len(piece))], ()))
    assert time.process_time() - began < 2.0


def test_the_same_tokens_are_found_as_before() -> None:
    assert list(shown(["A date as YYYY-MM-DD, or HH:MM."], ())) != []
