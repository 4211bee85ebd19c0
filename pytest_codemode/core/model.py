"""What is said to a model and what comes back: plain data in the shapes of the Messages API, no SDK.

Blocks and messages are JSON objects exactly as the API writes them, because they must go back unchanged (thinking
blocks carry a signature); everything this project reads out of them is typed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Block = dict[str, Any]
"""One content block: `{"type": "text", ...}`, `tool_use`, `tool_result`, `thinking`..."""

UNPARSED = "unparsed_json"
"""The only key of the `input` of a `tool_use` block whose arguments came as no JSON object (cut off, or malformed).

Its value is the text as it came: an object as the API wants it back, that no tool's schema accepts.
"""

Ending = Literal[
    "end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"
]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request, as the API counts them; the three inputs are disjoint."""

    input_tokens: int = 0
    """Neither written to nor read from the prompt cache."""
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0
    """Thinking included."""

    @property
    def prompt(self) -> int:
        """Tokens of the prompt, cached or not."""
        return self.input_tokens + self.cache_write_tokens + self.cache_read_tokens

    @property
    def total(self) -> int:
        """Tokens of all kinds."""
        return self.prompt + self.output_tokens

    @property
    def cached_share(self) -> float:
        """Which part of the prompts was read from the cache, 0 to 1."""
        return self.cache_read_tokens / self.prompt if self.prompt else 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.output_tokens + other.output_tokens,
        )


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    content: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as it is offered to a model."""

    name: str
    description: str
    input_schema: dict[str, Any]
    """JSON schema of an object."""
    strict: bool = False
    """Whether the API shall hold the input to the schema (needs `additionalProperties: false` throughout)."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request. `system` and `tools` come first in what the API caches: the same for all turns of a run."""

    system: tuple[Block, ...]
    """Text blocks; a `cache_control` in one ends a cached prefix."""
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int = 8_000
    """Of the reply, thinking included."""
    stop_sequences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelReply:
    """One answer, whole."""

    content: tuple[Block, ...]
    """May be empty; pass it back unchanged."""
    ending: Ending
    usage: Usage
    model: str = ""
    """As the server names it."""
    detail: str = ""
    """Why it refused, where the API says so."""

    @property
    def text(self) -> str:
        """The text blocks, joined."""
        return "".join(str(block.get("text", "")) for block in self.content if block.get("type") == "text")


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """What a model can do."""

    context_tokens: int = 200_000
    """Prompt and reply together."""
    output_tokens: int = 8_192
    """Of one reply."""
    tools: bool = True
    """Whether it takes tool definitions; otherwise it is spoken to in the ReAct text protocol."""


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool returned to a model."""

    text: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float
    cache_write: float = field(default=-1.0)
    """Negative: 1.25 times `input`, as the API charges for its five-minute cache."""
    cache_read: float = field(default=-1.0)
    """Negative: a tenth of `input`."""
    beyond: Price | None = None
    """Of every token of a request whose prompt is longer than `threshold`; None: the same for all lengths."""
    threshold: int = 0
    """Tokens of the prompt, cached ones included, up to which this price holds."""

    def usd(self, usage: Usage) -> float:
        """Return what `usage` costs."""
        price = self._of(usage.prompt)
        cost = usage.input_tokens * price.input + usage.output_tokens * price.output
        return (cost + usage.cache_write_tokens * price._write + usage.cache_read_tokens * price._read) / 1e6

    def worst(self, prompt: int, output: int) -> float:
        """Return the most that a prompt and a reply of so many tokens can cost, whatever the cache does."""
        cost = (prompt * self._dearest_input + output * self.output) / 1e6
        if self.beyond is None or prompt <= self.threshold:
            return cost
        return max(cost, self.beyond.worst(prompt, output))

    def affordable_output(self, usd: float, prompt: int) -> float:
        """Return the tokens of reply that `usd` dollars pay for after a prompt of so many; negative: not even that."""
        left = usd - prompt * self._dearest_input / 1e6
        tokens = float("inf") if self.output == 0 else left * 1e6 / self.output
        if left < 0:
            tokens = -1.0
        if self.beyond is None or prompt <= self.threshold:
            return tokens
        return min(tokens, self.beyond.affordable_output(usd, prompt))

    def scaled(self, factor: float) -> Price:
        """Return the same price times `factor`: half for batches, a tenth more for some regions."""
        beyond = self.beyond.scaled(factor) if self.beyond else None
        input_, output = self.input * factor, self.output * factor
        return Price(input_, output, self._write * factor, self._read * factor, beyond, self.threshold)

    def _of(self, prompt: int) -> Price:
        return self.beyond._of(prompt) if self.beyond is not None and prompt > self.threshold else self

    @property
    def _dearest_input(self) -> float:
        return max(self.input, self._write, self._read)

    @property
    def _write(self) -> float:
        return self.cache_write if self.cache_write >= 0 else 1.25 * self.input

    @property
    def _read(self) -> float:
        return self.cache_read if self.cache_read >= 0 else 0.1 * self.input
