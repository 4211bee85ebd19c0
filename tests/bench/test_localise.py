"""The ruler of `bench.localise`: what the fix changes, and which rank that has."""

import argparse
import json
import sys
from pathlib import Path

import pytest

from bench.cases import Case
from bench.localise import COLUMNS, changed_places, line_of, measured, rank_of, summary
from pytest_codemode.core.suspicion import Location, Suspect

OLD = '''\
"""Text."""
def f(x):
    # as it was
    y = g(
        x,
    )
    if y:
        return 1
    return y
'''


def case(folder: Path, old: str, new: str, tests: str = "") -> Case:
    for name, text in (("tree/m.py", old), ("fixed/m.py", new), ("tree/test_m.py", tests)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    row = {
        "id": "one",
        "project": "toy",
        "source_files": ["m.py"],
        "failing_tests": ["test_m.py::test_f"],
        "test_command": "PYTHONPATH=. python -m pytest -q",
        "suite_command": "",
    }
    (folder / "case.json").write_text(json.dumps(row))
    return Case.read(folder)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("return 1", "return 2", {8}),
        ("        x,\n", "        x + 1,\n", {4}),  # a line within a statement stands for it
        ("    if y:\n", "    if not y:\n", {7}),
        ("    return y\n", "", {9}),
        ("    if y:\n", "    y += 1\n    if y:\n", {4, 7}),  # what is new stands between two others
        ("# as it was", "# as it is", set()),
        ('"""Text."""', '"""Other text."""', set()),
    ],
)
def test_the_place_of_a_fix_is_what_it_changes_or_stands_beside(
    tmp_path: Path, before: str, after: str, lines: set[int]
) -> None:
    assert changed_places(case(tmp_path, OLD, OLD.replace(before, after))) == {("m.py", line) for line in lines}


def test_equal_scores_share_the_middle_rank() -> None:
    def at(suspect: Suspect) -> Location:
        return suspect.path, suspect.line

    suspects = [Suspect("m.py", line, score) for line, score in ((1, 1.0), (2, 0.5), (3, 0.5), (4, 0.5), (5, 0.1))]
    assert [rank_of(suspects, {("m.py", line)}, at) for line in (1, 2, 4, 5, 6)] == [1, 3, 3, 5, None]
    assert rank_of(suspects, {("m.py", 5), ("m.py", 1)}, at) == 1


def test_a_case_is_localised_in_the_sandbox_and_compared_with_its_fix(tmp_path: Path) -> None:
    source = "def f(x):\n    if x > 1:\n        return 2\n    return 3\n"
    tests = "from m import f\ndef test_f():\n    assert f(0) == 1\ndef test_g():\n    assert f(5) == 2\n"
    one = case(tmp_path / "case", source, source.replace("3", "1"), tests)
    row = measured(one, tmp_path, argparse.Namespace(python=sys.executable, sandbox="auto"))
    assert (row.problem, row.causes) == ("", 1)
    assert row.lines.keys() == COLUMNS.keys()
    assert (row.lines["all"], row.lines["traceback"], row.functions["all"]) == (1, None, 1)
    assert line_of(row).split()[:2] == ["one", "1"]
    table = list(summary([row]))
    assert table[1].startswith("statements, 1 cases")
    assert table[2].split() == ["all", "1", "1", "1", "1", "1.000"]
