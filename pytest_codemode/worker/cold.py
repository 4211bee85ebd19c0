"""`python -m pytest_codemode.worker.cold`: one plan in a fresh interpreter; orders on 0, reports to 3."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import Any

from pytest_codemode.core.codec import decode
from pytest_codemode.worker.enter import enter_project
from pytest_codemode.worker.fence import fence
from pytest_codemode.worker.launching import run_plan
from pytest_codemode.worker.offspring import run_and_exit
from pytest_codemode.worker.plan import Plan, Say, Setup
from pytest_codemode.worker.reporter import Reporter


def main() -> None:
    """Read the orders, fence this process in, run."""
    setup, plan, say = _receive()
    fence(setup, plan)
    enter_project(setup)  # before pytest is imported: the project may be something that pytest needs
    measurement = _measurement(setup, plan, say)
    run_and_exit(lambda: run_plan(setup, plan, say, measurement))


def _measurement(setup: Setup, plan: Plan, say: Say) -> Any:
    """Begin to measure, if the plan says so: before pytest and its plugins, which may be the project's own."""
    if plan.measure is None:
        return None
    from pytest_codemode.worker.measuring.measurement import begin  # noqa: PLC0415  # coverage is wanted only here

    return begin(setup, plan.measure, say)


def _receive() -> tuple[Setup, Plan, Say]:
    """Return the orders, and the line to report on; the token leaves with this frame."""
    orders = json.load(sys.stdin.buffer)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    setup: Setup = decode(Setup, orders["setup"])
    plan: Plan = decode(Plan, orders["plan"])
    return setup, replace(plan, token=""), Reporter(3, plan.token).say


if __name__ == "__main__":
    main()
