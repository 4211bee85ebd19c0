import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.report.replacements import Region, Replacement, replacements
from pytest_codemode.report.sarif.fixes import _replacement
from pytest_codemode.worktree.diff import unified_diff
from tests.report.sarif_log import applied

LINES = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "",
        "    x = 1",
        "-- x",
        "++ y",
        "@@ -1 +1 @@",
        "\\ No newline",
        "\x0c\u2028",
        "\r",
        "größer 𝒳",
        "\ufeff",
    ]
)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n"])
FILES = st.builds(
    lambda lines, last: "".join(line + end for line, end in lines) + last,
    st.lists(st.tuples(LINES, ENDS), max_size=14),
    st.sampled_from(["", "", "end"]),
)


@st.composite
def changed(draw):
    """Draw two files; mostly the second is the first with a few lines changed."""
    old = draw(FILES)
    if draw(st.integers(0, 3)) == 0:
        return old, draw(FILES)
    lines = old.split("\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        lines[at : at + draw(st.integers(0, 2))] = draw(st.lists(LINES, max_size=2))
        lines = lines or [""]
    return old, "\n".join(lines)


@given(changed(), st.booleans())
def test_applied_they_give_the_patched_file_to_the_byte_or_are_refused(files, marked):
    old, new = (("\ufeff" if marked else "").encode() + text.encode() for text in files)
    diff = unified_diff("a.py", old, new).decode()
    try:
        changes = replacements(diff)
    except ValueError:
        assert "\ufeff" in diff  # a byte order mark comes, goes or moves; nothing else of this is hard to tell
        return
    if old == new:
        assert changes == ()
        return
    fix = {
        "artifactChanges": [
            {"artifactLocation": {"uri": "a.py"}, "replacements": [_replacement(one) for one in change.replacements]}
            for change in changes
        ]
    }
    assert applied(fix, {"a.py": old}) == {"a.py": new}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"a\nb\nc\n", b"a\nB\nc\n", Replacement(Region(2, 1, 2, 2), "B")),
        (b"a\r\nb\r\n", b"a\r\nB\r\n", Replacement(Region(2, 1, 2, 2), "B")),
        (b"a\nc\n", b"a\nb\nc\n", Replacement(Region(2, 1, 2, 1), "b\n")),
        (b"a\nb\nc\n", b"a\nc\n", Replacement(Region(2, 1, 3, 1), "")),
        (b"a\n", b"a\nb\n", Replacement(Region(1, 3, 1, 3), "b\n")),
        (b"a\nb\n", b"a\n", Replacement(Region(2, 1, 2, 3), "")),
        (b"a\nb", b"a\nb\n", Replacement(Region(2, 1, 2, 2), "b\n")),
        (b"", b"a\n", Replacement(Region(1, 1, 1, 1), "a\n")),
        ("é𝒳 = 1\n".encode(), "é𝒳 = 2\n".encode(), Replacement(Region(1, 1, 1, 7), "é𝒳 = 2")),
        (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfb\n", Replacement(Region(1, 1, 1, 2), "b")),
    ],
)
def test_a_region_names_lines_that_are_there_in_code_points(old, new, expected):
    (change,) = replacements(unified_diff("a.py", old, new).decode())
    assert change.replacements == (expected,)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"# \xe9\n", b"# \xe9\nx\n", "not in UTF-8"),
        (b"\xef\xbb\xbfa\n", b"a\n", "byte order mark"),
        (b"\xef\xbb\xbfa\n", b"b\n\xef\xbb\xbfa\n", "byte order mark"),
        (b"a\n", None, "not a change of text"),
    ],
)
def test_what_cannot_be_told_exactly_is_refused(old, new, why):
    with pytest.raises(ValueError, match=why):
        replacements(unified_diff("a.py", old, new).decode("utf-8", "replace"))
