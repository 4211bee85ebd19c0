"""Requests, and a fake of the port `Attempt` that keeps what it was told."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_codemode.core.model import Message, ModelRequest, ToolSpec, Usage

MODEL = "claude-sonnet-5-5"

ADD = ToolSpec(
    "add",
    "Add two numbers.",
    {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
    strict=True,
)


def question(text: str = "What is 2 + 2?", *, tools: tuple[ToolSpec, ...] = (), max_tokens: int = 500) -> ModelRequest:
    message = Message("user", ({"type": "text", "text": text},))
    return ModelRequest(({"type": "text", "text": "You add numbers."},), (message,), tools, max_tokens)


@dataclass
class Told:
    """What one attempt was told: nothing, `refused`, or a usage."""

    news: list[Usage | str] = field(default_factory=list)

    def used(self, usage: Usage) -> None:
        self.news.append(usage)

    def refused(self) -> None:
        self.news.append("refused")


@dataclass
class Attempts:
    """Makes the attempts of one question."""

    made: list[Told] = field(default_factory=list)

    def __call__(self) -> Told:
        self.made.append(Told())
        return self.made[-1]

    @property
    def news(self) -> list[list[Usage | str]]:
        return [one.news for one in self.made]
