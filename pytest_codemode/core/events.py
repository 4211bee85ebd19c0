"""What a run tells while it goes: one JSON object a line from the engine to the plugin and into `run.jsonl`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.model import Message, ModelReply
from pytest_codemode.core.outcome import SandboxInfo
from pytest_codemode.core.report import RunReport
from pytest_codemode.core.trial import Judged


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The engine has read its request; nothing was run yet."""

    KIND: ClassVar[str] = "run_started"
    run_id: str
    started: str
    """ISO 8601 with UTC offset."""
    failing: tuple[str, ...]
    """Node ids as the plain run reported them."""
    proposers: tuple[str, ...]
    writes: Literal["patches", "tests"] = "patches"


@dataclass(frozen=True, slots=True)
class SandboxReady:
    """The level is chosen; its canary has run."""

    KIND: ClassVar[str] = "sandbox_ready"
    info: SandboxInfo


Stage = Literal[
    "collect", "reproduce", "localise", "search", "check", "minimise", "confirm", "write",
    "measure", "explore", "ask", "mutate", "accept",
]  # fmt: skip
"""Of a repair; of tests that are written."""


@dataclass(frozen=True, slots=True)
class Progress:
    """For the progress line; sent at most a few times a second, never stored."""

    KIND: ClassVar[str] = "progress"
    stage: Stage
    text: str
    """What is being tried, as `cart.py:41 compare.boundary`."""
    candidates: int = 0
    elapsed_s: float = 0.0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class TrialDone:
    """One candidate that got further than the screen, or a refused one; the rest are only counted."""

    KIND: ClassVar[str] = "trial"
    task: str
    proposer: str
    template: str
    verdict: str
    reason: str
    where: str
    """`path:line` of the first edit."""


@dataclass(frozen=True, slots=True)
class TrialsJudged:
    """What came of some candidates, for the record alone: an interrupted run goes on from there."""

    KIND: ClassVar[str] = "judged"
    scope: str
    """Digest of the failing tests and of the tree below the patches: elsewhere the same patch is another candidate."""
    stage: Literal["tried", "cases", "guarded", "checked"]
    trials: tuple[Judged, ...]
    failures: tuple[Failure, ...]
    """What `trials` point to, each once."""
    time_s: float
    """What the run has used by now, interruptions left out; dollars, tokens and requests likewise."""
    usd: float = 0.0
    tokens: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange with a model, as it can be played back: everything that was said, nothing that opens a door."""

    KIND: ClassVar[str] = "turn"
    task: str
    nodeids: tuple[str, ...]
    """The failing tests of the task, or the function that lacks tests as `path::qualname`: by them and `number` a
    replay finds the turn again."""
    number: int
    """1-based within the task."""
    protocol: Literal["tools", "react"]
    model: str
    request_digest: str
    """SHA-256 of the request: tells whether a replay is asked the same question."""
    said: tuple[Message, ...]
    """Messages that are new in this request (the first one of a conversation has them all)."""
    reply: ModelReply
    usd: float | None
    """None: the price is unknown."""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence the user must see."""

    KIND: ClassVar[str] = "notice"
    level: Literal["info", "warning", "error"]
    text: str


@dataclass(frozen=True, slots=True)
class RunDone:
    """Always the last event of a run that ended by itself."""

    KIND: ClassVar[str] = "run_done"
    report: RunReport


Event = RunStarted | SandboxReady | Progress | TrialDone | TrialsJudged | Turn | Notice | RunDone


def to_line(event: Event) -> str:
    """Return the event as one line of JSON, without the line end."""
    return json.dumps(encode(event), ensure_ascii=True, separators=(",", ":"))


def from_line(line: str) -> Event:
    """Return the event in `line`.

    Raises:
        ValueError: it is not one.
    """
    data: Any = json.loads(line)
    event: Event = decode(Event, data, "event")
    return event
