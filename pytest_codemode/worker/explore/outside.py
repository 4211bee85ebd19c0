"""What a call asked of the world outside: noted by an audit hook, whether or not the code hides the refusal."""
# ruff: noqa: PTH100  # paths are text here, as the hook is given them

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

_NETWORK = frozenset(
    {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "builtins.input"}
)
_PATHS = {
    **dict.fromkeys(("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "os.utime"), (0,)),
    **dict.fromkeys(("os.link", "os.symlink"), (1,)),
    "os.rename": (0, 1),
}
"""Event -> which of its arguments are paths that it changes."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_REFUSALS = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENETUNREACH, errno.ECONNREFUSED, errno.EHOSTUNREACH}
)


class Outside:
    """Notes attempts to reach what lies outside the fence. There is no way to take the hook off again."""

    def __init__(self, writable: tuple[str, ...]) -> None:
        self.asked = False
        """Whether an attempt was made since this was last set to false."""
        self._writable = (*(place + os.sep for place in writable), "/dev/")
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _mode, flags = arguments
            if type(flags) is int and flags & _WRITES and not self._inside(path):
                self.asked = True
        elif event in _NETWORK:
            self.asked = self.asked or not _is_local(arguments)
        elif event == "sqlite3.connect":
            self.asked = self.asked or not (arguments[0] in ("", ":memory:") or self._inside(arguments[0]))
        elif event in _PATHS:
            relative_to = arguments[-1]  # a descriptor of a folder, -1 for the working directory
            paths = [arguments[place] for place in _PATHS[event]]
            if event != "os.truncate" and type(relative_to) is int and relative_to >= 0:
                return  # as `shutil.rmtree` does it; where it is refused, the exception says so
            self.asked = self.asked or not all(map(self._inside, paths))

    def _inside(self, path: Any) -> bool:
        if type(path) is int or path is None:
            return True
        try:
            # A file without a name is opened by the folder that holds it.
            return (os.path.abspath(os.fsdecode(path)) + os.sep).startswith(self._writable)
        except (TypeError, ValueError, OSError):
            return True


def _is_local(arguments: tuple[Any, ...]) -> bool:
    """Whether it is about a socket that leads to no network."""
    return bool(arguments) and isinstance(arguments[0], socket.socket) and arguments[0].family == socket.AF_UNIX


def refused(problem: BaseException) -> bool:
    """Whether an exception, or one that led to it, is the fence's word."""
    return any(
        (isinstance(one, OSError) and one.errno in _REFUSALS and one.strerror is not None)
        or isinstance(one, socket.gaierror)
        for one in _chain(problem)
    )


def _chain(problem: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = problem
    for _ in range(10):
        if one is None:
            return
        yield one
        one = one.__cause__ or one.__context__
