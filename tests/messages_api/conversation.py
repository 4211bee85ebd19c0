"""Checks of `system` and `messages`: blocks one by one, then what must hold between the turns."""

from collections.abc import Iterator
from typing import Any

from .errors import ApiError, invalid
from .fields import Check, boolean, check_fields, check_tagged, mapping, matching, nullable, one_of, sequence, string
from .prompt import Turn, message_blocks, system_blocks, turns
from .tools import cache_control

MAX_BREAKPOINTS = 4
MAX_MESSAGES = 100_000

_CACHE: dict[str, Check] = {"cache_control": nullable(cache_control)}
_Tags = dict[str, tuple[dict[str, Check], dict[str, Check]]]


def nothing(where: str, value: Any) -> None:
    """Accept null and an empty list only: citations need documents, which this server does not know."""
    if value:
        raise invalid(where, "Extra inputs are not permitted")


def direct_caller(where: str, value: Any) -> None:
    check_tagged(where, value, {"direct": ({}, {})})


_TOOL_ID = matching("[a-zA-Z0-9_-]+")
_TEXT: _Tags = {"text": ({"text": string}, {**_CACHE, "citations": nothing})}


def result_content(where: str, value: Any) -> None:
    if isinstance(value, str):
        return
    sequence(where, value)
    for index, part in enumerate(value):
        check_tagged(f"{where}.{index}", part, _TEXT)
        _check_text(f"{where}.{index}", part)


_USER: _Tags = {
    **_TEXT,
    "tool_result": (
        {"tool_use_id": _TOOL_ID},
        {**_CACHE, "content": result_content, "is_error": boolean, "toolset_name": nothing},
    ),
}
_ASSISTANT: _Tags = {
    **_TEXT,
    "thinking": ({"thinking": string, "signature": string}, {}),
    "redacted_thinking": ({"data": string}, {}),
    "tool_use": (
        {"id": _TOOL_ID, "name": matching("[a-zA-Z0-9_-]{1,128}"), "input": mapping},
        {**_CACHE, "caller": nullable(direct_caller), "toolset_name": nothing},
    ),
}


def check_system(where: str, system: Any) -> None:
    """Accept a string or text blocks that are not empty."""
    if isinstance(system, str):
        return
    sequence(where, system)
    for index, block in enumerate(system):
        check_tagged(f"{where}.{index}", block, _TEXT)
        _check_text(f"{where}.{index}", block)


def check_messages(where: str, messages: Any) -> None:
    """Refuse messages whose own shape is wrong."""
    sequence(where, messages)
    if not messages:
        raise invalid(where, "at least one message is required")
    if len(messages) > MAX_MESSAGES:
        raise invalid(where, f"List should have at most {MAX_MESSAGES} items")
    for index, message in enumerate(messages):
        path = f"{where}.{index}"
        check_fields(path, message, {"role": one_of("user", "assistant"), "content": _any}, {})
        _check_content(path, message)
    if messages[0]["role"] != "user":
        raise invalid(where, 'first message must use the "user" role')


def _any(where: str, value: Any) -> None:
    if not isinstance(value, (str, list)):
        raise invalid(where, "Input should be a valid string or list")


def _check_content(path: str, message: dict[str, Any]) -> None:
    content = message["content"]
    if not content:
        raise invalid(path, "all messages must have non-empty content except for the optional final assistant message")
    tags = _USER if message["role"] == "user" else _ASSISTANT
    for where, block in message_blocks(path, content):
        kind = check_tagged(where, block, tags)
        if kind == "text":
            _check_text(where, block)
        if kind == "tool_result" and block.get("is_error") and not block.get("content"):
            raise invalid(where, "content cannot be empty if `is_error` is true")
    if isinstance(content, list) and content[-1]["type"] in {"thinking", "redacted_thinking"}:
        raise invalid(path, "The final block in an assistant message cannot be `thinking`.")


def _check_text(where: str, block: dict[str, Any]) -> None:
    if not block["text"] and block.get("cache_control"):
        raise invalid(f"{where}.text", "cache_control cannot be set for empty text blocks")
    section = where.split(".", maxsplit=1)[0]
    if not block["text"]:
        raise invalid(section, f"text content blocks must be non-empty ({where})")
    if not block["text"].strip():
        raise invalid(section, f"text content blocks must contain non-whitespace text ({where})")


def check_turns(request: dict[str, Any]) -> list[Turn]:
    """Refuse tool calls without results, results without calls, and results behind other content."""
    merged = turns(request["messages"])
    seen: set[str] = set()
    for index, turn in enumerate(merged):
        calls = {block["id"]: where for where, block in turn.blocks if block["type"] == "tool_use"}
        count = sum(block["type"] == "tool_use" for _, block in turn.blocks)
        if len(calls) != count or seen & calls.keys():
            raise invalid(turn.where, "`tool_use` ids must be unique")
        seen |= calls.keys()
        if turn.role == "user":
            _check_results(turn, set() if index == 0 else _calls(merged[index - 1]))
        elif calls:
            answered = _results(merged[index + 1]) if index + 1 < len(merged) else []
            _check_answered(turn, calls, answered)
    if seen and not request.get("tools"):
        raise invalid("tools", "Requests which include `tool_use` or `tool_result` blocks must define tools")
    return merged


def _calls(turn: Turn) -> set[str]:
    return {block["id"] for _, block in turn.blocks if block["type"] == "tool_use"}


def _results(turn: Turn) -> list[str]:
    return [block["tool_use_id"] for _, block in turn.blocks if block["type"] == "tool_result"]


def _check_answered(turn: Turn, calls: dict[str, str], answered: list[str]) -> None:
    missing = [name for name in calls if name not in answered]
    if missing:
        raise invalid(
            turn.where,
            f"`tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(missing)}. "
            "Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        )


def _check_results(turn: Turn, calls: set[str]) -> None:
    behind = False
    answered: set[str] = set()
    for where, block in turn.blocks:
        if block["type"] != "tool_result":
            behind = True
            continue
        name = block["tool_use_id"]
        if name not in calls:
            raise invalid(
                where,
                f"unexpected `tool_use_id` found in `tool_result` blocks: {name}. Each `tool_result` block must have a "
                "corresponding `tool_use` block in the previous message.",
            )
        if name in answered:
            raise invalid(
                where, f"each tool_use must have a single result. Found multiple `tool_result` blocks: {name}"
            )
        if behind:
            raise invalid(where, "`tool_result` blocks must come before any other content of the message")
        answered.add(name)


def check_breakpoints(request: dict[str, Any]) -> None:
    """Refuse more than four cache breakpoints, and a long-lived one behind a short-lived one."""
    lives = [control.get("ttl") or "5m" for control in breakpoints(request)]
    if len(lives) > MAX_BREAKPOINTS:
        raise ApiError(
            400, f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. Found {len(lives)}."
        )
    if "1h" in lives and "5m" in lives[: len(lives) - lives[::-1].index("1h")]:
        raise invalid(
            "cache_control.ttl",
            "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note that blocks are "
            "processed in the following order: `tools`, `system`, `messages`.",
        )


def breakpoints(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """List every `cache_control` in the order of the prompt, those inside tool results too."""
    blocks = [*(request.get("tools") or []), *system_blocks(request.get("system"))]
    for index, message in enumerate(request["messages"]):
        blocks += [block for _, block in message_blocks(str(index), message["content"])]
    for block in blocks:
        inner = block.get("content")
        parts = inner if block.get("type") == "tool_result" and isinstance(inner, list) else []
        for item in (*parts, block):
            if item.get("cache_control"):
                yield item["cache_control"]
    if request.get("cache_control"):
        yield request["cache_control"]
