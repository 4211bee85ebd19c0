"""What the tests of a run did to the tree: compared by the process that watches them, whatever they say themselves."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

MOST_ENTRIES = 50_000
"""Files and folders that are looked at; a larger tree is compared in part."""
MOST_TOLD = 50
_CACHES = frozenset({"__pycache__", ".pytest_cache", ".codemode", ".hypothesis", ".mypy_cache", ".ruff_cache"})
_RECORD = ".coverage"
"""What coverage.py leaves behind; `.coverage.` and a suffix where there are several."""

Stamp = tuple[int, int, int]
"""Kind and mode, size in bytes, time of the last change in ns; of a folder kind and mode only."""


def stamps(root: str) -> dict[str, Stamp]:
    """Return relative path -> stamp of what is in the tree, caches left out; links are not followed."""
    found: dict[str, Stamp] = {}
    for entry in _entries(root):
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        folder = stat.S_ISDIR(status.st_mode)
        # What is made in a folder is told by itself, and a cache that is made there changes its time too.
        stamp = (status.st_mode, 0, 0) if folder else (status.st_mode, status.st_size, status.st_mtime_ns)
        found[os.path.relpath(entry.path, root)] = stamp
        if len(found) >= MOST_ENTRIES:
            break
    return found


def touched(before: dict[str, Stamp], root: str) -> tuple[str, ...]:
    """Return the first paths that came, went or changed since `before` was taken, sorted."""
    after = stamps(root)
    whole = max(len(before), len(after)) < MOST_ENTRIES
    # Beyond the bound a file that came pushes another one out of sight.
    paths = before.keys() | after.keys() if whole else before.keys() & after.keys()
    return tuple(sorted(path for path in paths if before.get(path) != after.get(path))[:MOST_TOLD])


def _entries(root: str) -> Iterator[os.DirEntry[str]]:
    todo = [root]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue  # a test has closed it to its owner, which its own stamp tells
        for entry in listed:
            if entry.name in _CACHES or entry.name == _RECORD or entry.name.startswith(f"{_RECORD}."):
                continue
            yield entry
            if entry.is_dir(follow_symlinks=False):
                todo.append(entry.path)
