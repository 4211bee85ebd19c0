"""A wall clock limit for foreign code that is called in this process again and again."""

from __future__ import annotations

import signal
from types import FrameType

AGAIN_S = 0.05
"""An interruption that was swallowed comes again after this; a process that swallows all of them is killed."""


class Overdue(BaseException):
    """It took too long; no `Exception`, so that `except Exception` does not swallow it."""


class Alarm:
    """Rings in the main thread while it is on."""

    def __init__(self) -> None:
        self._on = False
        self.rang = False
        """Whether it has rung since it was set."""

    def set(self, seconds: float) -> None:
        """Ring after `seconds`. Whatever the code before has done to the signal is undone."""
        signal.signal(signal.SIGALRM, self._ring)
        self.rang = False
        self._on = True
        signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)

    def off(self) -> None:
        """Be quiet. It may ring while this runs: then nobody hears of it."""
        while True:
            try:
                self._on = False
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Overdue:
                continue
            return

    def _ring(self, _signum: int, _frame: FrameType | None) -> None:
        if self._on:
            self.rang = True
            raise Overdue
