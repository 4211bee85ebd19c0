"""A request's prompt as the model sees it: merged turns, and one flat list of blocks in cache order."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .seals import KINDS, hidden_tokens

MESSAGE_OVERHEAD = 4
BLOCK_OVERHEAD = 3
_UNREAD = {"cache_control", "caller", "citations"}


@dataclass(frozen=True, slots=True)
class Turn:
    """Consecutive messages of one role, which the API reads as one."""

    role: str
    blocks: tuple[tuple[str, dict[str, Any]], ...]
    """Each block with its path in the request, e.g. `messages.2.content.0`."""
    where: str
    """Path of the last message in it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One block of the prompt: a tool, a system block or a content block."""

    section: str
    """`tools`, `system` or `messages`."""
    where: str
    text: str
    """Canonical JSON without `cache_control`: equal text is an equal prompt."""
    tokens: int
    ttl: str | None
    """`5m` or `1h` at a cache breakpoint."""
    thinking: bool


def tokens_of(text: str) -> int:
    """Count tokens as ceil(UTF-8 bytes / 3.5)."""
    return (2 * len(text.encode()) + 6) // 7


def canonical(value: Any) -> str:
    return json.dumps(without_marks(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def without_marks(value: Any) -> Any:
    """Copy a block without breakpoints and absent options: neither changes what the model reads."""
    if not isinstance(value, dict):
        return value
    kept = {name: item for name, item in value.items() if name not in _UNREAD and item is not None}
    if isinstance(kept.get("content"), list):
        kept["content"] = [without_marks(part) for part in kept["content"]]
    return kept


def turns(messages: Sequence[dict[str, Any]]) -> list[Turn]:
    """Merge consecutive messages of one role."""
    merged: list[Turn] = []
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        blocks = tuple(message_blocks(where, message["content"]))
        if merged and merged[-1].role == message["role"]:
            merged[-1] = Turn(message["role"], merged[-1].blocks + blocks, where)
        else:
            merged.append(Turn(message["role"], blocks, where))
    return merged


def message_blocks(where: str, content: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """List a message's blocks with their paths; a string is one text block."""
    if isinstance(content, str):
        yield f"{where}.content", {"type": "text", "text": content}
        return
    for index, block in enumerate(content):
        yield f"{where}.content.{index}", block


def system_blocks(system: Any) -> list[dict[str, Any]]:
    if isinstance(system, str):
        return [{"type": "text", "text": system}] if system else []
    return list(system or [])


def units(request: dict[str, Any]) -> list[Unit]:
    """Flatten a valid request: tools, then system, then messages, as prompt caching orders them."""
    flat = [unit("tools", f"tools.{i}", tool) for i, tool in enumerate(request.get("tools") or [])]
    flat += [unit("system", f"system.{i}", block) for i, block in enumerate(system_blocks(request.get("system")))]
    for turn in turns(request["messages"]):
        for index, (where, block) in enumerate(turn.blocks):
            flat.append(unit("messages", where, block, role=turn.role, opens_turn=index == 0))
    return with_automatic_breakpoint(flat, request.get("cache_control"))


def unit(section: str, where: str, block: dict[str, Any], role: str = "", opens_turn: bool = False) -> Unit:
    tokens = block_tokens(block) + BLOCK_OVERHEAD + (MESSAGE_OVERHEAD if opens_turn else 0)
    control = block.get("cache_control")
    ttl = (control.get("ttl") or "5m") if control else None
    return Unit(section, where, f"{role}:{canonical(block)}", tokens, ttl, block.get("type") in KINDS)


def with_automatic_breakpoint(flat: list[Unit], control: dict[str, Any] | None) -> list[Unit]:
    """Put the request's own `cache_control` on the last block that can carry one."""
    if not control:
        return flat
    for index in range(len(flat) - 1, -1, -1):
        found = flat[index]
        if not found.thinking:
            flat[index] = replace(found, ttl=control.get("ttl") or "5m")
            break
    return flat


def block_tokens(block: dict[str, Any]) -> int:
    """Count a block by what the model reads of it; withheld thinking counts with its real length."""
    kind = block.get("type")
    if kind == "text":
        return tokens_of(block["text"])
    if kind == "tool_use":
        return tokens_of(block["name"]) + tokens_of(canonical(block["input"]))
    if kind == "tool_result":
        content = block.get("content") or ""
        return tokens_of(content) if isinstance(content, str) else sum(block_tokens(part) for part in content)
    if kind in KINDS:
        return hidden_tokens(block)
    return tokens_of(canonical(block))


def prompt_tokens(request: dict[str, Any]) -> int:
    return sum(unit.tokens for unit in units(request))
