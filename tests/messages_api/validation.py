"""Checks of a whole request to POST /v1/messages or /v1/messages/count_tokens."""

from collections.abc import Mapping
from typing import Any

from .conversation import check_breakpoints, check_messages, check_system, check_turns
from .errors import ApiError, invalid
from .fields import Check, boolean, check_fields, check_tagged, integer, list_of, mapping, nullable, one_of, string
from .models import Model
from .prompt import Turn, prompt_tokens
from .schemas import check_schema, check_strict
from .signatures import check_thinking
from .tools import cache_control, check_tool_choice, check_tools


def stop_sequence(where: str, value: Any) -> None:
    string(where, value)
    if not value.strip():
        raise invalid(where, "each stop sequence must contain non-whitespace")


def metadata(where: str, value: Any) -> None:
    check_fields(where, value, {}, {"user_id": nullable(string)})


def output_format(where: str, value: Any) -> None:
    check_tagged(where, value, {"json_schema": ({"schema": mapping}, {})})
    check_schema(f"{where}.schema", value["schema"])
    check_strict(f"{where}.schema", value["schema"])


def output_config(where: str, value: Any) -> None:
    effort = one_of("low", "medium", "high", "xhigh", "max")
    check_fields(where, value, {}, {"effort": nullable(effort), "format": nullable(output_format)})


_DISPLAY: dict[str, Check] = {"display": nullable(one_of("summarized", "omitted"))}


def thinking(where: str, value: Any) -> None:
    check_tagged(
        where,
        value,
        {
            "adaptive": ({}, _DISPLAY),
            "enabled": ({"budget_tokens": integer}, _DISPLAY),
            "disabled": ({}, {}),
            "between_tools": ({}, {}),
        },
    )


_REQUIRED: dict[str, Check] = {"model": string, "messages": check_messages}
_COUNTED: dict[str, Check] = {
    "cache_control": nullable(cache_control),
    "output_config": output_config,
    "system": check_system,
    "thinking": thinking,
    "tool_choice": mapping,
    "tools": check_tools,
}
_CREATED: dict[str, Check] = {
    **_COUNTED,
    "inference_geo": nullable(string),
    "metadata": metadata,
    "service_tier": one_of("auto", "standard_only"),
    "stop_sequences": list_of(stop_sequence),
    "stream": boolean,
}


def check_create(request: Any, models: Mapping[str, Model]) -> list[Turn]:
    """Refuse a request for a message that the API would refuse; return its turns."""
    check_fields("", request, {**_REQUIRED, "max_tokens": integer}, _CREATED)
    model = find_model(request["model"], models)
    if request["max_tokens"] < 1:
        raise invalid("max_tokens", "Input should be greater than or equal to 1")
    most = model.limits.max_tokens
    if request["max_tokens"] > most:
        raise invalid(
            "max_tokens",
            f"{request['max_tokens']} > {most}, which is the maximum allowed number of output tokens for {model.id}",
        )
    return _check_whole(request, model)


def check_count(request: Any, models: Mapping[str, Model]) -> list[Turn]:
    """Refuse a request to count tokens that the API would refuse."""
    check_fields("", request, _REQUIRED, _COUNTED)
    return _check_whole(request, find_model(request["model"], models))


def find_model(name: str, models: Mapping[str, Model]) -> Model:
    if name not in models:
        raise ApiError(404, f"model: {name}")
    return models[name]


def _check_whole(request: dict[str, Any], model: Model) -> list[Turn]:
    _check_thinking_type(request, model)
    check_tool_choice(request, model)
    check_breakpoints(request)
    merged = check_turns(request)
    check_thinking(request, merged)
    return merged


def check_length(request: dict[str, Any], model: Model) -> None:
    """Refuse a prompt that leaves no room in the context window."""
    tokens, most = prompt_tokens(request), model.limits.max_input_tokens
    if tokens >= most:
        raise ApiError(400, f"prompt is too long: {tokens} tokens > {most} maximum")


def _check_thinking_type(request: dict[str, Any], model: Model) -> None:
    kind = (request.get("thinking") or {}).get("type")
    if kind is not None and kind not in model.thinking_types:
        raise ApiError(
            400,
            f'"thinking.type.{kind}" is not supported for this model. Use "thinking.type.adaptive" and '
            '"output_config.effort" to control thinking behavior.',
        )
