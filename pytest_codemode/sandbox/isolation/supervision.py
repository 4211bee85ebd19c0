"""The launchers' own part: take a plan, report failure, and never let the fenced process outlive its owner.

Runs on the trusted side in a small process per worker, started by `launching`; standard library only.
"""
# ruff: noqa: PTH123  # paths are text here: links must stay as they are

from __future__ import annotations

import json
import os
import resource
import select
import threading
from collections.abc import Callable
from typing import Any, NoReturn


def read_plan(descriptor: int) -> dict[str, Any]:
    """Return the JSON object in an open file and close it."""
    with open(descriptor, "rb") as file:
        file.seek(0)
        plan: dict[str, Any] = json.load(file)
    return plan


def run(
    plan: dict[str, Any],
    become: Callable[[dict[str, Any]], object],
    destroy: Callable[[int], None],
    serve: Callable[[], object] | None = None,
) -> int:
    """Fork a child that becomes the fenced process, and wait for it.

    Args:
        plan: `lifeline` and `errors` are descriptors: the first ends when the owner dies, the second takes the reason
            of a failure, and `kept`, if given, stays open here; the rest is `become`'s.
        become: replaces the child by the fenced process; must not return.
        destroy: kills the child with everything that descends from it; called before the child is reaped.
        serve: runs in a thread beside the child, if given.

    Returns:
        The exit status for this process, as a shell would give it.
    """
    for name in ("lifeline", "errors"):
        os.set_inheritable(plan[name], False)
    child = os.fork()
    if child == 0:
        try:
            become(plan)
        except OSError as problem:
            report(plan, told(problem))
        os._exit(127)
    _let_go({plan["lifeline"], *plan.get("kept", ())})
    if serve is not None:
        threading.Thread(target=serve, daemon=True).start()
    status = _wait(child, plan["lifeline"], destroy)
    return status if status >= 0 else 128 - status


def report(plan: dict[str, Any], reason: str) -> None:
    """Tell the owner why the fence could not be put up."""
    os.write(plan["errors"], reason.encode()[:4000])


def told(problem: OSError) -> str:
    """Return what went wrong in words, without the number."""
    return ": ".join(str(part) for part in (problem.filename, problem.strerror) if part)


def set_limits(limits: list[tuple[int, int]]) -> None:
    """Set (resource, value) pairs as both limits, never above the hard limit that is already in force."""
    for which, value in limits:
        hard = resource.getrlimit(which)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))


def volunteer_for_the_oom_killer() -> None:
    """Make this process and its children the kernel's first choice when memory runs out, if it lets us say so."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        return


def _let_go(kept: set[int]) -> None:
    """Close what belongs to the child, so that readers see its end and not ours."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _wait(child: int, lifeline: int, destroy: Callable[[int], None]) -> int:
    """Wait for the child's end or the owner's, then destroy what is left. Returns exit code, or minus the signal.

    The child is reaped last: until then its process id cannot be given to somebody else.
    """
    poller = select.poll()
    handle = os.pidfd_open(child)
    poller.register(handle, select.POLLIN)
    poller.register(lifeline, 0)  # POLLHUP, the end of all writers, is always reported
    poller.poll()
    destroy(child)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def end_with(status: int) -> NoReturn:
    """Leave this process at once, without the interpreter's own clean-up."""
    os._exit(status)
