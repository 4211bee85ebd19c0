"""Reads unified diffs as strictly as `worktree.diff` writes them: what is no hunk of a named text file is refused.

Lenient readers skip lines that they do not know, which is where a second, unseen patch hides. Here every byte belongs
to the header or to a counted line of a hunk, or the whole diff is refused. git's own header is read for the one thing
that only it can say, a plain file that comes or goes empty. A name that is not UTF-8, or not to be shown as it stands,
is refused even where `worktree.diff` has to write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pytest_codemode.edits.quoting import quoted, unquoted

_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(?: .*)?")
_EMPTY = re.compile(rb"(new|deleted) file mode 100644")
_GIT, _OLD, _NEW = b"diff --git ", b"--- ", b"+++ "
_NOWHERE = "/dev/null"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a hunk."""

    mark: str
    """A blank, `-` or `+`."""
    old: int
    """1-based number in the old file; of a line that comes, that of the line which it comes before."""
    new: int
    """1-based number in the new file; of a line that goes, that of the line which follows in its place."""
    text: bytes
    """Without its mark and line end."""
    ended: bool
    """False: the file ends here, without a line end."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """One stretch of a file, in which something changes."""

    lines: tuple[Line, ...]

    @property
    def start(self) -> int:
        """Old number of its first line; where it only adds, of the line that follows."""
        return self.lines[0].old

    @property
    def line(self) -> int:
        """Old number of the first line that differs; where lines come at the end of the file, of the last one there."""
        first = next(line.old for line in self.lines if line.mark != " ")
        last = max((line.old for line in self.lines if line.mark != "+"), default=first - 1)
        return max(min(first, last), 1)


@dataclass(frozen=True, slots=True)
class Change:
    """What a diff does to one file."""

    path: str
    """As the diff names it, without `a/` or `b/`."""
    kind: Literal["new", "gone", "changed"]
    hunks: tuple[Hunk, ...]
    """From top to bottom; none for an empty file that comes or goes."""

    @property
    def line(self) -> int:
        """1-based line of the old file at which the change begins; 1 for a new file."""
        return self.hunks[0].line if self.hunks else 1

    @property
    def added(self) -> tuple[bytes, ...]:
        """The lines that come, without their `+` and line end."""
        return tuple(line.text for hunk in self.hunks for line in hunk.lines if line.mark == "+")


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
            yield self._empty_file() if self._follows(_GIT) else self._file()

    def _file(self) -> Change:
        old, new = self._name(_OLD, "a/"), self._name(_NEW, "b/")
        if old == new == _NOWHERE or (_NOWHERE not in (old, new) and old != new):
            raise ValueError(f"it renames {old!r} to {new!r}")
        hunks = tuple(self._hunks())
        if not hunks:
            raise ValueError(f"it has no hunk for {new!r}")
        marks = {line.mark for hunk in hunks for line in hunk.lines}
        if (old == _NOWHERE and marks != {"+"}) or (new == _NOWHERE and marks != {"-"}):
            raise ValueError(f"it changes a file that is not there, {old if new == _NOWHERE else new!r}")
        if old == _NOWHERE:
            return Change(new, "new", hunks)
        return Change(old, "gone" if new == _NOWHERE else "changed", hunks)

    def _empty_file(self) -> Change:
        """Read the header of a file that comes or goes empty: a plain one, under one name, with nothing behind it."""
        head = self._next()
        names = head.removeprefix(_GIT)
        # Both are the same name behind `a/` and `b/`: nothing else tells where the first ends, if it holds a blank.
        path = self._plain(names[: len(names) // 2], "a/")
        if names != b"%s %s" % (quoted(f"a/{path}"), quoted(f"b/{path}")):
            raise ValueError(f"line {self._at}: {head[:80]!r} does not name one file twice")
        mode = _EMPTY.fullmatch(self._next())
        if mode is None:
            raise self._unknown(self._lines[self._at - 1])
        if self._follows(_OLD):
            raise ValueError(f"line {self._at + 1}: git would read this as a part of the empty file {path!r}")
        return Change(path, "new" if mode[1] == b"new" else "gone", ())

    def _follows(self, mark: bytes) -> bool:
        return self._at < len(self._lines) and self._lines[self._at].startswith(mark)

    def _unknown(self, line: bytes) -> ValueError:
        return ValueError(f"line {self._at}: {line[:80]!r} is no {_OLD.decode()}line; modes, links, renames and "
                          "binary files are not accepted")  # fmt: skip

    def _next(self) -> bytes:
        if self._at >= len(self._lines):
            raise ValueError("it ends in the middle")
        self._at += 1
        return self._lines[self._at - 1]

    def _name(self, mark: bytes, prefix: str) -> str:
        line = self._next()
        if not line.startswith(mark):
            raise self._unknown(line) if mark == _OLD else ValueError(f"line {self._at}: {line[:80]!r} is no +++ line")
        # A tab ends a name with a blank in it; whatever else stands behind it is a date of some other tool.
        name, tab, rest = line.removeprefix(mark).partition(b"\t")
        if tab and rest:
            raise ValueError(f"line {self._at}: {line[:80]!r} is no plain name of a file")
        return _NOWHERE if name == _NOWHERE.encode() else self._plain(name, prefix)

    def _plain(self, written: bytes, prefix: str) -> str:
        """Return the path that is written so, without its prefix."""
        try:
            name = unquoted(written)
        except ValueError as problem:
            raise ValueError(f"line {self._at}: {problem}") from None
        if not all(char.isprintable() or char < "\x80" for char in name):  # those below are escaped
            raise ValueError(f"line {self._at}: {name!r} is no plain name of a file")
        if not name.startswith(prefix) or len(name) == len(prefix):
            raise ValueError(f"line {self._at}: {name!r} does not begin with {prefix}")
        return name.removeprefix(prefix)

    def _hunks(self) -> Iterator[Hunk]:
        old, new = 1, 1
        whole = True
        while self._follows(b"@@ "):
            at_old, olds, at_new, news = self._head()
            if not whole or at_old < old or at_old - old != at_new - new:
                raise ValueError(f"line {self._at}: this hunk is not where those before it say")
            hunk = self._hunk(at_old, olds, at_new, news)
            old, new = at_old + olds, at_new + news
            whole = all(line.ended for line in hunk.lines)
            yield hunk

    def _head(self) -> tuple[int, int, int, int]:
        """Return the number of a hunk's first line and the count of its lines, for the old and the new file."""
        line = self._next()
        match = _HUNK.fullmatch(line)
        if match is None:
            raise ValueError(f"line {self._at}: {line[:80]!r} is no head of a hunk")
        old, olds, new, news = (1 if group is None else int(group) for group in match.groups())
        # An empty range names the line before it.
        return old + (olds == 0), olds, new + (news == 0), news

    def _hunk(self, at_old: int, olds: int, at_new: int, news: int) -> Hunk:
        lines: list[Line] = []
        while olds or news:
            raw = self._next()
            mark = raw[:1]
            goes, comes = mark != b"+", mark != b"-"
            if mark not in (b" ", b"-", b"+") or (goes and not olds) or (comes and not news):
                raise ValueError(f"line {self._at}: {raw[:80]!r} is not in the hunk that its head describes")
            lines.append(Line(mark.decode(), at_old, at_new, raw[1:], not self._no_line_end()))
            at_old, olds, at_new, news = at_old + goes, olds - goes, at_new + comes, news - comes
        self._check(lines)
        return Hunk(tuple(lines))

    def _check(self, lines: list[Line]) -> None:
        for side in (" -", " +"):
            if not all(line.ended for line in [line for line in lines if line.mark in side][:-1]):
                raise ValueError(f"line {self._at}: a line of this hunk stands behind the end of the file")
        if all(line.mark == " " for line in lines):
            raise ValueError(f"line {self._at}: this hunk changes nothing")

    def _no_line_end(self) -> bool:
        """Return whether the line before is said to have no end; skip what says so."""
        said = self._at < len(self._lines) and self._lines[self._at] == b"\\ No newline at end of file"
        self._at += said
        return said
