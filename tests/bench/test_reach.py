"""The bench of what is generated: it finds a known fix among the candidates, by its code and not by its text."""

import json
from pathlib import Path

import pytest

from bench.cases import Case
from bench.reach import Target, reach, summary
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.task import RepairTask
from tests.proposers.material import failure

OLD = '"""Text."""\n\n\ndef low():\n    return 0\n\n\ndef over(a, b):\n    """Say."""\n    return a > b  # why\n'


def case(folder: Path, fixed: str, path: str = "calc.py") -> tuple[Case, RepairTask]:
    row = {"id": "one", "project": "calc", "source_files": [path], "failing_tests": ["t.py::t"], "test_command": "x"}
    row["suite_command"] = "x"
    for name, text in {"case.json": json.dumps(row), f"tree/{path}": OLD, f"fixed/{path}": fixed}.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    suspects = tuple(Suspect(path, line, 1.0) for line in range(1, OLD.count("\n") + 1))
    return Case.read(folder), RepairTask("t1", (failure(left="1", right="2"),), suspects, {path: OLD.encode()}, {})


def test_the_rank_of_the_known_fix_is_found_whatever_its_comments_and_docstrings(tmp_path: Path) -> None:
    fixed = OLD.replace("a > b  # why", "a >= b").replace("Say.", "Say more.").replace("Text.", "Another text.")
    found = reach(*_with_tasks(case(tmp_path, fixed)), limit=500)
    assert found.operator == "compare.operator"
    assert 0 < found.rank <= 10
    assert found.candidates == found.rank
    assert "within 10: 1" in summary([found])


def test_a_fix_that_is_not_generated_has_no_rank(tmp_path: Path) -> None:
    found = reach(*_with_tasks(case(tmp_path, OLD.replace("a > b", "hypot(a, b, 17)"))), limit=200)
    assert (found.rank, found.candidates) == (0, 200)
    assert "within 5000: 0" in summary([found])


def test_a_change_of_another_function_is_not_the_fix(tmp_path: Path) -> None:
    target = Target(OLD.encode(), OLD.replace("a > b", "a >= b").encode())
    assert target.hit(OLD.replace("a > b", "a >= b").encode())
    assert not target.hit(OLD.replace("return 0", "return 1").encode())
    assert not target.hit(OLD.replace("a > b", "a >= b").replace("return 0", "return 1").encode())
    assert not target.hit_anywhere(OLD.encode())


def _with_tasks(made: tuple[Case, RepairTask]) -> tuple[Case, list[RepairTask]]:
    return made[0], [made[1]]


@pytest.mark.slow
def test_the_tasks_are_those_of_a_repair(tmp_path: Path) -> None:
    import argparse
    import sys

    from bench.reach import Asking
    from tests.bench.test_replay import COMMAND, TEST

    one, _ = case(tmp_path / "one", OLD)
    tree = tmp_path / "one" / "tree"
    tree.joinpath("calc.py").write_text("def add(a, b):\n    return a - b\n")
    tree.joinpath("test_calc.py").write_text(TEST)
    one = Case(one.folder, one.id, one.project, one.sources, one.failing, COMMAND)
    given = argparse.Namespace(python=sys.executable, sandbox="auto", budget="time=1m", logs=None)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (task,) = Asking(one, scratch, given).tasks()
    assert task.nodeids == ("test_calc.py::test_add",)
    assert (task.suspects[0].path, task.suspects[0].line) == ("calc.py", 2)
