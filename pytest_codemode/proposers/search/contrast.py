"""What has to change in a text so that the actual value becomes the expected one, told by how the two align."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

_LONGEST = 600
"""Characters of a value that are aligned; the time grows with the square."""
_LEAST = 2
"""Characters of a piece that is looked for."""
_LIKE = 0.5
"""How much of a piece must stay: what is another text altogether is not corrected into it."""
_WHOLE = 0.7
"""The same for what is the expected value as a whole: no answer is made up of it."""
FIELD = re.compile(r"\{[^{}]*\}|%(?:\(\w+\))?[-+ #0]*[\d.]*[sdrfixg]")
"""A placeholder in a text that is formatted."""


def _places(actual: Any, wanted: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what stands at the same place of both values, down to what is no list, tuple or dictionary."""
    if isinstance(actual, dict) and isinstance(wanted, dict):
        for key in actual:
            if key in wanted:
                yield from _places(actual[key], wanted[key])
    elif isinstance(actual, list | tuple) and isinstance(wanted, list | tuple):
        for one, other in zip(actual, wanted, strict=False):
            yield from _places(one, other)
    else:
        yield actual, wanted


def text_pairs(actual: Any, wanted: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts that stand at the same place of both values and differ."""
    for one, other in _places(actual, wanted):
        if isinstance(one, str) and isinstance(other, str) and one != other and len(one) <= _LONGEST >= len(other):
            yield one, other


@lru_cache(maxsize=256)
def _changes(actual: str, wanted: str) -> tuple[tuple[str, int, int, int, int], ...]:
    return tuple(SequenceMatcher(None, actual, wanted, autojunk=False).get_opcodes())


def counterparts(piece: str, actual: str, wanted: str) -> Iterator[str]:
    """Yield what stands in `wanted` where `actual` has `piece`, if that is a change of `piece` and not all of `wanted`.

    What is inserted at an edge of the piece may belong to it or to its neighbour; both readings are given.
    """
    if len(piece) < _LEAST or piece not in actual:
        return
    start = actual.index(piece)
    for edges in ((False, False), (True, False), (False, True)):
        new = _carried(start, start + len(piece), actual, wanted, edges)
        if new is not None and new != piece and new.strip() and is_alike(piece, new, _LIKE):
            yield new


def is_alike(one: str, other: str, least: float) -> bool:
    """Whether so much of both texts is the same, 0 to 1."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= least


def _carried(start: int, end: int, actual: str, wanted: str, edges: tuple[bool, bool]) -> str | None:
    """Return the text that the changes make of `actual[start:end]`, or None where one reaches across its edge."""
    new: list[str] = []
    for tag, i1, i2, j1, j2 in _changes(actual, wanted):
        if tag == "insert":
            if start < i1 < end:
                new.append(wanted[j1:j2])
            elif i1 <= start and edges[0] and actual[i1:start] == wanted[j1 : j1 + start - i1]:
                new.append(wanted[j1 + start - i1 : j2 + start - i1])  # the same insertion, told from further right
            elif i1 >= end and edges[1] and actual[end:i1] == wanted[j2 - (i1 - end) : j2]:
                new.append(wanted[j1 - (i1 - end) : j2 - (i1 - end)])
        elif i2 > start and i1 < end:
            if tag == "equal":
                new.append(actual[max(i1, start) : min(i2, end)])
            elif tag == "replace" and (i1 < start or i2 > end):
                return None
            elif tag == "replace":
                new.append(wanted[j1:j2])
    return "".join(new)


def corrected(value: str, pairs: frozenset[tuple[str, str]]) -> Iterator[tuple[str, float]]:
    """Yield texts with weights in which one piece between placeholders is changed as the values demand."""
    ends = [0, *(edge for field in FIELD.finditer(value) for edge in field.span()), len(value)]
    for start, end in zip(ends[::2], ends[1::2], strict=True):
        piece = value[start:end]
        bare = piece.strip("'\"")
        for actual, wanted in sorted(pairs):
            for rank, new in enumerate(counterparts(bare, actual, wanted)):
                if new != wanted or is_alike(piece, new, _WHOLE):
                    yield f"{value[:start]}{piece.replace(bare, new, 1)}{value[end:]}", 1.0 - 0.1 * rank


def small_changes(pairs: Iterator[tuple[str, str]] | frozenset[tuple[str, str]]) -> tuple[str, ...]:
    """Return the marks and spaces (no letters) that are inserted, sorted: what separates or surrounds parts."""
    found: set[str] = set()
    for actual, wanted in pairs:
        for tag, _, _, j1, j2 in _changes(actual, wanted):
            text = wanted[j1:j2]
            if tag in ("insert", "replace") and 1 <= len(text) <= 3 and not any(char.isalnum() for char in text):
                found.add(text)
    return tuple(sorted(found))


NumberPairs = frozenset[tuple[float, float]]
"""Numbers at the same place of an actual and an expected value that differ: `(actual, expected)`."""
_CHANCE = 2
"""Up to this a factor says nothing in one comparison alone."""
_UNITS = (2, 7, 8, 10, 12, 24, 60, 100, 365, 1000, 1024, 3600)


def number_pairs(actual: Any, wanted: Any) -> Iterator[tuple[float, float]]:
    """Yield the numbers that stand at the same place of both values and differ."""
    for one, other in _places(actual, wanted):
        if is_number(one) and is_number(other) and one != other and max(abs(one), abs(other)) < 1e15:
            yield one, other


def is_number(value: object) -> bool:
    """Whether it is an integer or a float; a truth value is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def roundings(pairs: NumberPairs) -> list[int]:
    """Return how many digits behind the point make every actual number the expected one."""
    fitting = (n for n in range(7) if all(round(actual, n) == wanted for actual, wanted in pairs))
    return list(fitting)[:2] if pairs else []


def scales(pairs: NumberPairs) -> list[float]:
    """Return the usual units, or their inverses, by which every actual number is off."""
    units = [unit for unit in _UNITS if unit > _CHANCE or len(pairs) > 1]
    factors = [float(unit) for unit in units] + [1 / unit for unit in units]
    return [
        factor
        for factor in factors
        if pairs and all(actual and abs(actual * factor - wanted) < 1e-9 * abs(wanted) for actual, wanted in pairs)
    ]


def offsets(pairs: NumberPairs) -> list[int]:
    """Return the whole number by which every actual number is off, if at least two agree."""
    found = {wanted - actual for actual, wanted in pairs}
    small = [int(offset) for offset in found if offset == int(offset) and 1 < abs(offset) <= 10]
    return small if len(pairs) > 1 and len(found) == 1 else []
