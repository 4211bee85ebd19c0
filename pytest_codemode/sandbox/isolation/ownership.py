"""Whose are the project's files? An overlay can change only those of the user and group it is made by."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pytest_codemode.sandbox.isolation import tree_copy

MAX_FOLDERS = 20_000
"""A larger tree is believed to be of one kind."""


def stranger(rootdir: str) -> str:
    """Return a Python file or a folder with Python files that belongs to another user or group; empty if none does.

    What the copy of a tree leaves out (environments, caches) is nothing that a patch touches; data files rarely are.
    """
    mine = (os.geteuid(), os.getegid())
    return next((path for path, owner in _sources(rootdir) if owner != mine), "")


def _sources(rootdir: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield (path, (uid, gid))."""
    pending, seen = [rootdir], 0
    while pending and seen < MAX_FOLDERS:
        folder = pending.pop()
        seen += 1
        try:
            with os.scandir(folder) as entries:
                found = list(entries)
        except OSError:  # a folder that is closed to this user is closed to its tests
            continue
        pending += [e.path for e in found if e.is_dir(follow_symlinks=False) and not tree_copy.is_skipped(e.path)]
        sources = [e for e in found if e.name.endswith(".py") and e.is_file(follow_symlinks=False)]
        if sources or folder == rootdir:
            yield folder, _owner(os.lstat(folder))
        for entry in sources:
            yield entry.path, _owner(entry.stat(follow_symlinks=False))


def _owner(status: os.stat_result) -> tuple[int, int]:
    return status.st_uid, status.st_gid
