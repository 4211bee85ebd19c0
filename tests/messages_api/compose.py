"""From a scripted reply to the message the request lets the model send."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from .models import Model
from .prompt import tokens_of
from .schemas import problem
from .signatures import Walk, sign, walk_to_end
from .steps import Block, RedactedThinking, Reply, ScriptError, Text, Thinking, ToolUse

BLOCK_TOKENS = 3
REPLY_TOKENS = 1

NewId: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Sent:
    """A block as it goes over the wire, and what it is streamed from."""

    wire: dict[str, Any]
    raw_json: str = ""
    """A tool call's input as text."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply within the request's limits, without usage."""

    blocks: list[Sent]
    stop_reason: str
    stop_sequence: str | None
    stop_details: Mapping[str, Any] | None
    output_tokens: int
    thinking_tokens: int

    @property
    def content(self) -> list[dict[str, Any]]:
        return [block.wire for block in self.blocks]


def compose(reply: Reply, request: dict[str, Any], model: Model, prompt_tokens: int, new_id: NewId) -> Draft:
    """Check a reply against the request, cut it where the request says, and sign its thinking."""
    if not reply.malformed:
        check_script(reply, request)
    room = model.limits.max_input_tokens - prompt_tokens
    cut = Cut(min(request["max_tokens"], room) - REPLY_TOKENS, tuple(request.get("stop_sequences") or ()))
    kept = list(cut.through(reply.content))
    stop_reason: str = reply.stop_reason or ("tool_use" if _calls(reply) else "end_turn")
    stop_sequence = reply.stop_sequence
    if cut.full:
        stop_reason = "max_tokens" if request["max_tokens"] <= room else "model_context_window_exceeded"
    elif cut.stopped_by is not None:
        stop_reason, stop_sequence = "stop_sequence", cut.stopped_by
    walk = walk_to_end(request)
    shown = (request.get("thinking") or {}).get("display") == "summarized"
    return Draft(
        blocks=[_sent(block, walk, shown, new_id) for block in kept],
        stop_reason=stop_reason,
        stop_sequence=stop_sequence,
        stop_details=reply.stop_details,
        output_tokens=cut.spent + REPLY_TOKENS,
        thinking_tokens=sum(tokens_of(b.thinking) for b in kept if isinstance(b, (Thinking, RedactedThinking))),
    )


@dataclass
class Cut:
    """Passes blocks on until the room is used up or a stop sequence is met."""

    room: int
    stop_sequences: tuple[str, ...]
    spent: int = 0
    full: bool = False
    stopped_by: str | None = field(default=None)

    def through(self, content: Any) -> Iterator[Block]:
        for block in content:
            stopped = self._at_stop_sequence(block)
            fitting = self._fitting(stopped)
            if fitting is not None:
                self.spent += cost(fitting)
                yield fitting
            if self.full or self.stopped_by is not None:
                return

    def _at_stop_sequence(self, block: Block) -> Block:
        if not isinstance(block, Text):
            return block
        found = [(block.text.find(stop), stop) for stop in self.stop_sequences if stop in block.text]
        if not found:
            return block
        at, self.stopped_by = min(found)
        return Text(block.text[:at])

    def _fitting(self, block: Block) -> Block | None:
        left = self.room - self.spent
        if cost(block) <= left:
            return block
        self.full, self.stopped_by = True, None
        left_bytes = max(0, left - BLOCK_TOKENS) * 7 // 2
        if isinstance(block, Text):
            text = _first(block.text, left_bytes)
            return Text(text) if text else None
        if isinstance(block, ToolUse):
            raw = _first(raw_input(block), left_bytes - len(block.name.encode()))
            return replace(block, input={}, raw_json=raw) if raw else None
        text = _first(block.thinking, left_bytes)
        return replace(block, thinking=text) if text else None


def _first(text: str, size: int) -> str:
    return text.encode()[: max(0, size)].decode(errors="ignore")


def raw_input(block: ToolUse) -> str:
    return block.raw_json or json.dumps(dict(block.input), ensure_ascii=False)


def cost(block: Block) -> int:
    """Count the output tokens of a block."""
    if isinstance(block, Text):
        return BLOCK_TOKENS + tokens_of(block.text)
    if isinstance(block, ToolUse):
        return BLOCK_TOKENS + tokens_of(block.name + raw_input(block))
    return BLOCK_TOKENS + tokens_of(block.thinking)


def _sent(block: Block, walk: Walk, shown: bool, new_id: NewId) -> Sent:
    """Put a block into the wire's form and move the walk behind it."""
    if isinstance(block, Text):
        sent = Sent({"type": "text", "text": block.text})
    elif isinstance(block, ToolUse):
        wire = {"type": "tool_use", "id": block.id or new_id("toolu_"), "name": block.name, "input": dict(block.input)}
        sent = Sent({**wire, "caller": {"type": "direct"}}, raw_input(block))
    else:
        kind = "thinking" if isinstance(block, Thinking) else "redacted_thinking"
        sent = Sent(sign(walk, kind, block.thinking, shown))
    walk.passed("assistant", sent.wire)
    return sent


def _calls(reply: Reply) -> list[ToolUse]:
    return [block for block in reply.content if isinstance(block, ToolUse)]


def check_script(reply: Reply, request: dict[str, Any]) -> None:
    """Refuse a reply that no model could give to this request."""
    offered = {tool["name"]: tool for tool in request.get("tools") or []}
    choice = request.get("tool_choice") or {"type": "auto"}
    calls = _calls(reply)
    for call in calls:
        if call.name not in offered:
            raise ScriptError(f"the reply calls {call.name!r}, but the request offers {sorted(offered)}")
        if call.raw_json:
            raise ScriptError(f"raw_json for {call.name!r} needs malformed=True")
        tool = offered[call.name]
        why = problem(tool["input_schema"], dict(call.input)) if tool.get("strict") else ""
        if why:
            raise ScriptError(f"the input of strict tool {call.name!r} breaks its schema: {why}")
    _check_choice(choice, calls)
    if reply.stop_reason == "stop_sequence" and reply.stop_sequence not in (request.get("stop_sequences") or []):
        raise ScriptError(f"stop sequence {reply.stop_sequence!r} is not in the request")
    thinks = any(isinstance(block, (Thinking, RedactedThinking)) for block in reply.content)
    if thinks and (request.get("thinking") or {}).get("type") == "disabled":
        raise ScriptError("the reply thinks, but the request disabled thinking")
    _check_format(reply, request)


def _check_choice(choice: dict[str, Any], calls: list[ToolUse]) -> None:
    if choice["type"] == "none" and calls:
        raise ScriptError("the reply calls a tool, but tool_choice is none")
    if choice["type"] in {"any", "tool"} and not calls:
        raise ScriptError(f"the reply calls no tool, but tool_choice is {choice['type']}")
    if choice["type"] == "tool" and any(call.name != choice["name"] for call in calls):
        raise ScriptError(f"the reply calls another tool than {choice['name']!r}")
    if choice.get("disable_parallel_tool_use") and len(calls) > 1:
        raise ScriptError("the reply calls several tools, but the request disabled parallel tool use")


def _check_format(reply: Reply, request: dict[str, Any]) -> None:
    wanted = (request.get("output_config") or {}).get("format")
    text = "".join(block.text for block in reply.content if isinstance(block, Text))
    if not wanted or not text or reply.stop_reason not in {None, "end_turn"}:
        return
    try:
        why = problem(wanted["schema"], json.loads(text))
    except ValueError as error:
        why = str(error)
    if why:
        raise ScriptError(f"the text breaks the request's output format: {why}")
