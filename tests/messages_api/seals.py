"""The opaque string in a thinking block: what it says about the block, and the stamp that proves it."""

import base64
import hmac
from typing import Any

# Fixed, so that a conversation survives a restart of the server within a test; it protects nothing.
_KEY = b"signs thinking in tests"
_LENGTH_BYTES = 4
PART = 8
PARTS = 5
KINDS = ("thinking", "redacted_thinking")


def seal(kind: str, visible: str, tokens: int, place: bytes) -> str:
    head = tokens.to_bytes(_LENGTH_BYTES, "big") + place
    return base64.b64encode(head + _stamp(head, kind, visible)).decode()


def seal_of(block: dict[str, Any]) -> str:
    return str(block["signature"] if block["type"] == "thinking" else block["data"])


def opened(block: dict[str, Any]) -> list[bytes] | None:
    """Read the parts of the place a block was made for; None when the block is not as we sent it."""
    raw = _raw(block)
    size = _LENGTH_BYTES + PARTS * PART
    head, mac = raw[:size], raw[size:]
    if not hmac.compare_digest(mac, _stamp(head, block["type"], block.get("thinking", ""))):
        return None
    return [head[_LENGTH_BYTES + n * PART : _LENGTH_BYTES + (n + 1) * PART] for n in range(PARTS)]


def hidden_tokens(block: dict[str, Any]) -> int:
    """Count the thinking behind a block, which its seal remembers even when the text is withheld."""
    return int.from_bytes(_raw(block)[:_LENGTH_BYTES], "big")


def _raw(block: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(seal_of(block), validate=True)
    except ValueError:
        return b""


def _stamp(head: bytes, kind: str, visible: str) -> bytes:
    return hmac.digest(_KEY, head + kind.encode() + b"\0" + visible.encode(), "sha256")
