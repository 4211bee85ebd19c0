"""The line on which a process that runs tests reports to the supervisor: private, numbered and signed."""

from __future__ import annotations

import fcntl
import json
import os
import resource
from collections.abc import Callable

# Bound here: a test that replaces functions of `os`, and forgets to put them back, changes no report.
from os import _exit, close, fstat, getpid, write
from typing import Any

from pytest_codemode.worker.offspring import DID_NOT_END

MOST_DESCRIPTORS = 4096
"""Highest descriptor in use, whatever the limit: `offspring.fork` closes those below it."""


class Reporter:
    """Sends messages that `book.Book` believes.

    Each carries the token of the process's orders and its number, so that a line which somebody else writes, a line
    that is repeated and a line that is swallowed are found out. Against code of the same process that searches memory
    for the token this is no help.
    """

    def __init__(self, fd: int, token: str) -> None:
        """Take over `fd`: it is closed, and open elsewhere."""
        self._fd = _hidden(fd)
        self._token = token
        self._sent = 0
        self._pid = getpid()
        self._pipe = _identity(self._fd)
        self._encode = _encoder()

    def say(self, message: dict[str, Any]) -> None:
        """Send `message`; ends the process if the line was cut, and in a fork that a test let run on."""
        if getpid() != self._pid or _identity(self._fd) != self._pipe:
            _exit(DID_NOT_END)
        self._sent += 1
        line = self._encode({**message, "token": self._token, "number": self._sent})
        view = memoryview(line.encode("utf-8", "replace") + b"\n")
        while view:
            view = view[write(self._fd, view) :]


def _encoder() -> Callable[[dict[str, Any]], str]:
    """Return what encodes as `json` does, but asks no class for its methods, which a test may have replaced."""
    make: Any = json.encoder.c_make_encoder  # type: ignore[attr-defined]  # None where there is no C encoder
    if make is None:
        return json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
    encode = make(None, None, json.encoder.encode_basestring, None, ":", ",", False, False, True)
    join = "".join
    return lambda message: join(encode(message, 0))


def _identity(fd: int) -> tuple[int, int] | None:
    """Return what `fd` is open on, None if it is closed."""
    try:
        status = fstat(fd)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _hidden(fd: int) -> int:
    """Move `fd` to a high number that cannot be foretold, and away from the programs that this process starts."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    top = MOST_DESCRIPTORS if limit == resource.RLIM_INFINITY else min(limit, MOST_DESCRIPTORS)
    place = top - 1 - int.from_bytes(os.urandom(4), "big") % max(1, top // 4)
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, place)
    close(fd)
    return moved
