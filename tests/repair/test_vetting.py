from dataclasses import replace
from pathlib import Path

import pytest

from pytest_codemode.core.patch import Applied, Patch
from pytest_codemode.core.project import Project
from pytest_codemode.edits.apply import apply
from pytest_codemode.repair.vetting import Vetting, assertion_literals, importable
from pytest_codemode.worktree.editable import EditableSet
from pytest_codemode.worktree.sources import SourceTree
from tests.repair.proposers import number
from tests.repair.sandbox import failure
from tests.repair.world import RED, SOURCE, task


def vetting(root: Path, *globs: str) -> tuple[Vetting, SourceTree]:
    for name in ("m.py", "n.py"):
        (root / name).write_bytes(SOURCE)
    tree = SourceTree(root)
    project = Project(str(root), str(root), "/usr/bin/python3")
    return Vetting(project, tree, EditableSet(root, globs, frozenset()), globs), tree


def vetted(root: Path, patch: Patch, *globs: str) -> tuple[str, str]:
    """Return what the two stages of policy refuse."""
    made, tree = vetting(root, *globs)
    first, second = made.vetoes(task(RED))
    applied = apply(patch, tree.read)
    assert isinstance(applied, Applied)
    return first(applied)[0], second(applied)[0]


def test_an_honest_patch_passes_both_stages(tmp_path: Path) -> None:
    assert vetted(tmp_path, number("2")) == ("", "")


def test_a_file_that_no_failing_test_runs_is_refused_unless_the_user_allowed_it(tmp_path: Path) -> None:
    assert vetted(tmp_path, number("2", path="n.py"))[0]
    assert vetted(tmp_path, number("2", path="n.py"), "*.py") == ("", "")


def test_an_undefined_name_is_found_by_the_second_stage(tmp_path: Path) -> None:
    refused = vetted(tmp_path, number("no_such_name"))
    assert refused[0] == ""
    assert "no_such_name" in refused[1]


def test_literals_come_from_the_comparison_and_from_the_assertions_of_the_test_file() -> None:
    one = failure("t.py::a", left="['x', 3]", operator="==", right="<object at 0x1>")
    sources = [b"LIMIT = 9\ndef a():\n    y = 8\n    assert f(5) == 'y'\n", b"no python ("]
    assert assertion_literals([one], sources) == {"'x'", "3", "['x', 3]", "5", "'y'"}


@pytest.mark.parametrize(
    ("module", "found"),
    [("json", True), ("json.decoder", True), ("own", True), ("own.part", True), ("single", True), ("no_such", False)],
)
def test_what_can_be_imported_is_known_from_files_alone(tmp_path: Path, module: str, found: bool) -> None:
    (tmp_path / "src/own").mkdir(parents=True)
    (tmp_path / "site").mkdir()
    (tmp_path / "site/single.py").write_text("raise SystemExit\n")
    project = Project(str(tmp_path), str(tmp_path), "/usr/bin/python3")
    assert importable(replace(project, sys_path=(str(tmp_path / "site"),)))(module) is found
