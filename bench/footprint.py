"""What a process and all its descendants hold: memory, descriptors, processes, as their owner reads it in /proc."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Footprint:
    """Of one process tree at one moment."""

    own_mib: float
    """Resident memory of the root of the tree."""
    others_mib: float
    """The same of all others; pages that several share are divided among them."""
    descriptors: int
    processes: int


def footprint(pid: int, patience_s: float = 10.0) -> Footprint:
    """Return that of `pid` once it has come to rest: seen twice with the same processes and descriptors."""
    give_up = time.monotonic() + patience_s
    last, now = None, _look(pid)
    while last is None or (last.processes, last.descriptors) != (now.processes, now.descriptors):
        if time.monotonic() > give_up:
            break
        time.sleep(0.1)
        last, now = now, _look(pid)
    return now


def child_running(words: str, parent: int = 0) -> int:
    """Return the process id of the child of `parent` (this process if 0) that has `words` in its command line.

    Raises:
        LookupError: there is not exactly one.
    """
    found = [pid for pid, above in _parents().items() if above == (parent or os.getpid()) and words in _command(pid)]
    if len(found) != 1:
        raise LookupError(f"{len(found)} children run {words}")
    return found[0]


def _look(pid: int) -> Footprint:
    parents = _parents()
    tree = {pid}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return Footprint(
        own_mib=_memory(pid) / 1024,
        others_mib=sum(_memory(other) for other in tree - {pid}) / 1024,
        descriptors=sum(_descriptors(member) for member in tree),
        processes=len(tree),
    )


def _parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        return ""


def _memory(pid: int) -> int:
    """Return KiB; 0 for a process that has ended meanwhile."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _descriptors(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0
