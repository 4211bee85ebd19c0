"""What a measuring worker tells, piece by piece, gathered to one result; every piece is decoded strictly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from pytest_codemode.core.exploring import Arc, Measured, MeasureResult
from pytest_codemode.core.measuring import Part
from pytest_codemode.core.outcome import Outcome
from pytest_codemode.sandbox.slot import SlotDied
from pytest_codemode.sandbox.trying import decoded
from pytest_codemode.worker.channel import Malformed, parse

OnProgress = Callable[[int, int], Awaitable[None]]


class Gathered:
    """Takes the messages of one request.

    Args:
        on_progress: hears how many tests are done; of how many is not known, so 0.
    """

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._files: list[Measured] = []
        self._outcomes: dict[str, str] = {}
        self._contexts: dict[str, dict[str, tuple[Arc, ...]]] = {}
        self._notes: list[str] = []

    async def take(self, message: dict[str, Any]) -> None:
        """Take one message."""
        if message.get("say") == "part":
            self._take_part(message)
            return
        nodeid: str = decoded(str, message, "nodeid")
        outcome: Outcome = decoded(Outcome, message, "outcome")
        self._outcomes[nodeid] = outcome.value
        if self._on_progress is not None:
            await self._on_progress(len(self._outcomes), 0)

    def _take_part(self, message: dict[str, Any]) -> None:
        text: str = decoded(str, message, "part")
        try:
            data = parse(text.encode("utf-8", "replace"))
        except Malformed as problem:
            raise SlotDied(f"it broke the protocol: {problem}") from None
        part: Part = decoded(Part, {"part": data}, "part")
        if part.file is not None:
            self._files.append(part.file)
        if part.nodeid:
            self._contexts[part.nodeid] = part.arcs
        if part.note:
            self._notes.append(part.note)

    def whole(self, result: MeasureResult) -> MeasureResult:
        """Return `result`, the worker's last word, with all that it told before."""
        return replace(
            result,
            files=tuple(self._files),
            outcomes=self._outcomes,
            contexts=self._contexts,
            notes=(*result.notes, *self._notes),
        )
