"""Characters that show a reader other code than Python runs.

Source: Boucher and Anderson, "Trojan Source: Invisible Vulnerabilities", 2021; Unicode Technical Standard 55.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from pytest_codemode.core.patch import Files
from pytest_codemode.edits.rules.registry import Finding, finding
from pytest_codemode.edits.text import SourceError, decode_source

_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""They let a line be shown in another order than it is read; texts that need them can write escapes."""
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u2064\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e01ef]"
)
"""Some of them are letters to Python, so that a name can be made of nothing that is seen."""
_WORD = re.compile(r"\w+")
_LATIN = re.compile("[a-zA-Z]")
_LOOKALIKES = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο")
"""Greek letters that are drawn as Latin ones; others beside Latin ones are usual, as in `Δx`."""
_SCRIPTS = ("CYRILLIC", "ARMENIAN", "CHEROKEE")


def hidden_findings(old: Files, new: Files) -> Iterator[Finding]:
    """Yield which characters of that kind the new files hold, and the old ones did not."""
    for path, data in sorted(new.items()):
        if data.isascii() or not path.endswith((".py", ".pyi")):
            continue
        after, before = _text(data), _text(old.get(path, b""))
        if more := Counter(_DIRECTIONS.findall(after)) - Counter(_DIRECTIONS.findall(before)):
            sentence = f"new code holds {_names(more)}, by which it is shown in another order than it runs"
            yield finding("hidden-text", sentence, path, _line(after, next(iter(more))))
        if more := Counter(_UNSEEN.findall(after)) - Counter(_UNSEEN.findall(before)):
            sentence = f"new code holds {_names(more)}, which nobody sees"
            yield finding("lookalike-text", sentence, path, _line(after, next(iter(more))))
        for word in sorted({*_WORD.findall(after)} - {*_WORD.findall(before)}):
            if not word.isascii() and _LATIN.search(word) and any(map(_looks_latin, word)):
                sentence = f"in the new name {word[:60]!a} letters of two scripts look alike"
                yield finding("lookalike-text", sentence, path, _line(after, word))


def _text(data: bytes) -> str:
    """Return the text; what is no source is another rule's business."""
    try:
        return decode_source(data).text
    except SourceError:
        return ""


def _looks_latin(character: str) -> bool:
    if character.isascii():
        return False
    return character in _LOOKALIKES or unicodedata.name(character, "").startswith(_SCRIPTS)


def _names(characters: Counter[str]) -> str:
    return ", ".join(f"U+{ord(one):04X}" for one in sorted(characters))


def _line(text: str, part: str) -> int:
    return text.count("\n", 0, max(text.find(part), 0)) + 1
