"""Which level is in force: the best one whose canary shows that it holds."""

from __future__ import annotations

import dataclasses
import functools
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.isolation import binary, canary, ownership, remedies
from pytest_codemode.sandbox.isolation.bubblewrap import Bubblewrap
from pytest_codemode.sandbox.isolation.landlock import Landlock
from pytest_codemode.sandbox.isolation.port import Isolation
from pytest_codemode.sandbox.isolation.unfenced import Unfenced
from pytest_codemode.worker import landlock, seccomp

LEVELS = ("container", "namespaces", "landlock", "seatbelt", "none")
"""Best first; `auto` tries `namespaces` and `landlock`."""

_AUTO = ("namespaces", "landlock")
# Level -> (reason, remedy) of those that the design has and the code does not have yet.
_NOT_OFFERED = {
    "container": ("it needs podman or docker, and is not offered yet", "--codemode-sandbox=auto"),
    "seatbelt": (
        "it needs macOS's sandbox-exec, and is not offered yet",
        "--codemode-sandbox=auto on Linux, or =none on a machine you can lose",
    ),
}
# What a level must hold to be called by its name. Limits on processes depend on the kernel and are reported.
_REQUIRED = {
    "namespaces": (
        *("private_writes", "private_metadata", "hidden_proc", "no_network", "no_unix_sockets", "no_signals_out"),
        *("memory_limit", "disk_limit"),
    ),
    "landlock": ("private_writes", "no_network", "no_unix_sockets", "memory_limit"),
    "none": (),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one level."""

    level: str
    isolation: Isolation | None
    """None if it does not work here."""
    reason: str = ""
    """Why it does not work, one sentence without a full stop."""
    remedy: str = ""


def choose(project: Project) -> Isolation:
    """Return the isolation to use for `project`, by its level, its files and whether it may use the network.

    Raises:
        SandboxError: see `choose_level`.
    """
    isolation = choose_level(project.level, network=project.network)
    path = ownership.stranger(project.rootdir) if isolation.level == "namespaces" else ""
    return isolation if not path else _for_strange_files(project, path)


def _for_strange_files(project: Project, path: str) -> Isolation:
    """Return a level that copies the tree: an overlay cannot change what belongs to somebody else."""
    reason = f"{path} belongs to another user or group, so that no patch of it can be tried there"
    helps = f"what helps: to run as its owner, or `chown -R {os.geteuid()}:{os.getegid()} {project.rootdir}`"
    if project.level != "auto":
        raise SandboxError(f"--codemode-sandbox={project.level}: {reason}; {helps}")
    try:
        isolation = choose_level("landlock", network=project.network)
    except SandboxError as problem:
        raise SandboxError(f"namespaces: {reason}; {helps}; {problem}") from None
    return _with_notes(isolation, (f"namespaces is not in force: {reason}; {helps}",))


def choose_level(level: str, *, network: bool = False) -> Isolation:
    """Return the isolation to use for `level`, an entry of `LEVELS` or `auto`.

    Raises:
        SandboxError: the level does not work here, or with `auto` none does; the text names the remedies.
    """
    if level == "auto":
        return _best(network=network)
    finding = examine(level, network=network)
    if finding.isolation is None:
        raise SandboxError(f"--codemode-sandbox={level}: {finding.reason}; what helps: {finding.remedy}")
    return finding.isolation


@functools.cache
def examine(level: str, *, network: bool = False) -> Finding:
    """Run the canary of one level; its result holds for the life of this process."""
    if level in _NOT_OFFERED:
        return Finding(level, None, *_NOT_OFFERED[level])
    if level not in _MAKERS:
        return Finding(level, None, "there is no such level", f"one of auto, {', '.join(LEVELS)}")
    if platform.system() != "Linux":
        return Finding(level, None, f"it needs Linux, and this is {platform.system()}", "a Linux machine or container")
    try:
        isolation = _MAKERS[level](network)
    except SandboxError as problem:
        return _lost(level, str(problem))
    broken = [name for name in missing(isolation, network=network) if name in _REQUIRED[level]]
    if broken:
        return _lost(level, f"its canary got through: {', '.join(broken)} does not hold")
    return Finding(level, isolation)


def _lost(level: str, reason: str) -> Finding:
    return Finding(level, None, reason, remedies.for_level(level, reason, remedies.facts()))


def missing(isolation: Isolation, *, network: bool = False) -> tuple[str, ...]:
    """Return the names of capabilities that are not enforced, leaving out the network where the user opened it."""
    names = (field.name for field in dataclasses.fields(Capabilities))
    opened = {"no_network"} if network else set()
    return tuple(name for name in names if name not in opened and not getattr(isolation.capabilities, name))


def _best(*, network: bool) -> Isolation:
    lost: list[Finding] = []
    for level in _AUTO:
        finding = examine(level, network=network)
        if finding.isolation is not None:
            notes = tuple(f"{bad.level} is not in force: {bad.reason}; what helps: {bad.remedy}" for bad in lost)
            return _with_notes(finding.isolation, notes)
        lost.append(finding)
    reasons = "; ".join(f"{bad.level}: {bad.reason} (what helps: {bad.remedy})" for bad in lost)
    raise SandboxError(
        f"foreign code cannot be fenced in here: {reasons}. `codemode doctor` tells more;"
        " --codemode-sandbox=none runs it without a fence"
    )


def _with_notes(isolation: Isolation, notes: tuple[str, ...]) -> Isolation:
    assert isinstance(isolation, Bubblewrap | Landlock | Unfenced)
    return dataclasses.replace(isolation, notes=(*notes, *isolation.notes))


def _make_namespaces(network: bool) -> Isolation:
    found = Bubblewrap(binary.find())
    held = canary.run(found.enclose, network=network).capabilities
    notes = () if held.process_limit else ("processes are not limited: for root that needs Linux 6.14",)
    return Bubblewrap(found.binary, held, notes)


def _make_landlock(network: bool) -> Isolation:
    if not landlock.abi():
        raise SandboxError("this kernel has no Landlock, or it is switched off")
    if not seccomp.supported():
        raise SandboxError(f"no seccomp filter is known for {platform.machine()}")
    report = canary.run(Landlock().enclose, network=network)
    if not report.secrets_of_processes:
        raise SandboxError("its canary got through: it read the environment of another process")
    held = report.capabilities
    notes = [
        "command lines of your other processes can be read",
        "disk use in total is not limited, only the size of a file",
    ]
    if not held.private_metadata:
        notes.append(
            "modes and times of your files can be changed, not their contents: another seccomp listener is in force"
        )
    if not held.process_limit:
        notes.append("processes are not limited: RLIMIT_NPROC does not bind root")
    if not held.no_signals_out:
        notes.append("signals to your other processes are not stopped: that needs Linux 6.12")
    return Landlock(held, tuple(notes))


def _make_none(network: bool) -> Isolation:
    return Unfenced(canary.run(Unfenced().enclose, network=network).capabilities)


_MAKERS: dict[str, Callable[[bool], Isolation]] = {
    "namespaces": _make_namespaces,
    "landlock": _make_landlock,
    "none": _make_none,
}
