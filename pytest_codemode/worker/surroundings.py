"""What is around the modules of a process and cheap to look at: has a test that has ended left any of it changed?"""
# ruff: noqa: PTH109, PTH208  # paths are text here: this runs after each candidate, and objects for them take longer

from __future__ import annotations

import _thread
import gc
import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD)
_CONTEXT = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
_RUNNING = os.fsencode("PYTEST_CURRENT_TEST")
MODULES, DESCRIPTORS, FILES = "modules", "descriptors", "files"


def surroundings(folders: tuple[str, ...]) -> dict[str, object]:
    """Return them by name, as values to be compared; `folders` are those that the test may write to."""
    return {
        MODULES: len(sys.modules),
        "threads": _thread._count(),  # private; `threading` does not know all of them
        "children": has_children(),
        DESCRIPTORS: _descriptors(),
        "folder": os.getcwd(),
        "environment": _environment(),
        FILES: tuple(_names(folder) for folder in folders),
        "signals": tuple(map(signal.getsignal, _SIGNALS)),
        "import system": (tuple(sys.path), len(sys.meta_path), len(sys.path_hooks)),
        "interpreter": (sys.getrecursionlimit(), gc.isenabled(), sys.gettrace(), sys.getprofile(), sys.excepthook),
        "streams": tuple(map(id, (sys.stdin, sys.__stdout__, sys.__stderr__))),
        "warnings": (len(warnings.filters), id(warnings.showwarning)),
        "decimal": _decimal(),
    }


def differences(before: dict[str, object], after: dict[str, object]) -> tuple[str, ...]:
    """Return the names of what differs."""
    return tuple(name for name in before if before[name] != after[name])


def _environment() -> dict[Any, Any]:
    """Return it as it is kept, without the name of the running test."""
    kept = dict(getattr(os.environ, "_data", os.environ))
    kept.pop(_RUNNING, None)
    return kept


def has_children() -> bool:
    """Return whether there is a child process, dead or alive; it is left to whoever waits for it."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _descriptors() -> int:
    with suppress(OSError):
        return len(os.listdir("/proc/self/fd"))
    return 0


def _names(folder: str) -> frozenset[str]:
    with suppress(OSError):
        return frozenset(os.listdir(folder))
    return frozenset()


def _decimal() -> tuple[object, ...]:
    decimal: Any = sys.modules.get("decimal")
    if decimal is None:
        return ()
    context = decimal.getcontext()
    return (*(getattr(context, name) for name in _CONTEXT), *context.traps.values())
