"""The Python files of a tree, without those of environments in it."""
# ruff: noqa: PTH110, PTH118  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os
from collections.abc import Iterator

_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "dist-packages"})
MOST_FILES = 50_000


def python_files(root: str) -> Iterator[str]:
    """Yield the paths of Python files below `root`, posix and relative to it; links are not followed."""
    seen = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if _is_project(os.path.join(folder, name), name))
        for name in sorted(names):
            if name.endswith(".py"):
                seen += 1
                if seen > MOST_FILES:
                    return
                yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def _is_project(path: str, name: str) -> bool:
    if name.startswith(".") or name in _SKIPPED:
        return False
    return not os.path.exists(os.path.join(path, "pyvenv.cfg"))
