"""The second line behind Ctrl-C: a cancelled run that does not come to its end is ended, and what there is told."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

WAIT_S = 5.0
"""A runner waits 7.5 s after its first signal and 2.5 s after its second; then it kills, and nobody would be told."""


class Backstop:
    """Waits beside a run that was interrupted.

    An interruption may hit anything at a bad moment, and what is being closed then may wait for ever.

    Args:
        tell: says what there is to say; called in a thread of its own, if the run does not settle in time.
        status: the exit status that this process then ends with. What it has started ends with it.
    """

    def __init__(self, tell: Callable[[], object], status: int, wait_s: float = WAIT_S) -> None:
        self._tell = tell
        self._status = status
        self._wait_s = wait_s
        self._guard = threading.Lock()
        self._settled = False
        self._armed = False

    def arm(self) -> None:
        """Begin to wait, at the first signal."""
        if not self._armed:
            self._armed = True
            timer = threading.Timer(self._wait_s, self._end)
            timer.daemon = True
            timer.start()

    def settle(self) -> bool:
        """Return whether nobody has begun to tell how it ended: the caller does so now."""
        with self._guard:
            first, self._settled = not self._settled, True
        return first

    def _end(self) -> None:
        if self.settle():
            try:
                self._tell()
            finally:
                os._exit(self._status)
