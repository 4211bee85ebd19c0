"""The JSON form of a script, for use from a shell.

    {"api_key": "test", "repeat_last": true, "batch_polls": 1,
     "models": {"claude-opus-5-5": {"max_input_tokens": 5000, "max_tokens": 1000}},
     "steps": [
        {"reply": {"content": [{"thinking": "..."}, {"text": "..."}, {"tool_use": {"name": "t", "input": {"a": 1}}}]}},
        {"error": {"status": 429, "headers": {"retry-after": "1"}}},
        {"choose": [{"contains": "assert", "then": {"reply": {"content": [{"text": "saw it"}]}}},
                    {"then": {"drop": {}}}]},
        {"html": {"status": 502}}, {"silence": {}}, {"expired": {}}, {"raw": {"status": 200, "body": "text"}}]}

Fields are those of the dataclasses in `steps.py`; `contains` looks at the text of the last message.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .models import Limits
from .prompt import canonical
from .server import MessagesServer
from .steps import (
    Answer,
    Block,
    Drop,
    Expired,
    Failure,
    Html,
    Raw,
    RedactedThinking,
    Reply,
    Silence,
    Step,
    Text,
    Thinking,
    ToolUse,
)

_SIMPLE: Mapping[str, Callable[..., Answer]] = {
    "error": Failure,
    "drop": Drop,
    "silence": Silence,
    "html": Html,
    "expired": Expired,
}
_BLOCKS: Mapping[str, Callable[[Any], Block]] = {
    "text": Text,
    "thinking": Thinking,
    "redacted_thinking": RedactedThinking,
    "tool_use": lambda fields: ToolUse(**fields),
}


class BadScript(ValueError):
    """A script file that cannot be read; the message says where."""


def load(path: Path, port: int) -> MessagesServer:
    """Build the server that a script file describes."""
    try:
        script = json.loads(path.read_text(encoding="utf-8"))
        options = {name: value for name, value in script.items() if name not in {"steps", "models"}}
        steps = [step(f"steps[{index}]", value) for index, value in enumerate(script["steps"])]
        models = {name: Limits(**fields) for name, fields in script.get("models", {}).items()}
        return MessagesServer(steps, models=models, port=port, **options)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadScript(f"{path}: {type(error).__name__}: {error}") from error


def step(where: str, value: Any) -> Step:
    """Read one step."""
    kind, fields = only_item(where, value)
    if kind == "reply":
        blocks = [block(f"{where}.content[{i}]", item) for i, item in enumerate(fields.pop("content", ()))]
        error_after = fields.pop("error_after", None)
        return Reply(blocks, error_after=Failure(**error_after) if error_after else None, **fields)
    if kind == "raw":
        return Raw(**{**fields, "body": fields.get("body", "").encode()})
    if kind == "choose":
        return chooser([(case.get("contains", ""), step(where, case["then"])) for case in fields])
    if kind not in _SIMPLE:
        raise BadScript(f"{where}: unknown step {kind!r}")
    return _SIMPLE[kind](**fields)


def block(where: str, value: Any) -> Block:
    kind, content = only_item(where, value)
    if kind not in _BLOCKS:
        raise BadScript(f"{where}: unknown block {kind!r}; one of {sorted(_BLOCKS)}")
    return _BLOCKS[kind](content)


def only_item(where: str, value: Any) -> tuple[str, Any]:
    if not isinstance(value, dict) or len(value) != 1:
        raise BadScript(f"{where}: expected an object with one key that names what it is")
    [(kind, content)] = value.items()
    return kind, dict(content) if isinstance(content, dict) else content


def chooser(cases: list[tuple[str, Step]]) -> Step:
    """Make a step that depends on what the last message says."""

    def choose(request: dict[str, Any]) -> Any:
        said = canonical(request["messages"][-1])
        for wanted, then in cases:
            if json.dumps(wanted, ensure_ascii=False)[1:-1] in said:
                return then(request) if callable(then) else then
        return None

    return choose
