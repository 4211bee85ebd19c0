"""Wait for one process under limits; kill it and everything it started when it breaks one."""

from __future__ import annotations

import selectors
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from typing import Any, Protocol

from pytest_codemode.core import limits as told
from pytest_codemode.core.project import Limits
from pytest_codemode.worker.channel import LineReader, Malformed, Tap
from pytest_codemode.worker.disk import Disk
from pytest_codemode.worker.offspring import Offspring
from pytest_codemode.worker.processes import kill_strays
from pytest_codemode.worker.weighing import Broken, Scales, Tally

TICK_S = 0.05
"""How often memory, processes, processor time and disk are weighed; disk less often where that takes long."""


class Interrupted(Exception):
    """The host gave up the request, or is gone."""


class Listener(Protocol):
    """Who takes what the process says."""

    deadline: float
    """`time.monotonic()` at which the process is killed if it has said nothing new; may move with each message."""

    def note(self, message: dict[str, Any]) -> None:
        """Take one message; a ValueError is a lie and ends the process."""
        ...


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended."""

    exit_code: int
    reason: str
    """One sentence; empty after exit status 0."""
    timed_out: bool = False
    limited: bool = False
    """Whether a limit ended it, or its lies."""
    lied: bool = False
    """Whether it said what cannot be."""

    @property
    def used_up(self) -> bool:
        """Whether what ended it is used by all tests of a process together: memory, processes, disk; never time."""
        return self.limited and not self.timed_out and not self.lied


@dataclass(frozen=True, slots=True)
class _Watched:
    """A process, and what it is heard by."""

    process: Offspring
    listener: Listener
    reports: LineReader | None
    taps: tuple[Tap, ...]
    run_deadline: float


@dataclass
class Watch:
    """Watches one process at a time on behalf of the supervisor."""

    limits: Limits
    disk: InitVar[Disk]
    interrupted: Callable[[], bool]
    """Whether the host gave up; asked when `host_fd` is readable."""
    host_fd: int
    keep: set[int] = field(default_factory=set)
    """Processes that outlive a request (the zygote and what it started before its first fork)."""

    scales: Scales = field(init=False)

    def __post_init__(self, disk: Disk) -> None:
        """Get the scales ready."""
        self.scales = Scales(self.limits, self.keep, disk)

    def run(
        self,
        process: Offspring,
        listener: Listener,
        reports: LineReader | None,
        taps: tuple[Tap, ...],
        *,
        run_deadline: float,
        until: Callable[[], bool] = lambda: False,
        tally: Tally | None = None,
        before_kill: Callable[[], None] = lambda: None,
        listen_every_s: float = 0.0,
    ) -> Ended:
        """Wait until the process has ended or `until()` holds after a message; kill it at a limit.

        Args:
            tally: of the run that the process is part of; None for a process of its own.
            before_kill: called while the process that broke a limit is still there.
            listen_every_s: how often to take its messages; each one when it comes, if 0. A process that has a lot to
                say is interrupted by a listener that wakes up for each.

        Raises:
            Interrupted: the host gave up; everything is dead.
        """
        tally = tally or Tally(run_s=run_deadline - time.monotonic())
        tally.restart()
        watched = _Watched(process, listener, reports, taps, run_deadline)
        with self._ended_if_interrupted(process):
            broken = self._wait(watched, until, tally, listen_every_s)
        if broken is not None:
            before_kill()
            self._end(process)
        code = process.exit_code()
        return Ended(0, "") if code is None else self._ended(code, broken, watched)

    def _wait(self, watched: _Watched, until: Callable[[], bool], tally: Tally, listen_every_s: float) -> Broken | None:
        """Listen and weigh until the process has ended or `until()` holds; return the limit that it breaks."""
        broken: Broken | None = None
        process, listener = watched.process, watched.listener
        unheard = watched.reports if listen_every_s else None
        with selectors.DefaultSelector() as selector:
            self._register(selector, watched, watched.reports if unheard is None else None)
            next_tick = time.monotonic() + TICK_S
            while broken is None and process.exit_code() is None and not until():
                wait_s = min(next_tick, listener.deadline, watched.run_deadline) - time.monotonic()
                wait_s = max(0, min(wait_s, listen_every_s or TICK_S))
                broken = self._lie_in_events(selector, wait_s, watched)
                broken = broken or self._take_rest(listener, unheard)
                if broken is None and time.monotonic() >= next_tick:
                    next_tick = time.monotonic() + TICK_S
                    broken = self.scales.broken(tally)
                if broken is None and process.exit_code() is None:
                    broken = _too_late(listener.deadline, watched.run_deadline, tally)
        return broken

    def _ended(self, code: int, broken: Broken | None, watched: _Watched) -> Ended:
        """Take what the ended process had left to say, and return how it ended."""
        if broken is None or not broken.lied:
            broken = self._take_rest(watched.listener, watched.reports) or broken
        for tap in watched.taps:
            tap.drain()
        broken = broken or self._limit_of_kernel(code)
        if broken is None:
            return Ended(code, _how(code))
        return Ended(code, broken.reason, broken.timed_out, limited=True, lied=broken.lied)

    def _register(self, selector: selectors.BaseSelector, watched: _Watched, reports: LineReader | None) -> None:
        selector.register(self.host_fd, selectors.EVENT_READ, "host")
        if reports is not None:
            selector.register(reports.fd, selectors.EVENT_READ, reports)
        for tap in watched.taps:
            selector.register(tap.fd, selectors.EVENT_READ, tap)
        wake_fd = watched.process.wake_fd
        if wake_fd is not None and (reports is None or wake_fd != reports.fd):
            selector.register(wake_fd, selectors.EVENT_READ, "process")

    @contextmanager
    def _ended_if_interrupted(self, process: Offspring) -> Iterator[None]:
        try:
            yield
        except Interrupted:
            self._end(process)
            raise

    def _lie_in_events(self, selector: selectors.BaseSelector, wait_s: float, watched: _Watched) -> Broken | None:
        """Take what comes within `wait_s`; return the first lie in it.

        Raises:
            Interrupted: the host gave up.
        """
        try:
            self._take_events(selector, wait_s, watched)
        except (Malformed, ValueError) as problem:
            return _nonsense(problem)
        return None

    def _take_events(self, selector: selectors.BaseSelector, wait_s: float, watched: _Watched) -> None:
        reports = watched.reports
        for key, _events in selector.select(wait_s):
            if key.data == "host" and self.interrupted():
                raise Interrupted
            if reports is not None and key.data is reports:
                for message in reports.read_available():
                    watched.listener.note(message)
                if reports.closed:
                    selector.unregister(reports.fd)
            elif isinstance(key.data, Tap):
                key.data.read_available()
                if key.data.closed:
                    selector.unregister(key.data.fd)

    def _take_rest(self, listener: Listener, reports: LineReader | None) -> Broken | None:
        """Take the messages that are there, up to a lie, and return that; a line cut short is none.

        Bounded: the process may live and have no end of them, and so may what it leaves behind with its line.
        """
        try:
            for message in reports.arriving() if reports is not None else ():
                listener.note(message)
        except (Malformed, ValueError) as problem:
            return _nonsense(problem)
        return None

    def _limit_of_kernel(self, code: int) -> Broken | None:
        """Return the limit for which the kernel itself killed the process."""
        if code == -signal.SIGXCPU:
            return Broken(f"killed: {told.processor_time_limit(self.limits.test_cpu_s)}", timed_out=True)
        if code == -signal.SIGXFSZ:
            return Broken(f"killed: {told.file_size_limit(self.limits)}")
        return None

    def _end(self, process: Offspring) -> None:
        """Kill the process and all it started, and wait for its end (a zygote has to tell it: give it 5 s)."""
        process.kill()
        kill_strays(self.keep)
        give_up = time.monotonic() + 5
        while process.exit_code() is None:
            if time.monotonic() > give_up:
                kill_strays(())
            time.sleep(0.002)


def _nonsense(problem: ValueError) -> Broken:
    return Broken(f"the test process reported nonsense: {problem}", lied=True)


def _too_late(deadline: float, run_deadline: float, tally: Tally) -> Broken | None:
    now = time.monotonic()
    if now < min(deadline, run_deadline):
        return None
    running, test_s = tally.test()
    if now < run_deadline and running:
        return Broken(f"killed: time limit of a test ({told.seconds(test_s)})", timed_out=True)
    if now < run_deadline:
        return Broken("killed: time limit of a test", timed_out=True)
    return Broken(run_out(tally), timed_out=True)


def run_out(tally: Tally) -> str:
    """Return the sentence for a run that has used up its wall clock."""
    run_s = tally.run_s or 0.0
    return f"killed: time limit of the run ({told.seconds(round(run_s, 1) if run_s < 10 else round(run_s))})"


def _how(code: int) -> str:
    if code == 0:
        return ""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"the test process was killed by {name}"
    return f"the test process ended with exit status {code}"
