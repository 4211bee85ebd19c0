"""Calls that read what is another thing at another time or in another place: their results only look steady.

A call made twice within a second comes out the same although a test of it fails tomorrow. What is noticed are calls of
built-in functions, made by Python code; code that calls the same from C is not seen.
"""

from __future__ import annotations

import datetime
import opcode
import os
import random
import socket
import sys
import time
import uuid
from types import FrameType
from typing import Any

CLOCK, PROCESS, CHANCE = "the clock", "the process", "chance"

_CALL = opcode.opmap["CALL"]
_DATES = frozenset({"now", "utcnow", "today"})
"""Class methods: a subclass of `datetime` has its own."""
_UNLESS_GIVEN = {time.localtime: 1, time.gmtime: 1, time.ctime: 1, time.asctime: 1, time.strftime: 2}
"""Functions that read the clock if they get fewer arguments."""
_INWARD = frozenset(
    {
        *("logging", "tempfile", "threading", "subprocess", "multiprocessing", "concurrent", "asyncio", "selectors"),
        *("queue", "importlib", "linecache", "traceback", "warnings", "inspect", "contextlib", "weakref", "socket"),
        *("ssl", "posixpath", "ntpath", "genericpath", "tracemalloc", "zoneinfo", "_strptime", "pytest_codemode"),
    }
)
"""Modules that read the clock and the like for their own needs, as time limits and names that nobody sees."""


def _known() -> dict[Any, str]:
    times = "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns thread_time"
    process = "getpid getppid getlogin uname getcwd getcwdb getuid geteuid getgid cpu_count getloadavg times"
    found = {getattr(time, name): CLOCK for name in times.split() if hasattr(time, name)}
    found |= dict.fromkeys(_UNLESS_GIVEN, CLOCK)
    found |= {getattr(time, name): CLOCK for name in ("clock_gettime", "clock_gettime_ns") if hasattr(time, name)}
    found |= {getattr(os, name): PROCESS for name in process.split() if hasattr(os, name)}
    found |= {getattr(socket, name): PROCESS for name in ("gethostname", "getfqdn") if hasattr(socket, name)}
    found |= {getattr(os, name): CHANCE for name in ("urandom", "getrandom") if hasattr(os, name)}
    if callable(generate := getattr(uuid, "_generate_time_safe", None)):
        found[generate] = CLOCK
    return found


class Reads:
    """Notices such calls of the current thread between `start` and `stop`, again and again."""

    def __init__(self) -> None:
        self.on = False
        """Whether `start` does anything: it takes time."""
        self.what = ""
        """What the first of them has read since the last `begin`."""
        shared: Any = random.random.__self__  # type: ignore[attr-defined]  # the one behind the module's functions
        self._known = _known()
        self._drawn = {shared.random, shared.getrandbits}
        self._shared = shared
        self._seed = random.Random.seed.__code__
        self._seeded = False

    def begin(self) -> None:
        """Forget what was noticed."""
        self.what = ""
        self._seeded = False

    def start(self) -> None:
        """Watch."""
        if self.on:
            sys.setprofile(self._hear)

    def stop(self) -> None:
        """Look away."""
        if self.on:
            sys.setprofile(None)

    def _hear(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call":
            self._on_builtin(frame, argument)
        elif event == "call" and frame.f_code is self._seed:
            self._on_seed(frame)

    def _on_builtin(self, frame: FrameType, function: Any) -> None:
        if self.what:
            return
        what = self._known.get(function, "")
        if not what:
            if function in self._drawn:
                what = "" if self._seeded else CHANCE
            elif function.__name__ in _DATES and _is_date(getattr(function, "__self__", None)):
                what = CLOCK
        elif function in _UNLESS_GIVEN and _arguments(frame) >= _UNLESS_GIVEN[function]:
            what = ""
        if what and not _is_inward(frame):
            self.what = what

    def _on_seed(self, frame: FrameType) -> None:
        """A generator of random numbers is seeded, with what the call says or with what the system has."""
        if frame.f_locals.get("a") is not None:
            self._seeded = self._seeded or frame.f_locals.get("self") is self._shared
        elif not self.what and not _is_inward(frame):
            self.what = CHANCE


def _is_date(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, datetime.date)


def _arguments(frame: FrameType) -> int:
    """Return how many arguments the call has that a frame is at; 0 if that is not written there."""
    code, place = frame.f_code.co_code, frame.f_lasti
    return code[place + 1] if code[place] == _CALL else 0


def _is_inward(frame: FrameType | None) -> bool:
    """Whether it is the standard library that reads it, and for itself."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if name in _INWARD:
            return True
        if name not in sys.stdlib_module_names:
            return False
        frame = frame.f_back
    return False
