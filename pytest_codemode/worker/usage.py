"""What the descendants of a process use now: tasks, memory, processor time (from /proc; elsewhere nothing is known)."""

from __future__ import annotations

import math
import os
import resource
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Usage:
    """Filled by one walk through the descendants."""

    tasks: int = 0
    """Threads count each, as they do for the kernel."""
    cpu_s: float = 0.0
    """Processor time of all that live, of the children they waited for and of those that this process waited for."""
    resident_bytes: int = 0
    """Of the processes in `weighed`; pages that several share count for each."""
    weighed: list[int] = field(default_factory=list)


def usage(root: int, keep: Collection[int]) -> Usage:
    """Return what the descendants of `root` (this process) use; those in `keep` are not weighed."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = Usage(cpu_s=spent.ru_utime + spent.ru_stime)
    todo = _children(root)[1]
    seen: set[int] = set()
    while todo:
        pid = todo.pop()
        if pid in seen:
            continue
        seen.add(pid)
        tasks, below = _children(pid)
        todo += below
        found.tasks += tasks
        found.cpu_s += _cpu_s(pid)
        if pid not in keep:
            found.weighed.append(pid)
            found.resident_bytes += _resident_bytes(pid)
    return found


def shared_once_bytes(pids: Collection[int], enough: float = math.inf) -> int:
    """Return the resident memory of `pids`, a page that n processes share counted as 1/n for each, or > `enough`.

    Forks share most of their memory, so the sum of what is resident says little; but this costs the kernel a walk
    through every page, 1 ms a process and more: it ends when it has found `enough`.
    """
    total = 0
    for pid in pids:
        total += _proportional_bytes(pid)
        if total > enough:
            break
    return total


def _children(pid: int) -> tuple[int, list[int]]:
    """Return how many threads `pid` has, and the children of them all."""
    found: list[int] = []
    tasks = 0
    try:
        for thread in os.scandir(f"/proc/{pid}/task"):
            found += map(int, Path(thread.path, "children").read_text().split())
            tasks += 1
    except OSError:
        pass  # gone meanwhile, or no such file on this kernel
    return tasks, found


def _cpu_s(pid: int) -> float:
    """Return the time of `pid` and of the children it waited for."""
    try:
        # The name, in parentheses, may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS
    except (OSError, ValueError):
        return 0.0


def _resident_bytes(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration, ValueError):
        return _resident_bytes(pid)
