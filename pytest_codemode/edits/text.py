"""A source file as text that goes back to the same bytes: encoding, byte order mark, line starts and line ends."""

from __future__ import annotations

import codecs
import re
import tokenize
from bisect import bisect_right
from dataclasses import dataclass

LINE_END = re.compile(r"\r\n|\r|\n")
"""What the tokenizer takes for a line end; form feeds and the Unicode ones of `str.splitlines` are none."""


class SourceError(ValueError):
    """A file that cannot be edited; the text is one sentence without the path."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """A decoded file. Offsets count characters of `text`, lines are 1-based, columns 0-based characters."""

    text: str
    """Everything after the byte order mark; line ends as they stand."""
    encoding: str
    """Codec name without the mark, as `utf-8` or `iso-8859-1`."""
    bom: bytes
    starts: tuple[int, ...]
    """Offset of each line's first character; a text that ends in a line end has an empty last line."""
    newline: str
    """The most frequent line end, `\\n` where there is none."""

    def to_bytes(self, text: str) -> bytes:
        """Return `text` in this file's encoding.

        Raises:
            SourceError: a character does not exist in that encoding.
        """
        try:
            return self.bom + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            raise SourceError(f"the new text holds {character!r}, which {self.encoding} cannot encode") from None

    def line_of(self, offset: int) -> int:
        """Return the line that holds `offset`."""
        return bisect_right(self.starts, offset)

    def offset(self, line: int, utf8_column: int) -> int:
        """Return the offset of a position as `ast` counts it: a 1-based line and UTF-8 bytes into it."""
        start = self.starts[line - 1]
        if utf8_column == 0 or self.text.isascii():
            return start + utf8_column
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        return start + len(self.text[start:end].encode()[:utf8_column].decode())

    def line_start(self, offset: int) -> int:
        """Return the offset of the first character of the line that holds `offset`."""
        return self.starts[self.line_of(offset) - 1]

    def line_stop(self, offset: int) -> int:
        """Return the offset of the line end (or end of text) of the line that holds `offset`."""
        match = LINE_END.search(self.text, offset)
        return match.start() if match else len(self.text)

    def next_line(self, offset: int) -> int:
        """Return the offset just behind the line end of the line that holds `offset`."""
        match = LINE_END.search(self.text, offset)
        return match.end() if match else len(self.text)


def _first_lines(raw: bytes) -> list[bytes]:
    """Return the two lines in which an encoding may be declared; a lone carriage return ends one, as for Python."""
    return [line + b"\n" for line in re.split(rb"\r\n|\r|\n", raw, maxsplit=2)[:2]]


def decode_source(raw: bytes) -> SourceText:
    """Return the file decoded as Python would (mark, coding cookie, UTF-8 by default).

    Raises:
        SourceError: it cannot be decoded, or its bytes would not come back unchanged.
    """
    bom = codecs.BOM_UTF8 if raw.startswith(codecs.BOM_UTF8) else b""
    try:
        name, _ = tokenize.detect_encoding(iter(_first_lines(raw)).__next__)
    except SyntaxError as error:
        if "unknown encoding" in str(error):
            raise SourceError(f"its declared encoding cannot be used ({error.msg})") from None
        raise SourceError("it is not valid utf-8 and declares no other encoding") from None
    encoding = "utf-8" if name == "utf-8-sig" else name
    try:
        text = raw[len(bom) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise SourceError(f"it is not valid {encoding} (byte {error.start + len(bom)})") from None
    except (LookupError, ValueError) as error:  # `rot13` is no encoding of text, `idna` has rules of its own
        raise SourceError(f"its declared encoding cannot be used ({error})") from None
    try:
        faithful = bom + text.encode(encoding) == raw
    except ValueError:
        faithful = False
    if not faithful:
        raise SourceError(f"its {encoding} bytes cannot be written back unchanged")
    ends = list(LINE_END.finditer(text))
    counts: dict[str, int] = {}
    for end in ends:
        counts[end.group()] = counts.get(end.group(), 0) + 1
    newline = max(counts, key=counts.__getitem__) if counts else "\n"
    return SourceText(text, encoding, bom, (0, *(end.end() for end in ends)), newline)
