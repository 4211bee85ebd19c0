"""Where runs from files on disk start: from the supervisor itself, or from a process that has libraries imported."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from pytest_codemode.core.codec import decode
from pytest_codemode.worker.held import Traces
from pytest_codemode.worker.launching import Launched, launch_cold, launch_fork
from pytest_codemode.worker.nursery import Nursery
from pytest_codemode.worker.plan import Plan, Setup
from pytest_codemode.worker.watch import Watch

MAX_DEATHS = 3
"""A process that dies so often is not started again: runs start from the supervisor, which costs them their imports."""


class Reloads:
    """Starts plans in processes that hold no project code."""

    def __init__(self, setup: Setup, watch: Watch, *, forks: bool) -> None:
        """Start plans in forks, or, where this process holds what is no part of the session, in fresh interpreters."""
        self._setup = setup
        self._forks = forks
        self._watch = watch
        self._nursery: Nursery | None = None
        self._tried = False
        self._deaths = 0

    def warm_up(self, traces: Traces) -> None:
        """Import the libraries that a collection imported, unless that was done or found to be impossible."""
        self._replace_dead()
        if self._tried or not traces.modules or not self._forks:
            return
        from pytest_codemode.worker.warmed import serve_reloads  # noqa: PLC0415  # imports pytest: not for cold workers

        self._tried = True
        setup = self._setup
        nursery = Nursery(
            setup, self._watch, lambda control: serve_reloads(setup, control, traces.modules, traces.environ)
        )
        listener = _Warming(time.monotonic() + setup.project.limits.test_s)
        nursery.wait(listener, lambda: listener.warm is not None)
        if listener.warm and nursery.alive:
            self._nursery = nursery
        else:
            nursery.close()

    def launch(self, plan: Plan) -> Launched:
        """Start `plan`."""
        self._replace_dead()
        if self._nursery is not None:
            return self._nursery.launch(plan)
        return launch_fork(self._setup, plan) if self._forks else launch_cold(self._setup, plan, None)

    def _replace_dead(self) -> None:
        """Let `warm_up` start another process in the place of one that has died."""
        if self._nursery is not None and not self._nursery.alive:
            self._nursery.close()
            self._nursery = None
            self._deaths += 1
            self._tried = self._deaths >= MAX_DEATHS


@dataclass
class _Warming:
    deadline: float
    warm: bool | None = None

    def note(self, message: dict[str, Any]) -> None:
        self.warm = decode(bool, message.get("warm"), "warm")
