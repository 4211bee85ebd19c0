"""Exceptions that left foreign code, as data."""

from __future__ import annotations

import opcode
import os
import re
from types import TracebackType

from pytest_codemode.core.exploring import Raised
from pytest_codemode.worker.executed import foreign
from pytest_codemode.worker.explore.alarm import Overdue
from pytest_codemode.worker.explore.showing import path_of

MAX_MESSAGE = 1_000
MAX_FRAMES = 2_000
_RAISE = opcode.opmap["RAISE_VARARGS"]
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")


class Raising:
    """Tells exceptions as a test can expect them."""

    def __init__(self, root: str, places: tuple[str, ...]) -> None:
        self._root = root + os.sep
        self._places = places

    def __call__(self, problem: BaseException) -> Raised:
        """Tell one."""
        path, line, explicit = self._place(problem.__traceback__)
        bases = type(problem).__mro__[1:]
        return Raised(
            type=path_of(type(problem)),
            message=self._message(problem),
            bases=tuple(path_of(base) for base in bases if base not in (BaseException, object)),
            path=path,
            line=line,
            explicit=explicit,
        )

    def _message(self, problem: BaseException) -> str:
        """Return the message; empty if it names what is another thing on the next machine, or the next time."""
        try:
            text = str(problem)
            message = text[:MAX_MESSAGE] if type(text) is str else ""
        except Overdue:
            raise
        except BaseException:  # noqa: BLE001  # a foreign `__str__` may raise anything
            return ""
        return "" if _ADDRESS.search(message) or any(place in message for place in self._places) else message

    def _place(self, trace: TracebackType | None) -> tuple[str, int, bool]:
        """Return (path, line) of the innermost project frame, and whether a `raise` there was the end of it."""
        path, line, explicit = "", 0, False
        for _ in range(MAX_FRAMES):
            if trace is None:
                break
            code = trace.tb_frame.f_code
            explicit = False
            if code.co_filename.startswith(self._root) and not foreign(code.co_filename):
                path = code.co_filename[len(self._root) :].replace(os.sep, "/")
                line = trace.tb_lineno
                explicit = code.co_code[trace.tb_lasti] == _RAISE
            trace = trace.tb_next
        return path, line, explicit
