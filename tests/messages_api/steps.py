"""What a script can make the server do: replies and the ways a reply can fail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

StopReason: TypeAlias = Literal[
    "end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"
]


class ScriptError(AssertionError):
    """The script asked for what the API could not do: a mistake of the test, not of the code under test."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text block."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """A thinking block; the server signs it and, as the API by default, withholds its text."""

    thinking: str


@dataclass(frozen=True, slots=True)
class RedactedThinking:
    """A thinking block whose text nobody may read."""

    thinking: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call of a tool the request offered."""

    name: str
    input: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    """Left empty, the server numbers it."""
    raw_json: str = ""
    """Sent in place of `input` when streaming: JSON cut short or broken (needs `malformed`)."""


Block: TypeAlias = Text | Thinking | RedactedThinking | ToolUse


@dataclass(frozen=True, slots=True)
class Failure:
    """An error in the API's form."""

    status: int
    type: str = ""
    """Left empty, the type that goes with the status."""
    message: str = "scripted failure"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """A message from the model, and how it travels."""

    content: Sequence[Block] = ()
    stop_reason: StopReason | None = None
    stop_sequence: str | None = None
    stop_details: Mapping[str, Any] | None = None
    malformed: bool = False
    """Send tool calls and structured text without checking them against the request."""
    delay_s: float = 0.0
    """Wait before the first byte."""
    trickle_s: float = 0.0
    """Wait between pieces of the body."""
    trickle_bytes: int = 64
    cut_after_bytes: int | None = None
    """Drop the connection after that many bytes of the body."""
    truncate_to_bytes: int | None = None
    """End the body early but as valid HTTP, so that its JSON is broken."""
    error_after: Failure | None = None
    """When streaming: an `error` event after the first content block in place of the rest."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection before a byte is sent."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Never answer; ends when the client gives up or the server closes."""


@dataclass(frozen=True, slots=True)
class Html:
    """A page from a proxy that stands in the way."""

    status: int = 502
    body: str = (
        "<html><head><title>Gateway</title></head><body><h1>The proxy could not reach the origin</h1></body></html>"
    )


@dataclass(frozen=True, slots=True)
class Raw:
    """Any bytes at all."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Expired:
    """A batch's request that was not processed within its 24 hours."""


Answer: TypeAlias = Reply | Failure | Drop | Silence | Html | Raw | Expired
Responder: TypeAlias = Callable[[dict[str, Any]], "Answer | str | None"]
Step: TypeAlias = Answer | Responder


def rate_limited(retry_after_s: float | None = 0.01) -> Failure:
    """Answer 429, with the wait the client should keep."""
    headers = {} if retry_after_s is None else {"retry-after": f"{retry_after_s:g}"}
    return Failure(429, message="This request would exceed your organization's rate limit.", headers=headers)


def overloaded() -> Failure:
    return Failure(529, message="Overloaded")


def server_error() -> Failure:
    return Failure(500, message="Internal server error")


def forbidden() -> Failure:
    return Failure(403, message="Your API key does not have permission to use the specified resource.")


def model_missing(model: str = "claude-opus-5-5") -> Failure:
    return Failure(404, message=f"model: {model}")
