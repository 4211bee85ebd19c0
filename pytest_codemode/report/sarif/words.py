"""Foreign text as a SARIF message."""

from __future__ import annotations

import re

from pytest_codemode.report.writer import harmless

_LONGEST = 4_000


def message(text: str) -> dict[str, str]:
    """Return `text` as a plain text message on one line; nothing in it is a link or a placeholder.

    Doubled braces (3.11.5) would be shown as such by GitHub and by editors, and take effect where there are arguments
    only: a blank keeps `{0}` and `[text](0)` from being what they look like, for every reader.
    """
    flat = " ".join(harmless(text).split()) or "(no text)"
    if len(flat) > _LONGEST:
        flat = flat[:_LONGEST] + "..."
    return {"text": re.sub(r"\](?=\()", "] ", re.sub(r"\{(?=\d+\})", "{ ", flat))}
