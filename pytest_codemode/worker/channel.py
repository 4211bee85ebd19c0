"""JSON lines over file descriptors, bounded in length: the one wire format between host, supervisor and tests."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Iterator
from typing import Any, NoReturn

MAX_LINE = 64 * 2**20
"""Bytes of one line; a longer one is malformed."""
READ_BYTES = 2**18
MOST_READS = 8
"""Reads without a pause: 2 MiB, where no pipe holds more than one unless its owner is privileged. So everything comes
that was in it when the reading began, and whoever goes on writing keeps nobody."""


class Malformed(ValueError):
    """The other side sent something that is no JSON object on one line of bounded length."""


def write_line(fd: int, message: dict[str, Any]) -> None:
    """Write `message` as one line; lone surrogates become `?`, so that every text can be encoded again."""
    data = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _readable(fd: int) -> bool:
    """Whether a read would not wait; a `selectors` object costs three system calls more."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(0))


class LineBuffer:
    """Bytes in, messages out."""

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._max_line = max_line
        self._pending = bytearray()
        self._scanned = 0

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Return the messages that `data` completes.

        Raises:
            Malformed: see there; nothing after it can be trusted.
        """
        self._pending += data
        messages = []
        while (end := self._pending.find(b"\n", self._scanned)) >= 0:
            messages.append(parse(bytes(self._pending[:end])))
            del self._pending[: end + 1]
            self._scanned = 0
        self._scanned = len(self._pending)
        if self._scanned > self._max_line:
            raise Malformed(f"a line is longer than {self._max_line} bytes")
        return messages


def parse(line: bytes) -> dict[str, Any]:
    """Return the JSON object on `line`, its texts free of lone surrogates."""
    try:
        # Strictly: `json.loads` lets lone surrogates through that are written as bytes.
        message = _DECODER.decode(line.decode("utf-8"))
        if b"\\ud" in line or b"\\uD" in line:
            message = json.loads(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as problem:
        raise Malformed(f"no JSON: {problem}") from None
    if not isinstance(message, dict):
        raise Malformed("no JSON object")
    return message


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class LineReader:
    """Messages from a file descriptor that this process alone reads."""

    def __init__(self, fd: int, max_line: int = MAX_LINE) -> None:
        self.fd = fd
        self.closed = False
        """Whether the end of the stream was seen."""
        self._buffer = LineBuffer(max_line)
        self._ready: list[dict[str, Any]] = []

    @property
    def pending(self) -> bool:
        """Whether a message was read that `next` has not returned yet."""
        return bool(self._ready)

    def read_available(self) -> list[dict[str, Any]]:
        """Return what one read gives (blocks if nothing is there); sets `closed` at the end."""
        try:
            data = os.read(self.fd, READ_BYTES)
        except ConnectionResetError:  # the other end of a socket died with something unread
            data = b""
        self.closed = not data
        return self._buffer.feed(data)

    def next(self) -> dict[str, Any] | None:
        """Return the next message, waiting for it; None at the end of the stream."""
        while not self._ready and not self.closed:
            self._ready.extend(self.read_available())
        return self._ready.pop(0) if self._ready else None

    def arriving(self) -> Iterator[dict[str, Any]]:
        """Yield what can be read without waiting, as it is read, and no more than `MOST_READS` give.

        Whoever finds a lie in it stops there, and reads no further.
        """
        for _ in range(MOST_READS):
            if self.closed or not _readable(self.fd):
                return
            yield from self.read_available()


class Tap:
    """Head and tail of what comes out of a pipe, however much it is."""

    def __init__(self, fd: int, limit: int) -> None:
        self.fd = fd
        self.closed = False
        self._head_limit = limit * 2 // 3
        self._tail_limit = limit - self._head_limit
        self._head = bytearray()
        self._tail = bytearray()
        self._seen = 0

    def read_available(self) -> None:
        """Take what one read gives; sets `closed` at the end."""
        data = os.read(self.fd, READ_BYTES)
        self.closed = not data
        self._seen += len(data)
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._tail += data[max(room, 0) :]
        if len(self._tail) > 2 * self._tail_limit:
            del self._tail[: -self._tail_limit]

    def drain(self) -> None:
        """Take everything that can be read without waiting, as far as a pipe can hold it."""
        for _ in range(64):
            if self.closed or not _readable(self.fd):
                return
            self.read_available()

    def text(self) -> str:
        """Return head and tail, the cut marked."""
        tail = self._tail[-self._tail_limit :] if self._tail_limit else b""
        cut = self._seen - len(self._head) - len(tail)
        mark = f"\n[... {cut} bytes cut ...]\n".encode() if cut else b""
        return (bytes(self._head) + mark + bytes(tail)).decode("utf-8", "replace")
