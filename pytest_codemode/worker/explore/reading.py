"""Calls that read what is another thing at another time or in another place: their results only look steady.

A call made twice within a second comes out the same although a test of it fails tomorrow, or with a colleague. What is
noticed are calls of built-in functions, and of some of the standard library's, made by Python code; code that calls the
same from C is not seen.
"""

from __future__ import annotations

import datetime
import getpass
import locale
import opcode
import os
import platform
import random
import socket
import sys
import time
import uuid
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

CLOCK, PROCESS, CHANCE = "the clock", "the process", "chance"
ENVIRONMENT, ZONE, MACHINE = "the environment", "the time zone", "this machine"

_CALLS = frozenset(opcode.opmap[name] for name in ("CALL", "CALL_KW") if name in opcode.opmap)
_DATES = frozenset({"now", "utcnow", "today"})
"""Class methods: a subclass of `datetime` has its own."""
_UNLESS_GIVEN = {time.localtime: 1, time.gmtime: 1, time.ctime: 1, time.asctime: 1, time.strftime: 2}
"""Functions that read the clock if they get fewer arguments."""
_LOCAL = frozenset({time.localtime, time.ctime})
"""Those of them that turn the time they are given into that of the time zone."""
_LOCAL_METHODS = {"fromtimestamp": 2, "astimezone": 1, "timestamp": 1}
"""Methods of `datetime` that take the time zone of the machine -> number of arguments from which on they may not."""
_INWARD = frozenset(
    {
        *("logging", "tempfile", "threading", "subprocess", "multiprocessing", "concurrent", "asyncio", "selectors"),
        *("queue", "importlib", "linecache", "traceback", "warnings", "inspect", "contextlib", "weakref", "socket"),
        *("ssl", "posixpath", "ntpath", "genericpath", "tracemalloc", "zoneinfo", "_strptime", "pytest_codemode"),
        *("argparse", "optparse", "gettext", "xml", "_colorize"),
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
    found[time.mktime] = ZONE
    found |= {getattr(os, name): MACHINE for name in ("get_terminal_size",) if hasattr(os, name)}
    if callable(generate := getattr(uuid, "_generate_time_safe", None)):
        found[generate] = CLOCK
    return found


def _known_codes() -> dict[CodeType, tuple[str, Callable[[FrameType], bool]]]:
    """Return code of Python functions -> what they read, and whether a call of them does."""
    environ: Any = type(os.environ)
    of_environ = (environ.__getitem__, environ.__iter__, environ.__len__, environ.__repr__, getpass.getuser)
    of_machine = [item for name, item in vars(platform).items() if not name.startswith("_")]
    of_machine += [getattr(locale, name, None) for name in _LOCALE]
    found: dict[Any, tuple[str, Callable[[FrameType], bool]]] = {
        getattr(one, "__code__", None): (MACHINE, _always) for one in of_machine
    }
    found |= {one.__code__: (ENVIRONMENT, _always) for one in of_environ}
    found[environ.__getitem__.__code__] = (ENVIRONMENT, _Given().is_not)
    found[locale.setlocale.__code__] = (ENVIRONMENT, lambda frame: frame.f_locals.get("locale") == "")
    found[os.path.expanduser.__code__] = (ENVIRONMENT, lambda frame: _begins(frame, "~"))
    found[os.path.expandvars.__code__] = (ENVIRONMENT, lambda frame: _begins(frame, "$", anywhere=True))
    found.pop(None, None)
    return found


_LOCALE = ("getlocale", "getdefaultlocale", "getpreferredencoding", "getencoding", "localeconv")


def _always(_frame: FrameType) -> bool:
    return True


def _begins(frame: FrameType, sign: str, *, anywhere: bool = False) -> bool:
    """Whether the path that a function is called with has a sign in it that stands for something."""
    path = frame.f_locals.get("path")
    if isinstance(path, bytes):
        path = path.decode("latin-1")
    text = path if isinstance(path, str) else str(path)
    return sign in text if anywhere else text.startswith(sign)


class _Given:
    """What was in the environment before anything was called: what a fixture or the call has put there is known."""

    def __init__(self) -> None:
        self._before: dict[Any, Any] = dict(_data())

    def is_not(self, frame: FrameType) -> bool:
        """Whether the name that is looked up has the value that it had."""
        key = frame.f_locals.get("key")
        encoded = os.fsencode(key) if isinstance(key, str) else key
        return not isinstance(encoded, bytes) or self._before.get(encoded) == _data().get(encoded)


def _data() -> dict[Any, Any]:
    environ: Any = os.environ
    found: dict[Any, Any] = environ._data
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
        self._codes = {id(code): (code, *rest) for code, rest in _known_codes().items()}
        """By identity: a code object's own hash is that of all that is in it."""
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
        elif event == "call":
            if frame.f_code is self._seed:
                self._on_seed(frame)
            elif not self.what and id(frame.f_code) in self._codes:
                self._on_function(frame)

    def _on_builtin(self, frame: FrameType, function: Any) -> None:
        if self.what:
            return
        what = self._known.get(function, "")
        if not what:
            if function in self._drawn:
                what = "" if self._seeded else CHANCE
            elif function.__name__ in _DATES and _is_date(getattr(function, "__self__", None)):
                what = CLOCK
            elif function.__name__ in _LOCAL_METHODS and _is_local(function, frame):
                what = ZONE
        elif function in _UNLESS_GIVEN and _arguments(frame) >= _UNLESS_GIVEN[function]:
            what = ZONE if function in _LOCAL else ""
        if what and not _is_inward(frame):
            self.what = what

    def _on_function(self, frame: FrameType) -> None:
        _, what, is_read = self._codes[id(frame.f_code)]
        if is_read(frame) and not _is_inward(frame.f_back):
            self.what = what

    def _on_seed(self, frame: FrameType) -> None:
        """A generator of random numbers is seeded, with what the call says or with what the system has."""
        if frame.f_locals.get("a") is not None:
            self._seeded = self._seeded or frame.f_locals.get("self") is self._shared
        elif not self.what and not _is_inward(frame):
            self.what = CHANCE


def _is_date(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, datetime.date)


def _is_local(function: Any, frame: FrameType) -> bool:
    """Whether a method of a date takes the time zone of this machine."""
    owner = getattr(function, "__self__", None)
    name = function.__name__
    if isinstance(owner, type):
        within = issubclass(owner, datetime.datetime) and _arguments(frame) >= _LOCAL_METHODS[name]
        return name == "fromtimestamp" and issubclass(owner, datetime.date) and not within
    if not isinstance(owner, datetime.datetime) or name == "fromtimestamp":
        return False
    naive = datetime.datetime.tzinfo.__get__(owner) is None  # past a property of its own
    return naive or (name == "astimezone" and not _arguments(frame))


def _arguments(frame: FrameType) -> int:
    """Return how many arguments the call has that a frame is at; 0 if that is not written there."""
    code, place = frame.f_code.co_code, frame.f_lasti
    return code[place + 1] if code[place] in _CALLS else 0


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
