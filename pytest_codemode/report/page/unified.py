"""Unified diffs, read: files, hunks and lines with their numbers. What does not follow the format is told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_BARE = re.compile(r'diff --git (?P<old>"?a/.*) (?P<new>"?b/.*)')
_MODE = re.compile(r"(new|deleted) file mode ")


@dataclass(slots=True)
class Line:
    """One line of one side."""

    number: int
    text: str
    ended: bool = True
    """False: the file ends here, without a line end."""


@dataclass(slots=True)
class Block:
    """Lines that stand together: the same on both sides, or removed ones and what came in their place."""

    same: bool
    old: list[Line] = field(default_factory=list)
    new: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class Hunk:
    """One stretch of a file."""

    start: int
    """Old number of its first line; where it only adds, of the line that follows."""
    blocks: list[Block] = field(default_factory=list)

    @property
    def gain(self) -> int:
        """Lines by which the file grows here."""
        return sum(len(block.new) - len(block.old) for block in self.blocks)


@dataclass(slots=True)
class FileDiff:
    """What changed in one file."""

    path: str
    state: str
    """`changed`, `new` or `deleted`."""
    hunks: list[Hunk] = field(default_factory=list)

    @property
    def added(self) -> int:
        """Lines that came."""
        return sum(len(block.new) for hunk in self.hunks for block in hunk.blocks if not block.same)

    @property
    def removed(self) -> int:
        """Lines that went."""
        return sum(len(block.old) for hunk in self.hunks for block in hunk.blocks if not block.same)


def parse(text: str) -> tuple[FileDiff, ...]:
    """Return the files of a unified diff.

    A header's counts say where a hunk ends, not the look of its lines: a removed line may begin with `--`.

    Raises:
        ValueError: it is no unified diff.
    """
    lines = text.split("\n")
    files: list[FileDiff] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
            files.append(_file(line[4:], lines[at + 1][4:]))
            at += 2
        elif (header := _HUNK.match(line)) is not None and files:
            at = _hunk(lines, at + 1, header, files[-1])
        elif (bare := _BARE.match(line)) is not None and (mode := _after(lines, at + 1)):
            files.append(FileDiff(_name(bare["new"]), mode))
            at += 2
        elif line.strip():
            raise ValueError(f"line {at + 1} does not belong to a unified diff")
        else:
            at += 1
    return tuple(files)


def _after(lines: list[str], at: int) -> str:
    """Return `new` or `deleted` for the header of an empty file that comes or goes."""
    found = _MODE.match(lines[at]) if at < len(lines) else None
    return found.group(1) if found else ""


def _file(old: str, new: str) -> FileDiff:
    if old == "/dev/null":
        return FileDiff(_name(new), "new")
    if new == "/dev/null":
        return FileDiff(_name(old), "deleted")
    return FileDiff(_name(new), "changed")


def _name(written: str) -> str:
    """Return the path without its prefix; what git has put in quotes stays as it is written."""
    path = written.removesuffix("\t")
    return path[2:] if path.startswith(("a/", "b/")) else path


def _hunk(lines: list[str], at: int, header: re.Match[str], file: FileDiff) -> int:
    """Read one hunk into `file` and return the index of the line behind it."""
    start, olds, begin, news = (1 if part is None else int(part) for part in header.groups())
    # An empty range names the line before it.
    old_at, new_at = (start if olds else start + 1), (begin if news else begin + 1)
    hunk = Hunk(old_at)
    last: list[Line] = []
    for line in _body(lines, at):
        if line.startswith("\\"):
            for one in last:
                one.ended = False
        elif olds <= 0 and news <= 0:
            break
        else:
            mark = line[:1] or " "
            last = _add(hunk, mark, line[1:], old_at, new_at)
            if mark != "+":
                old_at, olds = old_at + 1, olds - 1
            if mark != "-":
                new_at, news = new_at + 1, news - 1
        at += 1
    if olds > 0 or news > 0:
        raise ValueError("a hunk is shorter than its header says")
    file.hunks.append(hunk)
    return at


def _body(lines: list[str], at: int) -> Iterator[str]:
    while at < len(lines) and (not lines[at] or lines[at][0] in " +-\\"):
        yield lines[at]
        at += 1


def _add(hunk: Hunk, mark: str, text: str, old_at: int, new_at: int) -> list[Line]:
    """Add a line to the block it belongs to and return it, on a context line for both sides."""
    same = mark == " "
    block = hunk.blocks[-1] if hunk.blocks else None
    # A removed line behind an added one begins another change.
    if block is None or block.same != same or (mark == "-" and block.new):
        block = Block(same)
        hunk.blocks.append(block)
    old, new = Line(old_at, text), Line(new_at, text)
    if mark != "+":
        block.old.append(old)
    if mark != "-":
        block.new.append(new)
    return ([] if mark == "+" else [old]) + ([] if mark == "-" else [new])


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
