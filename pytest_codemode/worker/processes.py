"""Descendants of this process: finding, weighing and killing them (Linux: /proc; elsewhere process groups only)."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PAGE = os.sysconf("SC_PAGE_SIZE")


def become_subreaper() -> None:
    """Let orphaned descendants become children of this process, so that none escapes."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Let the kernel kill this process when the one that forked it dies."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def children(pid: int) -> list[int]:
    """Return the direct children of `pid`, of all its threads."""
    found: list[int] = []
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    except OSError:
        pass  # gone meanwhile, or no such file on this kernel
    return found


def descendants(pid: int, keep: Collection[int] = ()) -> Iterator[int]:
    """Yield every descendant of `pid`, except those in `keep` (whose own descendants are yielded)."""
    for child in children(pid):
        if child not in keep:
            yield child
        yield from descendants(child, keep)


def resident_bytes(pids: Collection[int]) -> int:
    """Return the sum of resident memory; pages shared between them count for each."""
    total = 0
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        except (OSError, IndexError):
            continue
    return total


def kill_strays(keep: Collection[int]) -> None:
    """Kill every descendant of this process that is not in `keep`, again until none is left; reap its own children."""
    for _ in range(200):
        strays = list(descendants(os.getpid(), keep))
        if not strays:
            return
        for pid in strays:
            kill(pid)
        reap(keep)
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
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def empty(folder: str) -> None:
    """Remove everything in `folder`; links are removed, never followed."""
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except FileNotFoundError:
        return
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            with suppress(OSError):
                Path(entry.path).unlink()


def tree_bytes(folder: str, most_entries: int = 20_000) -> int:
    """Return the bytes on disk below `folder`, of at most `most_entries` entries; links are not followed."""
    total = 0
    todo = [folder]
    while todo and most_entries > 0:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    most_entries -= 1
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
        except OSError:
            continue  # removed or unreadable meanwhile
    return total
