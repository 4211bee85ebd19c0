"""What a call could leave to the next one, put back where that is cheap."""
# ruff: noqa: PTH109  # the working directory as text

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_codemode.worker.surroundings import has_children


class Kept:
    """The process around the calls, as the first one found it."""

    def __init__(self) -> None:
        self._folder = os.getcwd()
        self._environ: dict[Any, Any] = dict(_environ()._data)
        self._argv = list(sys.argv)
        self._path = list(sys.path)
        self._recursion = sys.getrecursionlimit()
        self._threads = threading.active_count()
        self._children = has_children()

    def put_back(self) -> None:
        """Undo what can be undone."""
        environ = _environ()
        if environ._data != self._environ:  # a copy of all would be made for each call
            for key in set(environ._data) | set(self._environ):
                name = environ.decodekey(key)
                if key in self._environ:
                    environ[name] = environ.decodevalue(self._environ[key])
                else:
                    del environ[name]
        with suppress(OSError):
            if os.getcwd() != self._folder:
                os.chdir(self._folder)
        if sys.argv != self._argv:
            sys.argv[:] = self._argv
        if sys.path != self._path:
            sys.path[:] = self._path
        if sys.getrecursionlimit() != self._recursion:
            sys.setrecursionlimit(self._recursion)

    def more_runs(self) -> bool:
        """Whether a call has left a thread or a process behind; what counts once does not count again."""
        threads, children = self._threads, self._children
        self._threads, self._children = threading.active_count(), has_children()
        return self._threads > threads or (self._children and not children)


def thread_count() -> int:
    """Return how many threads this process has, those of native code too where that can be told."""
    return len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else threading.active_count()


def _environ() -> Any:
    return os.environ
