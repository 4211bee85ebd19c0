"""A unified diff as text in blocks: what stays, and what gives way to what. `edits.unified` reads it and refuses it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_codemode.core.suspicion import Location
from pytest_codemode.edits import unified


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one side."""

    number: int
    text: str
    ended: bool = True
    """False: the file ends here, without a line end."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stand together: the same on both sides, or removed ones and what came in their place."""

    same: bool
    old: tuple[Line, ...]
    new: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Hunk:
    """One stretch of a file."""

    start: int
    """Old number of its first line; where it only adds, of the line that follows."""
    blocks: tuple[Block, ...]

    @property
    def gain(self) -> int:
        """Lines by which the file grows here."""
        return sum(len(block.new) - len(block.old) for block in self.blocks)


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What changed in one file."""

    path: str
    kind: str
    """`changed`, `new` or `gone`."""
    hunks: tuple[Hunk, ...] = ()

    @property
    def added(self) -> int:
        """Lines that came."""
        return sum(len(block.new) for hunk in self.hunks for block in hunk.blocks if not block.same)

    @property
    def removed(self) -> int:
        """Lines that went."""
        return sum(len(block.old) for hunk in self.hunks for block in hunk.blocks if not block.same)


def parse(diff: str) -> tuple[FileDiff, ...]:
    """Return the files of a unified diff; none of an empty text.

    Raises:
        ValueError: it is no unified diff of text files.
    """
    return tuple(
        FileDiff(one.path, one.kind, tuple(Hunk(hunk.start, tuple(_blocks(hunk.lines))) for hunk in one.hunks))
        for one in _changes(diff)
    )


def readable(diff: str) -> tuple[FileDiff, ...]:
    """Return the files of a unified diff; none of what cannot be read, as in a record that was damaged."""
    try:
        return parse(diff)
    except ValueError:
        return ()


def first_lines(diff: str) -> tuple[Location, ...]:
    """Return the line of the unpatched file at which each file's patch begins; none where it cannot be told."""
    try:
        return tuple((one.path, one.line) for one in _changes(diff))
    except ValueError:
        return ()


def _changes(diff: str) -> tuple[unified.Change, ...]:
    return unified.changes(diff.encode("utf-8", "surrogatepass")) if diff else ()


def _blocks(lines: Iterable[unified.Line]) -> Iterator[Block]:
    old: list[Line] = []
    new: list[Line] = []
    same = True
    for line in lines:
        stays = line.mark == " "
        # A removed line behind an added one begins another change.
        if (old or new) and (same != stays or (line.mark == "-" and new)):
            yield Block(same, tuple(old), tuple(new))
            old, new = [], []
        same, text = stays, line.text.decode("utf-8", "surrogatepass")
        if line.mark != "+":
            old.append(Line(line.old, text, line.ended))
        if line.mark != "-":
            new.append(Line(line.new, text, line.ended))
    yield Block(same, tuple(old), tuple(new))


def renumbered(file: FileDiff, lines: Iterable[int], *, replaced: bool = False) -> dict[int, int]:
    """Return the new number of each old line that the change keeps; with `replaced`, of those it rewrites as well."""
    inside: dict[int, int | None] = {}
    for block in (block for hunk in file.hunks for block in hunk.blocks):
        inside.update((line.number, None) for line in block.old)
        if block.same or replaced:
            inside.update((old.number, new.number) for old, new in zip(block.old, block.new, strict=False))
    found: dict[int, int] = {}
    for line in lines:
        moved = inside[line] if line in inside else line + sum(one.gain for one in file.hunks if one.start <= line)
        if moved is not None:
            found[line] = moved
    return found
