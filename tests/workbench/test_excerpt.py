from pytest_codemode.workbench.excerpt import Span, enclosing, lines_of, numbered, windows

SOURCE = b"""\
import os

X = [
    1,
]

class A:
    y = 1

    @staticmethod
    def f():
        def g():
            return 1
        return g
"""


def test_lines_carry_their_numbers_and_suspicious_ones_their_mark_and_note() -> None:
    shown = numbered(lines_of(SOURCE), Span(7, 8), {8: "innermost frame"})
    assert shown == "      7 | class A:\n>>    8 |     y = 1  # >> innermost frame"


def test_a_span_beyond_the_file_is_cut() -> None:
    assert numbered(["a"], Span(0, 99)) == "      1 | a"


def test_a_line_is_read_in_its_outermost_function_or_its_statement() -> None:
    assert enclosing(SOURCE, 13) == Span(10, 14, "A.f")
    assert enclosing(SOURCE, 4) == Span(3, 5, "")
    assert enclosing(SOURCE, 8) == Span(8, 8, "A")
    assert enclosing(b"def (", 1) == Span(1, 1)


def test_a_long_function_is_shown_at_its_head_and_around_its_suspicious_lines() -> None:
    assert windows(Span(1, 10), [5], 20) == [Span(1, 10)]
    pieces = windows(Span(1, 500, "f"), [100, 400], 40)
    assert pieces == [Span(1, 3, "f"), Span(90, 110, "f"), Span(390, 410, "f")]


def test_undecodable_bytes_are_shown_all_the_same() -> None:
    assert lines_of(b"# \xff\xfe\nx = 1") == ["# \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}", "x = 1"]
