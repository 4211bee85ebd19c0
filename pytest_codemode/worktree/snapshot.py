"""Did somebody else change the project while a run was working on it? Then its proof is about another tree."""

from __future__ import annotations

import os
from collections.abc import Iterator

_SUFFIXES = (".py", ".toml", ".cfg", ".ini")
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})
MAX_FILES = 50_000
"""Files that are looked at; a larger tree is watched in part."""

Stamp = tuple[int, int]
"""Modification time in ns and size in bytes."""


def snapshot(rootdir: str) -> dict[str, Stamp]:
    """Return relative path -> stamp of every Python and configuration file outside hidden folders."""
    found: dict[str, Stamp] = {}
    for entry in _files(rootdir):
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        found[os.path.relpath(entry.path, rootdir)] = (status.st_mtime_ns, status.st_size)
        if len(found) >= MAX_FILES:
            break
    return found


def changed(before: dict[str, Stamp], rootdir: str) -> tuple[str, ...]:
    """Return the files that came, went or changed since `before` was taken, sorted."""
    after = snapshot(rootdir)
    return tuple(sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)))


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in listed:
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith(".") and entry.name not in _SKIPPED:
                yield from _files(entry.path)
        elif entry.name.endswith(_SUFFIXES):
            yield entry
