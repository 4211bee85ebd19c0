"""Whether a person who reads a patch sees what Python will run: no hidden character, no encoding that twists it.

Source: Boucher and Anderson, "Trojan Source: Invisible Vulnerabilities", 2021 (CVE-2021-42574); PEP 263; Unicode
Technical Standard 55.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_CATEGORIES = frozenset(("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"))
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks that are drawn as nothing; some may stand in a name."""
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_UTF_8 = frozenset(("utf-8", "utf8", "u8", "utf-8-sig", "ascii", "us-ascii"))
_ONE_BYTE = re.compile(r"latin-?1|iso-?8859-\d{1,2}|(cp|windows-)125\d|koi8-[rut]")
"""In them, as in UTF-8, what looks like ASCII is ASCII."""


def hidden(char: str) -> bool:
    """Return whether a character is not seen, or changes how others are seen; that a line ends or is indented is."""
    return char not in "\t\n" and (unicodedata.category(char) in _CATEGORIES or _BLANK.match(char) is not None)


def why_illegible(old: bytes, new: bytes, added: Sequence[bytes]) -> str:
    """Return what a reader of the patch would not see, in a few words; an empty text if there is nothing.

    Args:
        old: the file before, empty for a new one. What it hides already, a patch may keep and move.
        new: the file with the patch.
        added: the lines that come.
    """
    encoding = _declared(new)
    if encoding not in _UTF_8 and not _ONE_BYTE.fullmatch(encoding):
        return f"the file would be read as {encoding!r}, in which it may say something else than it shows"
    if encoding not in _UTF_8:
        if not all(line.isascii() for line in added):
            return f"a new line holds more than ASCII, in a file that is read as {encoding}"
        return _more_hidden(old.decode("latin-1"), new.decode("latin-1"))
    try:
        text = new.decode("utf-8")
    except UnicodeDecodeError:
        return "the file would not be UTF-8"
    return _more_hidden(old.decode("utf-8", "replace"), text)


def _declared(data: bytes) -> str:
    """Return the encoding that one of the first two lines declares, in small letters; Python takes UTF-8 else."""
    for line in _LINE_END.split(data, maxsplit=2)[:2]:
        if found := _COOKIE.match(line.removeprefix(b"\xef\xbb\xbf")):
            return found[1].decode("ascii", "replace").lower().replace("_", "-")
    return "utf-8"


def _more_hidden(old: str, new: str) -> str:
    more = _hidden(new) - _hidden(old)
    if not more:
        return ""
    names = ", ".join(f"U+{ord(char):04X}" for char in sorted(more)[:5])
    return f"new code holds {names}, which nobody sees, or which changes how the rest is seen"


def _hidden(text: str) -> Counter[str]:
    # A carriage return is half of a line end here; alone it is one to Python, and shown as none.
    lines = text.replace("\r\n", "\n")
    return Counter({char: lines.count(char) for char in set(lines) if hidden(char)})
