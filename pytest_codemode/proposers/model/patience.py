"""When a conversation leads nowhere, and when a dialogue does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pytest_codemode.proposers.model.moves import Call, Malformed, Move

MOST_UNREADABLE = 2
"""Replies in a row in which nothing could be carried out: the first is corrected, the second ends the conversation."""
MOST_FAILED = 2
"""Conversations in a row that end so, before the dialogue does."""


class Patience:
    """Counts what leads nowhere.

    Args:
        turns: without progress that end a conversation.
    """

    def __init__(self, turns: int) -> None:
        self._turns = turns
        self._failed = 0
        self.begin()

    def begin(self) -> None:
        """Start to count anew: another conversation begins."""
        self._stale = self._unreadable = 0

    def after(self, moves: Sequence[Move], *, moved: bool) -> Literal["", "stuck", "unreadable"]:
        """Count a reply and return why it ends the conversation, empty if it does not.

        Args:
            moved: whether a patch got further than any before. A turn that only looks at things is no failed attempt.
        """
        if any(not isinstance(move, Malformed) for move in moves):
            self._unreadable = self._failed = 0
        else:
            self._unreadable += 1
        if moved:
            self._stale = 0
        elif not moves or not all(isinstance(move, Call) for move in moves):
            self._stale += 1
        if self._unreadable >= MOST_UNREADABLE:
            return "unreadable"
        return "stuck" if self._stale >= self._turns else ""

    def fail(self) -> bool:
        """Count a conversation that failed and return whether it was one too many."""
        self._failed += 1
        return self._failed >= MOST_FAILED
