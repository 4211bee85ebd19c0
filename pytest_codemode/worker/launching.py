"""Start the processes that run tests: forks of the supervisor, and fresh interpreters."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from pytest_codemode.core.codec import encode
from pytest_codemode.worker.channel import LineReader, Tap
from pytest_codemode.worker.fence import fence
from pytest_codemode.worker.forkserver import redirect
from pytest_codemode.worker.offspring import Child, Offspring, fork
from pytest_codemode.worker.plan import Plan, Say, Setup
from pytest_codemode.worker.reporter import Reporter

STARTS_COVERAGE = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
"""Have coverage start by itself in each new interpreter: two that measure get into each other's way."""


@dataclass
class Launched:
    """A running process and the ends of its pipes that the supervisor holds."""

    process: Offspring
    reports: LineReader
    output: Tap

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self.reports.fd)
        os.close(self.output.fd)
        self.process.release()


@dataclass(frozen=True, slots=True)
class Pipes:
    """Both ends of the two pipes of a process."""

    reports: tuple[int, int]
    output: tuple[int, int]

    @staticmethod
    def open() -> Pipes:
        """Make them; not inheritable over exec."""
        return Pipes(os.pipe(), os.pipe())

    @property
    def for_child(self) -> tuple[int, int]:
        """The write ends: reports, output."""
        return self.reports[1], self.output[1]

    def launched(self, process: Offspring, output_bytes: int) -> Launched:
        """Close the child's ends here and return the process with ours."""
        for fd in self.for_child:
            os.close(fd)
        return Launched(process, LineReader(self.reports[0]), Tap(self.output[0], output_bytes))


def launch_fork(setup: Setup, plan: Plan) -> Launched:
    """Start `plan` in a fork of this process, which has imported pytest but nothing of the project."""
    pipes = Pipes.open()
    report_to, output = pipes.for_child

    def work() -> None:
        reporter = Reporter(report_to, plan.token)
        redirect(output)
        fence(setup, plan)
        run_plan(setup, replace(plan, token=""), reporter.say)

    child = fork(work, pipes.for_child)
    return pipes.launched(child, setup.project.limits.output_bytes)


def launch_cold(setup: Setup, plan: Plan, hash_seed: int | None) -> Launched:
    """Start `plan` in a fresh interpreter."""
    pipes = Pipes.open()
    report_to, output = pipes.for_child
    orders = written({"setup": encode(setup), "plan": encode(plan)}, setup.scratch)
    env = dict(os.environ) | ({"PYTHONHASHSEED": str(hash_seed)} if hash_seed is not None else {})
    if plan.explore is not None and plan.explore.elsewhere:
        env |= elsewhere()
    if plan.measure is not None:
        env = {name: value for name, value in env.items() if name not in STARTS_COVERAGE}
    argv = interpreter(setup, "pytest_codemode.worker.cold")

    def work() -> None:
        redirect(output)
        os.dup2(orders, 0)
        os.dup2(report_to, 3)  # inheritable, where `worker.cold` looks for it
        os.execve(argv[0], argv, env)

    child: Child = fork(work, (*pipes.for_child, orders))
    os.close(orders)
    return pipes.launched(child, setup.project.limits.output_bytes)


def elsewhere() -> dict[str, str]:
    """Return variables of a process that is to believe that it runs somewhere else."""
    zone = "Pacific/Chatham"  # three quarters of an hour off everybody else
    if not Path("/usr/share/zoneinfo", zone).exists():
        zone = "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45"
    return {"TZ": zone, "COLUMNS": "103"} | dict.fromkeys(("USER", "LOGNAME", "LNAME", "USERNAME"), "somebody")


def written(orders: dict[str, Any], folder: str) -> int:
    """Return a descriptor to read `orders` from, as JSON.

    A nameless file, so that no test finds it; memory without a file is refused at the level landlock.
    """
    descriptor, name = tempfile.mkstemp(dir=folder)
    os.unlink(name)  # noqa: PTH108  # a path as `mkstemp` gives it
    os.pwrite(descriptor, json.dumps(orders).encode(), 0)
    return descriptor


def interpreter(setup: Setup, module: str) -> list[str]:
    """Return the command that runs `module` as the user's interpreter was started."""
    return [sys.executable, *setup.project.python_flags, "-P", "-m", module]


def run_plan(setup: Setup, plan: Plan, say: Say, measurement: Any = None) -> None:
    """Run `plan` in this process, which is given up to it.

    Args:
        setup: of the worker.
        plan: what to run.
        say: tells the supervisor.
        measurement: a `measuring.measurement.Measurement` that has begun, None to measure nothing.
    """
    from pytest_codemode.worker.session import run_session  # noqa: PLC0415  # pytest: not needed to start a cold run

    run_session(setup, plan, say, measurement)
