"""Splices of a text, and what they all are made with: news about an edit that does not fit, and neat insertions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pytest_codemode.edits.reindent import reindent
from pytest_codemode.edits.spans import Outline
from pytest_codemode.edits.text import SourceText


class EditError(ValueError):
    """An edit that does not fit the file: one sentence for the proposer."""


@dataclass(frozen=True, slots=True)
class Splice:
    """Put `text` in the place of what stands between two offsets (an insertion where they are equal)."""

    start: int
    stop: int
    text: str
    scope: str = ""
    """Qualname of the definition the new text belongs to: tells where an insertion on a border is."""


def ordered(splices: Iterable[Splice]) -> tuple[Splice, ...]:
    """Return the splices by place, insertions first and otherwise in the given order.

    Raises:
        EditError: two of them overlap.
    """
    sorted_splices = tuple(sorted(splices, key=lambda splice: (splice.start, splice.stop)))
    for before, after in pairwise(sorted_splices):
        if after.start < before.stop:
            raise EditError("two of its edits overlap")
    return sorted_splices


def spliced(text: str, splices: Sequence[Splice], start: int = 0, stop: int | None = None) -> str:
    """Return `text[start:stop]` with ordered `splices`, all of which lie in there."""
    pieces: list[str] = []
    position = start
    for splice in splices:
        pieces += text[position : splice.start], splice.text
        position = splice.stop
    pieces.append(text[position:stop])
    return "".join(pieces)


def placed(outline: Outline, source: str, indent: str) -> list[str]:
    """Return the lines of an edit's source, indented for their place.

    Raises:
        EditError: there is nothing in it.
    """
    if not source.strip():
        raise EditError("its source is empty")
    return reindent(source, indent, outline.unit)


def lines_before(source: SourceText, offset: int, lines: Sequence[str], scope: str = "") -> Splice:
    """Return the insertion of whole lines above the line that starts at `offset`."""
    return Splice(offset, offset, "".join(line + source.newline for line in lines), scope)


def lines_after(source: SourceText, offset: int, lines: Sequence[str], scope: str = "") -> Splice:
    """Return the insertion of whole lines below the line that holds `offset`; a missing last line end stays missing."""
    place = source.next_line(offset)
    if place == source.line_stop(offset):
        return Splice(place, place, "".join(source.newline + line for line in lines), scope)
    return lines_before(source, place, lines, scope)


def whole_lines(source: SourceText, start: int, stop: int) -> tuple[int, int]:
    """Return the offsets of the whole lines that hold everything from `start` to `stop`, last line end included."""
    return source.line_start(start), source.next_line(stop)
