"""Why a function is left with lines that no test executes: one phrase, and the call that came nearest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pytest_codemode.core.written import Untested
from pytest_codemode.testgen.subject import Item, Subject

_NEEDS = {
    "refused": "it needs the network, or files outside the project",
    "timeout": "the calls that were tried do not come back",
    "crashed": "the calls that were tried end the process",
    "exited": "it ends the program (SystemExit)",
    "invalid": "its arguments could not be made",
}
_WIDTH = 70
"""Characters of a source line that is quoted."""


def untested(
    subject: Subject, left: frozenset[Item], refused: Mapping[str, int], lines: list[str], stopped: str = ""
) -> Untested:
    """Return the report of what is left of a function.

    Args:
        subject: the function and what was tried.
        left: its lines and branches that no test takes.
        refused: why its calls became no tests -> how many.
        lines: of its file.
        stopped: the limit that ended the search before it was out of ideas; empty if none did.
    """
    missing = tuple(sorted(line for line, end in left if not end))
    branches = sum(1 for _, end in left if end)
    reason, nearest = _why(subject, left, refused, lines, stopped)
    return Untested(subject.path, subject.gap.qualname, subject.gap.line, missing, branches, reason, nearest)


def _why(
    subject: Subject, left: frozenset[Item], refused: Mapping[str, int], lines: list[str], stopped: str
) -> tuple[str, str]:
    if subject.unfit or subject.trouble:
        return subject.unfit or subject.trouble, ""
    reached = subject.own - subject.open
    if refused and left & reached:
        reason, _ = Counter(refused).most_common(1)[0]
        return f"calls reach it, but none makes a test: {reason}", ""
    if not subject.calls:
        return stopped or "no arguments could be made up for it", ""
    outcome, number = subject.outcomes.most_common(1)[0]
    if number == subject.calls and outcome in _NEEDS:
        return _NEEDS[outcome], ""
    if stopped:
        stopped = f"the search was cut short after {subject.calls:,} calls"
    return _guard(subject, left, lines) or _never_returned(subject) or (stopped or "no input reaches it", "")


def _guard(subject: Subject, left: frozenset[Item], lines: list[str]) -> tuple[str, str] | None:
    """Return the condition that no input came past, the first one in the function."""
    starts = sorted({start for start, end in left if end and start > 0})
    for line in starts:
        text = _quoted(lines, line)
        if line in subject.nearest:
            _, compared, recipe = subject.nearest[line]
            operands = f" ({compared.left} {compared.operator} {compared.right})" if compared.left else ""
            return f"no input came past line {line}: {text}{operands}", recipe.call
        if any(line in (start, end) for tried in subject.pool for start, end in tried.observation.arcs):
            return f"no input came past line {line}: {text}", ""
    return None


def _never_returned(subject: Subject) -> tuple[str, str] | None:
    raised = Counter(
        tried.observation.raised.type.partition(":")[2]
        for tried in subject.pool
        if tried.observation.raised is not None
    )
    if raised and not subject.outcomes["returned"]:
        name, _ = raised.most_common(1)[0]
        tried = next(one for one in subject.pool if one.observation.raised is not None)
        return f"every call raises, most of them {name}", tried.recipe.call
    return None


def _quoted(lines: list[str], line: int) -> str:
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return f"`{text}`" if len(text) <= _WIDTH else f"`{text[: _WIDTH - 3]}...`"
