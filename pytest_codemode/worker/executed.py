"""Which code objects run between two moments: `_lsprof` on Python 3.11, `sys.monitoring` from 3.12 on.

Source: cost 1.05-1.7x of the tests' own time, measured; `sys.settrace` would cost 4x and more.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from types import CodeType
from typing import Any, Protocol

TOOL_IDS = (4, 3, 5, 1, 0)
"""Of `sys.monitoring`, those without a fixed meaning first; 2 is cProfile's."""


class Executed(Protocol):
    """A recorder of executed code objects for the current thread (3.11) or all threads (3.12+)."""

    def start(self) -> None:
        """Forget everything and begin."""
        ...

    def pause(self) -> None:
        """Leave out what runs until `resume`, if that saves time."""
        ...

    def resume(self) -> None:
        """Go on after `pause`."""
        ...

    def mark(self) -> Any:
        """Return a moment for `since`; moments nest."""
        ...

    def since(self, mark: Any) -> list[CodeType]:
        """Return what ran since `mark`, whether or not it had run before."""
        ...

    def until(self, mark: Any) -> list[CodeType]:
        """Return what ran from `start` to `mark`."""
        ...

    def stop(self) -> list[CodeType]:
        """Return what ran since `start`, each code object once."""
        ...


class ByProfiler:
    """For Python 3.11. Only the current thread is seen."""

    def __init__(self) -> None:
        import _lsprof  # noqa: PLC0415  # not on every interpreter

        self._profiler: Any = _lsprof.Profiler(subcalls=False, builtins=False)

    def start(self) -> None:
        """Begin."""
        self._profiler.clear()
        self._profiler.enable()

    def pause(self) -> None:
        """Each call and return costs time: leave them out."""
        self._profiler.disable()

    def resume(self) -> None:
        """Go on."""
        self._profiler.enable()

    def mark(self) -> dict[CodeType, int]:
        """Return how often each code object was called by now."""
        return dict(self._calls())

    def since(self, mark: dict[CodeType, int]) -> list[CodeType]:
        """Return what was called since then."""
        return [code for code, calls in self._calls() if calls > mark.get(code, 0)]

    def until(self, mark: dict[CodeType, int]) -> list[CodeType]:
        """Return what was called before."""
        return list(mark)

    def _calls(self) -> list[tuple[CodeType, int]]:
        found = [entry for entry in self._profiler.getstats() if isinstance(entry.code, CodeType)]
        return [(entry.code, entry.callcount + entry.reccallcount) for entry in found]

    def stop(self) -> list[CodeType]:
        """Return what ran."""
        self._profiler.disable()
        return [entry.code for entry in self._profiler.getstats() if isinstance(entry.code, CodeType)]


class ByMonitoring:
    """For Python 3.12 and later; each code object costs one event."""

    def __init__(self) -> None:
        self._monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
        self._codes: dict[int, CodeType] = {}  # by identity: the hash of a code object is that of all its bytecode
        self._tool = 0

    def start(self) -> None:
        """Begin, under a tool id that nobody else has."""
        self._codes = {}
        monitoring = self._monitoring
        self._tool = next(tool for tool in TOOL_IDS if monitoring.get_tool(tool) is None)
        monitoring.use_tool_id(self._tool, "pytest-codemode")
        events = (monitoring.events.PY_START, monitoring.events.PY_RESUME)
        for event in events:
            monitoring.register_callback(self._tool, event, self._note)
        monitoring.restart_events()
        monitoring.set_events(self._tool, events[0] | events[1])

    def pause(self) -> None:
        """Do nothing: what ran once costs no more, and switching costs more than that."""

    def resume(self) -> None:
        """Do nothing."""

    def mark(self) -> dict[int, CodeType]:
        """Let every code object tell itself once more."""
        before, self._codes = self._codes, {}
        self._monitoring.restart_events()
        return before

    def since(self, mark: dict[int, CodeType]) -> list[CodeType]:
        """Return what ran since then; all of it counts for the test as well."""
        found = list(self._codes.values())
        self._codes = {**mark, **self._codes}
        return found

    def until(self, mark: dict[int, CodeType]) -> list[CodeType]:
        """Return what had run by then."""
        return list(mark.values())

    def stop(self) -> list[CodeType]:
        """Return what ran, and give the tool id back."""
        self._monitoring.set_events(self._tool, 0)
        self._monitoring.free_tool_id(self._tool)
        return list(self._codes.values())

    def _note(self, code: CodeType, _offset: int) -> Any:
        self._codes[id(code)] = code
        return self._monitoring.DISABLE


def recorder() -> Executed:
    """Return the cheapest recorder this interpreter has."""
    return ByMonitoring() if sys.version_info >= (3, 12) else ByProfiler()


class ProjectFunctions:
    """Turns code objects into `path::qualname` of project functions."""

    def __init__(self, rootdir: str) -> None:
        self._rootdir = rootdir
        self._known: dict[int, tuple[CodeType, str]] = {}  # by identity, which holding the code object keeps

    def names(self, codes: Iterable[CodeType]) -> tuple[str, ...]:
        """Return the functions among `codes` that lie under rootdir and outside site-packages, sorted."""
        found = {(self._known.get(id(code)) or self._learn(code))[1] for code in codes}
        return tuple(sorted(found - {""}))

    def _learn(self, code: CodeType) -> tuple[CodeType, str]:
        filename = code.co_filename
        inside = filename.startswith(self._rootdir + os.sep) and not foreign(filename)
        path = os.path.relpath(filename, self._rootdir).replace(os.sep, "/") if inside else ""
        real = path and not code.co_qualname.startswith("<module")
        known = code, f"{path}::{outer_function(code.co_qualname)}" if real else ""
        self._known[id(code)] = known
        return known


def foreign(filename: str) -> bool:
    """Whether a file under rootdir is an installed one, as in a virtual environment inside the project."""
    return "site-packages" in filename or "dist-packages" in filename or filename.startswith(sys.prefix + os.sep)


def outer_function(qualname: str) -> str:
    """Return the outermost function of `qualname`: closures, lambdas and comprehensions belong to it."""
    return qualname.split(".<locals>", maxsplit=1)[0]
