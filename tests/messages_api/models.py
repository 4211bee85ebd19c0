"""The models the server knows, with what each refuses, in the shape of GET /v1/models."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """A smaller window for one model, so that a test need not send a million tokens."""

    max_input_tokens: int
    """The context window, prompt and reply together."""
    max_tokens: int
    """The largest `max_tokens` a request may ask for."""


@dataclass(frozen=True, slots=True)
class Model:
    """What the server must know about a model to refuse what the real one refuses."""

    id: str
    display_name: str
    line: str
    limits: Limits
    default_effort: str
    thinking_types: frozenset[str]
    """Accepted values of `thinking.type`."""
    forced_tool_choice: bool
    """Whether `tool_choice` may be `any` or `tool`."""

    def info(self) -> dict[str, Any]:
        """Build the answer of GET /v1/models/{id}."""
        return {
            "type": "model",
            "id": self.id,
            "display_name": self.display_name,
            "line": self.line,
            "created_at": "2026-09-22T00:00:00Z",
            "lifecycle": "active",
            "deprecated_at": None,
            "retires_at": None,
            "max_input_tokens": self.limits.max_input_tokens,
            "max_tokens": self.limits.max_tokens,
            "capabilities": self._capabilities(),
        }

    def _capabilities(self) -> dict[str, Any]:
        yes = {"supported": True}
        kinds = ("adaptive", "between_tools", "disabled", "enabled")
        return {
            **dict.fromkeys(("batch", "citations", "code_execution", "image_input", "pdf_input"), yes),
            "structured_outputs": yes,
            "context_management": {
                "supported": True,
                "clear_thinking_20251015": yes,
                "clear_tool_uses_20250919": yes,
                "compact_20260112": yes,
            },
            "effort": {"supported": True, **dict.fromkeys(("low", "medium", "high", "xhigh", "max"), yes)},
            "server_tools": {"supported": True, "code_execution": yes, "web_search": yes},
            "thinking": {
                "supported": True,
                "types": {kind: {"supported": kind in self.thinking_types} for kind in kinds},
            },
        }


# Source: platform.claude.com model pages (1M context, 128K output for all three; on Opus thinking is always on and a
# forced tool is refused).
_WINDOW = Limits(max_input_tokens=1_000_000, max_tokens=128_000)
_ADAPTIVE = frozenset({"adaptive", "disabled"})

KNOWN = {
    model.id: model
    for model in (
        Model("claude-opus-5-5", "Claude Opus 5.5", "opus", _WINDOW, "medium", frozenset({"adaptive"}), False),
        Model("claude-sonnet-5-5", "Claude Sonnet 5.5", "sonnet", _WINDOW, "high", _ADAPTIVE, True),
        Model("claude-haiku-5-5", "Claude Haiku 5.5", "haiku", _WINDOW, "medium", _ADAPTIVE, True),
    )
}


def known_models(limits: Mapping[str, Limits]) -> dict[str, Model]:
    """List the models of one server, some with other limits."""
    return {name: replace(model, limits=limits.get(name, model.limits)) for name, model in KNOWN.items()}
