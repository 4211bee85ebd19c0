"""What a reviewer of a published patch cannot see is not published."""

import unicodedata

import pytest

from pytest_codemode.cli.ci.legible import hidden, why_illegible
from pytest_codemode.worktree.diff import unified_diff
from tests.ci.conftest import CLAMP, Repository
from tests.ci.test_publish import publish

OLD = b"x = 1\n"


def why(new: bytes, old: bytes = OLD) -> str:
    added = [line for line in new.split(b"\n") if line not in old.split(b"\n")]
    return why_illegible(old, new, added)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"# harmless\rimport os", "U+000D"),
        ("a = '\u200b'".encode(), "U+200B"),
        ("a = 1  # \U000e0041\U000e0042".encode(), "U+E0041, U+E0042"),
        ("a = '\u200f'".encode(), "U+200F"),
        (b"a = '\x1b[2K'", "U+001B"),
        ("\u3164 = 1".encode(), "U+3164"),
        ("a\u115f = a\u1160 = a\uffa0 = 1".encode(), "U+115F, U+1160, U+FFA0"),
        ("a = 1  # \u2028import os".encode(), "U+2028"),
        ("a = 1  # \u2029import os".encode(), "U+2029"),
        ("a = 1  # \u202e".encode(), "U+202E"),
        ("a = '\ue000'".encode(), "U+E000"),
        ("a = '\u0378'".encode(), "U+0378"),
        ("a\ufe0f = 1".encode(), "U+FE0F"),
        ("\ufeffa = 1".encode(), "U+FEFF"),
        (b"a = 1\x0c", "U+000C"),
        (b"a = '\x7f'", "U+007F"),
        (b"a = '\xff'", "the file would not be UTF-8"),
        (b"a = '\xed\xa0\x80'", "the file would not be UTF-8"),
    ],
)
def test_a_character_that_nobody_sees_is_named(line: bytes, reason: str) -> None:
    assert reason in why(OLD + line + b"\n")
    assert reason in why(line + b"\n", b"")


@pytest.mark.parametrize(
    "line",
    [
        b"def f():\n\treturn 1",
        "größe = 'naïve – “œuvre” 日本語 한국어 עברית'".encode(),
        b"a = 1\r",
        "a = '👍'".encode(),
        "a = 'e\u0301'".encode(),
        b"a = '\\u200b \\x1b'",
    ],
)
def test_what_is_seen_is_in_order(line: bytes) -> None:
    assert why(OLD + line + b"\n") == ""
    assert why(line + b"\n", b"") == ""


def test_what_the_file_hides_already_may_be_kept_and_moved_and_no_more_of_it_may_come() -> None:
    old = "a = '\u200b'\n\x0c\nb = 2\n".encode()
    assert why("b = 3\n\x0c\na = '\u200b'\n".encode(), old) == ""
    assert "U+200B" in why("a = '\u200b\u200b'\n\x0c\nb = 2\n".encode(), old)


@pytest.mark.parametrize(
    "cookie", [b"# coding: utf-7", b"#!/x\n# -*- coding: UTF_7 -*-", b"\x0c # vim: set fileencoding=iso2022_jp :"]
)
@pytest.mark.parametrize("old", [OLD, None])
def test_an_encoding_in_which_text_is_something_else_is_refused(cookie: bytes, old: bytes | None) -> None:
    new = cookie + b"\nx = 2\n"
    # Whether it is new or not: with it, an added line is not what it looks like.
    assert "in which it may say something else than it shows" in why(
        new, new.replace(b"2", b"1") if old is None else old
    )
    assert "in which it may say" in why(b"\xef\xbb\xbf" + new, b"\xef\xbb\xbf")
    assert "in which it may say" in why(cookie.replace(b"\n", b"\r") + b"\rx = 2\r", cookie + b"\r\r\r")


def test_a_cookie_below_the_second_line_is_none_and_utf_8_is_none_either() -> None:
    assert why(b"\n\n# coding: utf-7\n") == ""
    assert why(b"# coding: utf8\nx = 2\n") == ""
    assert why(b"# -*- coding: us-ascii -*-\nx = 2\n") == ""


def test_a_file_in_an_encoding_of_one_byte_takes_ascii_alone() -> None:
    old = b"# coding: latin-1\nname = 'caf\xe9'\nx = 1\n"
    assert why(old.replace(b"x = 1", b"x = 2"), old) == ""
    assert "more than ASCII" in why(old + b"y = '\xe9'\n", old)
    assert "U+001B" in why(old + b"y = '\x1b'\n", old)


def test_no_character_without_a_glyph_is_thought_to_be_seen() -> None:
    unseen = [
        chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Cf", "Co", "Zl", "Zp")
    ]
    assert [char for char in unseen if not hidden(char)] == ["\t", "\n"]
    assert not [char for char in map(chr, range(0x20, 0x7F)) if hidden(char)]


def test_such_a_patch_is_not_published(repository: Repository) -> None:
    tested = repository.change("feature", {"src/pkg/clamp.py": CLAMP})
    before = repository.at_remote()
    for new in (CLAMP.encode() + b"# harmless\rimport os\n", b"# coding: utf-7\n" + CLAMP.encode()):
        done = publish(repository, unified_diff("src/pkg/clamp.py", CLAMP.encode(), new), f"--base={tested}")
        assert done.returncode == 1
        assert "codemode: the patch is refused: src/pkg/clamp.py: " in done.stdout
    assert repository.at_remote() == before
