"""The bench itself, on cases made up here: it must accept what is right and say what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUGGY = "def add(a, b):\n    return a - b\n"
TEST = """\
from calc import add

def test_add():
    assert add(1, 2) == 3

def test_zero():
    assert add(1, 0) == 1
"""
COMMAND = "PYTHONPATH=. PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 python -m pytest -q -p no:cacheprovider test_calc.py"


def case(folder: Path, name: str, fix: str) -> None:
    row = {
        "id": name,
        "project": "calc",
        "source_files": ["calc.py"],
        "failing_tests": ["test_calc.py::test_add"],
        "test_command": COMMAND,
        "suite_command": COMMAND,
    }
    for path, text in {
        "case.json": json.dumps(row),
        "tree/calc.py": BUGGY,
        "tree/test_calc.py": TEST,
        "fixed/calc.py": fix,
    }.items():
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_a_known_fix_is_accepted_and_one_that_breaks_a_test_is_not(tmp_path: Path) -> None:
    case(tmp_path, "right", BUGGY.replace("-", "+"))
    case(tmp_path, "wrong", BUGGY.replace("a - b", "3"))
    command = [sys.executable, "-m", "bench.replay", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    right, wrong, *reasons = run.stdout.splitlines()[1:]
    assert right.split()[:6] == ["right", "accepted", "2", "/", "2", "same"], run.stdout + run.stderr
    assert wrong.split()[:2] == ["wrong", "NOT"]
    assert "breaks test_calc.py::test_zero" in " ".join(reasons)
    assert run.returncode == 1
    assert (tmp_path / "right" / "tree" / "calc.py").read_text() == BUGGY
