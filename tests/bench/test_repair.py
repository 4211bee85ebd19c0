"""The judgement of a patch that passes: is it the fix, does it behave as the fix does, or does it only pass?"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import behaviour
from bench.repair import Row, as_markdown
from tests.bench.test_replay import ROOT, case

TESTS = """\
from calc import Cart, spread

def test_spread():
    assert spread([3, 1]) == 2

def test_cart():
    assert Cart([1, 2]).total(tax=0) == 3
"""
FIXED = """\
class Cart:
    def __init__(self, prices):
        self.prices = prices

    def total(self, tax):
        return sum(self.prices) + tax


def spread(numbers):
    return max(numbers) - min(numbers)
"""


def judged(folder: Path, ours: str, fixed: str = FIXED, tests: str = TESTS) -> dict[str, object]:
    """What the plugin says of `ours`, which is in the tree."""
    told = {"fixed": {"calc.py": str(folder / "fixed.py")}, "inputs": 150, "answer": str(folder / "answer.json")}
    files = {"calc.py": ours, "test_calc.py": tests, "fixed.py": fixed, "told.json": json.dumps(told)}
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "behaving.py").write_text(Path(behaviour.__file__).read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-p", "behaving", "-p", "no:cacheprovider", "test_calc.py"]
    env = {"PYTHONPATH": ".", behaviour.VARIABLE: str(folder / "told.json"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (folder / "answer.json").exists(), run.stdout + run.stderr
    answer: dict[str, object] = json.loads((folder / "answer.json").read_text())
    return answer


def test_other_code_that_does_the_same_is_found_to(tmp_path: Path) -> None:
    ours = FIXED.replace("max(numbers) - min(numbers)", "sorted(numbers)[-1] - sorted(numbers)[0]")
    ours = ours.replace("sum(self.prices) + tax", "tax + sum(price for price in self.prices)")
    # Empty lists differ (ValueError, IndexError): no input may be one.
    fixed = FIXED.replace("    return max", "    if not numbers:\n        raise IndexError\n    return max")

    answer = judged(tmp_path, ours, fixed)

    assert (answer["differs"], answer["unknown"]) == ("", "")
    assert answer["compared"] == 2 * 150


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("max(numbers) - min(numbers)", "numbers[0] - numbers[-1]", "spread(numbers=["),
        ("sum(self.prices) + tax", "sum(self.prices)", "Cart.total(self="),
        ("return max", "numbers.sort()\n    return max", "spread(numbers=["),  # what it leaves in its argument
    ],
)
def test_a_patch_that_only_passes_is_told_by_an_example(tmp_path: Path, old: str, new: str, told: str) -> None:
    answer = judged(tmp_path, FIXED.replace(old, new))
    assert str(answer["differs"]).startswith(told)


@pytest.mark.parametrize(
    ("fixed", "why"),
    [
        (FIXED + "\nLIMIT = 3\n", "calc.py differs in more than functions that both versions have"),
        (FIXED.replace("def spread(numbers)", "def spread(numbers, default=0)"), "spread has other parameters"),
        (FIXED.replace("    return max", "    import math\n    return max"), ""),
    ],
)
def test_what_cannot_be_compared_is_said(tmp_path: Path, fixed: str, why: str) -> None:
    answer = judged(tmp_path, FIXED, fixed)
    assert str(answer["unknown"]).startswith(why)
    assert bool(answer["unknown"]) == bool(why)


@pytest.mark.slow
def test_a_corpus_is_repaired_and_a_second_run_only_reads_what_is_known(tmp_path: Path) -> None:
    case(tmp_path / "cases", "one", "def add(a, b):\n    return a + b\n")
    case(tmp_path / "cases", "two", "def add(a, b):\n    return b + a\n")
    command = [sys.executable, "-m", "bench.repair", str(tmp_path / "cases"), "--results", str(tmp_path / "rows")]

    first = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)

    rows = [json.loads(line) for line in (tmp_path / "rows").read_text().splitlines()]
    assert first.returncode == 0, first.stdout + first.stderr
    assert [(row["id"], row["plausible"], row["correct"]) for row in rows] == [
        ("one", True, "same code"),
        ("two", True, "same behaviour"),
    ]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert second.stdout.strip() == first.stdout.strip()[first.stdout.strip().index("project ") :]


def test_the_table_gives_each_case_its_operator_or_a_reason() -> None:
    fixed = Row("b-1", "b", True, "same code", "", False, 12.4, 1234, "compare.operator", 2, 4, [])
    why = [
        "1 of 2 failing tests do not pass, as t.py::t",
        "t1: none of 9 candidates helped; the time budget was spent; x",
    ]
    left = Row("A-1", "a", False, "", "", False, 120.2, 9, "", 0, 3, why)

    assert as_markdown([fixed, left]).splitlines()[2:] == [
        "| A-1 | - | 120 | 9 | - (3) | not found in time |",
        "| b-1 | same code | 12 | 1,234 | 2 (4) | compare.operator |",
    ]
