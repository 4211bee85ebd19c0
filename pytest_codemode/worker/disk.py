"""Is the disk space of an enclosure used up?"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field

_BYTES_PER_FILE = 4096
"""A file costs at least a page: so many files fit into so many bytes, as on a sized tmpfs."""
_LEAST_FILES = 4096


@dataclass
class Disk:
    """Bounds what is written below some folders.

    Where they lie on a file system that is no larger than the bound, the kernel holds it, and it is asked how much is
    left; elsewhere the folders are weighed file by file.
    """

    folders: tuple[str, ...]
    """Absolute paths; what is in them from the beginning does not count."""
    bound: int
    _before: tuple[int, int] = field(init=False, default=(0, 0))

    def __post_init__(self) -> None:
        """Weigh what is there already, which is free of charge."""
        if not self._sized():
            self._before = self._weighed(10**7)

    def is_full(self, holders: Collection[int] = ()) -> bool:
        """Return whether no more may be written; what only `holders`, processes, keep from being removed counts too.

        What lies in a folder that its owner has closed against reading does not count.
        """
        if self._sized():
            left = os.statvfs(self.folders[0])
            return left.f_bavail == 0 or left.f_ffree == 0
        most = self._before[1] + max(_LEAST_FILES, self.bound // _BYTES_PER_FILE)
        total, files = self._weighed(most)
        total += self._nameless(holders)
        return total - self._before[0] > self.bound or files > most

    def _sized(self) -> bool:
        """Return whether the file system itself is as small as the bound."""
        try:
            whole = os.statvfs(self.folders[0])
        except OSError:
            return False
        return 0 < whole.f_blocks * whole.f_frsize <= self.bound + 2**20

    def _nameless(self, holders: Collection[int]) -> int:
        """Return bytes on disk of open files that have no name any more, each counted once."""
        device = os.lstat(self.folders[0]).st_dev
        sizes: dict[int, int] = {}
        for pid in holders:
            with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as descriptors:
                for descriptor in descriptors:
                    with suppress(OSError):  # closed meanwhile
                        status = descriptor.stat()
                        if status.st_nlink == 0 and status.st_dev == device and stat.S_ISREG(status.st_mode):
                            sizes[status.st_ino] = status.st_blocks * 512
        return sum(sizes.values())

    def _weighed(self, most: int) -> tuple[int, int]:
        """Return (bytes on disk, files) below the folders; stops after `most` files. Links are not followed."""
        total = files = 0
        todo = list(self.folders)
        while todo and files <= most:
            try:
                with os.scandir(todo.pop()) as entries:
                    for entry in entries:
                        files += 1
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            todo.append(entry.path)
            except OSError:
                continue  # removed or unreadable meanwhile
        return total, files
