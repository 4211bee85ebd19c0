"""What a measuring worker tells, piece by piece, gathered to one result; every piece is decoded strictly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from pytest_codemode.core.exploring import Arc, Measured, MeasureResult
from pytest_codemode.core.measuring import Part
from pytest_codemode.core.outcome import Outcome
from pytest_codemode.sandbox.exploring import MAX_REASON, are_lines
from pytest_codemode.sandbox.slot import SlotDied
from pytest_codemode.sandbox.trying import decoded
from pytest_codemode.worker.channel import Malformed, parse

MAX_CHARS = 256 * 2**20
"""Of all parts, names and notes of one request together."""
MAX_PARTS = 200_000
MAX_OUTCOMES = 200_000
MAX_NAME = 20_000
"""Characters of a node id."""
MAX_NOTES, MAX_NOTE = 100, 500
MAX_TOUCHED = 50

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
        self._chars = self._parts = 0

    async def take(self, message: dict[str, Any]) -> None:
        """Take one message.

        Raises:
            SlotDied: it makes no sense, or there are too many, or they are too large.
        """
        if message.get("say") == "part":
            self._take_part(message)
            return
        nodeid: str = decoded(str, message, "nodeid")
        outcome: Outcome = decoded(Outcome, message, "outcome")
        self._count(nodeid)
        if len(nodeid) > MAX_NAME or len(self._outcomes) >= MAX_OUTCOMES:
            raise SlotDied("it told of too many tests")
        self._outcomes[nodeid] = outcome.value
        if self._on_progress is not None:
            await self._on_progress(len(self._outcomes), 0)

    def _take_part(self, message: dict[str, Any]) -> None:
        text: str = decoded(str, message, "part")
        self._count(text)
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise SlotDied("it measured too much")
        try:
            data = parse(text.encode("utf-8", "replace"))
        except Malformed as problem:
            raise SlotDied(f"it broke the protocol: {problem}") from None
        part: Part = decoded(Part, {"part": data}, "part")
        if part.file is not None:
            self._files.append(_checked(part.file))
        if part.nodeid:
            if not all(map(are_lines, part.arcs.values())):
                raise SlotDied("it measured lines that no file has")
            self._contexts[part.nodeid] = part.arcs
        if part.note and len(self._notes) < MAX_NOTES:
            self._notes.append(part.note[:MAX_NOTE])

    def _count(self, text: str) -> None:
        self._chars += len(text)
        if self._chars > MAX_CHARS:
            raise SlotDied(f"it told more than {MAX_CHARS // 2**20} MiB of what it measured")

    def whole(self, result: MeasureResult) -> MeasureResult:
        """Return `result`, the worker's last word, with all that it told before."""
        return replace(
            result,
            files=tuple(self._files),
            outcomes=self._outcomes,
            contexts=self._contexts,
            notes=(*(note[:MAX_NOTE] for note in result.notes[:MAX_NOTES]), *self._notes)[:MAX_NOTES],
            reason=result.reason[:MAX_REASON],
            touched=tuple(path[:MAX_NAME] for path in result.touched[:MAX_TOUCHED]),
        )


def _checked(file: Measured) -> Measured:
    lines = (*file.statements, *file.missing)
    branches = (file.branches, file.missing_branches)
    if len(file.path) > MAX_NAME or not all(map(are_lines, (*branches, tuple(zip(lines, lines, strict=True))))):
        raise SlotDied("it measured a file that there cannot be")
    return file
