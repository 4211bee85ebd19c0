"""Source lines with their numbers, as people and models read them best."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pytest_codemode.edits.outline import outline
from pytest_codemode.edits.text import LINE_END, SourceError, decode_source

MARK = ">>"


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of a file."""

    start: int
    """1-based, first line."""
    end: int
    """1-based, last line, included."""
    name: str = ""
    """Qualname of the definition they are, empty for module-level lines."""


def lines_of(raw: bytes) -> list[str]:
    """Return the file's lines without their ends; what cannot be decoded is shown as replacement characters."""
    try:
        text = decode_source(raw).text
    except SourceError:
        text = raw.decode("utf-8", "replace")
    lines = LINE_END.split(text)
    return lines[:-1] if lines[-1] == "" else lines


def numbered(lines: list[str], span: Span, marks: Mapping[int, str] | None = None) -> str:
    """Return the lines of `span` with their numbers; a marked one carries `>>` and its note at the end."""
    marks = marks or {}
    width = max(len(str(span.end)), 4)
    shown = range(max(span.start, 1), min(span.end, len(lines)) + 1)
    return "\n".join(_line(number, lines[number - 1], width, marks) for number in shown)


def _line(number: int, text: str, width: int, marks: Mapping[int, str]) -> str:
    mark = MARK if number in marks else "  "
    note = f"  # {MARK} {marks[number]}" if marks.get(number) else ""
    return f"{mark} {number:>{width}} | {text}{note}".rstrip()


def enclosing(raw: bytes, line: int) -> Span:
    """Return the innermost function or class around `line`; a module-level statement alone; else the line."""
    try:
        found = outline(raw)
    except SourceError:
        return Span(line, line)
    around = [item for item in found.definitions if item.statement.line <= line <= item.statement.end_line]
    functions = [item for item in around if item.function]
    # A nested function is read in the one it stands in; a class body line only needs its class's own lines.
    outer = min(functions, key=lambda item: item.statement.start, default=None)
    if outer is not None:
        return Span(outer.statement.line, outer.statement.end_line, outer.qualname)
    statement = found.statement_at(line)
    if statement is not None and statement.kind != "ClassDef":
        return Span(statement.line, statement.end_line, statement.owner)
    return Span(line, line, found.qualname_at(line))


def windows(span: Span, around: Collection[int], at_most: int) -> list[Span]:
    """Return `span` whole if it has `at_most` lines, else its first lines and those near `around`."""
    if span.end - span.start < at_most:
        return [span]
    near = at_most // max(2 * len(around), 2)
    wanted = set(range(span.start, span.start + 3))
    for line in around:
        wanted |= set(range(max(span.start, line - near), min(span.end, line + near) + 1))
    pieces: list[Span] = []
    for line in sorted(wanted):
        if pieces and line == pieces[-1].end + 1:
            pieces[-1] = Span(pieces[-1].start, line, span.name)
        else:
            pieces.append(Span(line, line, span.name))
    return pieces
