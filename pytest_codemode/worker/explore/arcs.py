"""Which arcs of one file are executed, as coverage.py's PyTracer tells them.

Source: coverage/pytracer.py. A frame that an exception leaves has an exit arc there too, a `yield` has none. Left out
are arcs from a line to itself: no way that a line has, and not the same with each release of Python.
"""

from __future__ import annotations

import opcode
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from pytest_codemode.core.exploring import Arc

_RESUME = opcode.opmap["RESUME"]
_PUSH_EXC_INFO = opcode.opmap["PUSH_EXC_INFO"]
_LASTI_IS_YIELD = sys.version_info[:2] != (3, 13)
"""Whether `f_lasti` is the `yield` itself, not the `RESUME` after it, when a generator yields."""

Trace = Callable[[FrameType, str, Any], Any]


class Arcs:
    """Traces the current thread between `start` and `stop`, again and again."""

    def __init__(self, filename: str) -> None:
        self.seen: set[Arc] = set()
        """Executed since the last `begin`."""
        self.quiet = False
        """Whether `start` does nothing: nobody asks for the arcs of what is called now."""
        self._filename = filename
        self._code: dict[int, tuple[CodeType, bytes]] = {}  # by identity: `co_code` is made anew each time
        self._trace = self._made()

    def begin(self) -> None:
        """Forget what was seen."""
        self.seen.clear()

    def start(self) -> None:
        """Watch."""
        if not self.quiet:
            sys.settrace(self._trace)

    def stop(self) -> None:
        """Look away."""
        sys.settrace(None)

    def _bytes_of(self, code: CodeType) -> bytes:
        known = self._code.get(id(code))
        if known is None:
            known = self._code[id(code)] = code, code.co_code
        return known[1]

    def _made(self) -> Trace:
        filename, seen, bytes_of = self._filename, self.seen, self._bytes_of

        def enter(frame: FrameType, _event: str, _argument: Any) -> Trace | None:
            code = frame.f_code
            if code.co_filename != filename:
                return None
            raw, first = bytes_of(code), -code.co_firstlineno
            # Called, or resumed after a `yield`?
            last = first if raw[frame.f_lasti + 1] == 0 else frame.f_lineno or first

            def local(frame: FrameType, event: str, _argument: Any) -> Trace:
                nonlocal last
                if event == "line":
                    if raw[frame.f_lasti] != _PUSH_EXC_INFO:
                        line = frame.f_lineno
                        if line != last:
                            seen.add((last, line))
                            last = line
                elif event == "return" and _leaves(raw, frame.f_lasti):
                    seen.add((last, first))
                return local

            return local

        return enter


def _leaves(raw: bytes, lasti: int) -> bool:
    """Whether a frame ends there; else it yields."""
    if len(raw) == lasti + 2:
        return True
    return raw[lasti + 2 if _LASTI_IS_YIELD else lasti] != _RESUME
