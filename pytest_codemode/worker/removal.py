"""Remove what untrusted code has written: no link is followed, no depth or permission stands in the way.

Used on both sides of the fence, so standard library only.
"""
# ruff: noqa: PTH101, PTH102, PTH106, PTH108  # paths are text here: links must stay as they are

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress

_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(folder: str) -> None:
    """Remove `folder` and everything in it; nothing happens if it is not there.

    Folders inside are moved up into `folder` before they are emptied, so that code that nested a million of them costs
    neither recursion nor open files. Nothing outside `folder` is touched, whatever its permissions are.
    """
    try:
        base = os.open(folder, _OPEN)
    except FileNotFoundError:
        return
    try:
        _flatten(base)
    finally:
        os.close(base)
    os.rmdir(folder)


def empty(folder: str) -> None:
    """Remove everything in `folder`, which is itself put right first; nothing happens if it is not there.

    Code may close a folder it owns, and those above it, against everybody: they are opened again. A link in place of
    the folder gives way to a folder.

    Raises:
        OSError: something cannot be removed; whoever comes next would find it.
    """
    _open_ways_to(folder)
    try:
        base = os.open(folder, _OPEN)
    except FileNotFoundError:
        return
    except NotADirectoryError:  # Linux says so too where O_NOFOLLOW meets a link
        os.unlink(folder)
        os.mkdir(folder, 0o700)
        return
    try:
        _flatten(base)
    finally:
        os.close(base)


def _open_ways_to(folder: str) -> None:
    """Give back to this user what rights are missing: to enter what lies above `folder`, and to change it."""
    parts = folder.split("/")
    for depth in range(2, len(parts) + 1):
        path = "/".join(parts[:depth])
        needed = os.X_OK if depth < len(parts) - 1 else os.R_OK | os.W_OK | os.X_OK
        with suppress(OSError):
            status = os.lstat(path)
            if stat.S_ISDIR(status.st_mode) and not os.access(path, needed):
                os.chmod(path, stat.S_IMODE(status.st_mode) | needed << 6)


def _flatten(base: int) -> None:
    """Empty the open folder `base`."""
    prefix = secrets.token_hex(8)
    pending = _empty_of_files(base)
    moved = 0
    while pending:
        name = pending.pop()
        here = _open_up(name, base)
        try:
            for inner in _empty_of_files(here):
                os.close(_open_up(inner, here))  # a folder can be moved only by who may write in it
                moved += 1
                place = f"{prefix}-{moved}"
                os.rename(inner, place, src_dir_fd=here, dst_dir_fd=base)
                pending.append(place)
        finally:
            os.close(here)
        os.rmdir(name, dir_fd=base)


def _empty_of_files(folder: int) -> list[str]:
    """Unlink everything in the open folder that is no folder, and return the names of those."""
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
    return [name for name, is_folder in found if is_folder]


def _open_up(name: str, parent: int) -> int:
    """Return a folder inside the open folder `parent`, opened, and made such that it may be emptied."""
    try:
        here = os.open(name, _OPEN, dir_fd=parent)
    except PermissionError:
        # By a handle: chmod by name would follow a link that took the folder's place meanwhile.
        handle = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            os.chmod(f"/proc/self/fd/{handle}", 0o700)
            here = os.open(f"/proc/self/fd/{handle}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        finally:
            os.close(handle)
    os.fchmod(here, 0o700)
    return here
