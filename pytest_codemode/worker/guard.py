"""Import what is installed, in a process that all patches share: nothing that the project is, has or hides.

Standard library only: pytest itself is imported under this guard.
"""
# ruff: noqa: PTH120, PTH206  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder
from types import ModuleType

from pytest_codemode.worker.enter import moved, search_path
from pytest_codemode.worker.plan import Setup


class Unclean(Exception):
    """A refused import has left something behind that cannot be imported a second time in this process."""


@contextlib.contextmanager
def installed_only(setup: Setup, *, seen_later: bool = False) -> Iterator[Callable[[str], bool]]:
    """Yield a function that imports a module, and says whether it could without a module of the project.

    The function raises `Unclean`. What the project hides are installed modules that its own folders hold too: those
    that pytest is started with, and with `seen_later` those that were put on `sys.path` afterwards.
    """
    guard = _Guard(setup, _folders(setup, (*sys.path, *setup.project.sys_path) if seen_later else sys.path))
    sys.meta_path.insert(0, guard)
    try:
        yield guard.try_import
    finally:
        sys.meta_path.remove(guard)


def _folders(setup: Setup, entries: Iterable[str]) -> list[str]:
    """Return where a session looks first, and where it finds the project's own, which may be a copy of the tree."""
    return [*search_path(setup), *(moved(setup, entry) for entry in entries if is_own(entry, setup))]


def is_own(path: str, setup: Setup) -> bool:
    """Whether a place is the project's; an environment inside the tree is not."""
    for root in (setup.root, setup.project.rootdir):
        if path == root or path.startswith(root + os.sep):
            return "site-packages" not in path[len(root) :].split(os.sep)
    return False


class _Guard:
    """Finder that asks all others, and refuses what they find in the project or would find elsewhere without it."""

    def __init__(self, setup: Setup, hiding: Sequence[str]) -> None:
        self._setup = setup
        self._hiding = list(dict.fromkeys(hiding))
        self._refused = False

    def try_import(self, module: str) -> bool:
        """Import `module`, or leave no trace of it but the standard library; see `installed_only`."""
        before = set(sys.modules)
        self._refused = False
        # Whatever it is, the session that imports it for real reports it.
        with contextlib.suppress(BaseException):
            importlib.import_module(module)
        if self._refused:  # somebody may have caught that, and taken an optional module for missing
            _forget(set(sys.modules) - before)
        return not self._refused

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the others find.

        Raises:
            ModuleNotFoundError: it is refused.
        """
        spec = self._found(name, path, target)
        if (spec is not None and self._is_own(spec, path)) or (path is None and self._is_hidden(name, spec)):
            self._refused = True
            raise ModuleNotFoundError(f"{name} is the project's own", name=name)
        return spec

    def _found(self, name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
        for finder in list(sys.meta_path):
            find = getattr(finder, "find_spec", None) if finder is not self else None
            spec: ModuleSpec | None = find(name, path, target) if find is not None else None
            if spec is not None:
                return spec
        return None

    def _is_own(self, spec: ModuleSpec, path: Sequence[str] | None) -> bool:
        if not spec.has_location or spec.origin is None:
            return False
        # A package can be a link into the tree; modules of a refused package are out of reach anyway.
        return is_own(spec.origin, self._setup) or (path is None and is_own(_real_folder(spec.origin), self._setup))

    def _is_hidden(self, name: str, spec: ModuleSpec | None) -> bool:
        """Whether a session would find another module of this name."""
        if not self._hiding or (spec is not None and not spec.has_location):
            return False
        other = PathFinder.find_spec(name, self._hiding)
        if other is None or other.origin is None:  # a folder without `__init__.py` gives way to every module
            return False
        return spec is None or spec.origin != other.origin


def _real_folder(origin: str) -> str:
    return os.path.realpath(os.path.dirname(origin))


def _forget(modules: set[str]) -> None:
    """Let `modules` be imported again, by whoever finds other ones under their names.

    Raises:
        Unclean: some are compiled; many of those refuse to be initialised twice.
    """
    again = {name for name in modules if name.partition(".")[0] not in sys.stdlib_module_names}
    loaders = [getattr(getattr(sys.modules[name], "__spec__", None), "loader", None) for name in again]
    for name in again:
        del sys.modules[name]
    if any(isinstance(loader, ExtensionFileLoader) for loader in loaders):
        raise Unclean
