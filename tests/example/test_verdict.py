"""The demo says OK to the tree it wants and to no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.example.bugs import BUGS, EXAMPLE, fixed_tree, repair, seeded_tree
from tests.example.demo import conclude, show_diff, start_repository
from tests.example.verdict import Verdict, changed_lines, diff_problems, judge

REWRITES = [bug.id for bug in BUGS if not bug.by_search]
BY_SEARCH = tuple(bug.id for bug in BUGS if bug.by_search)


def edit(tree, path, old, new):
    file = tree / path
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


@pytest.fixture
def repaired(tmp_path):
    """A tree as search should leave it."""
    return fixed_tree(tmp_path / "tree", keep=REWRITES)


def test_the_tree_that_search_should_leave_is_accepted(repaired):
    assert judge(repaired) == Verdict(fixed=BY_SEARCH, problems=())


def test_a_tree_without_any_repair_is_refused_for_each_bug(tmp_path):
    verdict = judge(seeded_tree(tmp_path / "tree"))
    assert verdict.fixed == ()
    assert [problem.split()[2] for problem in verdict.problems] == list(BY_SEARCH)


def test_one_bug_left_is_named(tmp_path):
    verdict = judge(fixed_tree(tmp_path / "tree", keep=[*REWRITES, "report-import"]))
    assert verdict.problems == (
        "not fixed: report-import (wrong imported name, seen at collection) in src/orderdesk/report.py",
    )


def test_a_bug_that_needs_a_rewrite_must_not_count_as_fixed(repaired):
    repair(repaired, next(bug for bug in BUGS if bug.id == "merge-chain"))
    problem, *others = judge(repaired).problems
    assert problem.startswith("passes without the rewrite it needs: merge-chain")
    assert others
    assert all(other.startswith("changed away from any bug: src/orderdesk/schedule.py") for other in others)


def test_a_patch_that_takes_sides_in_the_contradiction_is_refused(repaired):
    edit(repaired, "src/orderdesk/money.py", "rounding=ROUND_HALF_UP", "rounding='ROUND_HALF_EVEN'")
    problems = "\n".join(judge(repaired).problems)
    assert "passes, although another test contradicts it" in problems
    assert "no longer passes: tests/test_money.py::test_percentages_are_rounded_to_the_nearest_cent" in problems
    assert "changed, although no bug for search is there: src/orderdesk/money.py" in problems


def test_a_test_that_was_got_rid_of_is_missed(repaired):
    edit(repaired, "tests/test_invoice.py", "def test_half_a_cent_of_tax", "def half_a_cent_of_tax")
    problems = judge(repaired).problems
    assert "was not run: tests/test_invoice.py::test_half_a_cent_of_tax_goes_to_the_even_cent" in problems
    assert "changed, although no bug for search is there: tests/test_invoice.py" in problems


def test_files_may_neither_come_nor_go(repaired):
    (repaired / "src/orderdesk/new.py").write_text("", "utf-8")
    (repaired / "README.md").unlink()
    assert list(diff_problems(repaired)) == ["deleted: README.md", "created: src/orderdesk/new.py"]


def test_caches_and_git_are_no_change(repaired):
    for folder in (".git", ".codemode", "tests/__pycache__"):
        (repaired / folder).mkdir()
        (repaired / folder / "file").write_text("", "utf-8")
    assert list(diff_problems(repaired)) == []


def test_a_guard_beside_the_line_of_the_bug_is_near_enough(tmp_path):
    tree = seeded_tree(tmp_path / "tree")
    line = "        if not coupon.valid_on(day):\n"
    edit(tree, "src/orderdesk/discounts.py", line, f"        if coupon is None:\n            return ZERO\n{line}")
    assert list(diff_problems(tree)) == []


def test_an_edit_away_from_the_bug_is_refused(repaired):
    edit(repaired, "src/orderdesk/catalogue.py", "        if number < 1:\n", "        if number <= 0:\n")
    assert [problem.split(":")[:2] for problem in diff_problems(repaired)] == [
        ["changed away from any bug", " src/orderdesk/catalogue.py"]
    ]


@pytest.mark.parametrize(
    ("after", "expected"),
    [("a\nb\nc\n", []), ("a\nB\nc\n", [(2, 2)]), ("a\nx\nb\nc\n", [(1, 1)]), ("a\n", [(2, 3)])],
    ids=["same", "replaced", "inserted", "deleted"],
)
def test_changes_are_told_in_lines_of_the_original(after, expected):
    assert list(changed_lines("a\nb\nc\n", after)) == expected


def test_the_demo_passes_only_with_status_one_and_no_problem(capsys):
    good = Verdict(fixed=BY_SEARCH, problems=())
    assert conclude(good, 1, 42.0) == 0
    assert "12 of 12 bugs within reach of search fixed in 42 s" in capsys.readouterr().out
    assert conclude(good, 0, 42.0) == 1
    assert conclude(Verdict(fixed=(), problems=("not fixed: x",)), 1, 42.0) == 1
    assert "PROBLEM: not fixed: x" in capsys.readouterr().out


def test_the_diff_is_shown_with_and_without_git(tmp_path, capfd):
    for tree in (tmp_path / "with", tmp_path / "without"):
        seeded_tree(tree)
        if tree.name == "with":
            start_repository(tree)
        for bug in BUGS:
            if bug.by_search:
                repair(tree, bug)
        show_diff(tree)
        assert "+        if quantity >= least:\n" in capfd.readouterr().out


def test_an_interrupted_demo_leaves_nothing_behind(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "tests.example.demo"],
        cwd=EXAMPLE.parent,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert any(line.startswith("$ python -m pytest") for line in process.stdout)
        assert len(list(tmp_path.glob("codemode-demo-*"))) == 1
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert output.endswith("interrupted\n")
    assert list(tmp_path.glob("codemode-demo-*")) == []
