"""The supervisor's hold on a process that forks on demand."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import NoReturn

from pytest_codemode.worker.channel import LineReader, Tap
from pytest_codemode.worker.fence import fence
from pytest_codemode.worker.forkserver import redirect, send_order
from pytest_codemode.worker.launching import Launched, Pipes
from pytest_codemode.worker.offspring import Grandchild, fork
from pytest_codemode.worker.plan import Plan, Setup
from pytest_codemode.worker.processes import descendants, kill_strays
from pytest_codemode.worker.watch import Ended, Listener, Watch

Serve = Callable[[socket.socket], NoReturn]


class Nursery:
    """One such process. It gets ready, may be forked while it lives, and is closed."""

    def __init__(self, setup: Setup, watch: Watch, serve: Serve, *, collects: bool = False) -> None:
        self._output_bytes = setup.project.limits.output_bytes
        self._limits = setup.project.limits
        self._watch = watch
        self._control, theirs = socket.socketpair()
        read_end, write_end = os.pipe()

        def work() -> None:
            redirect(write_end)
            # What is imported once runs in every fork: it may no more reach the supervisor than a test may.
            fence(setup, collects=collects)
            serve(theirs)

        self._process = fork(work, (theirs.fileno(), write_end))
        theirs.close()
        os.close(write_end)
        self._reader = LineReader(self._control.fileno())
        self._tap = Tap(read_end, self._output_bytes)
        self._kept: set[int] = set()

    @property
    def alive(self) -> bool:
        """Whether it can still be forked."""
        return self._process.exit_code() is None and not self._reader.closed

    @property
    def output(self) -> str:
        """What it printed itself, bounded."""
        self._tap.drain()
        return self._tap.text()

    def wait(self, listener: Listener, ready: Callable[[], bool]) -> Ended:
        """Wait until `ready()`, or its end; what it started by then may live as long as it does.

        Raises:
            Interrupted: the host gave up; it is dead.
        """
        run_deadline = time.monotonic() + self._limits.run_s
        try:
            ended = self._watch.run(
                self._process, listener, self._reader, (self._tap,), run_deadline=run_deadline, until=ready
            )
        except BaseException:
            self.close()
            raise
        if ready() and self.alive:
            self._kept = {self._process.pid, *descendants(self._process.pid)}
            self._watch.keep |= self._kept
        else:
            kill_strays(self._watch.keep)
        return ended

    def launch(self, plan: Plan) -> Launched:
        """Start `plan` in a fork of it."""
        pipes = Pipes.open()
        process = self.start(lambda control: send_order(control, plan, list(pipes.for_child)))
        return pipes.launched(process, self._output_bytes)

    def start(self, send: Callable[[socket.socket], object]) -> Grandchild:
        """Return the fork that is made because of what `send` sends."""
        self._tap.drain()
        self.tell(send)
        return Grandchild(self._reader, self._process)

    def tell(self, send: Callable[[socket.socket], object]) -> None:
        """Send it something."""
        try:
            send(self._control)
        except OSError:
            self._process.kill()  # what it could not be told, its death tells

    def set_aside(self) -> None:
        """Let it get ready while something else runs: that neither weighs nor ends it. `wait` comes later."""
        self._kept = {self._process.pid}
        self._watch.keep |= self._kept

    def close(self) -> None:
        """Kill it and give up descriptors."""
        self._watch.keep -= self._kept
        self._process.kill()
        kill_strays(self._watch.keep)
        self._process.release()
        self._control.close()
        os.close(self._tap.fd)
