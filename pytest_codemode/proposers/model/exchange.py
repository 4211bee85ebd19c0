"""One request and its reply: what the question is, the room it has, and the event that records it."""

from __future__ import annotations

import hashlib
import json
import time

from pytest_codemode.core.codec import encode
from pytest_codemode.core.events import Turn
from pytest_codemode.core.model import ModelLimits, ModelReply, ModelRequest
from pytest_codemode.core.ports import EventSink
from pytest_codemode.proposers.model.conversation import CHARACTERS_PER_TOKEN, Conversation
from pytest_codemode.proposers.model.metered import MeteredModel
from pytest_codemode.proposers.model.moves import Dialect
from pytest_codemode.proposers.model.replies import sound

MARGIN = 0.02
"""Part of the context that is kept free: lengths are estimated."""


def digest(request: ModelRequest) -> str:
    """Return the SHA-256 of what is said; how long the reply may be is no part of the question."""
    said = (request.system, request.messages, request.tools, request.stop_sequences)
    text = json.dumps([encode(part) for part in said], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def room(limits: ModelLimits, request: ModelRequest, most: int) -> int:
    """Return how many tokens the request's messages may have, `most` at most."""
    fixed = len(json.dumps([encode(request.system), encode(request.tools)])) // CHARACTERS_PER_TOKEN
    return max(0, min(most, int(limits.context_tokens * (1 - MARGIN)) - request.max_tokens - fixed))


class Exchanges:
    """Asks about one task, and records each turn.

    Args:
        key: of the task.
        about: what it is about, by which a replay finds its turns: the node ids of failing tests, or a function.
        emit: gets a `Turn` for each exchange.
    """

    def __init__(self, key: str, about: tuple[str, ...], emit: EventSink) -> None:
        self._key = key
        self._about = about
        self._emit = emit
        self.count = 0
        """Replies so far, over all conversations."""

    def ask(
        self, model: MeteredModel, request: ModelRequest, conversation: Conversation, dialect: Dialect
    ) -> ModelReply:
        """Return the reply, made sound.

        Raises:
            BudgetSpent, ContextExceeded, ProposerError: there is none; nothing is counted as said.
        """
        started = time.monotonic()
        reply = sound(model.ask(request))
        taken_s = round(time.monotonic() - started, 3)
        self.count += 1
        turn = Turn(
            self._key,
            self._about,
            self.count,
            dialect.name,
            reply.model or model.name,
            digest(request),
            conversation.new(),
            reply,
            model.turns[-1].usd,
            taken_s,
        )
        self._emit(turn)
        conversation.sent()
        return reply
