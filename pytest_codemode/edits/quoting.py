"""Names of files in a diff, as git writes them: in quotes and escaped where they would not be one plain word."""

from __future__ import annotations

import re

_ESCAPES = {
    ord("\a"): b"\\a",
    ord("\b"): b"\\b",
    ord("\t"): b"\\t",
    ord("\n"): b"\\n",
    ord("\v"): b"\\v",
    ord("\f"): b"\\f",
    ord("\r"): b"\\r",
    ord('"'): b'\\"',
    ord("\\"): b"\\\\",
}
_BYTES = {written: byte for byte, written in _ESCAPES.items()}
_ESCAPE = re.compile(rb'\\(?:[0-7]{3}|[abtnvfr"\\])')


def quoted(name: str) -> bytes:
    """Return `name` as git writes it: in quotes where it holds a quote, a backslash or a control character."""
    raw = name.encode("utf-8", "surrogateescape")
    if not any(byte < 0x20 or byte in (0x22, 0x5C, 0x7F) for byte in raw):
        return raw
    escaped = (_ESCAPES.get(byte) or (b"%c" if 0x20 <= byte < 0x7F else b"\\%03o") % byte for byte in raw)
    return b'"%s"' % b"".join(escaped)


def unquoted(written: bytes) -> str:
    """Return the name that `quoted` writes so.

    Raises:
        ValueError: it writes none so, or the name is not UTF-8; the text says what.
    """
    raw = _ESCAPE.sub(_byte, written[1:-1]) if written.startswith(b'"') else written
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("the name is not UTF-8") from None
    # Needless quotes, and escapes that git would write otherwise, would be a second spelling of the same name.
    if quoted(name) != written:
        raise ValueError(f"{written.decode('utf-8', 'replace')!r} is no plain name of a file")
    return name


def _byte(escape: re.Match[bytes]) -> bytes:
    known = _BYTES.get(escape[0])
    number = known if known is not None else int(escape[0][1:], 8)
    return bytes((number,)) if number < 256 else escape[0]
