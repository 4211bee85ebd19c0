"""What came from a model made sound: plain JSON of bounded depth that the API takes back, whoever wrote it.

A gateway, a local server or a recording can say anything. Whatever is wrong with a reply must end as a sentence to the
model, never as an exception somewhere else, nor as a request that the API refuses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pytest_codemode.core.model import Block, ModelReply

MAX_DEPTH = 24
_MAX_INTEGER = 2**63
_THINKING = ("thinking", "redacted_thinking")
_USERS = ("tool_result", "image", "document")
"""Blocks that the API takes from users only."""
_CALL_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def sound(reply: ModelReply) -> ModelReply:
    """Return `reply` with what no API writes taken out of its blocks; thinking comes through unchanged."""
    blocks = (_sound_block(block) for block in reply.content if isinstance(block, dict))
    content = tuple(block for block in blocks if block is not None)
    return replace(reply, content=content, model=clean_text(reply.model), detail=clean_text(reply.detail))


def _sound_block(block: Block) -> Block | None:
    kind = block.get("type")
    if kind in _THINKING:
        # Signed: unchanged or not at all.
        return block if all(isinstance(value, str) and value == clean_text(value) for value in block.values()) else None
    cleaned = _clean(block, 0)
    if not isinstance(cleaned, dict) or not isinstance(kind, str) or kind in _USERS:
        return None
    if kind == "text":
        return cleaned if isinstance(cleaned.get("text"), str) and cleaned["text"].strip() else None
    return cleaned


def clean_text(text: str) -> str:
    """Return `text` without lone surrogates, which no request can carry."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def clean_json(value: Any) -> Any:
    """Return `value` as plain JSON of bounded depth; what is none becomes null."""
    return _clean(value, 0)


def _clean(value: Any, depth: int) -> Any:  # noqa: PLR0911  # one return a type
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_MAX_INTEGER <= value < _MAX_INTEGER else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth >= MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {clean_text(str(key)): _clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, depth + 1) for item in value]
    return None


def is_call(block: Block, taken: frozenset[str]) -> bool:
    """Return whether a `tool_use` block has the id and name without which it can be neither answered nor sent back."""
    call, name = block.get("id"), block.get("name")
    named = isinstance(name, str) and _CALL_ID.fullmatch(name) is not None
    return named and isinstance(call, str) and _CALL_ID.fullmatch(call) is not None and call not in taken


def returnable(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return `blocks` without trailing thinking: a message cannot end in it, and cut thinking has no signature."""
    last = max((index for index, block in enumerate(blocks) if block.get("type") not in _THINKING), default=-1)
    return tuple(blocks[: last + 1])
