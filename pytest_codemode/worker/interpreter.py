"""Inside an interpreter that is held before its program: gets ready, then forks for each program to be run.

Runs before any code of the project, in a process that never sees more than its program may: no settings, no environment
but the program's. A fork differs from a fresh interpreter in what it shares with its siblings: the seed of `hash`, and
where things lie in memory. `random` is seeded anew by Python itself.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib.machinery
import json
import os
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NoReturn

from pytest_codemode.worker import syscalls
from pytest_codemode.worker.confine import Confinement, confine, prepare
from pytest_codemode.worker.processes import fork

CONTROL_FD = 3
COMMON = ("collections", "datetime", "functools", "itertools", "math", "random", "re", "string", "typing")
"""Imported ahead, as many programs need them; like all modules that are here already, of the standard library."""
PACKAGE = "pytest_codemode"

RUN, PREPARE = b"r", b"p"
"""Orders: run a program with these streams; have a fork ready for the next one."""
MADV_POPULATE_WRITE = 23
"""Source: <linux/mman.h>; kernels before 5.14 refuse it, and then nothing is gained or lost."""
MAX_AREA = 8 * 2**20
"""Bytes; larger areas hold little that is used."""


def hold(before: frozenset[str], startup: str) -> None:
    """Fork for each order that comes over the line; returns in the fork, which is the program's from then on.

    Args:
        before: names of the modules that any interpreter has imported at this point.
        startup: the folder on PYTHONPATH that led here.
    """
    control = socket.socket(fileno=CONTROL_FD)
    orders = json.loads(_line(control))
    confinement = Confinement(**orders | {"writable": tuple(orders["writable"])})
    for name in COMMON:
        __import__(name)
    ahead = sorted(set(sys.modules) - before)
    _say(control, {"say": "poised", "obstacle": _obstacle(ahead, startup)})
    prepare(confinement)
    atexit.register(_forget, ahead)
    kept: list[Any] = [sys.modules[name] for name in ahead]
    kept.append(kept)  # garbage that is never collected: at its end no fork takes these modules apart, page by page
    del kept
    gc.collect()
    gc.freeze()
    line = _serve(control)
    _become(line, confinement)
    _leave_no_trace(startup)
    _renew_main()
    _take_streams(line)


def _obstacle(ahead: Iterable[str], startup: str) -> str:
    """Return why forks of this process would not do as fresh interpreters; empty if they would."""
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208  # names only
        return "threads were started with the interpreter"
    places = [entry for entry in os.environ["PYTHONPATH"].split(os.pathsep) if entry != startup]
    for name in ahead:
        spec = importlib.machinery.PathFinder.find_spec(name, places) if "." not in name else None
        if spec is not None and spec.loader is not None:
            return f"the project has a module called {name}"
    return ""


def _serve(control: socket.socket) -> socket.socket:
    """Return, in a fork, the line over which it will be given its three streams."""
    spare = _Spare()
    while True:
        order, fds, _flags, _address = socket.recv_fds(control, 1, 3)
        if not order:
            os._exit(0)
        if not spare.lives() and spare.fork():
            control.close()
            return spare.line
        if order != RUN:
            continue
        spare.give(list(fds))
        _say(control, {"say": "forked", "pid": spare.pid})
        _say(control, {"say": "ended", "status": spare.wait()})


class _Spare:
    """A fork that has everything but its streams: made while nobody waits for it, and spent on one program."""

    def __init__(self) -> None:
        self.pid = 0
        self.line: socket.socket

    def lives(self) -> bool:
        """Return whether there is one; the supervisor kills it with all else that a request leaves."""
        if self.pid and os.waitpid(self.pid, os.WNOHANG)[0]:
            self.line.close()
            self.pid = 0
        return self.pid > 0

    def fork(self) -> bool:
        """Make one; return whether this is it."""
        ours, theirs = socket.socketpair()
        self.pid = fork()
        self.line, unused = (ours, theirs) if self.pid else (theirs, ours)
        unused.close()
        return self.pid == 0

    def give(self, streams: list[int]) -> None:
        """Let it run; if it has just died, its end tells."""
        with suppress(OSError):
            socket.send_fds(self.line, [RUN], streams)
        for fd in streams:
            os.close(fd)

    def wait(self) -> int:
        """Return its exit status, negative for a signal."""
        _, status = os.waitpid(self.pid, 0)
        self.line.close()
        self.pid = 0
        return os.waitstatus_to_exitcode(status)


def _become(line: socket.socket, confinement: Confinement) -> None:
    """Fence this process in, with nothing open but the line, and take its memory for itself."""
    try:
        os.setpgid(0, 0)
        confine(confinement)
        os.closerange(CONTROL_FD, line.fileno())
        os.closerange(line.fileno() + 1, 4096)
        _own_memory()
    except BaseException:  # noqa: BLE001  # whatever it is: nothing may be run without the fence
        _give_up()


def _take_streams(line: socket.socket) -> None:
    """Wait for standard input, output and error; nothing else is open afterwards."""
    order, fds, _flags, _address = socket.recv_fds(line, 1, 3)
    if not order:
        os._exit(0)
    for place, fd in enumerate(fds):
        os.dup2(fd, place)
        os.close(fd)
    line.close()


def _own_memory() -> None:
    """Copy what is shared with the parent: page by page, as it is written to, that costs a program more than its start.

    Most of it is written to: reference counts, and at the end everything that the interpreter takes apart.
    """
    libc = syscalls.libc()
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:  # noqa: PTH123  # no pathlib here
        for area in maps:
            place, rights, *_, name = (*area.split(None, 5), "")[:6]
            start, end = (int(word, 16) for word in place.split("-"))
            if rights == "rw-p" and end - start <= MAX_AREA and not name.startswith("[stack"):
                libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_POPULATE_WRITE)


def _give_up() -> NoReturn:
    import traceback  # noqa: PLC0415  # never needed otherwise

    traceback.print_exc()
    os._exit(70)


def _leave_no_trace(startup: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    entries = os.environ["PYTHONPATH"].split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(entry for entry in entries if entry != startup)


def _renew_main() -> None:
    """Give the program a `__main__` that garbage collection sees: the old one is frozen, and all it holds would be."""
    main = type(sys)("__main__")
    names = vars(main)
    names.clear()
    names.update(vars(sys.modules["__main__"]))
    if "__annotations__" in names:
        names["__annotations__"] = {}
    sys.modules["__main__"] = main


def _forget(names: Iterable[str]) -> None:
    """Let the interpreter's end pass by modules that no program can miss any more: this is called after its own."""
    for name in names:
        sys.modules.pop(name, None)


def _line(control: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        if not (more := control.recv(2**16)):
            os._exit(0)
        data += more
    return data


def _say(control: socket.socket, message: dict[str, Any]) -> None:
    control.sendall(json.dumps(message).encode() + b"\n")
