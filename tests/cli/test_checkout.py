"""Where the checkout begins, and that reports of a project below its root name files from there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_codemode.cli.checkout import checkout_of, folder_of
from tests.cli.test_ci import CONTRADICTION, ci
from tests.sandbox.toys import write_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "top" / "libs" / "backend"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_the_runner_tells_where_the_checkout_begins(project: Path, variable: str, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(tmp_path / "top")
    environment = {variable: str(tmp_path / "alias")}
    assert checkout_of(project, environment) == tmp_path / "top"
    assert folder_of(project, environment) == "libs/backend"


@pytest.mark.parametrize("told", ["", ".", "/", "/elsewhere"])
def test_else_it_is_git_s(project: Path, tmp_path: Path, told: str) -> None:
    environment = {"GITHUB_WORKSPACE": told}
    assert checkout_of(project, environment) == project
    assert folder_of(project, environment) == ""
    (tmp_path / "top" / ".git").write_text("gitdir: ../main/.git/worktrees/top\n")
    assert checkout_of(project, environment) == tmp_path / "top"


def test_a_bare_repository_among_the_files_is_not_taken_for_it(project: Path, tmp_path: Path) -> None:
    (tmp_path / "top" / ".git").mkdir()
    subprocess.run(["git", "init", "-q", "--bare", str(project.parent)], check=True, timeout=60)
    assert checkout_of(project, {}) == tmp_path / "top"


def named(folder: Path) -> set[str]:
    """Return the files that the SARIF and code quality reports in `folder` name."""
    (log,) = json.loads((folder / "report.sarif").read_text())["runs"]
    (quality,) = (path for path in folder.iterdir() if path.name in ("gl-code-quality.json", "x.codequality.json"))
    places = [place["physicalLocation"] for result in log["results"] for place in result["locations"]]
    found = {place["artifactLocation"]["uri"] for place in places}
    return found | {one["location"]["path"] for one in json.loads(quality.read_text())}


def test_reports_of_a_ci_run_name_files_from_the_root_of_the_checkout(project: Path, tmp_path: Path) -> None:
    write_project(project, CONTRADICTION)
    own = tmp_path / "own.sarif"
    variables = {"CI_PROJECT_DIR": str(tmp_path / "top"), "GITLAB_CI": "true"}
    done = ci(project, "--budget=time=60s,candidates=20", f"--report={own}", **variables)
    assert done.returncode == 1, done.stdout
    assert named(project / ".codemode" / "ci") == {"libs/backend/half.py"}
    assert '"uri": "libs/backend/half.py"' in own.read_text()


def test_so_do_those_of_pytest_and_of_a_run_that_is_resumed_or_shown(project: Path, tmp_path: Path) -> None:
    write_project(project, CONTRADICTION)
    (tmp_path / "top" / ".git").mkdir()
    out = tmp_path / "out"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "GITLAB_", "CI_"))}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *words], cwd=project, env=kept, capture_output=True, text=True, timeout=240,
            check=False,
        )  # fmt: skip

    reports = [f"--codemode-report={out / name}" for name in ("report.sarif", "x.codequality.json")]
    done = run("pytest", "--codemode-diff", "--codemode-budget=time=60s,candidates=20", *reports)
    assert done.returncode == 1, done.stdout
    assert named(out) == {"libs/backend/half.py"}
    for path in out.iterdir():
        path.unlink()
    done = run("pytest_codemode.cli.main", "runs", "resume", "last", "--budget", "time=60s,candidates=40")
    assert done.returncode == 1, done.stdout + done.stderr
    assert named(out) == {"libs/backend/half.py"}
    for name in ("report.sarif", "x.codequality.json"):
        assert run("pytest_codemode.cli.main", "runs", "report", "last", "--output", str(out / name)).returncode == 0
    assert named(out) == {"libs/backend/half.py"}
