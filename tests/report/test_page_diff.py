import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_codemode.report.blocks import first_lines, parse, renumbered
from pytest_codemode.report.page.sidebyside import render
from pytest_codemode.report.page.words import changed_words, paired
from pytest_codemode.worktree.diff import unified_diff

# Lines that look like what frames a diff: only the counts tell them apart.
LINES = st.lists(st.sampled_from(["a", "b", "-- x", "++ y", "@@ -1 +1 @@", "", "\\ no", "c\r", " d"]), max_size=30)
TEXTS = st.tuples(LINES, st.booleans()).map(lambda given: "\n".join(given[0]) + ("\n" if given[1] else ""))
WORDS = st.text("ab1 (.=\u00e9", max_size=30)


def split(text):
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


@given(TEXTS, TEXTS)
def test_what_was_written_is_read_again_line_by_line(old, new):
    files = parse(unified_diff("a.py", old.encode(), new.encode()).decode())
    assert len(files) == (old != new)
    for file in files:
        for block in (block for hunk in file.hunks for block in hunk.blocks):
            assert [line.text for line in block.old] == [split(old)[line.number - 1] for line in block.old]
            assert [line.text for line in block.new] == [split(new)[line.number - 1] for line in block.new]
            for text, lines in ((old, block.old), (new, block.new)):
                last = [line for line in lines if line.number == len(split(text))]
                assert [line.ended for line in lines if line not in last] == [True] * (len(lines) - len(last))
                assert all(line.ended == text.endswith("\n") for line in last)


@given(TEXTS, TEXTS)
def test_lines_that_stay_are_found_at_their_new_number(old, new):
    for file in parse(unified_diff("a.py", old.encode(), new.encode()).decode()):
        numbers = renumbered(file, range(1, len(split(old)) + 1))
        assert [split(old)[line - 1] for line in numbers] == [split(new)[line - 1] for line in numbers.values()]
        assert len(numbers) + file.added == len(split(new))
        assert len(numbers) + file.removed == len(split(old))


def test_files_that_come_and_go_are_named_and_told():
    diffs = (
        unified_diff("a/new file.py", None, b"x\n"),
        unified_diff("gone.py", b"x\n", None),
        unified_diff('quo"te.py', b"x\n", b"y"),
        unified_diff("empty.py", None, b""),
    )
    files = parse(b"".join(diffs).decode())
    assert [(file.path, file.kind) for file in files] == [
        ("a/new file.py", "new"),
        ("gone.py", "gone"),
        ('quo"te.py', "changed"),
        ("empty.py", "new"),
    ]
    assert "An empty file." in render(b"".join(diffs).decode())


@pytest.mark.parametrize(
    "text",
    [
        "no diff",
        "--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@\n-a\n+b\n",
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\nand more\n",
        "@@ -1 +1 @@\n-a\n+b\n",
        "--- a/x\n+++ b/x\n@@ -1 +1,999999999 @@\n-a\n",
        "--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n-b\n+c\n+d\n",
        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b",
        "diff --git a/x b/x\nold mode 100644\nnew mode 100755\n",
    ],
)
def test_what_is_no_diff_is_refused_and_shown_as_it_stands(text):
    with pytest.raises(ValueError, match=r"line \d|it ends in the middle|its last line has no end"):
        parse(text)
    assert first_lines(text) == ()
    assert render(text).startswith("<pre")


@given(WORDS, WORDS)
def test_parts_of_a_line_add_up_to_the_line(old, new):
    for parts, line in zip(changed_words(old, new) or ([(True, old)], [(True, new)]), (old, new), strict=True):
        assert "".join(text for _, text in parts) == line


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        ("if a > b:", "if a >= b:", "if a > b:", "if a >[=] b:"),
        ("return total(x)", "return [mean](x)", "return [total](x)", "return [mean](x)"),
        ("x = one two + c - d", "x = three four + c - d", "x = [one two] + c - d", "x = [three four] + c - d"),
    ],
)
def test_just_the_words_that_changed_are_marked(old, new, before, after):
    found = changed_words(old, new.replace("[", "").replace("]", ""))
    assert found is not None
    shown = ["".join(f"[{text}]" if changed else text for changed, text in parts) for parts in found]
    assert shown == [before, after]


def test_lines_with_little_in_common_are_not_compared_by_words():
    assert changed_words("for item in self.items:", "raise ValueError('x')") is None
    assert changed_words("a " * 1000, "a " * 999) is None


@given(st.lists(WORDS, max_size=8), st.lists(WORDS, max_size=8))
def test_every_line_has_a_place_and_all_stay_in_order(old, new):
    pairs = paired(old, new)
    assert [at for at, _ in pairs if at is not None] == list(range(len(old)))
    assert [to for _, to in pairs if to is not None] == list(range(len(new)))


def test_a_line_stands_beside_the_one_it_became():
    old = ["    total = sum(prices)", "    return total / count"]
    new = ["    if not prices:", "        return 0", "    total = sum(prices, 0)", "    return total / len(prices)"]
    assert paired(old, new) == [(None, 0), (None, 1), (0, 2), (1, 3)]


def test_very_many_lines_pair_up_in_order():
    assert paired(["a"] * 100, ["b"] * 99)[-2:] == [(98, 98), (99, None)]
