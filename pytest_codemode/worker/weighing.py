"""Which limit do the running processes break? Memory, processes, processor time and disk, weighed from outside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from pytest_codemode.core import limits as told
from pytest_codemode.core.project import Limits
from pytest_codemode.worker.disk import Disk
from pytest_codemode.worker.usage import Usage, shared_once_bytes, usage

DISK_SHARE = 0.05
"""Part of the time that may go into weighing the disk: a fast one is filled in a few tenths of a second."""
PAGES_SHARE = 0.2
"""The same for weighing shared memory page by page, which is done only while the cheap sum is above the limit."""
HASTY_SHARE = 0.5
"""That part where the cheap sum has grown since by more than was left: only then can the limit be broken by growth."""


@dataclass
class Tally:
    """What one run may use and has used so far, over all the processes it takes."""

    run_s: float | None = None
    """Wall clock of the run, for the message; None where the caller only has a deadline."""
    run_cpu_s: float | None = None
    """Processor time of the run; None: that of a test holds for all of it."""
    test_cpu_s: float | None = None
    """Processor time of a test, where it is less than the limit in force."""
    test: Callable[[], tuple[int, float]] = lambda: (0, 0.0)
    """Returns which test is running, as a number that never comes again, and its wall clock limit; 0: none."""
    spent_s: float = 0.0
    spent_on_test_s: float = 0.0
    _running: int = 0
    _seen_s: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether the run has used up its processor time."""
        return self.run_cpu_s is not None and self.spent_s > self.run_cpu_s

    def restart(self) -> None:
        """Another process begins: what was seen of the last one is no measure for it."""
        self._seen_s = None

    def take(self, cpu_s: float) -> None:
        """Take what all processes together have used until now; growth since the last look is what counts.

        A process whose parent does not wait for it takes its time with it: then the sum shrinks.
        """
        grown = max(0.0, cpu_s - self._seen_s) if self._seen_s is not None else 0.0
        self._seen_s = cpu_s
        running = self.test()[0]
        self.spent_s += grown
        self.spent_on_test_s = self.spent_on_test_s + grown if running == self._running else 0.0
        self._running = running


@dataclass(frozen=True, slots=True)
class Broken:
    """A limit that is broken."""

    reason: str
    """As `killed: memory limit of 512 MiB`."""
    timed_out: bool = False
    lied: bool = False
    """Whether it is no limit, but the process said what cannot be."""


@dataclass
class Scales:
    """Weighs the descendants of this process."""

    limits: Limits
    keep: set[int]
    """Processes that are not weighed themselves."""
    disk: Disk
    _next_disk: float = 0.0
    _pages_ended: float = 0.0
    _pages_took: float = 0.0
    _enough_grown: int = 0
    """The cheap sum at which the last weighing page by page may be wrong."""

    def broken(self, tally: Tally) -> Broken | None:
        """Weigh once and return the first limit that is broken."""
        used = usage(os.getpid(), self.keep)
        tally.take(used.cpu_s)
        reason = self._memory(used) or self._processes(used) or self._disk(used)
        return Broken(f"killed: {reason}") if reason else self._time(tally)

    def _memory(self, used: Usage) -> str:
        if used.resident_bytes <= self.limits.memory_bytes:
            return ""
        if len(used.weighed) > 1 and self._shared(used):
            return ""
        return told.memory_limit(self.limits)

    def _shared(self, used: Usage) -> bool:
        """Whether so much of the memory is shared that the limit holds, as far as there is time to find out."""
        began = time.monotonic()
        share = HASTY_SHARE if used.resident_bytes > self._enough_grown else PAGES_SHARE
        if began < self._pages_ended + self._pages_took / share:
            return True
        limit = self.limits.memory_bytes
        real = shared_once_bytes(used.weighed, limit)
        self._pages_ended = time.monotonic()
        self._pages_took = self._pages_ended - began
        self._enough_grown = used.resident_bytes + limit - real
        return real <= limit

    def _processes(self, used: Usage) -> str:
        # The kernel, where it counts them too, lets no more than these come into being, so that fewer are never seen.
        return told.process_limit(self.limits) if used.tasks + 1 >= self.limits.processes else ""

    def _disk(self, used: Usage) -> str:
        began = time.monotonic()
        if began < self._next_disk:
            return ""
        full = self.disk.is_full(used.weighed)
        ended = time.monotonic()
        self._next_disk = ended + (ended - began) / DISK_SHARE
        return told.disk_limit(self.limits) if full else ""

    def _time(self, tally: Tally) -> Broken | None:
        test_s = min(self.limits.test_cpu_s, tally.test_cpu_s or self.limits.test_cpu_s)
        if tally.run_cpu_s is not None and tally.is_over:
            return Broken(f"killed: {told.processor_time_limit(tally.run_cpu_s)} for the run", timed_out=True)
        spent_s = tally.spent_s if tally.run_cpu_s is None else tally.spent_on_test_s * bool(tally.test()[0])
        return Broken(f"killed: {told.processor_time_limit(test_s)}", timed_out=True) if spent_s > test_s else None
