"""The messages of one conversation, always in the form that the API takes back.

Roles alternate, the first and last are the user's (but for a paused turn), every call is answered in the next message.
When it grows too long, the oldest results are replaced by a line that says so: never the opening, never a call without
its result. A model that thinks forbids even that: its thinking is signed for everything before it, so that such a
conversation can only grow, and has to start afresh.

Source: platform.claude.com, "Preserved thinking": the prefix of a thinking block.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from pytest_codemode.core.model import Block, Message
from pytest_codemode.proposers.model.replies import clean_json

CHARACTERS_PER_TOKEN = 3
"""Fewer than there are in code and English, so that an estimate is rather too high."""
OBSERVATION = "Observation"
_SHORT = 200
"""Characters below which nothing is gained by leaving a result out."""
_CACHED: Block = {"cache_control": {"type": "ephemeral"}}


class Conversation:
    """One conversation from its opening on."""

    def __init__(self, opening: Sequence[Block]) -> None:
        self._messages = [Message("user", sendable(opening))]
        self._new = list(self._messages)
        self._calls: set[str] = set()

    @property
    def calls(self) -> frozenset[str]:
        """Ids of every call so far."""
        return frozenset(self._calls)

    @property
    def begun(self) -> bool:
        """Whether anything was answered yet."""
        return len(self._messages) > 1

    def hear(self, blocks: Sequence[Block], calls: Iterable[str] = ()) -> None:
        """Add what is kept of a reply, and note the ids of its calls."""
        self._calls.update(calls)
        if blocks:
            self._add(Message("assistant", tuple(blocks)))

    def say(self, blocks: Sequence[Block]) -> None:
        """Add what is said to the model."""
        said = self._add(Message("user", sendable(blocks)))
        self._new.append(said)

    def _add(self, message: Message) -> Message:
        """Append a message, or its blocks to the last one of the same role; return what was added."""
        last = self._messages[-1]
        if last.role == message.role:
            self._messages[-1] = Message(last.role, (*last.content, *message.content))
        else:
            self._messages.append(message)
        return message

    def messages(self) -> tuple[Message, ...]:
        """Return what to send, with the ends marked up to which the API shall keep it: the opening, and all of it."""
        marked = list(self._messages)
        marked[0] = _marked(marked[0])
        if marked[-1].role == "user" and self.begun:
            marked[-1] = _marked(marked[-1])
        return tuple(marked)

    def new(self) -> tuple[Message, ...]:
        """Return what was said to the model since `sent`."""
        return tuple(self._new)

    def sent(self) -> None:
        """Note that the model has answered everything up to here."""
        self._new.clear()

    @property
    def tokens(self) -> int:
        """About how many tokens it has, rather too many than too few."""
        return sum(map(_tokens, self._messages))

    def shorten(self, tokens: int) -> bool:
        """Leave out the oldest results until about `tokens` are left; return whether anything was left out.

        The last message stays: it is what the model is to react to. Nothing before thinking is changed.
        """
        thinks = (index for index, message in enumerate(self._messages) if _thinks(message))
        first = max(thinks, default=0) + 1
        total, changed = self.tokens, False
        for index in range(first, len(self._messages) - 1):
            if total <= tokens:
                break
            message = self._messages[index]
            shorter = Message(message.role, tuple(map(_shortened, message.content)))
            if message.role == "user" and shorter != message:
                self._messages[index] = shorter
                total -= _tokens(message) - _tokens(shorter)
                changed = True
        return changed


def sendable(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return blocks of ours with what no request can carry replaced: a project's text may hold any character."""
    return tuple(clean_json(block) for block in blocks)


def _thinks(message: Message) -> bool:
    return any(block.get("type") in ("thinking", "redacted_thinking") for block in message.content)


def _tokens(message: Message) -> int:
    return len(json.dumps(message.content, ensure_ascii=False)) // CHARACTERS_PER_TOKEN + 4


def _marked(message: Message) -> Message:
    *first, last = message.content
    return Message(message.role, (*first, {**last, **_CACHED}))


def _shortened(block: Block) -> Block:
    if block.get("type") == "tool_result":
        return {**block, "content": _line(block["content"])}
    text = str(block.get("text", ""))
    if block.get("type") == "text" and text.startswith(OBSERVATION):
        head, _, rest = text.partition(": ")
        return {**block, "text": f"{head}: {_line(rest)}"}
    return block


def _line(text: str) -> str:
    if len(text) <= _SHORT:
        return text
    return f"[{len(text):,} characters left out to save room; ask again if they are needed]"
