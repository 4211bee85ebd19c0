"""The engine's process: started, followed, interrupted, ended. It never outlives its caller."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import IO, Any

from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.events import Event, Notice, RunDone, from_line
from pytest_codemode.core.report import RunReport

MODULE = "pytest_codemode.cli.engine"
STOP_S = 5.0
"""How long an interrupted engine may take to stop in order."""
_CLOSE_S = 10.0
"""How long an engine that has reported may take to remove its sandboxes."""
_POLL_S = 0.25
_LOG_LINES = 15
_LOG_BYTES = 8192


def engine_command(python: str) -> tuple[str, ...]:
    """Return the command that starts the engine with `python`; `-P` keeps the project's folders off its path."""
    return (python, "-P", "-m", MODULE)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an engine ended."""

    report: RunReport | None
    """None if it ended without one."""
    interrupted: bool = False
    trouble: str = ""
    """Why there is no report, in one sentence; empty if there is one."""
    log: str = ""
    """The last lines of its standard error and of what else it printed, where there is no report."""


class Engine:
    """Runs one request.

    The engine reads one JSON object from its standard input, prints one event a line, and stops when the pipe whose
    read end it inherits (`--lifeline FD`) is closed: that is, whenever this process ends, however it ends.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        limit_s: float | None = None,
        stop_s: float = STOP_S,
    ) -> None:
        self._command = command
        self._cwd = cwd
        self._env = env
        self._limit_s = limit_s
        self._stop_s = stop_s

    def run(self, request: str, on_event: Callable[[Event], None]) -> Ending:
        """Run the engine on `request` (JSON) and return how it ended.

        Raises:
            CodemodeError: it cannot be started.
        """
        # Files, not pipes: a long request or log cannot block either side.
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as log:
            stdin.write(request.encode("ascii"))
            stdin.seek(0)
            with self._started(stdin, log) as process:
                following = _Following(process, on_event, self._limit_s, self._stop_s, python=self._command[0])
                return following.to_the_end(log)

    @contextmanager
    def _started(self, stdin: IO[bytes], log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
        read_end, write_end = os.pipe()
        try:
            process = subprocess.Popen(
                [*self._command, "--lifeline", str(read_end)],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self._cwd,
                env=dict(self._env),
                pass_fds=(read_end,),
                start_new_session=True,  # Ctrl-C reaches this process alone, which then asks the engine to stop
            )
        except OSError as problem:
            os.close(write_end)
            raise CodemodeError(
                f"the engine cannot be started with {self._command[0]}: {problem.strerror}; see --codemode-python"
            ) from None
        finally:
            os.close(read_end)
        try:
            yield process
        finally:
            os.close(write_end)
            _end(process)


class _Following:
    """One engine's output from start to end, with the deadline in force."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        on_event: Callable[[Event], None],
        limit_s: float | None,
        stop_s: float,
        *,
        python: str,
    ) -> None:
        self._process = process
        self._python = python
        self._on_event = on_event
        self._stop_s = stop_s
        self._deadline = time.monotonic() + limit_s if limit_s is not None else float("inf")
        self._interrupts = 0
        self._overdue = False
        self._announced = False
        self._heard = False
        self._report: RunReport | None = None
        self._noise: deque[str] = deque(maxlen=_LOG_LINES)

    def to_the_end(self, log: IO[bytes]) -> Ending:
        """Pass events on until the engine has reported, ended, or run out of time; return how it ended."""
        with self._own_interrupt():
            for line in self._lines():
                self._take(line)
                if self._report is not None:
                    break
            return self._ending(log)

    def _ending(self, log: IO[bytes]) -> Ending:
        if self._report is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_CLOSE_S)
            return Ending(self._report, interrupted=self._interrupts > 0)
        trouble = self._trouble()
        return Ending(None, self._interrupts > 0, trouble, "\n".join([*self._noise, *_tail(log)][-_LOG_LINES:]))

    def _trouble(self) -> str:
        if self._interrupts:
            return "the engine was interrupted before it could report"
        if self._overdue:
            return "the engine did not end in time and was killed; please report this with the log"
        try:
            status = self._process.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            return "the engine closed its output without a report and went on; it was killed"
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        if not self._heard and status >= 0:
            return (
                f"the engine {how} before it began; {self._python} has to be Python 3.11 or later with this release of"
                " pytest-codemode installed (see --codemode-python)"
            )
        return f"the engine {how} before it could report; the next run completes or undoes a half-done write"

    @contextmanager
    def _own_interrupt(self) -> Iterator[None]:
        """Turn Ctrl-C into a request to stop: no exception can strike while a line is half written."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)

    def _interrupt(self, _signum: int, _frame: FrameType | None) -> None:
        self._interrupts += 1
        first = self._interrupts == 1
        self._stop(self._stop_s if first else 0.0)  # a second Ctrl-C means at once

    def _stop(self, within_s: float) -> None:
        self._process.send_signal(signal.SIGINT)
        self._deadline = time.monotonic() + within_s

    def _lines(self) -> Iterator[str]:
        """Yield the engine's lines; end with its output or at the deadline."""
        pending = b""
        for chunk in self._chunks():
            *complete, pending = (pending + chunk).split(b"\n")
            for line in complete:
                yield line.decode("utf-8", "replace")

    def _chunks(self) -> Iterator[bytes]:
        stdout: Any = self._process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while self._in_time():
                readable = selector.select(_POLL_S)
                self._announce_stop()
                if readable:
                    chunk = os.read(stdout.fileno(), 65536)
                    if not chunk:
                        return
                    yield chunk

    def _in_time(self) -> bool:
        """Return whether to go on reading; an overdue engine is asked to stop once, as by Ctrl-C."""
        if time.monotonic() < self._deadline:
            return True
        if self._interrupts or self._overdue:
            return False
        self._overdue = True
        self._stop(self._stop_s)
        return True

    def _announce_stop(self) -> None:
        """Tell once that the engine was asked to stop (a signal handler must not write)."""
        if self._announced or not (self._interrupts or self._overdue):
            return
        self._announced = True
        why = "stopping in order; Ctrl-C again ends at once" if self._interrupts else "the engine overran its time"
        self._on_event(Notice("warning", why))

    def _take(self, line: str) -> None:
        try:
            event = from_line(line)
        except ValueError:  # a library in the engine has printed something
            self._noise.append(line)
            return
        self._heard = True
        self._on_event(event)
        if isinstance(event, RunDone):
            self._report = event.report


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the engine's process group, and take its status."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _tail(log: IO[bytes]) -> list[str]:
    size = log.seek(0, os.SEEK_END)
    log.seek(max(size - _LOG_BYTES, 0))
    return log.read().decode("utf-8", "replace").splitlines()[-_LOG_LINES:]
