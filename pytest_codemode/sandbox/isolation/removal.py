"""Remove a folder that untrusted code has written to: no link is followed, no depth or permission stands in the way."""
# ruff: noqa: PTH106  # paths are text here: links must stay as they are

from __future__ import annotations

import os
import secrets

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
        os.chmod(name, 0o700, dir_fd=parent)
        here = os.open(name, _OPEN, dir_fd=parent)
    os.fchmod(here, 0o700)
    return here
