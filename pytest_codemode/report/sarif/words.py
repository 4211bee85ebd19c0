"""Foreign text in a SARIF log: as a message, or as it stands; bounded in any case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pytest_codemode.report.phrases import clipped
from pytest_codemode.report.writer import harmless

_LONGEST, _LONGEST_NAME = 4_000, 1_000
_MOST_NAMES = 100


def message(text: str) -> dict[str, str]:
    """Return `text` as a plain text message on one line; nothing in it is a link or a placeholder.

    Doubled braces (3.11.5) would be shown as such by GitHub and by editors, and take effect where there are arguments
    only: a blank keeps `{0}` and `[text](0)` from being what they look like, for every reader.
    """
    flat = " ".join(harmless(text[: 2 * _LONGEST]).split()) or "(no text)"
    if len(flat) > _LONGEST:
        flat = flat[:_LONGEST] + "..."
    return {"text": re.sub(r"\](?=\()", "] ", re.sub(r"\{(?=\d+\})", "{ ", flat))}


def plain(text: str, most: int = _LONGEST) -> str:
    """Return `text` as it stands in a property; of a very long one both ends."""
    return harmless(clipped(text, most))


def listed(name: str, texts: Sequence[str]) -> dict[str, Any]:
    """Return a property that lists `texts`, and where there are very many another one: how many are left out."""
    found: dict[str, Any] = {name: [plain(text, _LONGEST_NAME) for text in texts[:_MOST_NAMES]]}
    return found | ({f"{name}LeftOut": len(texts) - _MOST_NAMES} if len(texts) > _MOST_NAMES else {})
