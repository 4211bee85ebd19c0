"""The inner fence of a process that runs tests: what `confine` is told for it."""
# ruff: noqa: PTH103, PTH112  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os

from pytest_codemode.worker.confine import Confinement, confine
from pytest_codemode.worker.plan import Plan, Setup

SHARED_MEMORY = "/dev/shm"
"""multiprocessing's locks and blocks of shared memory live there."""


def fence(setup: Setup, plan: Plan | None = None) -> None:
    """Confine this process for good: it may write to its own scratch folder, and to the tree if that is thrown away."""
    limits = setup.project.limits
    os.makedirs(setup.fork_scratch, exist_ok=True)
    writable = [setup.fork_scratch]
    if setup.private_shm and os.path.isdir(SHARED_MEMORY):
        writable.append(SHARED_MEMORY)
    if plan is not None and plan.writable:
        writable += [setup.root, setup.scratch]
    confine(
        Confinement(
            writable=tuple(writable),
            cpu_s=cpu_seconds(setup, plan),
            memory_bytes=None,
            open_files=limits.open_files,
            file_bytes=limits.file_bytes,
            processes=None,
            deny_network=False,
            deny_unix=setup.deny_unix,
        )
    )


def cpu_seconds(setup: Setup, plan: Plan | None) -> float:
    """Return the processor time one process may use: that of its tests where they are few, else of the run."""
    run_s = setup.project.limits.run_s
    if plan is None or plan.nodeids is None:
        return run_s
    return min(run_s, plan.test_s * len(plan.nodeids) + 5.0)
