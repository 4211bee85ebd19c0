"""What the server remembers of the conversations it took part in, to hold the client to them."""

from dataclasses import dataclass, field
from typing import Any

from .errors import ApiError, invalid
from .prompt import Turn, canonical
from .seals import KINDS, seal_of


@dataclass
class Ledger:
    """Tool calls with the thinking before them, and turns that were paused."""

    thought: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """For a tool call's id: the model, and the seals of the thinking in its message."""
    paused: set[str] = field(default_factory=set)

    def sent(self, model: str, content: list[dict[str, Any]], stop_reason: str) -> None:
        seals = tuple(seal_of(block) for block in content if block["type"] in KINDS)
        for block in content:
            if block["type"] == "tool_use":
                self.thought[block["id"]] = (model, seals)
        if stop_reason == "pause_turn":
            self.paused.add(as_key(content))

    def check(self, request: dict[str, Any], merged: list[Turn]) -> None:
        """Refuse a prefilled reply, and open tool calls whose thinking was left out."""
        last = merged[-1]
        if last.role == "assistant" and as_key([block for _, block in last.blocks]) not in self.paused:
            raise ApiError(
                400,
                "This model does not support assistant message prefill. The conversation must end with a user message.",
            )
        if len(merged) > 1 and last.role == "user":
            self._check_open_calls(request["model"], merged[-2])

    def _check_open_calls(self, model: str, turn: Turn) -> None:
        present = {seal_of(block) for _, block in turn.blocks if block["type"] in KINDS}
        for where, block in turn.blocks:
            by, seals = self.thought.get(block.get("id", ""), ("", ()))
            if by == model and not present.issuperset(seals):
                raise invalid(
                    where,
                    "Expected `thinking` or `redacted_thinking` before `tool_use`. The thinking of the message with "
                    "the open tool calls must be passed back unchanged.",
                )


def as_key(content: list[dict[str, Any]]) -> str:
    return "\n".join(canonical(block) for block in content)
