"""The supervisor's end of a program's `project`: lines come out of the program and go to the host, answers go back."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.remote import MAX_CALL_BYTES, RemoteAnswer, RemoteCall
from pytest_codemode.worker.channel import LineReader


class Calls:
    """A listener for `watch`, and where the host's answers are handed on.

    One call at a time: a program that makes another one before the answer, or does not take its answer, breaks the
    rules, and gets no more answers.

    Args:
        deadline: `time.monotonic()` at which the program is killed.
        tell: sends a message to the host.
    """

    def __init__(self, deadline: float, tell: Callable[[dict[str, Any]], None]) -> None:
        self.deadline = deadline
        self._tell = tell
        self._line, self.theirs = socket.socketpair()
        self._line.setblocking(False)
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)  # the kernel gives what it allows
        self.reader = LineReader(self._line.fileno(), MAX_CALL_BYTES)
        self._waiting = 0
        """Number of the call that waits for its answer, 0 for none."""
        self._last = 0

    def note(self, message: dict[str, Any]) -> None:
        """Hand a call on.

        Raises:
            ValueError: it is none, its number is not the next one, or one waits for its answer already.
        """
        call: RemoteCall = decode(RemoteCall, message, "call")
        if self._waiting:
            raise ValueError("a call before the answer to the one before")
        if call.number != self._last + 1:
            raise ValueError(f"call {call.number} after call {self._last}")
        self._last = self._waiting = call.number
        self._tell({"say": "call", "call": encode(call)})

    def answer(self, message: dict[str, Any]) -> None:
        """Hand an answer on; what is no answer to the call that waits is dropped."""
        answer: RemoteAnswer = decode(RemoteAnswer, message.get("answer"), "answer")
        if not self._waiting:
            return
        self._waiting = 0
        line = json.dumps(encode(answer)).encode() + b"\n"
        try:
            sent = self._line.send(line)
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            sent = 0
        if sent < len(line):
            self._line.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the line."""
        self._line.close()
        self.theirs.close()
