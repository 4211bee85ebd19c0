from pytest_codemode.core.report import Excerpt
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.repair.excerpts import LONGEST_LINE, MOST_LINES, changed_lines, excerpts

LINES = [f"line {number}" for number in range(1, 101)]
SOURCES = {"m.py": "\n".join(LINES).encode(), "n.py": b"only\n"}


def test_lines_around_what_is_suspicious_and_what_changes_are_shown_once_and_in_order() -> None:
    shown = excerpts(SOURCES, [Suspect("m.py", 12, 1.0), Suspect("m.py", 50, 0.5)], [("m.py", 10)])

    assert [(one.path, one.first, len(one.lines)) for one in shown] == [("m.py", 7, 9), ("m.py", 47, 7)]
    assert shown[0].lines == tuple(LINES[6:15])


def test_the_ends_of_a_file_and_files_that_are_not_at_hand_are_no_trouble() -> None:
    shown = excerpts(SOURCES, [Suspect("n.py", 1, 1.0), Suspect("m.py", 100, 1.0), Suspect("gone.py", 3, 1.0)])

    assert shown == (Excerpt("m.py", 97, tuple(LINES[96:])), Excerpt("n.py", 1, ("only", "")))


def test_what_looks_like_a_credential_is_not_shown_even_if_only_its_middle_is() -> None:
    key = "\n".join(["-----BEGIN PRIVATE KEY-----", *["QUJDREVG"] * 20, "-----END PRIVATE KEY-----"])
    source = f"a = 1\n{key}\npassword = 'hunter2-prod-99'\n".encode()
    shown = excerpts({"m.py": source}, [Suspect("m.py", 12, 1.0), Suspect("m.py", 24, 1.0)])

    text = "\n".join(line for one in shown for line in one.lines)
    assert "QUJDREVG" not in text
    assert "hunter2" not in text
    assert "password" in text


def test_an_excerpt_is_bounded() -> None:
    source = ("x" * 5000 + "\n").encode() * 1000
    suspects = [Suspect("m.py", 10 * number, 1.0) for number in range(1, 90)]
    shown = excerpts({"m.py": source}, suspects, [("m.py", line) for line in range(1, 900)])

    assert sum(len(one.lines) for one in shown) <= MOST_LINES
    assert {len(line) for one in shown for line in one.lines} == {LONGEST_LINE}


def test_changed_lines_are_those_of_the_old_file() -> None:
    old = {"m.py": b"a\nb\nc\nd\n", "same.py": b"x"}
    assert changed_lines(old, {"m.py": b"a\nB\nc\nd\n", "same.py": b"x", "new.py": b"n"}) == [("m.py", 2)]
    assert changed_lines(old, {"m.py": b"a\nb\nb2\nc\nd\n"}) == [("m.py", 2)]
    assert changed_lines(old, {"m.py": b"0\na\nb\nc\nd\n"}) == [("m.py", 1)]
    assert changed_lines(old, {"m.py": b"a\nd\n"}) == [("m.py", 2), ("m.py", 3)]


def test_lines_end_as_python_ends_them() -> None:
    shown = excerpts({"m.py": b"a = 1\rb = 2\r\nc = '\x0c'\nd = 4"}, [Suspect("m.py", 3, 1.0)])
    assert shown == (Excerpt("m.py", 1, ("a = 1", "b = 2", "c = '\x0c'", "d = 4")),)


def test_a_header_without_a_value_takes_nothing_from_the_next_line() -> None:
    source = b'"\nAuthorization: Basic\n    username:password1\n"\nx = 1\n'
    (shown,) = excerpts({"m.py": source}, [Suspect("m.py", 5, 1.0)])
    assert shown.first + shown.lines.index("x = 1") == 5


def test_files_that_differ_throughout_are_not_compared_line_by_line() -> None:
    old, new = (b"\n".join(b"%d %s" % (n % 7, mark) for n in range(30_000)) for mark in (b"a", b"b"))
    assert changed_lines({"m.py": old}, {"m.py": new}) == [("m.py", 1)]
    assert changed_lines({"m.py": old}, {"m.py": old.replace(b"3 a\n4 a", b"3 a\n4 b", 1)}) == [("m.py", 5)]
