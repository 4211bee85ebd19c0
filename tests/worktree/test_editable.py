import subprocess
from pathlib import Path

import pytest

from pytest_codemode.worktree.editable import EditableSet
from pytest_codemode.worktree.editable import test_files as files_of_tests


def editable(root: Path, *globs: str, tests: tuple[str, ...] = (), prefixes: tuple[str, ...] = ()) -> EditableSet:
    return EditableSet(root, globs, frozenset(tests), prefixes)


def repository(root: Path, ignored: str) -> None:
    root.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True, timeout=30)
    (root / ".gitignore").write_text(ignored)


@pytest.mark.parametrize("path", ["m.py", "src/pkg/m.py", "src/pkg/latest.py", "src/contest/m.py"])
def test_the_projects_own_code_may_be_changed(tmp_path: Path, path: str) -> None:
    assert editable(tmp_path).why_not(path) == ""


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/etc/m.py", "outside the project"),
        ("../m.py", "outside the project"),
        ("src/../../m.py", "outside the project"),
        ("m\0.py", "outside the project"),
        ("pyproject.toml", "not a Python file"),
        ("src/data.json", "not a Python file"),
        ("tests/support.py", "a test file"),
        ("pkg/test/base.py", "a test file"),
        ("src/test_m.py", "a test file"),
        ("src/m_test.py", "a test file"),
        ("conftest.py", "a test file"),
        ("src/checks.py", "a test file"),
        ("setup.py", "configuration"),
        ("noxfile.py", "configuration"),
        ("sitecustomize.py", "configuration"),
        (".git/hooks/m.py", "configuration"),
        (".codemode/m.py", "configuration"),
        ("lib/python3.11/site-packages/pkg/m.py", "configuration"),
        ("env/lib/python3.11/m.py", "part of the interpreter's environment"),
    ],
)
def test_what_guards_the_project_may_not_be_changed(tmp_path: Path, path: str, reason: str) -> None:
    known = editable(tmp_path, tests=("src/checks.py",), prefixes=(str(tmp_path / "env"), "/usr", str(tmp_path)))
    assert known.why_not(path) == reason
    assert not known.allows(path)


@pytest.mark.parametrize(
    ("glob", "path", "allowed"),
    [
        ("src/*.py", "src/pkg/m.py", True),
        ("src", "src/pkg/m.py", True),
        ("src/", "src/pkg/m.py", True),
        ("src/pkg/m.py", "src/pkg/m.py", True),
        ("src", "srcs/m.py", False),
        ("src/*.py", "tools/m.py", False),
        ("*", "tests/test_m.py", False),
        ("*", "setup.py", False),
    ],
)
def test_globs_narrow_what_may_be_changed_and_never_widen_it(
    tmp_path: Path, glob: str, path: str, allowed: bool
) -> None:
    assert editable(tmp_path, glob).allows(path) is allowed


def test_links_are_not_followed_whether_file_or_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (outside / "m.py").write_text("")
    (root / "folder").symlink_to(outside)
    (root / "m.py").symlink_to(outside / "m.py")
    assert [editable(root).why_not(path) for path in ("folder/m.py", "m.py")] == ["behind a symbolic link"] * 2


def test_what_git_ignores_is_generated_and_may_not_be_changed(tmp_path: Path) -> None:
    repository(tmp_path, "generated/\n_version.py\n")
    known = editable(tmp_path)
    assert known.why_not("src/_version.py") == "ignored by git"
    assert known.why_not("generated/m.py") == "ignored by git"
    assert known.why_not("src/m.py") == ""
    assert known.why_not("-q.py") == ""


def test_a_project_in_an_ignored_folder_of_another_repository_is_not_ignored_as_a_whole(tmp_path: Path) -> None:
    repository(tmp_path, "build/\n")
    root = tmp_path / "build" / "demo"
    root.mkdir(parents=True)
    assert editable(root).why_not("src/m.py") == ""


def test_a_project_that_is_no_repository_has_no_ignored_files(tmp_path: Path) -> None:
    assert editable(tmp_path).why_not("generated/m.py") == ""


def test_a_module_with_doctests_is_no_test_file() -> None:
    nodeids = (
        "tests/test_a.py::test_x",
        "tests/checks.py::TestY::test_z[1.5-a]",
        "tests/odd.py::test_q[a::b.c]",
        "src/pkg/m.py::pkg.m.f",
    )
    assert files_of_tests(nodeids) == {"tests/test_a.py", "tests/checks.py", "tests/odd.py"}
