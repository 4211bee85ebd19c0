"""What a test had printed when its process was killed: pytest's capture keeps it in a file without a name."""

from __future__ import annotations

import os
import stat

from pytest_codemode.worker.offspring import Offspring

_STREAMS = ((1, "stdout"), (2, "stderr"))


class Remains:
    """Reads the capture files of one process while it still has them open."""

    def __init__(self, process: Offspring, limit: int) -> None:
        self._process = process
        self._limit = limit
        self.output = ""
        """Head and tail of both streams, the cut marked; empty where nothing was saved."""

    def save(self) -> None:
        """Take what there is now."""
        pid = self._process.pid
        texts = [(name, _content(pid, fd, self._limit)) for fd, name in _STREAMS] if pid else []
        self.output = "\n".join(f"Captured {name}:\n{text}" for name, text in texts if text)


def _content(pid: int, fd: int, limit: int) -> str:
    """Return what is in the file open as `fd` in process `pid`; the process may have put anything there.

    Opened first for nothing but its kind: opening a pipe or a device can wait, or do things.
    """
    try:
        handle = os.open(f"/proc/{pid}/fd/{fd}", os.O_PATH | os.O_CLOEXEC)
    except (OSError, AttributeError):  # gone, or no Linux
        return ""
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return ""
        reader = os.open(f"/proc/self/fd/{handle}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    finally:
        os.close(handle)
    try:
        return _head_and_tail(reader, limit)
    finally:
        os.close(reader)


def _head_and_tail(reader: int, limit: int) -> str:
    size = os.fstat(reader).st_size
    if size <= limit:
        return os.pread(reader, limit, 0).decode("utf-8", "replace")
    tail_bytes = limit // 3
    head, tail = os.pread(reader, limit - tail_bytes, 0), os.pread(reader, tail_bytes, size - tail_bytes)
    return (head + f"\n[... {size - limit} bytes cut ...]\n".encode() + tail).decode("utf-8", "replace")
