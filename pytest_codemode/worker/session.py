"""One pytest session in a process of its own: run a plan from files on disk, or hold the collected items."""
# ruff: noqa: PTH110, PTH118, PTH120  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from pytest_codemode.core.codec import encode
from pytest_codemode.worker.enter import enter_project, pytest_arguments
from pytest_codemode.worker.explore.session import Instead
from pytest_codemode.worker.measuring.per_test import PerTest
from pytest_codemode.worker.neutral import Neutral
from pytest_codemode.worker.plan import Plan, Say, Setup
from pytest_codemode.worker.recorder import FailureRecorder
from pytest_codemode.worker.runner import Runner
from pytest_codemode.worker.slim import SlimReports
from pytest_codemode.worker.timelimit import TimeLimit


def run_session(setup: Setup, plan: Plan, say: Say, measurement: Any = None) -> None:
    """Collect the files the plan needs and run it; returns only if pytest does not get that far.

    What has begun to measure (see `measuring.measurement`) tells what it found when the last test has ended.
    """
    enter_project(setup)
    if plan.explore is not None:
        neutral = neutral_for(setup, (), 0)
        say_unstarted(say, neutral, run_pytest(setup, [neutral, Instead(setup, plan.explore, say)]))
        return
    limit = TimeLimit(plan.test_s)
    runner = Runner(plan, say, setup.root, limit)
    files = None if plan.nodeids is None else needed_files(setup, plan.nodeids)
    neutral = neutral_for(setup, files, plan.order_seed or 0)
    neutral.extra = needed_files(setup, plan.extra)
    neutral.asked = frozenset(plan.nodeids or ())
    recorder = (SlimReports if plan.slim else FailureRecorder)(setup.root)
    plugins: list[object] = [neutral, recorder, limit, runner]
    if measurement is not None:
        plugins.append(PerTest(measurement))
        runner.at_end = measurement.tell
    status = run_pytest(setup, plugins)
    say_unstarted(say, neutral, status)


def neutral_for(setup: Setup, files: tuple[str, ...] | None, seed: int) -> Neutral:
    """Return the plugin that overrules the user's options."""
    return Neutral(setup.root, f"{setup.fork_scratch}/cache", files, seed)


def run_pytest(setup: Setup, plugins: list[object]) -> int:
    """Run `pytest.main` with the user's arguments and return its exit status."""
    sys.argv = [_started_as(setup), *setup.project.pytest_args]
    return int(pytest.main(pytest_arguments(setup), plugins=plugins))


def _started_as(setup: Setup) -> str:
    """Return `sys.argv[0]` of the user's pytest: `python -m pytest` is told by the folder that puts on `sys.path`."""
    if setup.project.cwd_on_path:
        return os.path.join(os.path.dirname(pytest.__file__), "__main__.py")
    return os.path.join(os.path.dirname(setup.project.python), "pytest")


def say_unstarted(say: Say, neutral: Neutral, status: int) -> None:
    """Report a session that ended before its tests: broken conftest files, wrong usage, an internal error."""
    sys.stdout.flush()
    sys.stderr.flush()
    say({"say": "unstarted", "errors": [encode(error) for error in neutral.errors], "status": status})


def needed_files(setup: Setup, nodeids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the files of `nodeids`, absolute, each once; pytest refuses to start with one that does not exist."""
    paths = dict.fromkeys(nodeid.partition("::")[0] for nodeid in nodeids)
    # No node id is absolute; a file elsewhere that holds no test would keep the whole run from starting.
    files = (os.path.normpath(os.path.join(setup.root, path)) for path in paths if not path.startswith("/"))
    return tuple(file for file in files if os.path.exists(file))
