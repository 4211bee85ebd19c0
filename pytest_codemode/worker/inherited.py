"""Files that were open when a session was collected: every fork gets them for itself.

A descriptor that is inherited shares its place in the file with all other forks, and lets them write where no path
would: a log file opened at import would carry what one run wrote into the next.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MAX_COPIED_BYTES = 16 * 2**20
"""Of all files that were open for writing; a session that holds more is not forked."""
_FIRST = 3
_NO_PRIVATE_COPY = ("/dev/shm/sem.", "/SYSV")
"""Shared memory that has to be shared to be of use, and holds no results: semaphores."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """One descriptor of a regular file."""

    fd: int
    flags: int
    """Access mode and `O_APPEND`, as `fcntl(F_GETFL)` tells them."""
    inheritable: bool
    offset: int
    size: int
    path: str
    """Where it was, as the kernel tells it; where a nameless file is, no file is found."""

    @property
    def is_writable(self) -> bool:
        """Whether it may be written through."""
        return self.flags & os.O_ACCMODE != os.O_RDONLY


def open_files() -> tuple[OpenFile, ...]:
    """Return the regular files that this process has open, standard streams apart."""
    found = []
    for entry in Path("/proc/self/fd").iterdir() if sys.platform == "linux" else ():
        with suppress(OSError):  # the descriptor of the listing itself
            fd = int(entry.name)
            status = os.fstat(fd)
            flags = fcntl.fcntl(fd, fcntl.F_GETFL)
            if fd >= _FIRST and stat.S_ISREG(status.st_mode) and not flags & os.O_PATH:
                offset = os.lseek(fd, 0, os.SEEK_CUR)
                path = str(entry.readlink())
                found.append(OpenFile(fd, flags, os.get_inheritable(fd), offset, status.st_size, path))
    return tuple(found)


def can_be_private(files: tuple[OpenFile, ...]) -> bool:
    """Whether forks can have all of this process for themselves: little to copy, and no memory shared with others."""
    copied = sum(file.size for file in files if file.is_writable)
    return copied <= MAX_COPIED_BYTES and not _shared_memory()


def make_private(files: tuple[OpenFile, ...], folder: str) -> None:
    """Replace each descriptor by one of this process alone; what is open for writing becomes a copy in `folder`."""
    for file in files:
        opened = _copy(file, folder) if file.is_writable else os.open(f"/proc/self/fd/{file.fd}", os.O_RDONLY)
        os.lseek(opened, file.offset, os.SEEK_SET)
        os.dup2(opened, file.fd, file.inheritable)
        os.close(opened)


def _copy(file: OpenFile, folder: str) -> int:
    """Return a descriptor of a copy, open in the same way: that which `folder` has by its name, or a nameless one."""
    flags = file.flags & (os.O_ACCMODE | os.O_APPEND) | os.O_CLOEXEC
    if file.path.startswith(f"{folder}/") and not _is_at(file.fd, file.path):
        with suppress(OSError):
            return os.open(file.path, flags | os.O_NOFOLLOW)
    with tempfile.TemporaryFile(dir=folder) as copy:
        with open(f"/proc/self/fd/{file.fd}", "rb") as source:  # noqa: PTH123  # a descriptor, not a path
            shutil.copyfileobj(source, copy)
        copy.flush()
        return os.open(f"/proc/self/fd/{copy.fileno()}", flags)


def _is_at(fd: int, path: str) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(fd), os.lstat(path))
    return False


def _shared_memory() -> bool:
    """Whether memory is mapped that writes of a fork would reach others through."""
    if sys.platform != "linux":
        return False
    for line in Path("/proc/self/maps").read_text("utf-8", "surrogateescape").splitlines():
        fields = line.split(maxsplit=5)
        if fields[1] == "rw-s" and not (len(fields) > 5 and fields[5].startswith(_NO_PRIVATE_COPY)):
            return True
    return False
