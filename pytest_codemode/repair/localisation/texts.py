"""Literal texts of the source that came out where the test expects another text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pytest_codemode.core.failure import Failure
from pytest_codemode.repair.localisation.code import header

LEAST = 4
"""Characters of a text that is no coincidence."""
_ASSERTED = ("AssertionError", "Failed")
_FIELD = re.compile(r"\{[^{}]*\}|%(?:\([^)]*\))?[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]")
_NO_MATCH = re.compile(r"Expected regex: (?P<expected>.*?)\n\s*Actual message: (?P<actual>.*)", re.DOTALL)
REASON = "its text came out, and the test expects another"


def unexpected(failure: Failure) -> tuple[str, str]:
    """Return (what came out, what was expected) of a failed comparison; two empty texts if it was none.

    An exception of the project's own says what it says on purpose.
    """
    if failure.exception not in _ASSERTED:
        return "", ""
    if matched := _NO_MATCH.search(failure.message):
        return matched["actual"], matched["expected"]
    return (failure.left, failure.right) if failure.operator == "==" else ("", "")


def came_out(statement: ast.stmt, actual: str, expected: str) -> bool:
    """Whether a literal of the statement is part of what came out, and not of what was expected."""
    return any(part in actual and part not in expected for part in _parts(statement))


def _parts(statement: ast.stmt) -> Iterator[str]:
    """Yield the longest piece of each literal text that a format leaves as it is."""
    for node in header(statement):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            longest = max((piece.strip() for piece in _FIELD.split(node.value)), key=len)
            if len(longest) >= LEAST and any(map(str.isalpha, longest)):
                yield longest
