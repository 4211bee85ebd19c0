"""A private copy of the project's tree, where no overlay can be had."""
# ruff: noqa: PTH102, PTH113, PTH115, PTH118, PTH119, PTH211  # paths are text here: links must stay as they are

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress

from pytest_codemode.core.errors import SandboxError

_SKIPPED = frozenset(
    (
        *(".codemode", ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "node_modules"),
        *("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
    )
)


def is_skipped(folder: str) -> bool:
    """Whether the copy leaves out this folder: version control, environments, caches."""
    return os.path.basename(folder) in _SKIPPED or os.path.isfile(os.path.join(folder, "pyvenv.cfg"))


def copy(rootdir: str, destination: str, max_bytes: int) -> None:
    """Copy files, folders and symbolic links (as links); sockets, pipes and devices are left out.

    Modes and times are kept: bytecode caches and the tests of some projects look at them. A link that names a place in
    the tree by its absolute path names the copy of that place, if there is one.

    Raises:
        SandboxError: the files together are larger than `max_bytes`.
    """
    left = max_bytes
    pending = [(rootdir, destination)]
    folders = []
    while pending:
        source, target = pending.pop()
        os.mkdir(target, 0o700)
        folders.append((source, target))
        for entry in _entries(source):
            place = os.path.join(target, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if not is_skipped(entry.path):
                    pending.append((entry.path, place))
                continue
            left -= _copy_entry(entry, place, rootdir, destination)
            if left < 0:
                raise SandboxError(
                    f"{rootdir} is larger than the {max_bytes >> 20} MiB a sandbox may use, and here each sandbox needs"
                    " a copy of it; `codemode doctor` tells how to get the level that needs none"
                )
    for source, target in reversed(folders):  # only now: what they hold may have to be written to a closed folder
        with suppress(OSError):  # gone meanwhile
            shutil.copystat(source, target, follow_symlinks=False)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what is in `folder`; nothing where this user may not look, and so no test either."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (PermissionError, FileNotFoundError):
        return []


def _target(link: str, rootdir: str, destination: str) -> str:
    """Return where the copy of a link leads."""
    relative = os.path.relpath(link, rootdir) if link.startswith(f"{rootdir}/") else ""
    parts = relative.split("/")
    above = (os.path.join(rootdir, *parts[:depth]) for depth in range(1, len(parts) + 1))
    if not relative or parts[0] == os.pardir or any(is_skipped(folder) for folder in above):
        return link
    return os.path.join(destination, relative)


def _copy_entry(entry: os.DirEntry[str], place: str, rootdir: str, destination: str) -> int:
    """Copy one thing that is no folder and return its size in bytes."""
    try:
        if entry.is_symlink():
            os.symlink(_target(os.readlink(entry.path), rootdir, destination), place)
            return 0
        status = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            return 0
        shutil.copyfile(entry.path, place, follow_symlinks=False)
        shutil.copystat(entry.path, place, follow_symlinks=False)
    except (PermissionError, FileNotFoundError):  # not readable for tests either; or gone since it was listed
        return 0
    return status.st_size
