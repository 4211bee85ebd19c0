"""The project as the sandbox takes it, where no pytest run has described it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pytest_codemode.cli.root import find_inifile
from pytest_codemode.core.errors import ConfigError, SandboxError
from pytest_codemode.core.limits import parse
from pytest_codemode.core.project import Limits, Project
from pytest_codemode.sandbox.environment import scrub
from pytest_codemode.sandbox.isolation.readable import added_by, interpreter_paths, view, within

_DEFAULTS = Limits()
_ASK_S = 30.0
"""Seconds for another interpreter to tell its path; it may have to compile `site` first."""
_QUESTION = """\
import os, subprocess, sys
env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
code = "import json, sys; print(json.dumps(sys.path))"
sys.exit(subprocess.run([sys.executable, "-P", "-c", code], env=env).returncode)
"""
"""Asked of an interpreter of its own: a program in the sandbox has the project's root on its path."""


def describe(
    rootdir: Path,
    arguments: argparse.Namespace,
    *,
    environment: Mapping[str, str] | None = None,
    limits: Limits = _DEFAULTS,
) -> Project:
    """Return the project at `rootdir` with the whole of its tests as selection.

    Args:
        rootdir: symlinks resolved.
        arguments: `python` (its interpreter, None for this one), `sandbox` (how strictly to isolate), `network`
            (whether code may use it) and `limit` (a list of `NAME=VALUE`).
        environment: of the tests, credentials still in it; None for this process's.
        limits: where `limit` names no other.

    Raises:
        ConfigError: the interpreter cannot be found or run, or a limit cannot be read.
    """
    interpreter = _absolute(arguments.python) if arguments.python else sys.executable
    inifile = find_inifile(rootdir)
    env = scrub(os.environ if environment is None else environment)
    project = Project(
        rootdir=str(rootdir),
        invocation_dir=str(Path.cwd().resolve()) if Path.cwd().resolve().is_relative_to(rootdir) else str(rootdir),
        python=interpreter,
        env=env,
        level=arguments.sandbox,
        network=arguments.network,
        limits=_limits(arguments.limit, limits),
        workers=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        inifile=str(inifile) if inifile else "",
    )
    given = _absolute_folders(env.get("PYTHONPATH", "").split(os.pathsep))
    entries = _absolute_folders(sys.path) if interpreter == sys.executable else _asked(project, given)
    return replace(project, sys_path=tuple(dict.fromkeys((*given, *entries))))


def _limits(items: list[str], limits: Limits) -> Limits:
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


def _absolute_folders(entries: Iterable[str]) -> list[str]:
    """Return the existing absolute ones of a search path's entries."""
    return [entry for entry in entries if Path(entry).is_absolute() and Path(entry).exists()]


def _asked(project: Project, given: list[str]) -> list[str]:
    """Ask the project's interpreter for its `sys.path`, in the sandbox.

    Outside it would run what a change had installed for it (a `.pth` file is code), or what a change put in its place.
    """
    # Imports mcp, which takes a second and is not needed where the interpreter is ours.
    from pytest_codemode.sandbox.client import SandboxClient  # noqa: PLC0415

    asking = replace(project, network=False, sys_path=(*given, *_sites(project.python)))
    try:
        with SandboxClient(asking) as sandbox:
            done = sandbox.execute(_QUESTION, timeout_s=_ASK_S)
        if done.exit_code != 0:
            raise ValueError(done.reason or done.stderr.strip() or f"it ended with status {done.exit_code}")
        # What a `.pth` file prints comes before.
        answer = json.loads((done.stdout.splitlines() or [""])[-1])
        if not isinstance(answer, list):
            raise ValueError(f"it answered {done.stdout!r}")
    except (SandboxError, ValueError, RecursionError) as problem:
        raise ConfigError(
            f"--python {project.python} cannot be used ({problem}); give a Python of 3.11 or later with pytest"
        ) from problem
    return _believed([str(entry) for entry in answer], asking)


def _believed(answer: list[str], asking: Project) -> list[str]:
    """Return what of a foreign answer may be shown to foreign code: what it could read anyhow when it answered.

    Where the sandbox works on a copy of the tree, entries in the tree are not there for an interpreter that looks; they
    stand in the `.pth` files of those that are.
    """
    shown = (*view(asking).real_paths, asking.rootdir)
    found = [entry for entry in _absolute_folders(answer) if _is_within(entry, shown)]
    named = [path for entry in found for path in added_by(entry) if within(path, asking.rootdir)]
    return [*found, *(path for path in named if Path(path).is_dir() and not Path(path, "__init__.py").exists())]


def _is_within(entry: str, folders: Iterable[str]) -> bool:
    real = os.path.realpath(entry)
    return any(within(real, folder) for folder in folders)


def _sites(interpreter: str) -> list[str]:
    """Return the folders for packages that the interpreter may have, this user's own among them; it knows which."""
    user = os.environ.get("PYTHONUSERBASE") or str(Path("~/.local").expanduser())
    prefixes = [user, *interpreter_paths(interpreter)]
    found = [path for prefix in prefixes for path in sorted(Path(prefix).glob("lib*/python3*/*-packages"))]
    return _absolute_folders(map(str, found))
