"""The inner fence of a process that runs tests: what `confine` is told for it."""
# ruff: noqa: PTH103, PTH112  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os

from pytest_codemode.worker.confine import Confinement, confine
from pytest_codemode.worker.plan import Plan, Setup

SHARED_MEMORY = "/dev/shm"
"""multiprocessing's locks and blocks of shared memory live there."""


CPU_SLACK_S = 3.0


def fence(setup: Setup, plan: Plan | None = None, *, collects: bool = False) -> None:
    """Confine this process for good: it may write to its own scratch folder, and to the tree if that is thrown away.

    A process that `collects` may write to the tree too: what the unpatched project does there when it is imported is
    the same for every fork. The forks confine themselves once more, to scratch alone.
    """
    confine(confinement(setup, plan, collects=collects))


def confinement(setup: Setup, plan: Plan | None = None, *, collects: bool = False) -> Confinement:
    """Return what `fence` puts in force; the scratch folder exists afterwards."""
    limits = setup.project.limits
    os.makedirs(setup.fork_scratch, exist_ok=True)
    writable = [setup.fork_scratch]
    if setup.private_shm and os.path.isdir(SHARED_MEMORY):
        writable.append(SHARED_MEMORY)
    if collects or (plan is not None and plan.writable):
        # Where /dev/shm is the enclosure's own, /tmp is too, and ends with it.
        writable += [setup.root, setup.scratch, *(["/tmp"] if setup.private_shm else [])]
    return Confinement(
        writable=tuple(writable),
        cpu_s=cpu_seconds(setup, plan),
        memory_bytes=None,
        open_files=limits.open_files,
        file_bytes=limits.file_bytes,
        processes=None,
        deny_network=False,
        deny_unix=setup.deny_unix,
    )


def cpu_seconds(setup: Setup, plan: Plan | None) -> float:
    """Return the processor time one process may use: that of its tests where they are few, else of the run.

    A little more than that, so that the supervisor, which sees all processes together and can say why, comes first.
    """
    limits = setup.project.limits
    if plan is None or plan.nodeids is None:
        return limits.run_cpu_s + CPU_SLACK_S
    return min(limits.run_cpu_s, limits.test_cpu_s * len(plan.nodeids)) + CPU_SLACK_S
