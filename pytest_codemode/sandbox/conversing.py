"""A program in the sandbox and its calls, as a generator in synchronous code."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.outcome import Execution
from pytest_codemode.core.remote import Conversing, RemoteAnswer, RemoteCall

Inbox = queue.SimpleQueue[str | None]


def converse(
    start: Callable[[Inbox], Future[Any]],
    finish: Callable[[Future[Any]], Execution],
    tell: Callable[[str, RemoteAnswer], None],
) -> Conversing:
    """Yield the calls of a program and hand on the answers.

    Args:
        start: starts the program; its progress goes to the inbox, None at its end.
        finish: returns how the program ended.
        tell: hands an answer to the program of that name.

    Raises:
        SandboxError: the sandbox died, or said what it may not.
    """
    inbox: Inbox = queue.SimpleQueue()
    running = start(inbox)
    try:
        while (message := inbox.get()) is not None:
            program, call = _decoded(message)
            tell(program, (yield call))
        return finish(running)
    finally:
        running.cancel()  # kills a program that was left in between


def _decoded(message: str) -> tuple[str, RemoteCall]:
    try:
        data = json.loads(message)
        program: str = decode(str, data.get("program"), "program")
        call: RemoteCall = decode(RemoteCall, data.get("call"), "call")
    except (ValueError, AttributeError, RecursionError) as problem:
        raise SandboxError(f"the sandbox server told nonsense of a program: {problem}") from None
    return program, call


def encoded(program: str, answer: RemoteAnswer) -> dict[str, Any]:
    """Return the arguments of the tool that answers a call."""
    return {"program": program, **encode(answer)}
