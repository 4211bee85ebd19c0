"""Where codemode keeps its state: `.codemode/` under the root of the project, ignoring itself.

A root that cannot be written (a read-only checkout, used with `--codemode-diff`), or where `.codemode/` belongs to
another user, has its state in a private folder of the user's under the system's temporary folder instead, found again
by the root's path.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from pytest_codemode.core.errors import ConfigError

NAME = ".codemode"
READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
"""What the system says where a folder cannot be written."""


def state_dir(rootdir: Path) -> Path:
    """Return the existing folder for the state of the project at `rootdir`, made if need be.

    Raises:
        ConfigError: there is no place for it.
    """
    own = rootdir / NAME
    try:
        return _made(own) if _writable(own) else _fallback(rootdir)
    except OSError as problem:
        if problem.errno in READ_ONLY:
            return _fallback(rootdir)
        raise ConfigError(f"{own} cannot be made ({problem.strerror}); make room for it or remove it") from problem


def existing_state_dirs(rootdir: Path) -> tuple[Path, ...]:
    """Return the folders that hold state of the project, without making any."""
    return tuple(folder for folder in (rootdir / NAME, _fallback_path(rootdir)) if is_own(folder))


def foreign_state(rootdir: Path) -> str:
    """Return the sentence about a state folder that is ignored as it is somebody else's; empty if there is none."""
    folder = rootdir / NAME
    if not folder.is_dir() or folder.is_symlink() or is_own(folder):
        return ""
    return f"{folder} belongs to somebody else (user {folder.stat().st_uid}) and is ignored."


def _writable(own: Path) -> bool:
    return os.access(own, os.W_OK) and not foreign_state(own.parent) if own.exists() else os.access(own.parent, os.W_OK)


def _made(own: Path) -> Path:
    _make_real(own)
    with suppress(FileExistsError), (own / ".gitignore").open("x", encoding="utf-8") as ignore:
        ignore.write("*\n")
    return own


def subfolder(state: Path, name: str) -> Path:
    """Return the folder `name` in the state folder, made if need be.

    Raises:
        ConfigError: somebody put a link in its place.
        OSError: it cannot be made.
    """
    folder = state / name
    _make_real(folder)
    return folder


def _make_real(folder: Path) -> None:
    if folder.is_symlink():
        # State is written back into the tree, and a checkout may bring links: nobody else chooses where it lives.
        raise ConfigError(f"{folder} is a symbolic link; remove it, codemode keeps its state there")
    folder.mkdir(exist_ok=True)
    if not is_own(folder):
        raise ConfigError(f"{folder} belongs to somebody else; remove it, codemode keeps its state there")


def _fallback(rootdir: Path) -> Path:
    private_dir()
    return _private(_fallback_path(rootdir))


def private_path() -> Path:
    """Return where the user's private folder under the system's temporary folder is, or would be."""
    return Path(tempfile.gettempdir()) / f"codemode-{os.geteuid()}"


def private_dir() -> Path:
    """Return that folder, made if need be.

    Raises:
        ConfigError: somebody else put something in its place, or it cannot be made.
    """
    try:
        return _private(private_path())
    except OSError as problem:
        raise ConfigError(
            f"{private_path()} cannot be made ({problem.strerror}); set TMPDIR to a folder of your own"
        ) from problem


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    if not is_own(folder):
        raise ConfigError(f"{folder} belongs to somebody else; remove it or set TMPDIR to a folder of your own")
    return folder


def _fallback_path(rootdir: Path) -> Path:
    name = hashlib.sha256(os.fsencode(rootdir.resolve())).hexdigest()[:16]
    return private_path() / name


def is_own(folder: Path) -> bool:
    """Return whether `folder` is a real folder (no link to one) of the effective user."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
