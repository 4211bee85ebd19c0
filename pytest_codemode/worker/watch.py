"""Wait for one process under limits; kill it and everything it started when it breaks one."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pytest_codemode.core.project import Limits
from pytest_codemode.worker.channel import LineReader, Malformed, Tap
from pytest_codemode.worker.offspring import Offspring
from pytest_codemode.worker.processes import descendants, kill_strays, resident_bytes, tree_bytes

TICK_S = 0.05
"""How often memory, processes and disk are weighed; disk less often where that takes long."""
DISK_SHARE = 0.05
"""Part of the time that may go into weighing the disk: a fast one is filled in a few tenths of a second."""


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
    """Whether the supervisor killed it."""
    lied: bool = False
    """Whether it said what cannot be."""


@dataclass
class Watch:
    """Watches one process at a time on behalf of the supervisor."""

    limits: Limits
    disk_folder: str
    interrupted: Callable[[], bool]
    """Whether the host gave up; asked when `host_fd` is readable."""
    host_fd: int
    keep: set[int] = field(default_factory=set)
    """Processes that outlive a request (the zygote and what it started before its first fork)."""
    _next_disk: float = 0.0

    def run(
        self,
        process: Offspring,
        listener: Listener,
        reports: LineReader | None,
        taps: tuple[Tap, ...],
        *,
        run_deadline: float,
        until: Callable[[], bool] = lambda: False,
    ) -> Ended:
        """Wait until the process has ended or `until()` holds after a message; kill it at a limit.

        Raises:
            Interrupted: the host gave up; everything is dead.
        """
        reason, lie, timed_out = "", "", False
        next_tick = time.monotonic() + TICK_S
        with selectors.DefaultSelector() as selector:
            self._register(selector, process, reports, taps)
            while process.exit_code() is None and not until():
                now = time.monotonic()
                wait = min(next_tick, listener.deadline, run_deadline) - now
                try:
                    self._take_events(selector, max(wait, 0), listener, reports, taps)
                except Interrupted:
                    self._end(process)
                    raise
                except (Malformed, ValueError) as problem:
                    reason = lie = _nonsense(problem)
                now = time.monotonic()
                if not reason and now >= next_tick:
                    next_tick = now + TICK_S
                    reason = self._broken_limit()
                if not reason and now >= min(listener.deadline, run_deadline) and process.exit_code() is None:
                    timed_out = True
                    reason = "killed: time limit of the run" if now >= run_deadline else "killed: time limit of a test"
                if reason:
                    self._end(process)
                    break
        code = process.exit_code()
        if code is None:  # `until` held
            return Ended(0, "")
        lie = lie or self._take_rest(listener, reports)
        for tap in taps:
            tap.drain()
        reason = reason or lie
        timed_out = timed_out or code == -signal.SIGXCPU
        return Ended(code, reason or _how(code), timed_out, limited=bool(reason), lied=bool(lie))

    def _register(
        self, selector: selectors.BaseSelector, process: Offspring, reports: LineReader | None, taps: tuple[Tap, ...]
    ) -> None:
        selector.register(self.host_fd, selectors.EVENT_READ, "host")
        if reports is not None:
            selector.register(reports.fd, selectors.EVENT_READ, reports)
        for tap in taps:
            selector.register(tap.fd, selectors.EVENT_READ, tap)
        if process.wake_fd is not None and (reports is None or process.wake_fd != reports.fd):
            selector.register(process.wake_fd, selectors.EVENT_READ, "process")

    def _take_events(
        self,
        selector: selectors.BaseSelector,
        wait_s: float,
        listener: Listener,
        reports: LineReader | None,
        taps: tuple[Tap, ...],
    ) -> None:
        for key, _events in selector.select(wait_s):
            if key.data == "host" and self.interrupted():
                raise Interrupted
            if reports is not None and key.data is reports:
                for message in reports.read_available():
                    listener.note(message)
                if reports.closed:
                    selector.unregister(reports.fd)
            elif isinstance(key.data, Tap):
                key.data.read_available()
                if key.data.closed:
                    selector.unregister(key.data.fd)

    def _take_rest(self, listener: Listener, reports: LineReader | None) -> str:
        """Take the messages that the dead process left, up to a lie, and return that; a line cut short is none."""
        try:
            for message in reports.drain() if reports is not None else ():
                listener.note(message)
        except (Malformed, ValueError) as problem:
            return _nonsense(problem)
        return ""

    def _broken_limit(self) -> str:
        pids = set(descendants(os.getpid(), self.keep))
        if resident_bytes(pids) > self.limits.memory_bytes:
            return f"killed: memory limit of {self.limits.memory_bytes // 2**20} MiB"
        if len(pids) > self.limits.processes:
            return f"killed: limit of {self.limits.processes} processes"
        if (began := time.monotonic()) >= self._next_disk:
            full = tree_bytes(self.disk_folder) > self.limits.disk_bytes
            ended = time.monotonic()
            self._next_disk = ended + (ended - began) / DISK_SHARE
            if full:
                return f"killed: disk limit of {self.limits.disk_bytes // 2**20} MiB"
        return ""

    def _end(self, process: Offspring) -> None:
        """Kill the process and all it started, and wait for its end (a zygote has to tell it: give it 5 s)."""
        process.kill()
        kill_strays(self.keep)
        give_up = time.monotonic() + 5
        while process.exit_code() is None:
            if time.monotonic() > give_up:
                kill_strays(())
            time.sleep(0.002)


def _nonsense(problem: ValueError) -> str:
    return f"the test process reported nonsense: {problem}"


def _how(code: int) -> str:
    if code == 0:
        return ""
    if code == -signal.SIGXCPU:
        return "killed: limit of processor time"
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"the test process was killed by {name}"
    return f"the test process ended with exit status {code}"
