"""Calls that a program in the sandbox makes to the outside: the `project` object of code mode."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from pytest_codemode.core.outcome import Execution

MAX_CALL_BYTES = 1 << 20
"""Of one call as it comes out of a sandbox."""


@dataclass(frozen=True, slots=True)
class RemoteCall:
    """One call; its parts come from an untrusted program."""

    number: int
    """Counted by the program, from 1; the answer carries it too."""
    method: str
    positional: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemoteAnswer:
    """What the program gets: a value of JSON types, or a ValueError with `error` as its text."""

    number: int
    value: Any = None
    error: str = ""


Conversing = Generator[RemoteCall, RemoteAnswer, Execution]
"""A program under way: yields its calls, receives the answers, returns how it ended. Closing it kills the program."""
