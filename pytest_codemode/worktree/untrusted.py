"""Reads state that somebody else may have put there: no links, no pipes, no end of memory, damage is a `ValueError`."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from pytest_codemode.core.codec import decode

MAX_BYTES = 64 * 2**20
"""Of one file. The largest honest one is a patch: some source files, twice."""


def read_file(
    name: Path | str, *, folder: int | None = None, max_bytes: int = MAX_BYTES, own: bool = False, secret: bool = False
) -> bytes:
    """Return the bytes of a regular file.

    Args:
        name: its path; relative to `folder` if that is given.
        folder: descriptor of an open folder.
        max_bytes: more than this is refused.
        own: refuse a file that does not belong to the effective user.
        secret: refuse a file that anybody else may read or write.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is refused, or cannot be read; the text says why, without the name.
    """
    try:
        # O_NONBLOCK: opening a FIFO must not wait for a writer.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            refused = _why_not(os.fstat(descriptor), own, secret)
            data = b"" if refused else _read(descriptor, max_bytes + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise ValueError(f"cannot be read ({problem.strerror})") from problem
    if refused:
        raise ValueError(refused)
    if len(data) > max_bytes:
        raise ValueError(f"is larger than {max_bytes:,} bytes")
    return data


def parsed(kind: type | Any, data: bytes, where: str) -> Any:
    """Return the JSON in `data` as an instance of `kind`.

    Raises:
        ValueError: it is not one.
    """
    try:
        return decode(kind, json.loads(data), where)
    except RecursionError:
        raise ValueError(f"{where}: nested too deeply") from None


def _why_not(status: os.stat_result, own: bool, secret: bool) -> str:
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    if own and status.st_uid != os.geteuid():
        return f"belongs to somebody else (user {status.st_uid})"
    return "may be read or written by others" if secret and status.st_mode & 0o077 else ""


def _read(descriptor: int, size: int) -> bytes:
    """Return up to `size` bytes; the file's own size is no bound, it may grow meanwhile."""
    chunks = []
    while size > 0 and (chunk := os.read(descriptor, min(size, 2**20))):
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
