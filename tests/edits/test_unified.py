import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.edits.unified import changes
from pytest_codemode.repair.diff import unified_diff

LINES = st.lists(
    st.sampled_from([b"a", b"b", b"--- x", b"+++ y", b"@@ -1 +1 @@", b"", b" ", b"\\", b"\r", b"\xff"]), max_size=12
)
TEXTS = st.builds(lambda lines, end: b"\n".join(lines) + end, LINES, st.sampled_from([b"", b"\n"]))


@given(TEXTS, TEXTS, TEXTS)
def test_every_diff_of_ours_is_read_to_its_last_byte(old: bytes, new: bytes, other: bytes) -> None:
    diff = unified_diff("src/a b.py", old, new) + unified_diff("c.py", None, other)
    if old == new and not other:
        return
    if not other and diff:
        diff = unified_diff("src/a b.py", old, new)  # an empty new file has git's own header, which is refused
    if not diff:
        return
    found = changes(diff)
    by_path = {change.path: change for change in found}
    assert set(by_path) == ({"src/a b.py"} if old != new else set()) | ({"c.py"} if other else set())
    if old != new:
        change = by_path["src/a b.py"]
        before, after = old.split(b"\n"), new.split(b"\n")
        lines = [[line + b"\n" for line in text[:-1]] + [text[-1]] for text in (before, after)]
        common = next((at for at, (one, two) in enumerate(zip(*lines, strict=False)) if one != two), None)
        assert common is not None  # the last ones differ at the latest: one text would be the other's beginning
        assert change.kind == "changed"
        assert change.line == common + 1
    if other:
        assert by_path["c.py"].kind == "new"
        assert b"\n".join(by_path["c.py"].added) == other.removesuffix(b"\n")


def test_the_line_of_the_first_difference_is_told() -> None:
    old = b"".join(b"line %d\n" % number for number in range(1, 30))
    new = old.replace(b"line 17\n", b"line seventeen\n")
    (change,) = changes(unified_diff("a.py", old, new))
    assert (change.path, change.line, change.added) == ("a.py", 17, (b"line seventeen",))
    (longer,) = changes(unified_diff("a.py", old, old + b"line 30\n"))
    assert (longer.line, longer.added) == (30, (b"line 30",))


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
        (b"--- a/x.py\n+++ b/x.py\n@@ -1,0 +1 @@\n-a\n+b\n", "is not in the hunk that its head describes"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n a\n \n", "is no --- line"),
        (b"--- x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n", "does not begin with a/"),
        (b"--- a/x.py\n+++ b/y.py\n@@ -1 +1 @@\n-a\n+b\n", "it renames"),
        (b"--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "it renames"),
        (b"--- a/x.py\t2026-11-30\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n", "is no plain name of a file"),
        (b"--- a/\xff.py\n+++ b/\xff.py\n@@ -1 +1 @@\n-a\n+b\n", "the name is not UTF-8"),
        (b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\0\n+b\n", "it holds a zero byte"),
    ],
)
def test_what_is_no_plain_hunk_is_refused_with_its_reason(diff: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason.replace("(", r"\(")):
        changes(diff)
