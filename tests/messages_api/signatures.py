"""Signed thinking: a block comes back unchanged, in the conversation and to the model it was made for, or is refused.

Source: platform.claude.com "Thinking block prefix checks": a block is bound to `system`, `tools` and the messages
before it; leaving out a thinking block between others fails too, leaving out the oldest ones does not.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from .errors import ApiError, invalid
from .prompt import Turn, canonical, system_blocks, tokens_of, turns
from .seals import KINDS, PART, opened, seal, seal_of

_FIRST = bytes(PART)


@dataclass
class Walk:
    """Where the next block stands while a conversation is read from its start."""

    request: dict[str, Any]
    messages: bytes = b""
    previous: bytes = _FIRST
    """Digest of the last thinking block passed."""

    def place(self) -> list[bytes]:
        """Digest the model, system, tools, messages so far and the thinking before."""
        request = self.request
        return [
            digest(request["model"]),
            digest("\n".join(canonical(block) for block in system_blocks(request.get("system")))),
            digest("\n".join(canonical(tool) for tool in request.get("tools") or [])),
            digest(self.messages.hex()),
            self.previous,
        ]

    def passed(self, role: str, block: dict[str, Any]) -> None:
        """Move behind a block. Thinking moves only the chain, so that the oldest may be left out."""
        if block["type"] in KINDS:
            self.previous = digest(seal_of(block))
        else:
            self.messages = digest(self.messages.hex() + role + canonical(block))


def walk_to_end(request: dict[str, Any]) -> Walk:
    """Stand behind the last message of a request, where the reply begins."""
    walk = Walk(request)
    for turn in turns(request["messages"]):
        for _, block in turn.blocks:
            walk.passed(turn.role, block)
    return walk


def sign(walk: Walk, kind: str, thinking: str, shown: bool) -> dict[str, Any]:
    """Make the block that carries `thinking`, readable or not, at this place of the conversation."""
    visible = thinking if shown and kind == "thinking" else ""
    sealed = seal(kind, visible, tokens_of(thinking), b"".join(walk.place()))
    if kind == "thinking":
        return {"type": kind, "thinking": visible, "signature": sealed}
    return {"type": kind, "data": sealed}


def check_thinking(request: dict[str, Any], all_turns: list[Turn]) -> None:
    """Refuse thinking that was altered, moved, made by another model or in another conversation."""
    walk = Walk(request)
    for turn in all_turns:
        for where, block in turn.blocks:
            if block["type"] in KINDS:
                _check_block(where, block, walk.place())
            walk.passed(turn.role, block)


def _check_block(where: str, block: dict[str, Any], now: list[bytes]) -> None:
    kind = block["type"]
    refusal = f"Invalid `{'signature' if kind == 'thinking' else 'data'}` in `{kind}` block"
    then = opened(block)
    if then is None:
        raise invalid(where, refusal)
    if then[0] != now[0]:
        raise invalid(where, f"{refusal}. The block is bound to a different model. Remove the block.")
    told = ("The `system` prompt differs", "The `tools` differ", "The messages before it differ")
    changed = [text for text, old, new in zip(told, then[1:4], now[1:4], strict=True) if old != new]
    if now[4] not in {_FIRST, then[4]}:
        changed.append("The thinking before it differs")
    if changed:
        raise _bound_elsewhere(where, refusal, changed[0])


def _bound_elsewhere(where: str, refusal: str, changed: str) -> ApiError:
    return invalid(
        where,
        f"{refusal}. The block is bound to a different conversation. Remove the block, or set "
        f'`thinking.block_binding.prefix_mismatch_behavior` to "drop_block". '
        f"{changed} from the one this block was created with.",
    )


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:PART]
