"""Limits as the user names them (`memory=2g`), and which limit an error of foreign code speaks of."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Execution
from pytest_codemode.core.project import Limits

_BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
_COUNTS = {"": 1, "k": 1000}
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class _Name:
    """One limit as the user sets it."""

    field: str
    """Of `Limits`."""
    unit: Literal["bytes", "seconds", "count"]
    least: float
    """Below this nothing runs at all."""
    most: float
    example: str


NAMES = {
    "test-time": _Name("test_s", "seconds", 0.001, _DAY_S, "30"),
    "run-time": _Name("run_s", "seconds", 0.001, 7 * _DAY_S, "10m"),
    "cpu": _Name("test_cpu_s", "seconds", 1, 7 * _DAY_S, "30"),
    "run-cpu": _Name("run_cpu_s", "seconds", 1, 100 * _DAY_S, "10m"),
    "memory": _Name("memory_bytes", "bytes", 64 * 2**20, 2**50, "2g"),
    "processes": _Name("processes", "count", 16, 4_000_000, "64"),
    "open-files": _Name("open_files", "count", 64, 1_000_000, "256"),
    "file-size": _Name("file_bytes", "bytes", 2**16, 2**50, "100m"),
    "disk": _Name("disk_bytes", "bytes", 2**20, 2**50, "1g"),
    "output": _Name("output_bytes", "bytes", 2**10, 2**26, "1m"),
}
"""Name -> limit, as in `--codemode-limit NAME=VALUE`."""


def parse(items: Iterable[str], base: Limits) -> Limits:
    """Return `base` with what `items`, each `NAME=VALUE`, set; the last of several values of a name holds.

    Raises:
        ValueError: an item is no limit; the text names the remedy, not the item.
    """
    for item in items:
        name, _, text = item.partition("=")
        known = NAMES.get(name.strip())
        if known is None:
            raise ValueError(f"names no limit; use NAME=VALUE with one of {', '.join(NAMES)}")
        changes: dict[str, Any] = {known.field: _amount(name.strip(), known, text.strip().lower())}
        base = replace(base, **changes)
    return base


def raised(items: Iterable[str], base: Limits) -> tuple[str, ...]:
    """Return those of `items` that alone would loosen `base`; items as `parse` takes them."""
    return tuple(item for item in items if _looser(parse([item], base), base))


def _looser(limits: Limits, base: Limits) -> bool:
    return any(getattr(limits, known.field) > getattr(base, known.field) for known in NAMES.values())


def _amount(name: str, known: _Name, text: str) -> float | int:
    scale: dict[str, float] = {"bytes": _BYTES, "seconds": _SECONDS, "count": _COUNTS}[known.unit]  # type: ignore[assignment]
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?)([a-z]?)(?:(?<=[kmgt])i?b)?", text)
    if found is None or found[2] not in scale:
        raise ValueError(f"has no amount that can be read; write for example {name}={known.example}")
    amount = float(found[1]) * scale[found[2]]
    if not known.least <= amount <= known.most:
        raise ValueError(f"is not between {_told(known, known.least)} and {_told(known, known.most)}")
    return amount if known.unit == "seconds" else int(amount)


def _told(known: _Name, amount: float) -> str:
    if known.unit == "seconds":
        return seconds(amount)
    return size(int(amount)) if known.unit == "bytes" else f"{int(amount):,}"


def size(amount: int) -> str:
    """Return `amount` bytes as `512 MiB`, in the larger of MiB and KiB that keeps it whole."""
    return f"{amount // 2**20} MiB" if amount % 2**20 == 0 else f"{round(amount / 2**10, 1):g} KiB"


def seconds(amount: float) -> str:
    """Return `amount` as `30 s`."""
    return f"{round(amount, 3):g} s"


# -- the sentence for each limit ------------------------------------------------------------------------------------


def memory_limit(limits: Limits) -> str:
    """Return as `memory limit of 512 MiB`."""
    return f"memory limit of {size(limits.memory_bytes)}"


def process_limit(limits: Limits) -> str:
    """Return as `limit of 64 processes`."""
    return f"limit of {limits.processes} processes"


def disk_limit(limits: Limits) -> str:
    """Return as `disk limit of 1024 MiB`."""
    return f"disk limit of {size(limits.disk_bytes)}"


def file_size_limit(limits: Limits) -> str:
    """Return as `file size limit of 512 MiB`."""
    return f"file size limit of {size(limits.file_bytes)}"


def open_files_limit(limits: Limits) -> str:
    """Return as `limit of 1024 open files`."""
    return f"limit of {limits.open_files} open files"


def processor_time_limit(amount_s: float) -> str:
    """Return as `processor time limit of 30 s`."""
    return f"processor time limit of {seconds(amount_s)}"


# -- which limit was it? --------------------------------------------------------------------------------------------

_DISK_FULL = ("No space left on device", "Disk quota exceeded", "disk is full")
_NO_PROCESS = ("can't start new thread", "Cannot fork", "fork: retry", "Resource temporarily unavailable")
_STARTS_PROCESS = frozenset({"_execute_child", "_fork_exec", "_launch", "fork_exec", "forkpty", "spawnv_passfds"})


def limit_behind(failure: Failure, limits: Limits) -> str:
    """Return the limit that `failure` most likely comes from, as `file size limit of 8 MiB`; empty if none.

    What the kernel refuses comes to a test as an ordinary error, which says nothing of the limit in force.
    """
    text = failure.message
    if failure.exception == "MemoryError":
        return memory_limit(limits)
    if failure.exception == "BlockingIOError":
        # A socket that is not ready says the same words.
        return process_limit(limits) if _started_process(failure) else ""
    if failure.exception not in ("OSError", "RuntimeError", "OperationalError", "ExceptionGroup"):
        return ""
    return _limit_named(text, limits)


def limit_told(stderr: str, limits: Limits) -> str:
    """Return the limit that a failed program's last words speak of; empty if they speak of none."""
    last = [line for line in stderr.rstrip().splitlines() if line.strip()][-4:]
    if any(re.match(r"(?:\w+\.)*MemoryError\b", line) for line in last):
        return memory_limit(limits)
    words = "".join(last[-1:])
    if words.startswith("BlockingIOError") and not any("fork" in line for line in last[:-1]):
        return ""  # a socket that is not ready
    return _limit_named(words, limits)


def with_limit(execution: Execution, limits: Limits) -> Execution:
    """Return the result of a program that failed by itself with the limit it most likely ran into as its reason."""
    if execution.status != "finished" or execution.exit_code == 0 or execution.reason:
        return execution
    limit = limit_told(execution.stderr, limits)
    return replace(execution, reason=f"most likely the {limit}") if limit else execution


def _limit_named(text: str, limits: Limits) -> str:
    found = re.search(r"\[Errno (\d+)\]", text)
    number = int(found[1]) if found else 0
    if number == errno.EFBIG or "File too large" in text:
        return file_size_limit(limits)
    if number in (errno.EMFILE, errno.ENFILE) or "Too many open files" in text:
        return open_files_limit(limits)
    if number in (errno.ENOSPC, errno.EDQUOT) or any(words in text for words in _DISK_FULL):
        return disk_limit(limits)
    if number == errno.ENOMEM:
        return memory_limit(limits)
    return process_limit(limits) if any(words in text for words in _NO_PROCESS) else ""


def _started_process(failure: Failure) -> bool:
    return _NO_PROCESS[-1] in failure.message and any(
        frame.function.rpartition(".")[2] in _STARTS_PROCESS or "fork" in frame.source for frame in failure.frames[-2:]
    )


def with_limits(failures: Sequence[Failure], limits: Limits) -> tuple[Failure, ...]:
    """Return `failures`, each with the limit it most likely comes from."""
    return tuple(
        replace(failure, limit=limit) if (limit := limit_behind(failure, limits)) else failure for failure in failures
    )
