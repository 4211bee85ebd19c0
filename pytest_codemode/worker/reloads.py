"""Where runs from files on disk start: from the supervisor itself, or from a process that has libraries imported."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from pytest_codemode.core.codec import decode
from pytest_codemode.worker.held import Traces
from pytest_codemode.worker.launching import Launched, launch_fork
from pytest_codemode.worker.nursery import Nursery
from pytest_codemode.worker.plan import Plan, Setup
from pytest_codemode.worker.watch import Watch


class Reloads:
    """Starts plans in processes that hold no project code."""

    def __init__(self, setup: Setup, watch: Watch) -> None:
        self._setup = setup
        self._watch = watch
        self._nursery: Nursery | None = None
        self._tried = False

    def warm_up(self, traces: Traces) -> None:
        """Import the libraries that a collection imported, once; does nothing if that is not possible."""
        if self._tried or not traces.modules:
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
        if self._nursery is not None and not self._nursery.alive:
            self._nursery.close()
            self._nursery = None
        if self._nursery is not None:
            return self._nursery.launch(plan)
        return launch_fork(self._setup, plan)


@dataclass
class _Warming:
    deadline: float
    warm: bool | None = None

    def note(self, message: dict[str, Any]) -> None:
        self.warm = decode(bool, message.get("warm"), "warm")
