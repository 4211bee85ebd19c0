"""The text files of a project that an agent may read: no credentials, nothing hidden, nothing behind a link."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from pytest_codemode.workbench import git

SUFFIXES = frozenset(
    {".py", ".pyi", ".toml", ".cfg", ".ini", ".md", ".rst", ".txt", ".json", ".yaml", ".yml", ".csv", ".html", ".sql"}
)
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "dist-packages", "venv", "env", "build", "dist"})
MAX_FILES = 20_000
MAX_BYTES = 1 << 20
GIT_S = 10.0


class ProjectFiles:
    """Lists and reads them.

    Args:
        rootdir: absolute host path.
        read: returns a file's bytes as the run sees them (accepted patches laid over), None where there is none.
    """

    def __init__(self, rootdir: Path, read: Callable[[str], bytes | None]) -> None:
        self._rootdir = rootdir
        self._read = read
        self._paths: tuple[str, ...] | None = None

    def paths(self) -> tuple[str, ...]:
        """Return the readable files, sorted, posix and relative to rootdir; listed once."""
        if self._paths is None:
            found = self._listed_by_git()
            listed = self._walked() if found is None else found
            self._paths = tuple(sorted(path for path in listed if readable(path)))[:MAX_FILES]
        return self._paths

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes; None if it is none of `paths` or too large."""
        if path not in self.paths() or behind_link(self._rootdir, path):
            return None
        data = self._read(path)
        return data if data is not None and len(data) <= MAX_BYTES else None

    def _listed_by_git(self) -> list[str] | None:
        """Return what git tracks or would track; None without git, or where the project is no repository."""
        words = ("ls-files", "--cached", "--others", "--exclude-standard", "-z")
        try:
            listed = git.run(self._rootdir, *words, limit_s=GIT_S)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if listed.returncode:
            return None
        return [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]

    def _walked(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self._rootdir):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
            base = PurePosixPath(Path(folder).relative_to(self._rootdir).as_posix())
            yield from (str(base / name) for name in sorted(names))


def behind_link(rootdir: Path, path: str) -> bool:
    """Return whether `path` (relative to rootdir) is a symbolic link, or lies behind one."""
    here = rootdir
    for part in PurePosixPath(path).parts:
        here = here / part
        if here.is_symlink():
            return True
    return False


def readable(path: str) -> bool:
    """Return whether an agent may read a file of that path: text, not hidden, not installed."""
    pure = PurePosixPath(path)
    hidden = any(part.startswith(".") or part in _SKIPPED or part == ".." for part in pure.parts)
    return pure.suffix in SUFFIXES and not hidden and not pure.is_absolute()
