"""The project's source files as the sandbox sees them: the tree on disk with what `refresh` laid over it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from pytest_codemode.core.project import Project
from pytest_codemode.edits.imported import files_of, parent
from pytest_codemode.sandbox.facts import FileFacts, checksum, facts_of

_MAX_BYTES = 16 * 2**20
_INSTALLED = frozenset({"site-packages", "dist-packages"})


class Sources:
    """Facts about each file that is asked for, at one moment; a file is parsed again only if its bytes are new.

    Args:
        project: whose tree it is.
        overlay: path -> bytes that stand in place of what is on disk.
        known: facts from an earlier moment.
    """

    def __init__(self, project: Project, overlay: Mapping[str, bytes], known: Mapping[str, FileFacts]) -> None:
        self._project = project
        self._rootdir = project.rootdir
        self._overlay = overlay
        self._known = known
        self._roots = source_roots(project)
        self.facts: dict[str, FileFacts | None] = {}
        """Of every file that was asked for; None where there is none."""
        self._direct: dict[str, tuple[str, ...]] = {}
        self._closures: dict[str, frozenset[str]] = {}

    def of(self, path: str) -> FileFacts | None:
        """Return the facts about `path`, None if there is no such file."""
        if path not in self.facts:
            data = self._read(path)
            known = self._known.get(path)
            if data is None:
                self.facts[path] = None
            elif known is not None and known.content == checksum(data):
                self.facts[path] = known
            else:
                self.facts[path] = facts_of(data)
        return self.facts[path]

    def imported(self, paths: Iterable[str]) -> frozenset[str]:
        """Return the files that come to be imported when `paths` are, themselves included."""
        return frozenset().union(*(self._closure(path) for path in paths))

    def with_patch(self, files: Mapping[str, bytes]) -> Sources:
        """Return the sources as they would be with `files` over them."""
        known = {path: facts for path, facts in self.facts.items() if facts is not None}
        return Sources(self._project, {**self._overlay, **files}, {**self._known, **known})

    def _closure(self, path: str) -> frozenset[str]:
        if path not in self._closures:
            found: set[str] = set()
            todo = [path]
            while todo:
                if (one := todo.pop()) not in found:
                    found.add(one)
                    todo += self._imports(one)
            self._closures[path] = frozenset(found)
        return self._closures[path]

    def _imports(self, path: str) -> tuple[str, ...]:
        """Return the project files that one imports; pytest puts the folder of a test on `sys.path`, so it counts."""
        if path not in self._direct:
            facts = self.of(path)
            here = [folder.as_posix() for folder in PurePosixPath(path).parents]
            roots = dict.fromkeys((*self._roots, *("" if folder == "." else folder for folder in here)))
            candidates = {
                candidate
                for name, level in (facts.imports if facts is not None else ())
                for start in ([parent(path, level)] if level else roots)
                for candidate in files_of(start, name)
            }
            self._direct[path] = tuple(one for one in sorted(candidates - {path}) if self.of(one) is not None)
        return self._direct[path]

    def _read(self, path: str) -> bytes | None:
        """Return a file's bytes. Paths come from a sandbox too: none leads out of the tree, none makes this wait."""
        if path in self._overlay:
            return self._overlay[path]
        target = os.path.realpath(f"{self._rootdir}/{path}") if "\0" not in path else ""
        if not target.startswith(self._rootdir + os.sep):
            return None
        try:
            descriptor = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            try:
                regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
                return file.read(_MAX_BYTES) if regular else None
            except OSError:
                return None


def conftests(path: str) -> tuple[str, ...]:
    """Return where the conftest files of the tests in `path` would be."""
    folders = ("" if folder.as_posix() == "." else f"{folder}/" for folder in PurePosixPath(path).parents)
    return tuple(f"{folder}conftest.py" for folder in folders)


def source_roots(project: Project) -> tuple[str, ...]:
    """Return the folders in the tree that stand on `sys.path`, relative to rootdir; rootdir and `src` always count.

    Those of a virtual environment in the tree do not: what they hold is installed, not the project's.
    """
    root = PurePosixPath(project.rootdir)
    inside = (PurePosixPath(entry) for entry in project.sys_path)
    own = (entry.relative_to(root) for entry in inside if entry.is_relative_to(root))
    found = [entry.as_posix() for entry in own if not _INSTALLED & set(entry.parts)]
    return tuple(dict.fromkeys("" if entry == "." else entry for entry in [*found, ".", "src"]))
