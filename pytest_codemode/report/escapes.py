"""Foreign text in Markdown: taken literally, on one line, bounded; no HTML, no link, nobody mentioned.

GitHub finds mentions, references and bare addresses in what the Markdown shows, where a backslash is gone already. A
zero width space between the sign and the name, which nobody sees, makes them text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_codemode.report.writer import harmless

_LONGEST = 4_000
"""Characters of one text; a diff has its own bound."""
_BREAK = "&#8203;"
_LIVE = re.compile(r"@(?=\w)|#(?=\d)|\bGH-(?=\d)|\b(?:https?|ftp|mailto|xmpp):(?=\S)|\bwww\.(?=\S)", re.IGNORECASE)
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
_BEGINS_BLOCK = re.compile(r"^(?:([-+=])(?=\s|[-+=\s]*$)|(\d{1,9})([.)])(?=\s|$))")
"""A list, a rule, or what makes a heading of the line above."""


def text(foreign: str) -> str:
    """Return foreign text on one line with all special characters taken literally."""
    flat = _cut(foreign)
    parts, at = [], 0
    for found in _LIVE.finditer(flat):
        parts += [_literal(flat[at : found.end()]), _BREAK]
        at = found.end()
    shown = "".join([*parts, _literal(flat[at:])])
    return _BEGINS_BLOCK.sub(lambda mark: f"\\{mark[1]}" if mark[1] else f"{mark[2]}\\{mark[3]}", shown)


def code(foreign: str) -> str:
    """Return foreign text as a code span, whatever backticks it holds."""
    flat = _cut(foreign)
    fence = "`" * (_longest_run(flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") or not flat else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def cell(foreign: str) -> str:
    """Return foreign text as a code span in a table, where a bar ends the cell even in code."""
    return code(foreign).replace("|", "\\|")


def block(foreign: str, language: str) -> Iterator[str]:
    """Yield the lines of a fenced block."""
    fence = "`" * max(3, _longest_run(foreign) + 1)
    yield fence + language
    yield harmless(foreign).rstrip("\n")
    yield fence


def _cut(foreign: str) -> str:
    flat = " ".join(harmless(foreign[: 2 * _LONGEST]).split())
    return flat if len(flat) <= _LONGEST else flat[:_LONGEST] + "..."


def _literal(part: str) -> str:
    return _SPECIAL.sub(r"\\\1", part)


def _longest_run(foreign: str) -> int:
    return max((len(run) for run in re.findall(r"`+", foreign)), default=0)
