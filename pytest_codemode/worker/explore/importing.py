"""Import the module whose functions are to be called, under the name that a test would import it by."""
# ruff: noqa: PTH113, PTH118, PTH120  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType, ModuleType
from typing import NoReturn

import pytest

from pytest_codemode.core.exploring import Arc
from pytest_codemode.worker.executed import recorder
from pytest_codemode.worker.explore.alarm import Alarm, Overdue
from pytest_codemode.worker.explore.arcs import Arcs
from pytest_codemode.worker.reprs import guarded_text

IMPORT_S = 10.0
"""Wall clock of an import."""
MAX_MESSAGE = 300


class Unimportable(Exception):
    """There is no module to call anything of; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """The module that is explored."""

    module: ModuleType
    filename: str
    imported: tuple[Arc, ...] = ()
    """Arcs of its import; empty if the session had imported it."""
    executed: list[CodeType] | None = field(default=None)
    """Code that its import ran; None if the session had imported it."""
    fresh: bool = False
    """Whether it was imported for this."""


def import_target(
    filename: str, name: str, alarm: Alarm, arcs: Arcs, *, trace: bool, watch: bool, within_s: float
) -> Target:
    """Import the file.

    Args:
        filename: absolute.
        name: to import it by; empty to find one.
        trace: tell the arcs of its import.
        watch: tell the code that its import runs.
        within_s: wall clock of the import.

    Raises:
        Unimportable: its code does not come to its end, or no name leads to it.
    """
    known = _imported(filename, name)
    if known is not None:
        return Target(known, filename)
    executed = recorder() if watch else None
    arcs.begin()
    try:
        alarm.set(within_s)
        if executed is not None:
            executed.start()
        if trace:
            arcs.start()
        module = _import(filename, name)
    except BaseException as problem:  # noqa: BLE001  # whatever foreign code raises
        alarm.off()
        arcs.stop()
        _refuse(problem, within_s)
    finally:
        alarm.off()
        arcs.stop()
        codes = executed.stop() if executed is not None else []
    return Target(module, filename, tuple(sorted(arcs.seen)), codes, fresh=True)


def _imported(filename: str, name: str) -> ModuleType | None:
    """Return the module of that file if it is there, by the asked or else the likeliest name.

    The names are made and looked up: going through all modules would have a fork copy the page of each.
    """
    for likely in (name,) if name else _names(filename):
        module = sys.modules.get(likely)
        if _file_of(module) == filename:
            return module
    return None


def _names(filename: str) -> Iterator[str]:
    """Yield the name of a file from its package on, then those from the folders above on."""
    folder, longer = _package(filename)
    yield longer
    while os.path.dirname(folder) != folder:
        folder, last = os.path.split(folder)
        longer = f"{last}.{longer}"
        yield longer


def _file_of(module: ModuleType | None) -> str | None:
    file = getattr(module, "__dict__", {}).get("__file__")
    return file if type(file) is str else None


def _import(filename: str, name: str) -> ModuleType:
    if name:
        if not _leads_to(name, filename) and (folder := _above(filename, name)):
            sys.path.insert(0, folder)  # which a session that has collected tests had there
        module = importlib.import_module(name)
        if _file_of(module) != filename:
            raise Unimportable(f"the name {name} belongs to another file")
        return module
    for candidate in candidates(filename):
        if _leads_to(candidate, filename):
            return importlib.import_module(candidate)
    folder, bare = _package(filename)
    sys.path.insert(0, folder)  # as pytest does for a test file that stands there
    if not _leads_to(bare, filename):
        raise Unimportable("no entry of sys.path leads to the file")
    return importlib.import_module(bare)


def _above(filename: str, name: str) -> str:
    """Return the folder from which a file has that name; empty if there is none."""
    place = filename.removesuffix(".py").removesuffix(f"{os.sep}__init__")
    tail = os.sep + name.replace(".", os.sep)
    return place.removesuffix(tail) if place.endswith(tail) else ""


def candidates(filename: str) -> Iterator[str]:
    """Yield the names that may lead to a file, the likeliest first."""
    folder, name = _package(filename)
    places = {os.path.realpath(entry) for entry in sys.path}
    if os.path.realpath(folder) in places:
        yield name
    for longer in islice(_names(filename), 1, None):  # packages without `__init__.py`
        folder = os.path.dirname(folder)
        if os.path.realpath(folder) in places:
            yield longer
    yield name  # an import hook may know it


def _package(filename: str) -> tuple[str, str]:
    """Return the folder that holds the file's outermost package, and its name from there."""
    folder, last = os.path.split(filename)
    parts = [last.removesuffix(".py")]
    if parts == ["__init__"]:
        parts.clear()
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, last = os.path.split(folder)
        parts.insert(0, last)
    return folder, ".".join(parts) or last.removesuffix(".py")


def _leads_to(name: str, filename: str) -> bool:
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as problem:
        if problem.name is not None and (name == problem.name or name.startswith(f"{problem.name}.")):
            return False
        raise
    return spec is not None and spec.origin is not None and os.path.realpath(spec.origin) == os.path.realpath(filename)


def _refuse(problem: BaseException, within_s: float) -> NoReturn:
    """Say in one sentence what came of the import instead of a module."""
    if isinstance(problem, Unimportable):
        raise problem
    if isinstance(problem, Overdue):
        raise Unimportable(f"import does not end within {within_s:g} s")
    if isinstance(problem, SystemExit):
        raise Unimportable(f"import calls sys.exit({guarded_text(problem, 60)})")
    if isinstance(problem, pytest.skip.Exception):
        raise Unimportable(f"import skips the tests: {guarded_text(problem, MAX_MESSAGE)}")
    message = " ".join(guarded_text(problem, MAX_MESSAGE).split())
    raise Unimportable(f"import raises {type(problem).__name__}: {message}".rstrip(": "))
