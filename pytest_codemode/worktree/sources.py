"""The project's files as they stood when the run first read them, with what the run has decided laid over them."""

from __future__ import annotations

from pathlib import Path

from pytest_codemode.core.patch import Files
from pytest_codemode.worktree.untrusted import read_file


class SourceTree:
    """Reads each file once, so that every patch of a run is made for, and later compared with, the same bytes."""

    def __init__(self, rootdir: Path) -> None:
        self.rootdir = rootdir
        self._original: dict[str, bytes | None] = {}
        self._overlay: Files = {}

    def read(self, path: str) -> bytes | None:
        """Return the file's bytes with accepted patches applied; None if there is no such file."""
        return self._overlay[path] if path in self._overlay else self.original(path)

    def original(self, path: str) -> bytes | None:
        """Return the file's bytes as they stood on disk when first asked for."""
        if path not in self._original:
            self._original[path] = self._from_disk(path)
        return self._original[path]

    def _from_disk(self, path: str) -> bytes | None:
        # Paths come from proposers and from node ids that a sandbox reported: none may lead out of the tree.
        try:
            target = (self.rootdir / path).resolve()  # a link that stays in the tree is followed
            return read_file(target) if target.is_relative_to(self.rootdir.resolve()) else None
        except (OSError, ValueError, RuntimeError):  # refused, or a NUL in the path; links that lead in a circle
            return None

    @property
    def overlay(self) -> Files:
        """Accepted changes so far: path -> whole new bytes."""
        return dict(self._overlay)

    def accept(self, files: Files) -> None:
        """Lay `files` over the tree; later reads see them."""
        for path in files:
            self.original(path)
        self._overlay.update(files)

    def reset(self, files: Files) -> None:
        """Replace everything accepted so far by `files`."""
        self._overlay = {}
        self.accept(files)

    def changes(self) -> tuple[dict[str, bytes | None], Files]:
        """Return (the bytes that must still stand on disk, the bytes to write), for files that differ."""
        changed = {path: data for path, data in self._overlay.items() if data != self.original(path)}
        return {path: self.original(path) for path in changed}, changed
