"""Where programs start: in forks of an interpreter that waits for them, or in fresh interpreters."""
# ruff: noqa: PTH118, PTH120  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import json
import os
import socket
import sys
import time
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.worker.fence import confinement, fence
from pytest_codemode.worker.interpreter import CONTROL_FD, PREPARE, RUN
from pytest_codemode.worker.nursery import Nursery
from pytest_codemode.worker.offspring import Offspring, fork
from pytest_codemode.worker.plan import Setup
from pytest_codemode.worker.watch import Watch

STARTUP = os.path.join(os.path.dirname(__file__), "startup")
PROJECT_OBJECT = os.path.join(os.path.dirname(__file__), "project_object.py")
MAX_FORKS = 1_000
"""So many programs share one seed of `hash`, and whatever leaks in the interpreter they are forked from."""
_A_LONG_TIME_S = 10 * 86_400.0
"""Processor time of an interpreter that is only forked; each fork gets the limit of its own."""


class Programs:
    """Starts programs, of which one runs at a time.

    The first one gets a fresh interpreter, beside which another one is started and held for those that follow.
    """

    def __init__(self, setup: Setup, watch: Watch) -> None:
        self._setup = setup
        self._watch = watch
        self._held: Nursery | None = None
        self._env: dict[str, str] = {}
        self._forks = 0
        self._ready = False
        self.obstacle = ""
        """Why every program gets a fresh interpreter; empty while that is not known to be so."""

    @property
    def path(self) -> str:
        """Where the program must be before it is started."""
        return f"{self._setup.fork_scratch}/program.py"

    def start(self, env: dict[str, str], streams: tuple[int, int, int]) -> Offspring:
        """Start the program with `env` as its environment and `streams` as its standard input, output and error."""
        if (held := self._usable(env)) is not None:
            self._forks += 1
            return held.start(lambda control: socket.send_fds(control, [RUN], streams))
        program = self._start_fresh(env, streams)
        if self._held is None and not self.obstacle:
            self._hold(env)
        return program

    def start_with_project(self, env: dict[str, str], streams: tuple[int, int, int, int]) -> Offspring:
        """Start the program in a fresh interpreter with a `project` whose line is the fourth of `streams`."""
        return self._start_fresh(env, streams, PROJECT_OBJECT)

    def warm_up(self, env: dict[str, str]) -> None:
        """Have an interpreter wait before the first program comes."""
        if self._held is None and not self.obstacle:
            self._hold(env)
        self._usable(env)

    def prepare(self) -> None:
        """Have a fork ready for the next program, if there is none: called when nobody waits any more.

        A program spends it, and every other request ends with the death of all that is not kept, the fork too.
        """
        if self._ready and self._held is not None and self._held.alive:
            self._held.tell(lambda control: control.sendall(PREPARE))

    def close(self) -> None:
        """End the interpreter that waits."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _usable(self, env: dict[str, str]) -> Nursery | None:
        """Return the interpreter that waits, if it can be forked for a program with `env`."""
        if self._held is None:
            return None
        if not self._held.alive or self._forks >= MAX_FORKS or env != self._env:
            self.close()
        elif not self._ready:
            self._await()
        return self._held

    def _hold(self, env: dict[str, str]) -> None:
        limits = replace(self._setup.project.limits, run_cpu_s=_A_LONG_TIME_S)
        setup = replace(self._setup, project=replace(self._setup.project, limits=limits))
        self._held = Nursery(setup, self._watch, lambda control: _become_held(control, self.path, env))
        self._held.set_aside()
        orders = json.dumps(encode(confinement(self._setup))).encode() + b"\n"
        self._held.tell(lambda control: control.sendall(orders))
        self._env, self._forks, self._ready = dict(env), 0, False

    def _await(self) -> None:
        assert self._held is not None
        listener = _Poised(time.monotonic() + self._setup.project.limits.test_s)
        held, self._held = self._held, None  # closed by `wait` if the host gives up meanwhile
        ended = held.wait(listener, lambda: listener.obstacle is not None)
        if listener.obstacle == "":
            self._held, self._ready = held, True
        else:
            self.obstacle = listener.obstacle or f"{ended.reason or 'it ended'}: {held.output[-200:]}"
            held.close()

    def _start_fresh(self, env: dict[str, str], streams: tuple[int, ...], *script: str) -> Offspring:
        def work() -> None:
            for place, fd in enumerate(streams):
                os.dup2(fd, place)
                os.set_inheritable(place, True)  # `dup2` does nothing where it has that number already
            fence(self._setup)
            os.closerange(len(streams), 4096)
            os.execve(sys.executable, [sys.executable, *script, self.path], env)

        return fork(work, streams)


@dataclass
class _Poised:
    """Takes the interpreter's word that it is ready."""

    deadline: float
    obstacle: str | None = None

    def note(self, message: dict[str, Any]) -> None:
        self.obstacle = decode(str, message.get("obstacle"), "obstacle")


def _become_held(control: socket.socket, program: str, env: dict[str, str]) -> NoReturn:
    """Become the interpreter that would run `program`; see `startup.sitecustomize`."""
    os.dup2(control.fileno(), CONTROL_FD)
    os.set_inheritable(CONTROL_FD, True)  # `dup2` does nothing where it has that number already
    os.closerange(CONTROL_FD + 1, 4096)
    path = os.pathsep.join([STARTUP, env["PYTHONPATH"]])
    os.execve(sys.executable, [sys.executable, program], env | {"PYTHONPATH": path})
