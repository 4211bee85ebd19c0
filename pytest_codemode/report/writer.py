"""Where a terminal report is written to, and how foreign text is made harmless before it gets there."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
import unicodedata
from itertools import accumulate
from typing import Protocol, TextIO

_UNSURE = re.compile(r"[^\n\t -~]")
"""All but plain ASCII; what of it is shown is looked up character by character, and a report may be megabytes."""


class Writer(Protocol):
    """The part of pytest's terminal writer that reports need; it decides about colours and width."""

    @property
    def fullwidth(self) -> int:
        """Columns of a line."""
        ...

    def write(self, msg: str, **markup: bool) -> None:
        """Write `msg` as it stands."""
        ...

    def flush(self) -> None:
        """Show what was written so far."""
        ...

    def line(self, s: str = "", **markup: bool) -> None:
        """Write `s` and a line end."""
        ...

    def sep(self, sepchar: str, title: str | None = None, fullwidth: int | None = None, **markup: bool) -> None:
        """Write a line of `sepchar` with a title in the middle."""
        ...


class PlainWriter:
    """A writer without colours, for where pytest has no terminal (`-p no:terminal`) and for the command line."""

    def __init__(self, file: TextIO | None = None, width: int | None = None) -> None:
        self._file = file if file is not None else sys.stdout
        self._width = width

    @property
    def fullwidth(self) -> int:
        """Columns of a line; 80 where there is no terminal."""
        return self._width or shutil.get_terminal_size(fallback=(80, 24)).columns

    def write(self, msg: str, **_markup: bool) -> None:
        """Write `msg`; what the file's encoding does not know is escaped."""
        encoding = getattr(self._file, "encoding", None) or "utf-8"
        self._file.write(msg.encode(encoding, "backslashreplace").decode(encoding))

    def flush(self) -> None:
        """Show what was written so far."""
        self._file.flush()

    def line(self, s: str = "", **_markup: bool) -> None:
        """Write `s` and a line end."""
        self.write(s + "\n")

    def sep(self, sepchar: str, title: str | None = None, fullwidth: int | None = None, **_markup: bool) -> None:
        """Write a line of `sepchar` with a title in the middle."""
        self.line((f" {title} " if title else "").center(fullwidth or self.fullwidth, sepchar))


def harmless(text: str) -> str:
    """Return `text` without power over a terminal: control, format and lone surrogate characters become escapes.

    Line ends and tabs stay. Test output, exception texts and source lines may hold anything: an escape sequence could
    repaint the report, a bidirectional override could show a diff that is not the one applied.
    """
    if text.isprintable():
        return text
    return _UNSURE.sub(lambda found: found[0] if _is_shown(found[0]) else _escape(found[0]), text)


def _is_shown(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def one_line(text: str, width: int) -> str:
    """Return the first non-empty line of `text`, harmless, in at most `width` columns; a cut is marked."""
    first = next((line.strip() for line in harmless(text).splitlines() if line.strip()), "").replace("\t", " ")
    return first if columns(first) <= width else _head(first, max(width - 3, 1)) + "..."


def columns(text: str) -> int:
    """Return how many columns a terminal takes to show `text` (one line, harmless)."""
    return sum(map(_columns_of, text))


def _columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def _head(text: str, width: int) -> str:
    ends = accumulate(map(_columns_of, text))
    return "".join(char for char, end in zip(text, ends, strict=True) if end <= width)


def paragraph(writer: Writer, text: str, *, indent: str = "", first: str | None = None, **markup: bool) -> None:
    """Write `text` wrapped to the width: no word is cut, so that paths and node ids can be copied.

    Args:
        writer: where to.
        text: made harmless here.
        indent: before every line.
        first: instead of `indent` before the first line.
        markup: as the writer knows it.
    """
    wrapped = textwrap.wrap(
        harmless(text),
        max(writer.fullwidth - 1, 20),
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in wrapped:
        writer.line(line, **markup)


def is_interactive(file: TextIO) -> bool:
    """Return whether a line may be rewritten in place there."""
    return file.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
