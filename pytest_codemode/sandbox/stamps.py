"""When did the project's Python and configuration files change last?"""
# ruff: noqa: PTH116  # paths are text here: links must stay as they are

from __future__ import annotations

import os

_SUFFIXES = (".py", ".toml", ".cfg", ".ini")
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})
_MAX_ENTRIES = 200_000


def newest_change_ns(rootdir: str) -> int:
    """Return the latest time, in ns since 1970, at which a file changed or one came or went.

    Hidden folders are left out and links are not followed.
    """
    newest = 0
    todo = [rootdir]
    left = _MAX_ENTRIES
    while todo and left > 0:
        folder = todo.pop()
        try:
            newest = max(newest, os.stat(folder, follow_symlinks=False).st_ctime_ns)
            with os.scandir(folder) as entries:
                for entry in entries:
                    left -= 1
                    if entry.is_dir(follow_symlinks=False):
                        if not entry.name.startswith(".") and entry.name not in _SKIPPED:
                            todo.append(entry.path)
                    elif entry.name.endswith(_SUFFIXES):
                        newest = max(newest, entry.stat(follow_symlinks=False).st_ctime_ns)
        except OSError:
            continue
    return newest
