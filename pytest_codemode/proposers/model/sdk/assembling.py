"""From the events of a stream, or a whole message, to a reply whose blocks are as the API wrote them. No SDK."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from pytest_codemode.core.model import UNPARSED, Block, Ending, ModelReply, Usage

_GROWING = {"text_delta": "text", "thinking_delta": "thinking"}
_COUNTS = {
    "input_tokens": "input_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "output_tokens": "output_tokens",
}


class Malformed(Exception):  # not an error of ours: news about what came
    """What came is not what the API sends; the text says what is wrong with it."""


class Assembler:
    """Takes the events of one stream in their order."""

    def __init__(self) -> None:
        self._message: dict[str, Any] | None = None
        self._blocks: list[Block] = []
        self._arguments: dict[int, str] = {}
        self._counts: dict[str, int] = {}
        self._counted = False
        self._delta: Mapping[str, Any] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        """Take one event; kinds that are not known yet are passed over.

        Raises:
            Malformed: the event does not have its form, or comes at the wrong time.
        """
        take = {
            "message_start": self._start,
            "content_block_start": self._start_block,
            "content_block_delta": self._grow,
            "content_block_stop": self._stop_block,
            "message_delta": self._end,
        }.get(str(event.get("type")))
        if take is None:
            return
        try:
            take(event)
        except (KeyError, IndexError, TypeError, AttributeError) as problem:
            raise Malformed(f"a {event['type']} event without its fields") from problem

    @property
    def usage(self) -> Usage | None:
        """What the request has used, known once the reply is complete and the server has counted its output."""
        return _usage(self._counts) if self.complete and self._counted else None

    @property
    def complete(self) -> bool:
        """Whether the whole reply has come."""
        return self._message is not None and bool(self._delta.get("stop_reason"))

    def reply(self) -> ModelReply | None:
        """Return the whole reply, None if the stream ended before it did."""
        if self._message is None or not self.complete:
            return None
        return _reply(self._blocks, self._delta, self.usage or Usage(), self._message)

    def _start(self, event: Mapping[str, Any]) -> None:
        self._message = dict(event["message"])
        self._counts |= _counts(self._message.get("usage"))

    def _start_block(self, event: Mapping[str, Any]) -> None:
        if self._message is None or event["index"] != len(self._blocks):
            raise Malformed("a content block out of its order")
        self._blocks.append(dict(event["content_block"]))

    def _grow(self, event: Mapping[str, Any]) -> None:
        block, delta = self._blocks[event["index"]], event["delta"]
        kind = delta["type"]
        if kind in _GROWING:
            field = _GROWING[kind]
            block[field] = (block.get(field) or "") + delta[field]
        elif kind == "signature_delta":
            block["signature"] = delta["signature"]
        elif kind == "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
        elif kind == "input_json_delta":
            index = event["index"]
            self._arguments[index] = self._arguments.get(index, "") + delta["partial_json"]

    def _stop_block(self, event: Mapping[str, Any]) -> None:
        self._close(event["index"])

    def _close(self, index: int) -> None:
        if text := self._arguments.pop(index, ""):
            self._blocks[index]["input"] = _arguments(text)

    def _end(self, event: Mapping[str, Any]) -> None:
        for index in list(self._arguments):  # cut off: its end was never sent
            self._close(index)
        self._delta = {**self._delta, **event["delta"]}
        counts = _counts(event.get("usage"))
        self._counted |= "output_tokens" in counts  # the count at the start is of a reply that has hardly begun
        self._counts |= counts


def whole(message: Any) -> tuple[ModelReply, Usage | None]:
    """Return the reply in a message that came in one piece, and its usage if the server has counted it.

    Raises:
        Malformed: it is no message.
    """
    if not isinstance(message, dict) or not isinstance(message.get("content"), list) or not message.get("stop_reason"):
        raise Malformed("JSON that is no message")
    blocks = message["content"]
    if not all(isinstance(block, dict) and isinstance(block.get("type"), str) for block in blocks):
        raise Malformed("a message whose content is no list of blocks")
    counts = _counts(message.get("usage"))
    usage = _usage(counts) if "output_tokens" in counts else None
    return _reply(blocks, message, usage or Usage(), message), usage


def _reply(blocks: list[Block], end: Mapping[str, Any], usage: Usage, message: Mapping[str, Any]) -> ModelReply:
    ending, details = end["stop_reason"], end.get("stop_details")
    detail = str(details.get("explanation") or details.get("category") or "") if isinstance(details, Mapping) else ""
    if ending not in get_args(Ending):
        ending, detail = "end_turn", f"stop reason {ending!r}"
    return ModelReply(tuple(blocks), ending, usage, str(message.get("model", "")), detail)


def _arguments(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {UNPARSED: text}


def _counts(usage: Any) -> dict[str, int]:
    """Return the counts that `usage` really holds; those of a later event are totals, not increments."""
    if not isinstance(usage, Mapping):
        return {}
    return {name: usage[name] for name in _COUNTS if isinstance(usage.get(name), int) and usage[name] >= 0}


def _usage(counts: Mapping[str, int]) -> Usage:
    return Usage(**{field: counts.get(name, 0) for name, field in _COUNTS.items()})
