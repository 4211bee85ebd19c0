"""A message as the exact sequence of server-sent events."""

import json
from collections.abc import Iterator
from typing import Any

from .compose import Sent

PIECE_CHARS = 24


def frame(event: dict[str, Any]) -> bytes:
    """Encode one event; its name is its type."""
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {data}\n\n".encode()


def events(
    message: dict[str, Any], blocks: list[Sent], error: dict[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """List the events of a message; with an error, that comes after the first block in place of the rest."""
    usage = message["usage"]
    begun = {**usage, "output_tokens": 1}
    begun.pop("output_tokens_details")
    opening = {**message, "content": [], "stop_reason": None, "stop_sequence": None, "stop_details": None}
    yield {"type": "message_start", "message": {**opening, "usage": begun}}
    for index, block in enumerate(blocks):
        yield {"type": "content_block_start", "index": index, "content_block": start_of(block)}
        if index == 0:
            yield {"type": "ping"}
        for delta in deltas(block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
        if error is not None:
            break
    if error is not None:
        yield error
        return
    stop = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    told = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    final = {name: usage[name] for name in (*told, "output_tokens_details")}
    yield {"type": "message_delta", "delta": stop, "usage": final}
    yield {"type": "message_stop"}


def start_of(block: Sent) -> dict[str, Any]:
    """Empty a block: what it holds comes in deltas."""
    empty: dict[str, Any] = {"text": "", "input": {}, "thinking": "", "signature": ""}
    return {name: empty.get(name, value) for name, value in block.wire.items()}


def deltas(block: Sent) -> Iterator[dict[str, Any]]:
    kind = block.wire["type"]
    if kind == "text":
        for piece in pieces(block.wire["text"]):
            yield {"type": "text_delta", "text": piece}
    elif kind == "tool_use":
        yield {"type": "input_json_delta", "partial_json": ""}
        for piece in pieces(block.raw_json):
            yield {"type": "input_json_delta", "partial_json": piece}
    elif kind == "thinking":
        for piece in pieces(block.wire["thinking"]):
            yield {"type": "thinking_delta", "thinking": piece}
        yield {"type": "signature_delta", "signature": block.wire["signature"]}


def pieces(text: str) -> Iterator[str]:
    """Cut a text small enough to show seams, but a huge one into no more than a few hundred parts."""
    size = max(PIECE_CHARS, len(text) // 200)
    for start in range(0, len(text), size):
        yield text[start : start + size]
