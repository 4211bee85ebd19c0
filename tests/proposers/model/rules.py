"""What the Messages API requires of a request, as far as a proposer can break it; checked on every request sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from pytest_codemode.core.codec import encode
from pytest_codemode.core.model import Block, Message, ModelRequest

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_USERS = {"text", "tool_result"}
_THINKING = {"thinking", "redacted_thinking"}


def check(request: ModelRequest, *, paused: bool = False) -> None:
    """Fail if the API would refuse the request; only a paused turn may stand last.

    Source: platform.claude.com, "Messages", "Tool use", "Preserved thinking" and "Prompt caching".
    """
    json.dumps(encode(request), allow_nan=False, ensure_ascii=False).encode("utf-8")
    assert request.max_tokens >= 1
    assert all(text.strip() for text in request.stop_sequences)
    _check_tools(request)
    for block in request.system:
        assert block["type"] == "text"
        assert block["text"].strip()
    messages = request.messages
    assert messages[0].role == "user"
    assert all(one.role != other.role for one, other in pairwise(messages))
    assert messages[-1].role == "user" or paused
    for message in messages:
        _check_blocks(message)
    _check_calls(messages)
    assert len(list(_breakpoints(request))) <= 4
    if any(block["type"] == "tool_use" for message in messages for block in message.content):
        assert request.tools


def _check_tools(request: ModelRequest) -> None:
    names = [tool.name for tool in request.tools]
    assert len(set(names)) == len(names)
    for tool in request.tools:
        assert _ID.fullmatch(tool.name)
        assert tool.description
        assert tool.input_schema["type"] == "object"


def _check_blocks(message: Message) -> None:
    assert message.content
    for block in message.content:
        kind = block["type"]
        if message.role == "user":
            assert kind in _USERS
        else:
            assert kind not in ("tool_result", "image", "document")
        if kind == "text":
            assert block["text"].strip()
        if kind == "tool_use":
            assert _ID.fullmatch(block["id"])
            assert _ID.fullmatch(block["name"])
            assert isinstance(block["input"], dict)
        if kind == "tool_result":
            assert isinstance(block["content"], str)
            assert block["content"].strip()
        if kind in _THINKING:
            assert "cache_control" not in block
    assert message.content[-1]["type"] not in _THINKING


def _check_calls(messages: Sequence[Message]) -> None:
    seen: set[str] = set()
    open_calls: list[str] = []
    for message in messages:
        if message.role == "assistant":
            open_calls = [block["id"] for block in message.content if block["type"] == "tool_use"]
            assert len(set(open_calls)) == len(open_calls)
            assert not seen & set(open_calls)
            seen |= set(open_calls)
        else:
            kinds = [block["type"] for block in message.content]
            results = [block["tool_use_id"] for block in message.content if block["type"] == "tool_result"]
            assert kinds[: len(results)] == ["tool_result"] * len(results)
            assert sorted(results) == sorted(open_calls)
            open_calls = []
    assert not open_calls


def _breakpoints(request: ModelRequest) -> Iterator[Any]:
    blocks: list[Block] = [*request.system, *(block for message in request.messages for block in message.content)]
    return (block["cache_control"] for block in blocks if block.get("cache_control"))


def check_thinking(earlier: ModelRequest, later: ModelRequest, thinking: Block) -> None:
    """Fail if `later` sends `thinking`, which answered `earlier`, behind anything else than what it was made for."""
    behind = [
        (number, message.content.index(thinking))
        for number, message in enumerate(later.messages)
        if thinking in message.content
    ]
    if behind:
        assert (later.system, later.tools) == (earlier.system, earlier.tools)
        assert _plain(later.messages[: behind[0][0]]) == _plain(earlier.messages)


def _plain(messages: Sequence[Message]) -> list[tuple[str, list[Block]]]:
    """Return messages without cache marks and thinking, neither of which is part of what thinking is bound to."""
    return [
        (
            message.role,
            [
                {key: value for key, value in block.items() if key != "cache_control"}
                for block in message.content
                if block["type"] not in _THINKING
            ],
        )
        for message in messages
    ]
