"""The project as the sandbox takes it, where no pytest run has described it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pytest_codemode.cli.root import find_inifile
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.limits import parse
from pytest_codemode.core.project import Limits, Project
from pytest_codemode.sandbox.environment import scrub

_ASK_S = 30.0
"""Seconds for another interpreter to tell its path; it may have to compile `site` first."""


def describe(rootdir: Path, arguments: argparse.Namespace) -> Project:
    """Return the project at `rootdir` with the whole of its tests as selection.

    Args:
        rootdir: symlinks resolved.
        arguments: `python` (its interpreter, None for this one), `sandbox` (how strictly to isolate), `network`
            (whether code may use it) and `limit` (a list of `NAME=VALUE`).

    Raises:
        ConfigError: the interpreter cannot be found or run, or a limit cannot be read.
    """
    interpreter = _absolute(arguments.python) if arguments.python else sys.executable
    inifile = find_inifile(rootdir)
    return Project(
        rootdir=str(rootdir),
        invocation_dir=str(Path.cwd().resolve()) if Path.cwd().resolve().is_relative_to(rootdir) else str(rootdir),
        python=interpreter,
        env=scrub(os.environ),
        sys_path=tuple(_sys_path(interpreter)),
        level=arguments.sandbox,
        network=arguments.network,
        limits=_limits(arguments.limit),
        workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        inifile=str(inifile) if inifile else "",
    )


def _limits(items: list[str]) -> Limits:
    limits = Limits()
    for item in items:
        try:
            limits = parse([item], limits)
        except ValueError as problem:
            raise ConfigError(f"--limit: {item!r} {problem}") from None
    return limits


def _absolute(python: str) -> str:
    found = shutil.which(python)
    if found is None:
        raise ConfigError(f"--python {python}: there is no such program; give the path of an interpreter")
    return os.path.abspath(found)  # noqa: PTH100  # a venv's python is a link and must stay one


def _sys_path(interpreter: str) -> list[str]:
    """Return the existing absolute entries of the interpreter's `sys.path`."""
    entries = sys.path if interpreter == sys.executable else _asked(interpreter)
    return [entry for entry in entries if Path(entry).is_absolute() and Path(entry).exists()]


def _asked(interpreter: str) -> list[str]:
    command = [interpreter, "-P", "-c", "import json, sys; print(json.dumps(sys.path))"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_S, check=True)
        return [str(entry) for entry in json.loads(done.stdout)]
    except (OSError, subprocess.SubprocessError, ValueError) as problem:
        raise ConfigError(
            f"--python {interpreter} cannot be used ({problem}); give a Python of 3.11 or later"
        ) from problem
