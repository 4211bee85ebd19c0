import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.report.escapes import block, cell, code, text

SHOWN = "\u200b"


def rendered(markdown: str) -> str:
    """Return what a reader of one paragraph sees: backslash escapes and our one entity undone."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown.replace("&#8203;", SHOWN))


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("thanks @octocat", "thanks @\u200boctocat"),
        ("me@example.org", "me@\u200bexample.org"),
        ("see #12 and octo/repo#3", "see #\u200b12 and octo/repo#\u200b3"),
        ("GH-7", "GH-\u200b7"),
        ("https://evil.invalid/x", "https:\u200b//evil.invalid/x"),
        ("www.evil.invalid", "www.\u200bevil.invalid"),
        ("# no heading, a @ b", "# no heading, a @ b"),
    ],
)
def test_what_github_makes_live_is_broken_by_a_space_that_nobody_sees(foreign, shown):
    assert rendered(text(foreign)) == shown


@pytest.mark.parametrize(
    "foreign", ["<img src=x>", "![a](b)", "**x**", "a_b_c", "`x`", "&lt;", "$x$", "~~x~~", "| a |"]
)
def test_markup_is_taken_literally(foreign):
    assert rendered(text(foreign)) == foreign
    assert not re.search(r"(?<!\\)[<*_`$~|&\[]", text(foreign))


@pytest.mark.parametrize("foreign", ["- item", "+ item", "1. item", "12) item", "---", "===", "-"])
def test_a_line_does_not_begin_a_block(foreign):
    assert text(foreign) != foreign
    assert rendered(text(foreign)) == foreign


@pytest.mark.parametrize("foreign", ["--codemode-fix", "0.0 s", "-1 is less", "=x"])
def test_what_begins_no_block_stays_readable(foreign):
    assert text(foreign) == foreign


@given(st.text())
def test_a_text_is_one_line_and_says_the_same(foreign):
    shown = rendered(text(foreign)).replace(SHOWN, "")
    assert "\n" not in shown
    assert "\x1b" not in shown
    if re.fullmatch("[ -~]{0,200}", foreign):
        assert shown == " ".join(foreign.split())


def test_code_holds_backticks_and_a_cell_holds_bars():
    assert code("a `b` c") == "``a `b` c``"
    assert code("`b`") == "`` `b` ``"
    assert cell("a | b") == r"`a \| b`"


def test_a_block_cannot_be_ended_from_within():
    assert list(block("```\n````\nx\x1b", "diff")) == ["`````diff", "```\n````\nx\\x1b", "`````"]


def test_a_long_text_is_cut_and_marked():
    assert len(text("x" * 100_000)) == 4_003
    assert text("x" * 100_000).endswith("xxx...")
