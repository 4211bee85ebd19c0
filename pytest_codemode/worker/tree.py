"""Patched files in the worker's private tree: written, and put back byte for byte."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class _Before:
    path: Path
    data: bytes | None
    """None: the file did not exist."""
    times_ns: tuple[int, int]
    made: tuple[Path, ...]
    """Folders made for it, outermost first."""


class Tree:
    """The private copy of the project that one worker runs tests on."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)
        self._second = int(time.time()) + 60

    @contextmanager
    def patched(self, files: Mapping[str, bytes]) -> Iterator[None]:
        """Hold `files` on disk."""
        before: list[_Before] = []
        try:
            for path, data in files.items():
                before.append(self._write(path, data))
            yield
        finally:
            for state in reversed(before):
                _restore(state)

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write `files` for good."""
        for path, data in files.items():
            self._write(path, data)

    def _write(self, path: str, data: bytes) -> _Before:
        """Write one file with a modification time no version of it had: a .pyc is valid for (second, size) only."""
        target = self._inside(path)
        missing = [folder for folder in reversed(target.parents) if not folder.exists()]
        for folder in missing:
            with _unlocked(folder):
                folder.mkdir()
        if target.exists():
            status = target.stat()
            before = _Before(target, target.read_bytes(), (status.st_atime_ns, status.st_mtime_ns), ())
        else:
            before = _Before(target, None, (0, 0), tuple(missing))
        with _unlocked(target):
            target.write_bytes(data)
        self._second += 1
        os.utime(target, (self._second, self._second))
        return before

    def _inside(self, path: str) -> Path:
        """Return the file that `path` names, links resolved.

        Raises:
            ValueError: it lies outside the tree.
        """
        target = Path(os.path.realpath(self._root / path))
        if not target.is_relative_to(os.path.realpath(self._root)):
            raise ValueError(f"{path} lies outside the project")
        return target


def _restore(state: _Before) -> None:
    if state.data is None:
        with _unlocked(state.path):
            state.path.unlink(missing_ok=True)
        for folder in reversed(state.made):
            with _unlocked(folder):
                folder.rmdir()
    else:
        with _unlocked(state.path):
            state.path.write_bytes(state.data)
        os.utime(state.path, ns=state.times_ns)


@contextmanager
def _unlocked(path: Path) -> Iterator[None]:
    """Let the owner write `path` and its folder, as some version control systems and build tools do not."""
    locked = [(p, p.stat().st_mode) for p in (path.parent, path) if p.exists()]
    locked = [(p, mode) for p, mode in locked if not mode & stat.S_IWUSR]
    for place, mode in locked:
        place.chmod(mode | stat.S_IWUSR)
    try:
        yield
    finally:
        for place, mode in locked:
            if place.exists():
                place.chmod(mode)
