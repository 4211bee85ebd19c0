"""One file of the tree, opened from the root without following a single symbolic link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.worktree.untrusted import read_file

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PRIVATE = frozenset({".git", ".codemode"})


@dataclass(frozen=True, slots=True)
class Place:
    """A file's name in an open folder: what is done here stays here, whatever is renamed above meanwhile."""

    folder: int
    """Descriptor of the parent folder."""
    name: str

    def __post_init__(self) -> None:
        """Refuse a name that leads out of the folder."""
        if "/" in self.name or "\0" in self.name or self.name in ("", ".", ".."):
            raise ConfigError(f"{self.name!r} is not the name of a file; nothing was written")

    def read(self) -> bytes | None:
        """Return the file's bytes, None if there is none.

        Raises:
            ConfigError: it is no regular file.
        """
        try:
            return read_file(self.name, folder=self.folder)
        except FileNotFoundError:
            return None
        except ValueError as problem:
            raise ConfigError(f"{self.name} {problem}; codemode changes only regular files") from problem

    def stat(self) -> os.stat_result | None:
        """Return the file's status, None if there is none."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def sibling(self, name: str) -> Place:
        """Return another file in the same folder."""
        return Place(self.folder, name)

    def remove(self) -> None:
        """Remove the file if it is there."""
        try:
            os.unlink(self.name, dir_fd=self.folder)
        except FileNotFoundError:
            return

    def replace_by(self, other: Place) -> None:
        """Put `other` here at once: a reader sees all of the old file or all of the new."""
        os.replace(other.name, self.name, src_dir_fd=other.folder, dst_dir_fd=self.folder)

    def sync(self) -> None:
        """Make renames in the folder survive a power failure."""
        os.fsync(self.folder)


@contextmanager
def place(rootdir: Path, path: str, *, make_folders: bool = False) -> Iterator[Place]:
    """Yield the place of `path` (posix, relative to `rootdir`).

    Raises:
        ConfigError: it lies outside the tree, behind a symbolic link, or in a folder that is not the project's.
    """
    with _opened(rootdir, path, make_folders) as found:
        status = found.stat()
        if status is not None and not stat.S_ISREG(status.st_mode):
            raise ConfigError(f"{path} is no regular file (a symbolic link or a folder); codemode changes nothing else")
        yield found


def remove_folder(rootdir: Path, path: str) -> None:
    """Remove the folder `path` (posix, relative to `rootdir`) if it is empty.

    Raises:
        ConfigError: it lies outside the tree or behind a symbolic link.
    """
    # FileNotFoundError: never made. ENOTEMPTY: somebody has put something there.
    with suppress(OSError), _opened(rootdir, path, False) as found:
        os.rmdir(found.name, dir_fd=found.folder)


@contextmanager
def _opened(rootdir: Path, path: str, make_folders: bool) -> Iterator[Place]:
    *parents, name = checked_parts(path)
    folder = os.open(rootdir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for parent in parents:
            folder = _descend(folder, parent, path, make_folders)
        yield Place(folder, name)
    finally:
        os.close(folder)


def checked_parts(path: str) -> list[str]:
    """Return the names in `path`.

    Raises:
        ConfigError: it does not name a file of the project.
    """
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in parts) or _PRIVATE & set(parts):
        raise ConfigError(f"{path!r} does not name a file of the project; nothing was written")
    return parts


def _descend(folder: int, name: str, path: str, make: bool) -> int:
    try:
        if make:
            with suppress(FileExistsError):
                os.mkdir(name, dir_fd=folder)
        below = os.open(name, _FOLDER, dir_fd=folder)
    except OSError as problem:
        if isinstance(problem, FileNotFoundError | PermissionError):
            raise
        raise ConfigError(
            f"{path}: {name} is a symbolic link or no folder; codemode does not write through it"
        ) from problem
    os.close(folder)
    return below
