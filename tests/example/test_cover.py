"""Tests written for the module of the example project that has none: what holds is asserted, what is wrong reported."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_codemode.core.codec import decode
from pytest_codemode.core.report import RunReport
from pytest_codemode.core.written import CoverReport
from tests.example.bugs import seeded_tree
from tests.example.uncovered import CONTRADICTED, MODULE, put_right
from tests.example.verdict import diff_problems, plain_environment

WRITTEN = "tests/test_labels.py"
BUDGET = "time=4m"
"""Much more than it takes, half a minute, so that a busy machine does not end it."""

SLOW = pytest.mark.slow


@dataclass(frozen=True)
class Covered:
    """A copy of the project after the run."""

    tree: Path
    status: int
    shown: str
    report: RunReport

    @property
    def cover(self) -> CoverReport:
        assert self.report.cover is not None
        return self.report.cover


def pytest_in(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", "-m", "pytest", "-q", "--tb=short", "-p", "no:randomly", *words]
    return subprocess.run(
        command, cwd=tree, env=plain_environment(), capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture(scope="module")
def covered(tmp_path_factory: pytest.TempPathFactory) -> Covered:
    folder = tmp_path_factory.mktemp("covered")
    tree, report = seeded_tree(folder / "orderdesk"), folder / "report.json"
    asked = ("--codemode-cover", "--codemode-target", MODULE, "--codemode-budget", BUDGET, "--codemode-report", report)
    done = pytest_in(tree, *map(str, asked))
    assert report.exists(), done.stdout + done.stderr
    return Covered(tree, done.returncode, done.stdout, decode(RunReport, json.loads(report.read_text())))


def functions(source: str) -> dict[str, range]:
    """Return qualname -> lines of the body of each function."""
    found: dict[str, range] = {}
    for node in ast.parse(source).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        owner = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for one in inner:
            if isinstance(one, ast.FunctionDef):
                found[owner + one.name] = range(one.body[0].lineno, (one.end_lineno or 0) + 1)
    return found


def test_the_seeded_texts_stand_there_and_can_be_put_right(tmp_path: Path) -> None:
    tree = seeded_tree(tmp_path / "tree")
    put_right(tree)
    names = functions((tree / MODULE).read_text())
    assert all(name in names for one in CONTRADICTED for name in one.functions)


@SLOW
def test_everything_that_holds_is_tested(covered: Covered) -> None:
    taken = {line for test in covered.cover.tests for line in test.lines}
    wrong = {one.functions[-1] for one in CONTRADICTED}
    bodies = functions((covered.tree / MODULE).read_text())
    assert [name for name, body in bodies.items() if name not in wrong and not taken & {*body}] == []
    (file,) = covered.cover.files
    assert file.path == MODULE
    assert file.before < 40
    assert file.after > 90
    assert covered.cover.killed > 0.8 * covered.cover.mutants > 50


@SLOW
@pytest.mark.parametrize("wrong", CONTRADICTED, ids=lambda one: one.kind)
def test_what_is_wrong_is_reported_as_a_possible_bug(covered: Covered, wrong) -> None:
    found = [bug for bug in covered.cover.bugs if bug.kind == wrong.kind and bug.function in wrong.functions]
    assert found, covered.shown
    assert found[0].call.endswith(wrong.call)
    assert f"POSSIBLE BUG {MODULE}:{found[0].line} {found[0].function}" in covered.shown


@SLOW
def test_nothing_that_is_right_is_reported(covered: Covered) -> None:
    wrong = {name for one in CONTRADICTED for name in one.functions}
    assert {bug.function for bug in covered.cover.bugs} <= wrong


@SLOW
def test_the_tests_pass_as_plain_tests_and_as_well_where_the_module_is_right(covered: Covered, tmp_path: Path) -> None:
    as_it_is = pytest_in(covered.tree, "-p", "no:codemode", "-p", "no:cacheprovider", WRITTEN)
    assert as_it_is.returncode == 0, as_it_is.stdout
    right = seeded_tree(tmp_path / "right")
    (right / WRITTEN).write_bytes((covered.tree / WRITTEN).read_bytes())
    put_right(right)
    # A test that fails here asserts what is wrong.
    done = pytest_in(right, "-p", "no:codemode", "-p", "no:cacheprovider", WRITTEN)
    assert done.returncode == 0, done.stdout


@SLOW
def test_nothing_else_in_the_tree_has_changed(covered: Covered) -> None:
    assert list(diff_problems(covered.tree)) == [f"created: {WRITTEN}"]
    assert covered.report.written == (WRITTEN,)
    assert covered.status == 1, "the suite fails as it did, which writing tests does not hide"
