"""What a test's input costs its reader: of two that show the same, the more typical one is kept, not the shorter."""

from __future__ import annotations

import re

from pytest_codemode.core.exploring import Origin, Recipe

_ORIGINS: dict[Origin, float] = {
    "docstring": 0.0,
    "recorded": 0.4,
    "type": 0.8,
    "default": 0.8,
    "pair": 3.0,
    "constant": 1.0,
    "model": 1.0,
    "symbolic": 2.0,
    "mutation": 2.2,
}
"""A human's example says most, a mutant of an input the least."""
_STRANGE = re.compile(r"\\[xuU0-9nrtbfv]|[^\x20-\x7e]|\d{7,}|[^\w\s]{4,}")
"""Escapes, other scripts, long numbers, runs of signs."""
_EMPTY = re.compile(r"\(\s*(?:''|\"\"|\[\]|\{\}|None|0)\s*\)")


def effort(recipe: Recipe) -> float:
    """Return how hard the call is to read: 0 for a short example from the documentation, rising."""
    text = " ".join((recipe.call, *(value for _, value in recipe.setup)))
    strange = len(_STRANGE.findall(text))
    return (
        _ORIGINS[recipe.origin]
        + max(len(text) - 30, 0) / 40
        + 0.7 * len(recipe.setup)
        + 0.6 * min(strange, 5)
        + (0.5 if _EMPTY.search(recipe.call) else 0.0)
    )
