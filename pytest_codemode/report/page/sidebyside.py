"""A diff as two columns with the changed words marked; on narrow screens the style sheet makes one column of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from pytest_codemode.report.blocks import Block, FileDiff, Hunk, Line, readable
from pytest_codemode.report.page.markup import Html, code, join, left_out, tag
from pytest_codemode.report.page.words import Part, changed_words, paired
from pytest_codemode.report.phrases import count

LONGEST_LINE = 600
MOST_LINES, MOST_CHARACTERS = 600, 80_000
"""Of one diff; the rest is counted."""
_BADGES = {"new": "new file", "gone": "deleted file"}
Row = tuple[Line | None, Line | None, bool]
"""Old and new line, and whether they are the same."""


class Room:
    """How much may still be shown; what no longer fits is counted."""

    def __init__(self, lines: int, characters: int) -> None:
        self._lines, self._characters = lines, characters
        self.refused = 0

    @property
    def full(self) -> bool:
        """Whether nothing fits any more."""
        return self._lines <= 0 or self._characters <= 0

    def takes(self, row: Row) -> bool:
        """Return whether the row still fits, and take its room."""
        self._lines -= 1
        self._characters -= sum(min(len(line.text), LONGEST_LINE) for line in row[:2] if line is not None)
        fits = self._lines >= 0 and self._characters >= 0
        self.refused += not fits
        return fits


def render(diff: str, *, most: int = MOST_LINES) -> Html:
    """Return a unified diff side by side; a text that is none as it stands."""
    files = readable(diff)
    if not files:
        return tag("pre", diff, class_="raw", tabindex=0) if diff.strip() else Html()
    room = Room(most, MOST_CHARACTERS)
    shown = join(*(_file(one, room) for one in files[:most]))
    return join(shown, left_out(room.refused, "line", of="diff"), left_out(len(files) - most, "file", of="diff"))


def _file(file: FileDiff, room: Room) -> Html:
    changes = join(tag("ins", f"+{file.added:,}"), " ", tag("del", f"\u2212{file.removed:,}"), tag("span", " lines"))
    state = tag("span", _BADGES[file.kind], class_="badge") if file.kind in _BADGES else None
    caption = tag("caption", code(file.path), " ", state, " ", tag("span", changes, class_="tally"))
    heads = (("number", "Line before"), ("", "Before"), ("number", "Line after"), ("", "After"))
    head = tag("tr", *(tag("th", text, scope="col", class_=kind or None) for kind, text in heads))
    bodies = [body for hunk in file.hunks if (body := _hunk(hunk, room))]
    if not bodies:
        empty = "An empty file." if not file.hunks else "Nothing of it is shown here."
        return tag("p", code(file.path), " ", state, " ", empty)
    columns = tag("colgroup", *(tag("col", class_=kind or None) for kind, _ in heads))
    return tag("table", caption, columns, tag("thead", head, class_="unseen"), *bodies, class_="diff")


def _hunk(hunk: Hunk, room: Room) -> Html:
    rows = [row for block in hunk.blocks for row in _rows(block, room) if room.takes(row)]
    return tag("tbody", *(_row(row) for row in rows)) if rows else Html()


def _rows(block: Block, room: Room) -> Iterator[Row]:
    if block.same:
        yield from ((old, new, True) for old, new in zip(block.old, block.new, strict=True))
        return
    if room.full:
        # Which line stands beside which is work, and nobody is going to see it.
        yield from ((old, new, False) for old, new in zip_longest(block.old, block.new))
        return
    for at, to in paired([line.text for line in block.old], [line.text for line in block.new]):
        yield (None if at is None else block.old[at]), (None if to is None else block.new[to]), False


def _row(row: Row) -> Html:
    old, new, same = row
    words = changed_words(old.text[:LONGEST_LINE], new.text[:LONGEST_LINE]) if old and new and not same else None
    before, after = words if words is not None else (None, None)
    cells = *_side(old, before, same, "del"), *_side(new, after, same, "ins")
    return tag("tr", *cells, class_="same" if same else None)


def _side(line: Line | None, parts: Iterable[Part] | None, same: bool, kind: str) -> tuple[Html, Html]:
    if line is None:
        return tag("td", class_="number none"), tag("td", class_="none")
    sign = {"del": "\u2212", "ins": "+"}[kind]
    mark = tag("span", " " if same else sign, class_="sign")
    text = _words(parts, kind) if parts is not None else escaped_line(line.text)
    end = None if line.ended else tag("span", "no line end", class_="badge")
    return (
        tag("td", str(line.number), class_=f"number {'' if same else kind}".strip()),
        tag("td", mark, tag("code", text), end, class_=f"line {'' if same else kind}".strip()),
    )


def _words(parts: Iterable[Part], kind: str) -> Html:
    return join(*(tag(kind, text) if changed else text for changed, text in parts))


def escaped_line(text: str) -> Html:
    """Return a source line; of a very long one the beginning, with the rest counted."""
    if len(text) <= LONGEST_LINE:
        return join(text)
    more = count(len(text) - LONGEST_LINE, "character")
    return join(text[:LONGEST_LINE], tag("span", f"{more} more", class_="badge"))
