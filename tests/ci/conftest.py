import json
import os
import subprocess
import sys
import textwrap
import venv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.ci.runner import ROOT, Runner

CLAMP = """\
def clamp(x, low, high):
    if x < low:
        return low
    if x > high:
        return low   # beyond the end
    return x
"""
PROJECT = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["src"]\ntestpaths = ["tests"]\n',
    "requirements.txt": "pytest\n",
    "src/pkg/__init__.py": "",
    "src/pkg/clamp.py": CLAMP.replace("return low   #", "return high   #"),
    "tests/test_clamp.py": """
        import pytest
        from pkg.clamp import clamp

        @pytest.mark.parametrize("x, expected", [(1, 1), (-1, 0), (11, 10), (10, 10)])
        def test_clamp(x, expected):
            print("::set-output name=state::passed")
            print("##[add-mask]10")
            assert clamp(x, 0, 10) == expected, "\\n::add-mask::10\\n::error title=forged::x"

        @pytest.mark.parametrize("x, high, expected", [(9, 4, 4), (9, 5, 5), (1, 5, 2)])
        def test_clamp_elsewhere(x, high, expected):
            assert clamp(x, 2, high) == expected
    """,
}


class Repository:
    """A clone with one bare remote, which stands for the one at the hoster."""

    def __init__(self, folder: Path, files: Mapping[str, str] = PROJECT) -> None:
        self.root, self.remote = folder / "clone", folder / "remote.git"
        self.git("init", "-q", "--bare", str(self.remote), cwd=folder)
        self.git("init", "-q", "-b", "main", str(self.root), cwd=folder)
        self.git("remote", "add", "origin", f"file://{self.remote}")
        self.base = self.commit("as it was", files)
        self.git("push", "-q", "origin", "main")

    def git(self, *words: str, cwd: Path | None = None) -> str:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *identity, *words], cwd=cwd or self.root, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout.strip()

    def commit(self, message: str, files: Mapping[str, str]) -> str:
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(textwrap.dedent(text))
        self.git("add", "--all")
        self.git("commit", "-q", "--no-verify", "-m", message)
        return self.git("rev-parse", "HEAD")

    def change(self, branch: str, files: Mapping[str, str]) -> str:
        """Commit a change on a branch of its own, push it, and return the commit."""
        self.git("checkout", "-q", "-b", branch, "main")
        commit = self.commit("a change", files)
        self.git("push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        return commit

    def at_remote(self) -> dict[str, str]:
        """Return the remote's branches: name -> commit."""
        listed = self.git("for-each-ref", "--format=%(refname) %(objectname)", cwd=self.remote)
        return dict(line.removeprefix("refs/heads/").split(" ") for line in listed.splitlines())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment as ci/install.sh makes it, with what is installed here already."""
    folder = tmp_path_factory.mktemp("engine") / "codemode-engine"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    entries = [entry for entry in sys.path if Path(entry).is_dir() and "site-packages" in entry]
    (site / "tests.pth").write_text("\n".join([str(ROOT), *entries]) + "\n")
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder for PATH with a `gh` that writes down how it was called; there is no GitHub here."""
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "gh").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" "" >>"{folder}/calls"\n')
    (folder / "gh").chmod(0o755)
    return folder


@pytest.fixture
def on_github(tmp_path: Path, engine: Path, tools: Path) -> Iterator[Callable[..., Runner]]:
    """Return a function that makes the runner of one event; nothing may be left of its jobs."""
    made: list[Runner] = []

    def make(repository: Repository, event: dict[str, Any], *, installs: bool = False, **github: Any) -> Runner:
        number = len(made)
        event_file = tmp_path / f"event-{number}.json"
        event_file.write_text(json.dumps(event))
        path = os.pathsep.join((str(tools), str(Path(sys.executable).parent), os.environ["PATH"]))
        runner = Runner(
            tmp_path / f"run-{number}",
            remote=repository.remote,
            event_file=event_file,
            github={"repository": "team/project", "token": "read-only", "event": event, **github},
            variables={"PATH": path, "XDG_STATE_HOME": os.environ["XDG_STATE_HOME"], "COLUMNS": "100"},
            skip=lambda command: not installs and ("install.sh" in command or "pip install" in command),
        )
        if not installs:
            temp = runner.folder / "propose" / "temp"
            temp.mkdir(parents=True)
            for name in ("codemode-engine", "project"):
                (temp / name).symlink_to(engine)
        made.append(runner)
        return runner

    yield make
    for runner in made:
        assert runner.processes() == []


def pull_request(repository: Repository, branch: str, commit: str, *labels: str, fork: bool = False) -> dict[str, Any]:
    """Return the payload of the event, as far as we look at it."""
    head = "somebody/project" if fork else "team/project"
    return {
        "action": "synchronize",
        "pull_request": {
            "number": 7,
            "head": {"ref": branch, "sha": commit, "repo": {"full_name": head}},
            "base": {"ref": "main", "sha": repository.base, "repo": {"full_name": "team/project"}},
            "labels": [{"name": label} for label in labels],
        },
    }
