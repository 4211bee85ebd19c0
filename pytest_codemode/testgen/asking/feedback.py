"""What a model is told of a call: what it covers that nothing covered, or how far it came and what turned it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_codemode.core.exploring import Observation
from pytest_codemode.proposers.model.quoting import quote
from pytest_codemode.testgen.asking.words import compared_in_words, items_in_words, outcome_in_words
from pytest_codemode.testgen.subject import Item

MOST_COMPARED = 3
"""Comparisons told of the line that turned a call back."""


@dataclass(frozen=True, slots=True)
class Function:
    """Where the function stands."""

    lines: tuple[str, ...]
    """Of its file."""
    first: int
    last: int
    first_line: Callable[[int], int]
    """From a line to the first one of its statement."""


def told(
    observation: Observation,
    gained: frozenset[Item],
    left: frozenset[Item],
    executed: frozenset[int],
    function: Function,
) -> str:
    """Return what to say of one call.

    Args:
        observation: what came of it.
        gained: what it takes that nothing took before.
        left: what is still open.
        executed: lines of the file that it executed, first lines of statements.
        function: that is to be reached.
    """
    outcome = quote(outcome_in_words(observation), "outcome")
    if observation.outcome not in ("returned", "raised"):
        return f"no test can come of it:\n{outcome}"
    if gained:
        return f"covers {items_in_words(gained)}.\n{outcome}"
    return f"no gain: {_turned_back(observation, left, executed, function)}\n{outcome}"


def _turned_back(observation: Observation, left: frozenset[Item], executed: frozenset[int], function: Function) -> str:
    """Return the first condition behind which something is open, as it came out."""
    guards = sorted({start for start, end in left if end and start in executed})
    if not guards:
        own = [line for line in executed if function.first <= line <= function.last]
        return f"it came as far as line {max(own)}." if own else "it did not come into the function."
    line = guards[0]
    seen = [one for one in observation.compared if function.first_line(one.line) == line][:MOST_COMPARED]
    text = function.lines[line - 1].strip() if 0 < line <= len(function.lines) else ""
    facts = "\n".join((text, *map(compared_in_words, seen)))
    ways = items_in_words(item for item in left if item[1] and item[0] == line)
    return f"it came to line {line}, and {ways} is still open.\n{quote(facts, f'line {line}')}"
