"""Lines, branches and outcomes in words, the same in the prompt and in what is told of a call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_codemode.core.exploring import Arc, Compared, Observation, Raised, Shown
from pytest_codemode.proposers.model.failures import middle_cut
from pytest_codemode.testgen.asking.view import lines_and_branches
from pytest_codemode.testgen.subject import Item

MAX_VALUE, MAX_MESSAGE = 200, 300
_OUTCOMES = {
    "raised": "raised",
    "invalid": "was not made, because its imports, fixtures or setup failed:",
    "exited": "ended the program:",
    "timeout": "did not come back in time",
    "crashed": "ended the process",
    "refused": "asked for the network, or for files outside `tmp_path`, and is refused:",
    "not run": "was not made: there was no time left",
}


def items_in_words(items: Iterable[Item]) -> str:
    """Return lines and branches, as `lines 12-14, branch 15 -> 20`."""
    lines, branches = lines_and_branches(items)
    parts = []
    if lines:
        parts.append(f"line{'s' if len(lines) > 1 else ''} {ranges(lines)}")
    if branches:
        parts.append(f"branch{'es' if len(branches) > 1 else ''} {', '.join(map(way, branches))}")
    return ", ".join(parts)


def ranges(numbers: Sequence[int]) -> str:
    """Return sorted numbers, as `3, 5-7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def way(arc: Arc) -> str:
    """Return a branch, as `15 -> 20` or `15 -> out of the function`."""
    start, end = arc
    return f"{start} -> {end}" if end > 0 else f"{start} -> out of the function"


def compared_in_words(compared: Compared) -> str:
    """Return a comparison as it came out."""
    known = compared.left or compared.right
    operands = f" (left {_short(compared.left) or '?'}, right {_short(compared.right) or '?'})" if known else ""
    return f"`{compared.operator}` was {'true' if compared.holds else 'false'}{operands}"


def outcome_in_words(observation: Observation) -> str:
    """Return what came of a call: what it returned or raised, and where."""
    if observation.outcome == "returned":
        return f"returned {value_in_words(observation.value)}"
    what = _OUTCOMES[observation.outcome]
    return f"{what} {raised_in_words(observation.raised)}" if observation.raised is not None else what


def raised_in_words(raised: Raised) -> str:
    """Return an exception with its message and its place."""
    name = raised.type.partition(":")[2].rpartition(".")[2]
    message = f": {middle_cut(raised.message, MAX_MESSAGE)}" if raised.message else ""
    place = f" at {raised.path}:{raised.line}" if raised.line else ""
    return f"{name}{message}{place}"


def value_in_words(value: Shown | None) -> str:
    """Return a value as far as it was told."""
    if value is None:
        return "something"
    if value.text:
        return _short(value.text)
    return f"an object of {value.type.partition(':')[2]}" if value.type else f"a {value.kind}"


def _short(text: str) -> str:
    return middle_cut(text, MAX_VALUE)
