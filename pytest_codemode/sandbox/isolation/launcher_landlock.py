"""The launcher of the levels without namespaces: limits, Landlock, seccomp, and a death that takes everything along.

Nothing in the kernel ties processes together here, so the launcher stays alive outside the fence as the reaper of all
descendants, and hunts them down when the fenced process ends or the owner is gone. There are two of it, one the child
of the other: if either is killed, the other hunts.
"""
# ruff: noqa: PTH116, PTH123, PTH208  # paths are text here: links must stay as they are

from __future__ import annotations

import os
import resource
import signal
import socket
import time
from typing import Any, NoReturn

from pytest_codemode.sandbox.isolation import metadata, supervision
from pytest_codemode.worker import landlock, seccomp, syscalls
from pytest_codemode.worker.removal import remove_tree

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts")
_HUNT_S = 5.0
_SERVING = 1
"""Threads that start here after those of this user have been counted."""


def main(plan_descriptor: int) -> NoReturn:
    """Run the plan: `fenced`, `readable`, `writable`, `network`, `limits`, `processes`, `folder`, `argv`, `env`.

    `owner` is the process that removes `private`, the enclosure's folder; if it is gone, this process does it.
    """
    plan = supervision.read_plan(plan_descriptor)
    syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1)
    from_first, to_second = os.pipe()
    status = supervision.run({**plan, "second": from_first, "kept": [to_second]}, _become_second, _destroy)
    if os.getppid() != plan["owner"]:
        remove_tree(plan["private"])
    supervision.end_with(status)


def _become_second(plan: dict[str, Any]) -> NoReturn:
    """Be the second launcher, whose lifeline the first one holds."""
    for descriptor in plan["kept"]:
        os.close(descriptor)
    syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1)
    full = {**plan, "lifeline": plan["second"], "kept": []}
    if not plan["fenced"]:
        supervision.end_with(supervision.run(full, _become, _destroy))
    ours, theirs = socket.socketpair()
    full |= {"kept": [ours.fileno()], "metadata": theirs}
    serve = metadata.Server(ours, plan["writable"]).serve
    supervision.end_with(supervision.run(full, _become, _destroy, serve))


def _become(plan: dict[str, Any]) -> None:
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    supervision.volunteer_for_the_oom_killer()
    os.setsid()
    os.chdir(plan["folder"])
    supervision.set_limits([*plan["limits"], (resource.RLIMIT_NPROC, _running_tasks() + plan["processes"] + _SERVING)])
    if plan["fenced"]:
        syscalls.drop_capabilities()  # root could read the memory of processes and raise its limits again
        _restrict_files(plan)
        rules = seccomp.inner_rules(deny_network=not plan["network"], deny_unix=True, truncate=landlock.abi() >= 3)
        seccomp.install(seccomp.program(rules))
        metadata.hand_over(plan["metadata"])
    os.set_inheritable(plan["ready"], False)
    os.read(plan["ready"], 1)
    os.execve(plan["argv"][0], plan["argv"], plan["env"])


def _restrict_files(plan: dict[str, Any]) -> None:
    rules = landlock.Ruleset(restrict_reading=True, restrict_tcp=not plan["network"])
    for path in plan["readable"]:
        rules.allow(path, landlock.READ)
    for path in plan["writable"]:
        rules.allow(path, landlock.READ | landlock.write_rights())
    for name in _DEVICES:
        rules.allow(f"/dev/{name}", landlock.READ | landlock.WRITE_FILE)
    # The worker weighs and kills its descendants by /proc. Of processes outside, Landlock keeps environment, memory and
    # files closed (they need the right to trace); what stays readable is what every user of the machine may read.
    rules.allow("/proc", landlock.READ)
    rules.allow("/sys/devices/system/cpu", landlock.READ)
    rules.enforce()


def _running_tasks() -> int:
    """Return how many tasks this user runs now: RLIMIT_NPROC counts those too."""
    own = os.getuid()
    total = 0
    for pid in _process_ids():
        try:
            if os.stat(f"/proc/{pid}").st_uid == own:
                total += len(os.listdir(f"/proc/{pid}/task"))
        except OSError:  # it has ended meanwhile
            continue
    return total


def _destroy(child: int) -> None:
    """Kill every descendant, also those that left the session: first stop them, so that none forks on unseen.

    A stopped parent reaps nothing, so no process id seen here can belong to somebody else meanwhile.
    """
    deadline = time.monotonic() + _HUNT_S
    while time.monotonic() < deadline:
        stopped: set[int] = set()
        while new := _descendants(os.getpid()) - stopped:
            for pid in new:
                _signal(pid, signal.SIGSTOP)
            stopped |= new
        if not stopped:
            return
        for pid in stopped:
            _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _process_ids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _descendants(ancestor: int) -> set[int]:
    """Return the living processes below `ancestor`; zombies hold nothing and are left to be reaped."""
    parents: dict[int, int] = {}
    dead: set[int] = set()
    for pid in _process_ids():
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents[pid] = int(fields[1])
        if fields[0] in (b"Z", b"X"):
            dead.add(pid)
    found: set[int] = set()
    level = {ancestor}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level}
        found |= level
    return found - dead
