"""From a unified diff to replacements of text regions, as SARIF has them: applied, they give the patched file exactly.

Lines and columns are those of the unpatched file, 1-based, columns in Unicode code points without a byte order mark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_codemode.report.blocks import Block, FileDiff, Hunk, Line, parse

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a file; its end is the first character behind it."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stands in `region` gives way to `text`; one of the two may be empty."""

    region: Region
    text: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """All replacements of one file, from top to bottom."""

    path: str
    replacements: tuple[Replacement, ...]


def replacements(diff: str) -> tuple[FileChange, ...]:
    """Return what `diff` does, file by file.

    Raises:
        ValueError: it is no unified diff with changes, or the exact text cannot be told from it: a file is not in
            UTF-8, or its byte order mark or its being there changes.
    """
    if "\N{REPLACEMENT CHARACTER}" in diff:  # what could not be decoded became one
        raise ValueError("the patched file is not in UTF-8")
    return tuple(_change(file) for file in parse(diff))


def _change(file: FileDiff) -> FileChange:
    if file.kind == "gone" or not file.hunks:
        raise ValueError(f"{file.path}: not a change of text")
    return FileChange(file.path, tuple(_of_block(hunk, at) for hunk in file.hunks for at in _changed(hunk)))


def _changed(hunk: Hunk) -> list[int]:
    return [at for at, block in enumerate(hunk.blocks) if not block.same]


def _of_block(hunk: Hunk, at: int) -> Replacement:
    block = _without_mark(hunk.blocks[at])
    if block.old and block.new:
        return _exchange(block.old, block.new)
    # A hunk ends in lines that stay, unless the file ends there.
    following = hunk.blocks[at + 1].old[0] if at + 1 < len(hunk.blocks) else None
    if block.old:
        return _deletion(block.old, following)
    if following is not None and following.number == 1 and following.text.startswith(_MARK):
        raise ValueError("the byte order mark moves")
    return _insertion(block.new, _bare(hunk.blocks[at - 1].old[-1]) if at else None, following)


def _without_mark(block: Block) -> Block:
    """Take the byte order mark off both sides: regions do not count it, and it stays where it is."""
    old, new = tuple(map(_bare, block.old)), tuple(map(_bare, block.new))
    if (old[:1] == block.old[:1]) != (new[:1] == block.new[:1]):
        raise ValueError("the byte order mark comes, goes or moves")
    return Block(same=False, old=old, new=new)


def _bare(line: Line) -> Line:
    return Line(1, line.text.removeprefix(_MARK), line.ended) if line.number == 1 else line


def _exchange(old: Sequence[Line], new: Sequence[Line]) -> Replacement:
    """Replace lines by lines; a line end that both have in the end stays."""
    ending = _ending(old[-1])
    text = _text(new)
    if ending == _ending(new[-1]):
        return Replacement(_lines(old, _width(old[-1])), text[: len(text) - len(ending)])
    return Replacement(_lines(old, _width(old[-1]) + len(ending)), text)


def _insertion(new: Sequence[Line], before: Line | None, following: Line | None) -> Replacement:
    if before is None or following is not None:
        at = 1 if before is None else before.number + 1
        return Replacement(Region(at, 1, at, 1), _text(new))
    # Behind the last line's end: SARIF 2.1.0, 3.30.2, example 8.
    column = _width(before) + len(_ending(before)) + 1
    return Replacement(Region(before.number, column, before.number, column), _text(new))


def _deletion(old: Sequence[Line], following: Line | None) -> Replacement:
    if following is not None:
        return Replacement(Region(old[0].number, 1, following.number, 1), "")
    return Replacement(_lines(old, _width(old[-1]) + len(_ending(old[-1]))), "")


def _lines(old: Sequence[Line], width: int) -> Region:
    return Region(old[0].number, 1, old[-1].number, width + 1)


def _text(lines: Sequence[Line]) -> str:
    return "".join(line.text + ("\n" if line.ended else "") for line in lines)


def _ending(line: Line) -> str:
    """Return the newline sequence that ends a line: SARIF's are CRLF and LF."""
    if not line.ended:
        return ""
    return "\r\n" if line.text.endswith("\r") else "\n"


def _width(line: Line) -> int:
    return len(line.text) - (1 if _ending(line) == "\r\n" else 0)
