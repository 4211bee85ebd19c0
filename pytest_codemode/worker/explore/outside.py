"""What a call asked of the world outside: noted by an audit hook, whether or not the code hides the refusal."""
# ruff: noqa: PTH100, PTH115, PTH117, PTH118  # paths are text here, as the hook is given them

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

_ADDRESSED = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})
_ASKING = frozenset(
    {
        "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo", "builtins.input",
        "syslog.openlog", "syslog.syslog",
        # A program that is started is not heard here, whatever it does.
        "subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.spawn", "os.fork", "os.forkpty", "pty.spawn",
        "os.startfile", "os.kill", "os.killpg", "signal.pthread_kill",
    }
)  # fmt: skip
_PATHS: dict[str, tuple[tuple[int, int | None], ...]] = {
    **dict.fromkeys(("os.remove", "os.rmdir"), ((0, 1),)),
    "os.mkdir": ((0, 2),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.utime": ((0, 3),),
    "os.truncate": ((0, None),),
    "os.setxattr": ((0, None),),
    "os.removexattr": ((0, None),),
    "os.symlink": ((1, 2),),
    "os.link": ((1, 3),),
    "os.rename": ((0, 2), (1, 3)),
}
"""Event -> of each path that it changes the place among its arguments, and that of the folder it is relative to."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_REFUSALS = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENETUNREACH, errno.ECONNREFUSED, errno.EHOSTUNREACH}
)


class Outside:
    """Notes attempts to reach what lies outside the fence. There is no way to take the hook off again."""

    def __init__(self, writable: tuple[str, ...]) -> None:
        self.asked = False
        """Whether an attempt was made since this was last set to false."""
        self._writable = tuple(os.path.realpath(place) + os.sep for place in writable)
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if type(flags) is int and flags & _WRITES:
                self.asked = self.asked or not self._may_open(path, mode)
        elif event in _ASKING:
            self.asked = True
        elif event in _ADDRESSED:
            self.asked = self.asked or not self._is_local(arguments)
        elif event == "socket.__new__":
            self.asked = self.asked or arguments[1] not in (socket.AF_UNIX, -1)
        elif event == "sqlite3.connect":
            self.asked = self.asked or not (arguments[0] in ("", ":memory:") or self._inside(arguments[0]))
        elif event in _PATHS:
            for path, folder in _PATHS[event]:
                self.asked = self.asked or not self._inside(
                    arguments[path], -1 if folder is None else arguments[folder], follow=False
                )

    def _may_open(self, path: Any, mode: Any) -> bool:
        if type(path) is int or path is None:
            return True  # it was opened before, and heard then
        # `os.open` has no mode to tell, and does not tell which folder a path is relative to.
        return (mode is not None or _is_absolute(path)) and self._inside(path)

    def _inside(self, path: Any, folder: Any = -1, *, follow: bool = True) -> bool:
        """Return whether a path, or an open file, lies where calls may write.

        Args:
            path: as the hook is given it.
            folder: descriptor of what it is relative to; negative: of the working directory.
            follow: whether a link that it ends in stands for what it leads to.
        """
        try:
            if type(path) is int:
                path, follow = f"/proc/self/fd/{path}", True
            path = os.fsdecode(path)
            if type(folder) is int and folder >= 0:
                path = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), path)
            path = os.path.abspath(path)
            if path.startswith("/dev/"):
                return True  # some lead to what is open already; what may be opened there the fence decides
            head, name = os.path.split(path)
            real: str = os.path.realpath(path) if follow else os.path.join(os.path.realpath(head), name)
        except (TypeError, ValueError):
            return True  # it is no path
        except OSError:
            return False
        # A file without a name is opened by the folder that holds it.
        return (real + os.sep).startswith(self._writable)

    def _is_local(self, arguments: tuple[Any, ...]) -> bool:
        """Return whether it is about a socket that leads to no network and to nobody outside."""
        if not (arguments and isinstance(arguments[0], socket.socket) and arguments[0].family == socket.AF_UNIX):
            return False
        address = arguments[1] if len(arguments) > 1 else None
        if not address:
            return True
        return not os.fsencode(address).startswith(b"\0") and self._inside(address)


def _is_absolute(path: Any) -> bool:
    try:
        return os.path.isabs(os.fsdecode(path))
    except (TypeError, ValueError):
        return True


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
