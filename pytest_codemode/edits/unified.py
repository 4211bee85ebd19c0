"""Reads unified diffs as strictly as `repair.diff` writes them: what is no hunk of a named text file is refused.

Lenient readers skip lines that they do not know, which is where a second, unseen patch hides. Here every byte belongs
to the header or to a counted line of a hunk, or the whole diff is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: .*)?")
_NOWHERE = "/dev/null"


@dataclass(frozen=True, slots=True)
class Change:
    """What a diff does to one file."""

    path: str
    """As the diff names it, without `a/` or `b/`."""
    kind: str
    """`new`, `gone` or `changed`."""
    line: int
    """1-based line of the first difference in the old file; 1 for a new one."""
    added: tuple[bytes, ...]
    """The lines that come, without their `+` and line end."""


def changes(diff: bytes) -> tuple[Change, ...]:
    """Return what `diff` does, in its order.

    Raises:
        ValueError: it holds anything but hunks of text files, below a `---` and a `+++` line each; the text says what.
    """
    reader = _Reader(diff)
    found = tuple(reader.files())
    if not found:
        raise ValueError("it holds no change")
    return found


class _Reader:
    def __init__(self, diff: bytes) -> None:
        if b"\0" in diff:
            raise ValueError("it is no text: it holds a zero byte")
        self._lines = diff.split(b"\n")
        if self._lines.pop():
            raise ValueError("its last line has no end")
        self._at = 0

    def files(self) -> Iterator[Change]:
        while self._at < len(self._lines):
            old, new = self._name(b"--- ", "a/"), self._name(b"+++ ", "b/")
            if old == new == _NOWHERE or (_NOWHERE not in (old, new) and old != new):
                raise ValueError(f"it renames {old!r} to {new!r}")
            kind = "new" if old == _NOWHERE else "gone" if new == _NOWHERE else "changed"
            hunks = list(self._hunks())
            if not hunks:
                raise ValueError(f"it has no hunk for {new!r}")
            added = tuple(line for _, lines in hunks for line in lines)
            yield Change(old if new == _NOWHERE else new, kind, hunks[0][0], added)

    def _next(self) -> bytes:
        if self._at >= len(self._lines):
            raise ValueError("it ends in the middle")
        self._at += 1
        return self._lines[self._at - 1]

    def _name(self, mark: bytes, prefix: str) -> str:
        line = self._next()
        if not line.startswith(mark):
            raise ValueError(f"line {self._at}: {line[:80]!r} is no {mark.decode()}line; modes, links, renames and "
                             "binary files are not accepted")  # fmt: skip
        # A tab ends a name with a blank in it; whatever else stands behind it is a date of some other tool.
        name, tab, rest = line.removeprefix(mark).partition(b"\t")
        try:
            text = name.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"line {self._at}: the name is not UTF-8") from None
        if (tab and rest) or not text.isprintable() or text.startswith('"'):
            raise ValueError(f"line {self._at}: {text!r} is no plain name of a file")
        if text == _NOWHERE:
            return text
        if not text.startswith(prefix) or len(text) == len(prefix):
            raise ValueError(f"line {self._at}: {text!r} does not begin with {prefix}")
        return text.removeprefix(prefix)

    def _hunks(self) -> Iterator[tuple[int, list[bytes]]]:
        """Yield (line of the first difference, lines added) of each hunk of a file."""
        while self._at < len(self._lines) and self._lines[self._at].startswith(b"@@ "):
            line = self._next()
            match = _HUNK.fullmatch(line)
            if match is None:
                raise ValueError(f"line {self._at}: {line[:80]!r} is no head of a hunk")
            start, old, _, new = (1 if group is None else int(group) for group in match.groups())
            yield self._hunk(start, old, new)

    def _hunk(self, start: int, old: int, new: int) -> tuple[int, list[bytes]]:
        added: list[bytes] = []
        first, here = 0, max(start, 1)
        while old or new:
            line = self._next()
            mark = line[:1]
            if mark not in (b" ", b"-", b"+") or (old < 1 and mark != b"+") or (new < 1 and mark != b"-"):
                raise ValueError(f"line {self._at}: {line[:80]!r} is not in the hunk that its head describes")
            old, new = old - (mark != b"+"), new - (mark != b"-")
            first = first or (here if mark != b" " else 0)
            here += mark != b"+"
            if mark == b"+":
                added.append(line[1:])
            self._no_line_end()
        return first or here, added

    def _no_line_end(self) -> None:
        if self._at < len(self._lines) and self._lines[self._at] == b"\\ No newline at end of file":
            self._at += 1
