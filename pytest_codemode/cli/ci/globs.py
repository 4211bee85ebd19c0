"""Globs of paths, as `--only` has them."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import PurePosixPath


def matches(path: str, globs: Sequence[str]) -> bool:
    """Return whether one of `globs` stands for `path`: as a pattern (`*` is any text), or as a folder around it."""
    pure = PurePosixPath(path)
    return any(fnmatch.fnmatchcase(path, glob) or pure.is_relative_to(glob.rstrip("/")) for glob in globs)
