"""Make a process see the project as the user's pytest saw it, wherever the tree lies inside the enclosure."""
# ruff: noqa: PTH103, PTH109, PTH110  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from pytest_codemode.worker.plan import Setup

ONLY_FOR_TESTS = ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONPROFILEIMPORTTIME")
"""Variables that the supervisor must not obey: its own imports are the standard library and pytest."""


def enter_project(setup: Setup) -> None:
    """Set environment, `sys.path` and temporary folder of this process; the enclosure chose the working directory."""
    project = setup.project
    os.makedirs(setup.fork_scratch, exist_ok=True)
    os.environ["TMPDIR"] = setup.fork_scratch
    os.environ["HOME"] = setup.home
    os.makedirs(setup.home, exist_ok=True)
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", f"{setup.fork_scratch}/hypothesis")
    tempfile.tempdir = None
    os.environ.pop("PYTHONPATH", None)  # the worker's own
    if "PYTHONPATH" in project.env:
        os.environ["PYTHONPATH"] = os.pathsep.join(_python_path(setup))
    _move_imports(setup)
    sys.path[:] = dict.fromkeys([*search_path(setup), *sys.path])


def search_path(setup: Setup) -> list[str]:
    """Return what the user's pytest was started with at the head of `sys.path`."""
    return [*([os.getcwd()] if setup.project.cwd_on_path else ()), *map(os.path.abspath, _python_path(setup))]


def _python_path(setup: Setup) -> list[str]:
    entries = setup.project.env.get("PYTHONPATH", "").split(os.pathsep)
    return [moved(setup, entry) for entry in entries if entry]


def moved(setup: Setup, path: str) -> str:
    """Return where `path` of the host lies inside; what a copy of the tree leaves out, as its `.venv`, stays."""
    old, new = setup.project.rootdir, setup.root
    if old != new and (path == old or path.startswith(old + os.sep)):
        place = new + path[len(old) :]
        return place if os.path.exists(place) else path
    return path


def pytest_arguments(setup: Setup) -> list[str]:
    """Return the user's arguments with absolute paths moved, followed by the worker's own."""
    arguments = [_moved_argument(setup, argument) for argument in setup.project.pytest_args]
    return [*arguments, f"--rootdir={setup.root}", f"--basetemp={setup.fork_scratch}/pytest"]


def _moved_argument(setup: Setup, argument: str) -> str:
    option, equals, value = argument.partition("=")
    if argument.startswith("-") and equals:
        return f"{option}={moved(setup, value)}"
    path, colons, rest = argument.partition("::")
    return moved(setup, path) + colons + rest


def _move_imports(setup: Setup) -> None:
    """Let import hooks of editable installs find the moved tree: path entries and setuptools' finders."""
    if setup.root == setup.project.rootdir:
        return
    sys.path[:] = [moved(setup, entry) for entry in sys.path]
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__") and name.endswith("_finder"):
            _move_finder(setup, module)
    sys.path_importer_cache.clear()


def _move_finder(setup: Setup, module: Any) -> None:
    mapping = getattr(module, "MAPPING", None)
    if isinstance(mapping, dict):
        mapping.update({package: _moved_module(setup, path) for package, path in mapping.items()})
    namespaces = getattr(module, "NAMESPACES", None)
    if isinstance(namespaces, dict):
        for package, paths in namespaces.items():
            namespaces[package] = [moved(setup, path) for path in paths]


def _moved_module(setup: Setup, path: str) -> str:
    """Return where a package's folder lies, or a module's file, which is given without its suffix."""
    place = moved(setup, path)
    return moved(setup, f"{path}.py").removesuffix(".py") if place == path else place
