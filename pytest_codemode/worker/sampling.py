"""Where a test spends its processor time when it takes long: its stack, looked at several times before its limit."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter, deque
from types import FrameType

from pytest_codemode.core.failure import MAX_SAMPLED, MAX_SAMPLED_DEPTH, SampledFrame, Samples
from pytest_codemode.worker.executed import foreign

FIRST, INTERVAL = 0.05, 0.02
"""Parts of the time limit after which the first sample is taken, and then the next ones: early, because on a busy
machine a test gets little processor time before its limit."""
KEPT = 24
"""Samples, the latest: where a test is before it comes to its loop says little."""
LEAST_S = 0.002


class StackSampler:
    """Takes samples by a timer of the processor time, which nobody else uses and which a sleeping test does not spend.

    Where the test waits instead of running, the stack at the limit says all there is to know.
    """

    def __init__(self, rootdir: str) -> None:
        self._rootdir = rootdir
        self._stacks: deque[list[tuple[str, int, str]]] = deque(maxlen=KEPT)
        self._before: object = None
        self._on = False

    def start(self, limit_s: float) -> None:
        """Begin a test that may take `limit_s`."""
        self._stacks.clear()
        self._on = hasattr(signal, "SIGVTALRM") and threading.current_thread() is threading.main_thread()
        if self._on:
            self._before = signal.signal(signal.SIGVTALRM, self._take)
            signal.setitimer(signal.ITIMER_VIRTUAL, max(limit_s * FIRST, LEAST_S), max(limit_s * INTERVAL, LEAST_S))

    def stop(self) -> Samples | None:
        """End the test and return its samples, None if there were none."""
        if self._on:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, self._before or signal.SIG_DFL)  # type: ignore[arg-type]
        self._on = False
        if not self._stacks:
            return None
        counts = Counter(
            (depth, os.path.relpath(name, self._rootdir).replace(os.sep, "/"), line, function)
            for stack in self._stacks
            for depth, (name, line, function) in enumerate(stack[:MAX_SAMPLED_DEPTH])
        )
        most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_SAMPLED]
        frames = (SampledFrame(path, line, name, depth, n) for (depth, path, line, name), n in sorted(most))
        return Samples(len(self._stacks), tuple(frames))

    def _take(self, _signum: int, frame: FrameType | None) -> None:
        inside: list[tuple[str, int, str]] = []
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(self._rootdir + os.sep) and not foreign(name):
                inside.append((name, frame.f_lineno or 0, frame.f_code.co_qualname))
            frame = frame.f_back
        if inside:  # else its time was up, and pytest looks at what is left of it
            self._stacks.append(inside[::-1])
