"""A private copy of the project's tree, where no overlay can be had."""
# ruff: noqa: PTH102, PTH113, PTH115, PTH118, PTH119, PTH211  # paths are text here: links must stay as they are

from __future__ import annotations

import os
import shutil
import stat

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

    Modes and times are kept: bytecode caches and the tests of some projects look at them.

    Raises:
        SandboxError: the files together are larger than `max_bytes`.
    """
    left = max_bytes
    pending = [(rootdir, destination)]
    while pending:
        source, target = pending.pop()
        os.mkdir(target, 0o700)
        with os.scandir(source) as entries:
            found = list(entries)
        for entry in found:
            place = os.path.join(target, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if not is_skipped(entry.path):
                    pending.append((entry.path, place))
                continue
            left -= _copy_entry(entry, place)
            if left < 0:
                raise SandboxError(
                    f"{rootdir} is larger than the {max_bytes >> 20} MiB a sandbox may use, and here each sandbox needs"
                    " a copy of it; `codemode doctor` tells how to get the level that needs none"
                )


def _copy_entry(entry: os.DirEntry[str], place: str) -> int:
    """Copy one thing that is no folder and return its size in bytes."""
    try:
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), place)
            return 0
        status = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode):
            return 0
        shutil.copyfile(entry.path, place, follow_symlinks=False)
        shutil.copystat(entry.path, place, follow_symlinks=False)
    except (PermissionError, FileNotFoundError):  # not readable for tests either; or gone since it was listed
        return 0
    return status.st_size
