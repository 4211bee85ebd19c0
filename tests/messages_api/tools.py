"""Checks of `tools` and `tool_choice`."""

from collections.abc import Sequence
from typing import Any

from .errors import ApiError, invalid
from .fields import (
    Check,
    boolean,
    check_fields,
    check_tagged,
    list_of,
    mapping,
    matching,
    nullable,
    one_of,
    sequence,
    string,
)
from .models import Model
from .schemas import check_input_schema, check_strict, check_strict_sizes


def cache_control(where: str, value: Any) -> None:
    check_tagged(where, value, {"ephemeral": ({}, {"ttl": one_of("5m", "1h")})})


_REQUIRED: dict[str, Check] = {"name": matching("[a-zA-Z0-9_-]{1,128}"), "input_schema": mapping}
_OPTIONAL: dict[str, Check] = {
    "type": nullable(one_of("custom")),
    "description": string,
    "cache_control": nullable(cache_control),
    "strict": boolean,
    "eager_input_streaming": nullable(boolean),
    "input_examples": list_of(mapping),
    "allowed_callers": list_of(one_of("direct")),
    "defer_loading": boolean,
}
_PARALLEL: dict[str, Check] = {"disable_parallel_tool_use": boolean}
_CHOICES: dict[str, tuple[dict[str, Check], dict[str, Check]]] = {
    "auto": ({}, _PARALLEL),
    "any": ({}, _PARALLEL),
    "tool": ({"name": string}, _PARALLEL),
    "none": ({}, {}),
}


def check_tools(where: str, tools: Any) -> None:
    """Refuse tools that are incomplete, of one name, or strict beyond what can be compiled."""
    sequence(where, tools)
    strict = []
    for index, tool in enumerate(tools):
        mapping(f"{where}.{index}", tool)
        path = f"{where}.{index}.custom"
        check_fields(path, tool, _REQUIRED, _OPTIONAL)
        check_input_schema(f"{path}.input_schema", tool["input_schema"])
        if tool.get("strict"):
            check_strict(f"{path}.input_schema", tool["input_schema"])
            strict.append(tool["input_schema"])
    names = [tool["name"] for tool in tools]
    if len(set(names)) != len(names):
        raise invalid(where, "Tool names must be unique.")
    check_strict_sizes(strict)


def check_tool_choice(request: dict[str, Any], model: Model) -> None:
    """Refuse a choice without tools, of a tool that is not there, or forced where the model cannot be."""
    choice = request.get("tool_choice")
    if choice is None:
        return
    kind = check_tagged("tool_choice", choice, _CHOICES)
    if not request.get("tools"):
        raise invalid("tool_choice", "tool_choice may only be specified while providing tools")
    if kind in {"any", "tool"}:
        _check_forced(choice, request["tools"], model)
        if (request.get("thinking") or {}).get("type") == "adaptive":
            raise invalid("", "Thinking may not be enabled when tool_choice forces tool use.")


def _check_forced(choice: dict[str, Any], tools: Sequence[dict[str, Any]], model: Model) -> None:
    if not model.forced_tool_choice:
        raise ApiError(400, f'tool_choice: "{choice["type"]}" is not supported for this model. Use "auto" or "none".')
    if choice["type"] == "tool" and choice["name"] not in {tool["name"] for tool in tools}:
        raise invalid("tool_choice", f"Tool {choice['name']!r} not found in provided tools")
