"""Modes, times and attributes of the files in a worker's tree: what runs there may change them, but not for the next.

The kernel tells (inotify) in which places something has changed; only those are looked at, so that it costs nothing
where nothing has.
"""
# ruff: noqa: PTH101, PTH118  # paths are text here: links must stay as they are

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from pytest_codemode.worker import syscalls

MOST_FOLDERS, MOST_ENTRIES = 2_000, 20_000
"""What lies deeper in a larger tree is not looked after."""
_SKIPPED = frozenset((".git", ".hg", ".svn", ".tox", ".nox", "node_modules"))
_IN_ATTRIB, _IN_OVERFLOW = 0x4, 0x4000
_IN_ONLYDIR, _IN_DONT_FOLLOW = 0x1000000, 0x2000000
_EVENT = struct.Struct("=iIII")


class _State(NamedTuple):
    mode: int
    group: int
    read_ns: int
    """Not compared: to read a file may change it."""
    changed_ns: int
    attributes: tuple[tuple[str, bytes], ...]


class Attributes:
    """Remembers those of a tree, and puts back what has changed. Folders that are mounts of their own are left out."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._events = -1
        self._folders: dict[int, str] = {}
        self._states: dict[str, _State] = {}

    @property
    def remembered(self) -> bool:
        """Whether `remember` has been called."""
        return self._events >= 0

    def remember(self) -> None:
        """Take what is there now for what shall be; replaces what was remembered."""
        self.forget()
        self._events = _new_events()
        if self.remembered:
            for folder in self._take():
                watch = _add_watch(self._events, folder)
                if watch < 0:  # the user's watches are used up
                    break
                self._folders[watch] = folder

    def forget(self) -> None:
        """Give up the descriptor."""
        if self.remembered:
            os.close(self._events)
        self._events = -1
        self._folders.clear()
        self._states.clear()

    def put_back(self) -> None:
        """Put back what has changed; nothing happens if nothing is remembered."""
        # What lies in a folder may only be reached when that is as it was.
        for path in sorted(self._changed()):
            state = self._states.get(path)
            if state is not None:
                with suppress(OSError):  # it is gone, and with it what could be seen
                    _put_back(path, state)

    def _take(self) -> Iterator[str]:
        """Remember breadth first, and yield the folders on the way."""
        pending = deque([self._root])
        self._states[self._root] = _state(self._root)
        device = os.lstat(self._root).st_dev
        found = 0
        while pending and found < MOST_FOLDERS:
            folder = pending.popleft()
            found += 1
            yield folder
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    if len(self._states) >= MOST_ENTRIES:
                        return
                    self._states[entry.path] = _state(entry.path)
                    if entry.is_dir(follow_symlinks=False) and entry.name not in _SKIPPED:
                        pending += [entry.path] if entry.stat(follow_symlinks=False).st_dev == device else []

    def _changed(self) -> set[str]:
        """Return paths at which something has changed, or may have."""
        changed: set[str] = set()
        while data := self._read():
            at = 0
            while at < len(data):
                watch, mask, _, size = _EVENT.unpack_from(data, at)
                name = data[at + _EVENT.size : at + _EVENT.size + size].rstrip(b"\0")
                at += _EVENT.size + size
                if mask & _IN_OVERFLOW:
                    changed |= self._states.keys()
                elif mask & _IN_ATTRIB and watch in self._folders:
                    folder = self._folders[watch]
                    changed.add(os.path.join(folder, os.fsdecode(name)) if name else folder)
        return changed

    def _read(self) -> bytes:
        if not self.remembered:
            return b""
        try:
            return os.read(self._events, 1 << 16)
        except BlockingIOError:
            return b""


def _new_events() -> int:
    """Return a queue of events, -1 where there is none."""
    function = getattr(syscalls.libc(), "inotify_init1", None)
    return int(function(os.O_NONBLOCK | os.O_CLOEXEC)) if function is not None else -1


def _add_watch(events: int, folder: str) -> int:
    """Return the number under which what happens in `folder` is told, -1 if the kernel has no more."""
    mask = ctypes.c_uint32(_IN_ATTRIB | _IN_ONLYDIR | _IN_DONT_FOLLOW)
    watch = int(syscalls.libc().inotify_add_watch(events, os.fsencode(folder), mask))
    return watch if watch >= 0 or ctypes.get_errno() == errno.ENOSPC else 1 << 31  # a folder that is gone or closed


def _state(path: str) -> _State:
    status = os.lstat(path)
    return _State(
        stat.S_IMODE(status.st_mode), status.st_gid, status.st_atime_ns, status.st_mtime_ns, _attributes(path)
    )


def _attributes(path: str) -> tuple[tuple[str, bytes], ...]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in names)
    except OSError:  # the file system has none
        return ()


def _put_back(path: str, state: _State) -> None:
    now = os.lstat(path)
    if not stat.S_ISLNK(now.st_mode) and stat.S_IMODE(now.st_mode) != state.mode:
        os.chmod(path, state.mode)
    if now.st_gid != state.group:
        os.chown(path, -1, state.group, follow_symlinks=False)
    before, found = dict(state.attributes), dict(_attributes(path))
    for name in found.keys() - before.keys():
        os.removexattr(path, name, follow_symlinks=False)
    for name, value in before.items() - found.items():
        os.setxattr(path, name, value, follow_symlinks=False)
    if now.st_mtime_ns != state.changed_ns:
        os.utime(path, ns=(state.read_ns, state.changed_ns), follow_symlinks=False)
