"""Plain runs and forks of suites made up here: the bench must see what differs, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.fidelity import Comparison, Ended, Forked, sampled
from bench.suites import Plain, Suite
from pytest_codemode.core.project import Project

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "PYTHONPATH=src PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 python -m pytest -q -p no:cacheprovider tests"
TESTS = """\
import os
import unittest

import pytest

from counting import count

seen = []


def test_first():
    seen.append(count("abc"))


@pytest.mark.parametrize("number", [1, 2])
def test_passes(number):
    assert number


def test_fails():
    assert count("ab") == 3


@pytest.mark.xfail
def test_is_expected_to_fail():
    assert not count("a")


@pytest.mark.xfail
def test_passes_unexpectedly():
    pass


@pytest.mark.skip
def test_is_skipped():
    pass


class TestSubtests(unittest.TestCase):
    def test_parts(self):
        for part in range(2):
            with self.subTest(part=part):
                if part:
                    self.skipTest("no")
"""
DEPENDENT = """\

def test_needs_the_first():
    assert seen == [3]


@pytest.mark.parametrize("place", [os.getpid()])
def test_has_an_id_of_its_own(place):
    pass
"""


def prepare(folder: Path, name: str, tests: str) -> None:
    for path, text in {
        "suite.json": json.dumps({"name": name, "pythonpath": "src", "command": COMMAND}),
        "src/counting.py": "def count(text):\n    return len(text)\n",
        "tests/test_counting.py": tests,
    }.items():
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def run_bench(*arguments: str) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "bench.fidelity", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert not run.stderr, run.stderr
    return run.returncode, run.stdout.splitlines()[1:]


@pytest.mark.slow
def test_a_suite_of_independent_tests_ends_the_same_in_forks(tmp_path: Path) -> None:
    prepare(tmp_path, "independent", TESTS)
    status, lines = run_bench(str(tmp_path))
    assert [line.split()[:4] for line in lines] == [["independent", "8", "8", "0"]]
    assert status == 0
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.slow
def test_what_differs_is_told_with_both_outcomes_and_a_plain_run_of_that_test_alone(tmp_path: Path) -> None:
    prepare(tmp_path, "dependent", TESTS + DEPENDENT)
    status, lines = run_bench(str(tmp_path / "dependent"))
    assert lines[0].split()[:4] == ["dependent", "11", "8", "3"]
    alone = lines.index("  passed -> failed, 1 x: AssertionError: assert [] == [3]")
    assert lines[alone + 1].startswith("    alone in a plain pytest: failed")
    assert lines[alone + 2] == "    tests/test_counting.py::test_needs_the_first"
    assert "  passed -> missing, 1 x: each collection gives it another id" in lines
    assert "  not run -> passed, 1 x: each collection gives it another id" in lines
    assert status == 1


@pytest.mark.slow
def test_a_file_that_cannot_be_collected_keeps_no_test_of_the_others_from_being_compared(tmp_path: Path) -> None:
    prepare(tmp_path, "half", TESTS)
    (tmp_path / "half" / "tests" / "test_broken.py").write_text("1 / 0\n", encoding="utf-8")
    status, lines = run_bench(str(tmp_path))
    assert [line.split()[:4] for line in lines] == [["half", "8", "8", "0"]]
    assert status == 0


@pytest.mark.slow
def test_in_one_fork_a_test_finds_what_an_earlier_one_left(tmp_path: Path) -> None:
    prepare(tmp_path, "together", TESTS + DEPENDENT)
    _status, lines = run_bench(str(tmp_path), "--together")
    assert not any("test_needs_the_first" in line for line in lines)


@pytest.mark.slow
def test_a_suite_that_pytest_cannot_start_is_told_and_the_next_one_runs(tmp_path: Path) -> None:
    prepare(tmp_path, "broken", "pass\n")
    (tmp_path / "broken" / "tests" / "conftest.py").write_text("1 / 0\n", encoding="utf-8")
    prepare(tmp_path, "sound", TESTS)
    status, lines = run_bench(str(tmp_path), "--sample", "4")
    assert lines[0].startswith("broken ")
    assert "not compared" in lines[0]
    assert lines[-1].split()[:4] == ["sound", "4", "4", "0"]
    assert status == 1


def test_a_sample_is_spread_evenly_and_always_the_same() -> None:
    assert sampled(tuple("abcdefgh"), 4) == tuple("aceg")
    assert sampled(tuple("abc"), 10) == tuple("abc")
    assert sampled(tuple("abc"), 0) == tuple("abc")


def test_a_prepared_case_is_a_suite_too(tmp_path: Path) -> None:
    row = {"id": "calc-1", "suite_command": "python -m pytest"}
    (tmp_path / "calc").mkdir()
    (tmp_path / "calc" / "case.json").write_text(json.dumps(row), encoding="utf-8")
    prepare(tmp_path, "counting", TESTS)
    assert [(suite.name, suite.tree) for suite in Suite.found(tmp_path)] == [
        ("calc", tmp_path / "calc" / "tree"),
        ("counting", tmp_path / "counting"),
    ]


def test_forks_that_execute_an_installed_copy_are_told_although_all_ends_the_same() -> None:
    nodeid = "tests/test_counting.py::test_first"
    project = Project(rootdir="/project", invocation_dir="/project", python=sys.executable)
    plain = Plain({nodeid: ("passed", "")}, (nodeid,), ("src/counting.py",), project, 1.0)
    here, elsewhere = (
        Forked({nodeid: Ended("passed")}, frozenset({nodeid}), frozenset(executed), 1.0, 1.0)
        for executed in ({"tests/test_counting.py", "src/counting.py"}, {"tests/test_counting.py"})
    )
    assert not Comparison("here", plain, here, (), {}).details()
    assert "nothing of src/counting.py runs" in Comparison("elsewhere", plain, elsewhere, (), {}).details()
