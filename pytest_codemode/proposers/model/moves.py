"""What a model does in one reply, and the interface of the two protocols it can be spoken to in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pytest_codemode.core.model import Block, ModelReply, ToolSpec
from pytest_codemode.core.patch import Patch

PROPOSE = "propose_patch"
GIVE_UP = "give_up"
MAX_MOVES = 32
"""Calls of one reply that are carried out. Each can run tests; nobody needs more before the first is answered."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What the dialects say of the work at hand; the forms that they ask for are the same for all work."""

    tool: str
    """By which the model gives what it has found."""
    found: str
    """What that is, as `a patch`."""
    when: str
    """When it is called, and what happens then."""
    stuck: str
    """When to give up."""
    shorter: str
    """What a call that was cut should be instead."""

    @property
    def cut(self) -> str:
        """What is said to a call that was cut."""
        return (
            "the reply was cut before this call was complete, so that nothing of it was carried out; "
            f"answer shorter: {self.shorter}"
        )


PATCHES = Wording(
    PROPOSE,
    "a patch",
    "as soon as you know the cause: the tests are run and you are told the outcome",
    "If there is no honest repair",
    "one call with only the edits that are needed and a rationale of one sentence",
)
CUT = PATCHES.cut


@dataclass(frozen=True, slots=True)
class Propose:
    """A patch to judge."""

    call: str
    """Id of the call it came in: its answer goes back under it."""
    patch: Patch


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool that is not the proposer's own."""

    call: str
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The model sees no way."""

    call: str
    reason: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A call that cannot be carried out as it stands."""

    call: str
    name: str
    problem: str
    """For the model: names the place and what is expected there."""


Move = Propose | Call | GiveUp | Malformed


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply, read."""

    kept: tuple[Block, ...]
    """What of it goes back to the model with the next request; empty if it is better left out."""
    moves: tuple[Move, ...]
    problem: str = ""
    """Why there is no move in it, for the model; empty if there is one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one move. Material of the project's in it is quoted already."""

    move: Move
    text: str
    is_error: bool = False


class Dialect(Protocol):
    """How tools are offered, how a reply becomes moves, and how answers are written."""

    @property
    def name(self) -> Literal["tools", "react"]:
        """As `Turn.protocol` has it."""
        ...

    @property
    def stop_sequences(self) -> tuple[str, ...]:
        """What ends a reply early."""
        ...

    def manner(self, tools: Sequence[ToolSpec]) -> str:
        """Return how to answer, for the end of the system prompt."""
        ...

    def offered(self, tools: Sequence[ToolSpec]) -> tuple[ToolSpec, ...]:
        """Return the tools to define in the request."""
        ...

    def read(self, reply: ModelReply, taken: frozenset[str]) -> Reading:
        """Read a sound reply (see `replies`); `taken` are the ids of earlier calls that must not come again."""
        ...

    def answer(self, answers: Iterable[Answer], note: str) -> tuple[Block, ...]:
        """Return the user message that answers a reply's moves, all of them; `note` is said behind them."""
        ...
