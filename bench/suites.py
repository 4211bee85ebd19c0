"""Prepared suites on disk, and plain pytest runs of scratch copies of them.

A suite is a folder with `suite.json` (`name`, `command`), or a case of `bench.replay`: `case.json` and `tree/`.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import observed
from pytest_codemode.core.codec import decode
from pytest_codemode.core.project import Project

_PLUGIN = "codemode_bench_observed"
_OURS = ("--continue-on-collection-errors", "-p", _PLUGIN)
"""What a plain run is given besides: a sandbox runs what could be collected, whatever could not."""
_WITH_VALUE = ("-m", "-p", "-c", "-o", "-W")
"""Options in the commands of suites that are followed by their value; what else is no option is a path."""
_LIMIT_S = 1800.0
"""Wall clock of one plain run."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite as it was prepared."""

    name: str
    tree: Path
    command: str
    """As `PYTHONPATH=src python -m pytest -q`."""

    @staticmethod
    def found(folder: Path) -> Iterator[Suite]:
        """Yield the suite in `folder`, or those in its subfolders."""
        for file in sorted([*folder.glob("*.json"), *folder.glob("*/*.json")]):
            row = json.loads(file.read_text("utf-8")) if file.name in ("suite.json", "case.json") else None
            if row is not None and file.name == "suite.json":
                yield Suite(row["name"], file.parent, row["command"])
            elif row is not None:
                yield Suite(file.parent.name, file.parent / "tree", row["suite_command"])


@dataclass(frozen=True, slots=True)
class Plain:
    """What a plain run showed."""

    outcomes: dict[str, tuple[str, str]]
    """Node id -> (outcome, one line of why)."""
    collected: tuple[str, ...]
    imported: tuple[str, ...]
    """Files of the tree, other than tests, conftest and `__init__` files, that were imported; relative to rootdir."""
    project: Project
    """As the plugin would describe the run to its sandbox."""
    seconds: float


class Copy:
    """A suite in a scratch folder, so that nothing is written to the prepared one."""

    def __init__(self, suite: Suite, scratch: Path, python: str) -> None:
        self._python = Path(python)
        self._scratch = scratch
        words = shlex.split(suite.command)
        start = words.index("python")
        self._settings = dict(word.split("=", 1) for word in words[:start])
        self._words = words[start + 1 :]
        self._root = scratch / suite.name
        shutil.copytree(suite.tree, self._root, symlinks=True)
        for name in ("home", "plugins"):
            scratch.joinpath(name).mkdir()
        shutil.copy(observed.__file__, scratch / "plugins" / f"{_PLUGIN}.py")

    def plain(self, only: str = "") -> Plain:
        """Run pytest as a user would, all of the suite or one test of it.

        Raises:
            RuntimeError: it did not get as far as its end.
        """
        file = self._scratch / "observed.json"
        file.unlink(missing_ok=True)
        started = time.perf_counter()
        done = subprocess.run(
            [str(self._python), *self._words, *_OURS], cwd=self._root, env=self._environment(file, only),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_LIMIT_S, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - started
        if not file.exists():
            raise RuntimeError(f"pytest did not end by itself: {(done.stdout + done.stderr).strip()[-500:]}")
        found = json.loads(file.read_text("utf-8"))
        outcomes = {nodeid: (outcome, reason) for nodeid, (outcome, reason) in found["outcomes"].items()}
        collected, imported = tuple(found["collected"]), tuple(found["imported"])
        return Plain(outcomes, collected, imported, self._project(found["project"]), seconds)

    @property
    def root(self) -> Path:
        """The scratch copy."""
        return self._root

    def cold(self, nodeid: str) -> float:
        """Return the seconds that a plain run of one test takes; it reads and writes bytecode."""
        before = ["", *self._words]
        options = [
            word for word, last in zip(self._words, before, strict=False) if word[0] == "-" or last in _WITH_VALUE
        ]
        started = time.perf_counter()
        subprocess.run(
            [str(self._python), *options, nodeid], cwd=self._root, env=self._environment(Path(os.devnull), ""),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT_S, check=False,
        )  # fmt: skip
        return time.perf_counter() - started

    def _environment(self, file: Path, only: str) -> dict[str, str]:
        path = self._settings.get("PYTHONPATH", "")
        return {
            "PATH": f"{self._python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "LANG": "C.UTF-8",
            "HOME": str(self._scratch / "home"),
            **self._settings,
            "PYTHONPATH": os.pathsep.join(filter(None, (path, str(self._scratch / "plugins")))),
            observed.VARIABLE: str(file),
            **({observed.ONLY: only} if only else {}),
        }

    def _project(self, described: Any) -> Project:
        """Return the run's description without the plugin that made it."""
        project: Project = decode(Project, described, "project")
        env = {name: text for name, text in project.env.items() if name not in (observed.VARIABLE, observed.ONLY)}
        paths = [path for path in env.pop("PYTHONPATH").split(os.pathsep) if path != str(self._scratch / "plugins")]
        return replace(
            project,
            pytest_args=_without(project.pytest_args, _OURS),
            env={**env, **({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})},
            sys_path=tuple(entry for entry in project.sys_path if entry != str(self._scratch / "plugins")),
        )


def _without(arguments: Sequence[str], ours: tuple[str, ...]) -> tuple[str, ...]:
    at = next(i for i in range(len(arguments)) if tuple(arguments[i : i + len(ours)]) == ours)
    return (*arguments[:at], *arguments[at + len(ours) :])
