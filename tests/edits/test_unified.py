import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.edits.unified import changes
from pytest_codemode.worktree.diff import unified_diff

LINES = st.lists(
    st.sampled_from([b"a", b"b", b"--- x", b"+++ y", b"@@ -1 +1 @@", b"", b" ", b"\\", b"\r", b"\xff"]), max_size=12
)
TEXTS = st.builds(lambda lines, end: b"\n".join(lines) + end, LINES, st.sampled_from([b"", b"\n"]))

EMPTY = b"diff --git a/x.py b/x.py\nnew file mode 100644\n"


@given(TEXTS, TEXTS, TEXTS)
def test_every_diff_of_ours_is_read_to_its_last_byte(old: bytes, new: bytes, other: bytes) -> None:
    found = changes(unified_diff("src/a b.py", old, new) + unified_diff("c d.py", None, other))
    by_path = {change.path: change for change in found}
    assert set(by_path) == {"c d.py"} | ({"src/a b.py"} if old != new else set())
    if old != new:
        change = by_path["src/a b.py"]
        before, after = old.split(b"\n"), new.split(b"\n")
        lines = [[line + b"\n" for line in text[:-1]] + [text[-1]] for text in (before, after)]
        common = next((at for at, (one, two) in enumerate(zip(*lines, strict=False)) if one != two), None)
        assert common is not None  # the last ones differ at the latest: one text would be the other's beginning
        assert change.kind == "changed"
        assert change.line == min(common + 1, max(len(before) - (not before[-1]), 1))  # one that is there
        assert [line.text for hunk in change.hunks for line in hunk.lines if line.mark != "+"] == [
            before[line.old - 1] for hunk in change.hunks for line in hunk.lines if line.mark != "+"
        ]
        assert [line.text for hunk in change.hunks for line in hunk.lines if line.mark != "-"] == [
            after[line.new - 1] for hunk in change.hunks for line in hunk.lines if line.mark != "-"
        ]
    assert by_path["c d.py"].kind == "new"
    assert b"\n".join(by_path["c d.py"].added) == other.removesuffix(b"\n")


@given(st.text(st.sampled_from('a b/"\\\a\t\n\x1f\x7f0ü'), min_size=1), st.sampled_from([b"", b"x\n"]))
def test_every_name_that_can_be_shown_is_read_as_it_was_written(name: str, content: bytes) -> None:
    (change,) = changes(unified_diff(name, None, content))
    assert (change.path, change.kind) == (name, "new")


def test_a_file_that_goes_empty_is_gone() -> None:
    (change,) = changes(unified_diff("pkg/__init__.py", b"", None))
    assert (change.path, change.kind, change.line, change.added) == ("pkg/__init__.py", "gone", 1, ())


def test_the_line_of_the_first_difference_is_told() -> None:
    old = b"".join(b"line %d\n" % number for number in range(1, 30))
    new = old.replace(b"line 17\n", b"line seventeen\n")
    (change,) = changes(unified_diff("a.py", old, new))
    assert (change.path, change.line, change.added) == ("a.py", 17, (b"line seventeen",))
    (longer,) = changes(unified_diff("a.py", old, old + b"line 30\n"))
    assert (longer.line, longer.added) == (29, (b"line 30",))  # no line 30 is there to be shown
    (between,) = changes(b"--- a/x.py\n+++ b/x.py\n@@ -5,0 +6 @@\n+a\n")
    assert (between.line, between.hunks[0].start, between.hunks[0].lines[0].new) == (5, 6, 6)


@pytest.mark.parametrize(
    ("diff", "reason"),
    [
        (b"", "it holds no change"),
        (b"hello\n", "is no --- line"),
        (b"--- a/x.py\n", "it ends in the middle"),
        (b"--- a/x.py\n+++ b/x.py\n", "it has no hunk for 'x.py'"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b", "its last line has no end"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n+c\n", "is no --- line"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -1,2 +1 @@\n-a\n+b\n", "it ends in the middle"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -0,0 +1 @@\n-a\n+b\n", "is not in the hunk that its head describes"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -1 +1,2 @@\n-a\n-b\n+c\n+d\n", "is not in the hunk that its head describes"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n \n", "is no --- line"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n a\n", "this hunk changes nothing"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -0,0 +0,0 @@\n", "this hunk changes nothing"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -0 +1 @@\n-a\n+b\n", "is not where those before it say"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -3 +4 @@\n-a\n+b\n", "is not where those before it say"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -3 +3 @@\n-a\n+b\n@@ -3 +3 @@\n-b\n+c\n", "is not where those before it say"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -3 +3,2 @@\n-a\n+b\n+c\n@@ -9 +9 @@\n-b\n+c\n", "is not where those before"),
        (
            b"--- a/x.py\n+++ b/x.py\n@@ -1,2 +1 @@\n-a\n\\ No newline at end of file\n-b\n+c\n",
            "stands behind the end of the file",
        ),
        (
            b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n@@ -5 +5 @@\n-a\n+b\n",
            "is not where those before it say",
        ),
        (b"--- /dev/null\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n", "it changes a file that is not there, 'x.py'"),
        (b"--- a/x.py\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "it changes a file that is not there, 'x.py'"),
        (b"--- x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n", "does not begin with a/"),
        (b"--- a/x.py\n+++ b/y.py\n@@ -1 +1 @@\n-a\n+b\n", "it renames"),
        (b"--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "it renames"),
        (b"--- a/x.py\t2026-11-30\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n", "is no plain name of a file"),
        (b"--- a/\xff.py\n+++ b/\xff.py\n@@ -1 +1 @@\n-a\n+b\n", "the name is not UTF-8"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\0\n+b\n", "it holds a zero byte"),
        (b"--- a/x.py\nb/x.py\n", "is no +++ line"),
        (b'--- /dev/null\n+++ "b/x.py"\n@@ -0,0 +1 @@\n+a\n', "is no plain name of a file"),
        (b'--- /dev/null\n+++ "b/\\170\\n.py"\n@@ -0,0 +1 @@\n+a\n', "is no plain name of a file"),
        (b'--- /dev/null\n+++ "b/\\777.py"\n@@ -0,0 +1 @@\n+a\n', "is no plain name of a file"),
        ('--- /dev/null\n+++ "b/\\t\u202e.py"\n@@ -0,0 +1 @@\n+a\n'.encode(), "is no plain name of a file"),
        (b"diff --git a/x.py b/x.py\n", "it ends in the middle"),
        (b"diff --git a/x.py b/y.py\nnew file mode 100644\n", "does not name one file twice"),
        (b"diff --git x.py x.py\nnew file mode 100644\n", "does not begin with a/"),
        (b"diff --git a/x b/x b/x\nnew file mode 100644\n", "does not name one file twice"),
        (b"diff --git a/x.py b/x.py\nnew file mode 100755\n", "modes, links"),
        (b"diff --git a/x.py b/x.py\nnew file mode 120000\n", "modes, links"),
        (b"diff --git a/x.py b/x.py\nnew file mode 100644\nindex 0000000..e69de29\n", "is no --- line"),
        (EMPTY + b"--- a/y.py\n+++ b/y.py\n@@ -1 +1 @@\n-a\n+b\n", "a part of the empty file 'x.py'"),
    ],
)
def test_what_is_no_plain_hunk_is_refused_with_its_reason(diff: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        changes(diff)
