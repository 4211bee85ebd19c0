"""The files that teams copy and that the action runs, each run as it stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ci.conftest import CLAMP, PROJECT, Repository
from tests.ci.runner import ROOT

CI = ROOT / "ci"


def prepare(tmp_path: Path, restricted: str | None, sudo: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ci/prepare.sh with a kernel's switch and a `sudo` of our own: tests change no kernel."""
    switch = tmp_path / "switch"
    if restricted is not None:
        switch.write_text(f"{restricted}\n")
    (tmp_path / "sudo").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>"{tmp_path}/calls"\n{sudo}\n')
    (tmp_path / "sudo").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", str(CI / "prepare.sh"), str(switch)], env={**os.environ, "PATH": path, **variables},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("restricted", "sudo", "said", "called"),
    [
        ("1", "exit 0", "user namespaces are allowed now", True),
        ("1", "echo no password >&2; exit 1", "the sandbox will be landlock, not namespaces", True),
        ("0", "exit 0", "AppArmor does not restrict user namespaces here", False),
        (None, "exit 0", "AppArmor does not restrict user namespaces here", False),
    ],
)
def test_the_runner_is_prepared_or_says_which_level_it_falls_to(
    tmp_path: Path, restricted: str | None, sudo: str, said: str, called: bool
) -> None:
    done = prepare(tmp_path, restricted, sudo)
    assert (done.returncode, done.stderr) == (0, "")
    assert said in done.stdout
    calls = tmp_path / "calls"
    assert calls.exists() == called
    if called:
        assert calls.read_text() == "-n sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0\n"


def test_a_runner_that_is_to_stay_as_it_is_stays_so(tmp_path: Path) -> None:
    done = prepare(tmp_path, "1", "exit 0", INPUT_PREPARE_RUNNER="false")
    assert done.stdout == "the runner is left as it is\n"
    assert not (tmp_path / "calls").exists()


def test_modules_of_the_checkout_are_not_imported_while_installing(tmp_path: Path) -> None:
    checkout, temp = tmp_path / "checkout", tmp_path / "temp"
    temp.mkdir()
    checkout.mkdir()
    for name in ("venv", "pip", "sys", "ensurepip", "site", "encodings"):
        (checkout / f"{name}.py").write_text(f"open({str(tmp_path / 'pwned')!r}, 'w')\n")
    # From an empty index nothing can be installed: the venv is made, and pip itself has run.
    variables = {
        "RUNNER_TEMP": str(temp),
        "INPUT_ENGINE_PYTHON": sys.executable,
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
    }
    done = subprocess.run(
        ["bash", str(CI / "install.sh")], cwd=checkout, env={**os.environ, **variables, "PYTHONPATH": str(checkout)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "install build dependencies did not run successfully" in done.stdout + done.stderr
    assert (temp / "codemode-engine" / "bin" / "python").exists()
    assert not (tmp_path / "pwned").exists()


def test_an_interpreter_that_is_too_old_is_said_so(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = subprocess.run(
        ["bash", str(CI / "install.sh")],
        env={**os.environ, "RUNNER_TEMP": str(tmp_path), "INPUT_ENGINE_PYTHON": str(old)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "is no Python of 3.11 or later" in done.stderr


class Pushing:
    """A clone whose pushes go through ci/pre-push."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        hook = repository.root / ".git" / "hooks" / "pre-push"
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes((CI / "pre-push").read_bytes())
        hook.chmod(0o755)

    def push(self, *words: str) -> subprocess.CompletedProcess[str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["git", "push", "-q", *words], cwd=self.repository.root, env={**os.environ, "PATH": path},
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip


@pytest.fixture
def pushing(repository: Repository) -> Pushing:
    return Pushing(repository)


def test_a_push_of_what_fails_is_held_back_with_a_patch(pushing: Pushing) -> None:
    pushing.repository.commit("broken", {"src/pkg/clamp.py": CLAMP})
    done = pushing.push("origin", "main")
    assert done.returncode != 0
    assert "+        return high   # beyond the end" in done.stdout + done.stderr
    assert pushing.repository.at_remote() == {"main": pushing.repository.base}


def test_a_push_of_what_passes_goes_through(pushing: Pushing) -> None:
    commit = pushing.repository.commit("fine", {"src/pkg/other.py": "X = 1\n"})
    done = pushing.push("origin", "main:new")
    assert done.returncode == 0, done.stderr
    assert pushing.repository.at_remote()["new"] == commit
    assert "no test fails: 7 tests ran in the sandbox" in done.stdout + done.stderr


def test_a_push_that_touches_no_source_runs_nothing(pushing: Pushing) -> None:
    pushing.repository.commit("words", {"NOTES.md": "x\n"})
    done = pushing.push("origin", "main")
    assert done.returncode == 0, done.stderr
    assert "no file has changed that matches *.py" in done.stdout + done.stderr


def test_the_same_by_hand_knows_what_was_pushed(pushing: Pushing) -> None:
    root = pushing.repository.root
    pushing.repository.git("push", "-q", "--no-verify", "-u", "origin", "main")
    words = [sys.executable, "-m", "pytest_codemode.cli.main", "ci", "--since=@{push}"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "codemode: skipped: nothing has changed since @{push}\n")
    pushing.repository.commit("fine", {"src/pkg/other.py": "X = 1\n"})
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert "codemode: passed: no test fails: 7 tests ran in the sandbox\n" in done.stdout


def test_what_does_not_stand_in_the_work_tree_is_not_tested_and_that_is_said(pushing: Pushing) -> None:
    pushing.repository.commit("broken", {"src/pkg/clamp.py": CLAMP})
    (pushing.repository.root / "src/pkg/clamp.py").write_text(PROJECT["src/pkg/clamp.py"])
    done = pushing.push("origin", "main")
    assert done.returncode == 0
    assert "it is not tested" in done.stderr
    assert pushing.push("--delete", "origin", "main").stderr.count("codemode") == 0
