"""The inner fence: what one fork inside a sandbox may do, put in force by the fork itself and for good.

Standard library and ctypes only. Costs well under 2 ms; `prepare` in the process that forks makes it cheaper still.
"""
# ruff: noqa: PTH110, PTH116  # paths are text here: links must stay as they are

from __future__ import annotations

import functools
import math
import os
import resource
import signal
from dataclasses import dataclass

from pytest_codemode.worker import landlock, seccomp, syscalls

_MADE_AHEAD: dict[tuple[tuple[str, ...], bool], tuple[tuple[tuple[int, int] | None, ...], landlock.Ruleset]] = {}
"""What `prepare` made, for the forks of this process; each of them closes its descriptors of all of it."""
_FILTERS: set[bytes] = set()
"""Filters of system calls that are in force for this process, its own and those of the processes it came from."""
_WRITABLE_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts")


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a fork may use."""

    writable: tuple[str, ...]
    """Existing absolute folders or files; nothing else can be changed. /dev/null and terminals always can."""
    cpu_s: float
    """Processor time of each process; the second after it is over the process is killed."""
    memory_bytes: int | None
    """Address space of each process; None leaves the sandbox's own limit."""
    open_files: int
    file_bytes: int
    """Size of one file."""
    processes: int | None
    """RLIMIT_NPROC, which counts the whole sandbox and does not bind root; None leaves the sandbox's own limit."""
    deny_network: bool
    """Refuse internet sockets, loopback too. Not needed in a network namespace, where loopback is the sandbox's own."""
    deny_unix: bool = True
    """Refuse unix sockets (never socketpair). Not needed where no file or abstract name of the host can be reached."""


def prepare(policy: Confinement) -> None:
    """Do once what every fork that will be confined to `policy` would do again."""
    syscalls.libc()
    if landlock.abi():
        _MADE_AHEAD[policy.writable, policy.deny_network] = (_identities(policy.writable), _file_rules(policy))
    if seccomp.supported():
        seccomp.program(_rules(policy.deny_network, policy.deny_unix))


def confine(policy: Confinement) -> tuple[str, ...]:
    """Restrict this process to `policy`. There is no way back; threads that already run are not restricted.

    Returns:
        Names of what is in force: `limits`, `landlock`, `scopes` (no signals or abstract unix sockets out), `seccomp`.

    Raises:
        OSError: the kernel has a mechanism but refuses it. Nothing may be run then.
    """
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    _limit(policy)
    in_force = ["limits"]
    if landlock.abi():
        _restrict_files(policy)
        in_force.append("landlock")
        in_force += ["scopes"] if landlock.abi() >= 6 else []
    if seccomp.supported():
        _filter_calls(seccomp.program(_rules(policy.deny_network, policy.deny_unix)))
        in_force.append("seccomp")
    return tuple(in_force)


def _rules(deny_network: bool, deny_unix: bool) -> seccomp.Rules:
    return seccomp.inner_rules(
        deny_network=deny_network, deny_unix=deny_unix, truncate=landlock.abi() == 0 or landlock.abi() >= 3
    )


def _limit(policy: Confinement) -> None:
    seconds = max(1, math.ceil(policy.cpu_s))
    _lower(resource.RLIMIT_CPU, seconds, seconds + 1)
    _lower(resource.RLIMIT_CORE, 0, 0)
    _lower(resource.RLIMIT_NOFILE, policy.open_files, policy.open_files)
    _lower(resource.RLIMIT_FSIZE, policy.file_bytes, policy.file_bytes)
    if policy.memory_bytes is not None:
        _lower(resource.RLIMIT_AS, policy.memory_bytes, policy.memory_bytes)
    if policy.processes is not None:
        _lower(resource.RLIMIT_NPROC, policy.processes, policy.processes)


def _lower(which: int, soft: int, hard: int) -> None:
    """Set a limit, never above the one in force: root could otherwise raise it again."""
    current = resource.getrlimit(which)[1]
    if current != resource.RLIM_INFINITY:
        soft, hard = min(soft, current), min(hard, current)
    resource.setrlimit(which, (soft, hard))


def _filter_calls(program: bytes) -> None:
    """Put a filter in force, unless this process has inherited it: every system call would go through it twice."""
    if program not in _FILTERS:
        seccomp.install(program)
        _FILTERS.add(program)


def _restrict_files(policy: Confinement) -> None:
    """Restrict writing, each process for itself: one that shared its domain with another could look into that one."""
    identities, rules = _MADE_AHEAD.pop((policy.writable, policy.deny_network), ((), None))
    if rules is not None and identities != _identities(policy.writable):  # a rule is about a folder, not its name
        rules.close()
        rules = None
    (rules or _file_rules(policy)).enforce()
    # The same rules wait for the next fork of the process this one came from: none may be left that could add to them.
    for _, other in _MADE_AHEAD.values():
        other.close()
    _MADE_AHEAD.clear()


def _identities(paths: tuple[str, ...]) -> tuple[tuple[int, int] | None, ...]:
    return tuple(map(_identity, paths))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _file_rules(policy: Confinement) -> landlock.Ruleset:
    rules = landlock.Ruleset(restrict_reading=False, restrict_tcp=policy.deny_network)
    for path in policy.writable:
        rules.allow(path, landlock.write_rights())
    for descriptor in _device_descriptors():
        rules.allow_open(descriptor, landlock.WRITE_FILE)
    return rules


@functools.cache
def _device_descriptors() -> tuple[int, ...]:
    paths = (f"/dev/{name}" for name in _WRITABLE_DEVICES)
    return tuple(os.open(path, os.O_PATH | os.O_CLOEXEC) for path in paths if os.path.exists(path))
