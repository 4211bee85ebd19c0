"""What a session's import and collection left in its temporary folder: every fork of it finds that there again."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

MAX_BYTES = 8 * 2**20
"""Of all files together: they are written once for each fork."""
MAX_ENTRIES = 500
MAX_DEPTH = 30
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class _TooMuch(Exception):
    """A fork does without, and a test that misses something is run in a sandbox of its own."""


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    mode: int
    times_ns: tuple[int, int]
    content: bytes | str | tuple[_Entry, ...]
    """Of a file, a link or a folder."""


@dataclass(frozen=True, slots=True)
class Keepsakes:
    """Files, folders and links, held in memory; nothing that untrusted code made is followed, or opened by a path."""

    entries: tuple[_Entry, ...] = ()

    @staticmethod
    def of(folder: str) -> Keepsakes:
        """Read what is in `folder`; nothing if that is more than is worth it."""
        with suppress(OSError, _TooMuch):
            return Keepsakes(_Reading().folder(folder, None, 0))
        return Keepsakes()

    def put(self, folder: str) -> None:
        """Write everything into `folder`, which holds none of it but folders at the most."""
        descriptor = os.open(folder, _FOLDER)
        try:
            # What a process that the import started writes there meanwhile is the project's own affair.
            with suppress(OSError):
                _write_all(self.entries, descriptor)
        finally:
            os.close(descriptor)


@dataclass
class _Reading:
    size: int = 0
    count: int = 0

    def folder(self, name: str, parent: int | None, depth: int) -> tuple[_Entry, ...]:
        if depth > MAX_DEPTH:
            raise _TooMuch
        descriptor = os.open(name, _FOLDER, dir_fd=parent)
        try:
            return tuple(self._entries(descriptor, depth))
        finally:
            os.close(descriptor)

    def _entries(self, parent: int, depth: int) -> Iterator[_Entry]:
        for name in sorted(os.listdir(parent)):
            self.count += 1
            if self.count > MAX_ENTRIES:
                raise _TooMuch
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
            content = self._content(name, status, parent, depth)
            if content is not None:
                times = (status.st_atime_ns, status.st_mtime_ns)
                yield _Entry(name, stat.S_IMODE(status.st_mode), times, content)

    def _content(
        self, name: str, status: os.stat_result, parent: int, depth: int
    ) -> bytes | str | tuple[_Entry, ...] | None:
        if stat.S_ISDIR(status.st_mode):
            return self.folder(name, parent, depth + 1)
        if stat.S_ISLNK(status.st_mode):
            return os.readlink(name, dir_fd=parent)
        return self._data(name, parent) if stat.S_ISREG(status.st_mode) else None

    def _data(self, name: str, parent: int) -> bytes:
        descriptor = os.open(name, _READ, dir_fd=parent)
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(MAX_BYTES - self.size + 1)
        self.size += len(data)
        if self.size > MAX_BYTES:
            raise _TooMuch
        return data


def _write_all(entries: tuple[_Entry, ...], parent: int) -> None:
    for entry in entries:
        if isinstance(entry.content, str):
            os.symlink(entry.content, entry.name, dir_fd=parent)
        elif isinstance(entry.content, bytes):
            descriptor = os.open(entry.name, _WRITE, 0o600, dir_fd=parent)
            with os.fdopen(descriptor, "wb") as file:
                file.write(entry.content)
                file.flush()
                _stamp(descriptor, entry)
        else:
            _write_folder(entry, entry.content, parent)


def _write_folder(entry: _Entry, inside: tuple[_Entry, ...], parent: int) -> None:
    with suppress(FileExistsError):
        os.mkdir(entry.name, 0o700, dir_fd=parent)
    descriptor = os.open(entry.name, _FOLDER, dir_fd=parent)
    try:
        _write_all(inside, descriptor)
        _stamp(descriptor, entry)
    finally:
        os.close(descriptor)


def _stamp(descriptor: int, entry: _Entry) -> None:
    os.fchmod(descriptor, entry.mode)
    os.utime(descriptor, ns=entry.times_ns)
