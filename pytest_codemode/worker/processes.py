"""Descendants of this process: finding, weighing and killing them (Linux: /proc; elsewhere process groups only)."""

# ruff: noqa: PTH208  # names only

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import suppress

from pytest_codemode.worker import syscalls

_HUNT_S = 10.0
"""Where the machine is busy, the end of a hundred processes takes its time."""
_FORK_S = 5.0


def become_subreaper() -> None:
    """Let orphaned descendants become children of this process, so that none escapes.

    Raises:
        OSError: the kernel refuses.
    """
    if sys.platform == "linux":
        syscalls.prctl(syscalls.PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Let the kernel kill this process when the one that forked it dies.

    Raises:
        OSError: the kernel refuses.
    """
    if sys.platform == "linux":
        syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)


def fork() -> int:
    """Fork this process; while the kernel has no room for one more, wait: the dead count until they are reaped.

    Raises:
        BlockingIOError: there was none for a long time.
    """
    give_up = time.monotonic() + _FORK_S
    while True:
        try:
            return os.fork()
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    """Return the direct children of `pid`, of all its threads."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            found += map(int, _content(f"/proc/{pid}/task/{thread}/children").split())
    except OSError:
        pass  # gone meanwhile, or no such file on this kernel
    return found


def _content(path: str) -> bytes:
    """Return what is in a file of /proc; a file object would cost four times as much, several times a request."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = b""
        while more := os.read(fd, 2**16):
            data += more
        return data
    finally:
        os.close(fd)


def descendants(pid: int, keep: Collection[int] = ()) -> Iterator[int]:
    """Yield every descendant of `pid`, except those in `keep` (whose own descendants are yielded)."""
    for child in children(pid):
        if child not in keep:
            yield child
        yield from descendants(child, keep)


def kill_strays(keep: Collection[int]) -> None:
    """Kill every descendant of this process that is not in `keep`, again until none lives; reap its own children.

    What is dead and not this process' own child is its parent's to reap. Whoever dies hands its children on meanwhile,
    to a list that may have been read already: only a second look that finds the dead alone proves that nobody lives.
    """
    give_up = time.monotonic() + _HUNT_S
    quiet = 0
    while time.monotonic() < give_up:
        found = list(descendants(os.getpid(), keep))
        strays = [pid for pid in found if _alive(pid)]
        for pid in strays:
            kill(pid)
        reap(keep)
        quiet = 0 if strays else quiet + 1
        if not found or quiet == 2:
            return
        if any(_alive(pid) for pid in strays):
            time.sleep(0.005)


def kill(pid: int) -> None:
    """Kill one process if it is there."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def reap(keep: Collection[int]) -> None:
    """Collect the exit status of dead children that nobody waits for (not those in `keep`)."""
    for pid in children(os.getpid()):
        if pid not in keep:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue


def _alive(pid: int) -> bool:
    try:
        return _content(f"/proc/{pid}/stat").rpartition(b")")[2].split()[0] != b"Z"
    except (OSError, IndexError):
        return False
