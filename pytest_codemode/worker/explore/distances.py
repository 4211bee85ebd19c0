"""How far a comparison was from coming out the other way.

Source: Tracey, Clark, Mander, McDermid, "An automated framework for structural test-data generation" (ASE 1998);
strings after Alshraideh and Bottaci (2006), normalised by d/(d+1) after Arcuri (2010).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

K = 1.0
"""Distance of what is off by less than one can say: the smallest step."""
LEAST = 2**-20
MOST = 60
"""Elements of a container, and places in a text, that are looked at."""
UNKNOWN = 1.0

_NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}


def distance(operator: str, left: Any, right: Any, holds: bool) -> float:
    """Return 0 < d < 1, or 1 where that cannot be told."""
    wanted = _NEGATED.get(operator, operator) if holds else operator
    work = _DISTANCES.get(wanted)
    if work is None or (holds and operator not in _NEGATED):
        return K / (K + 1) if holds and operator in ("startswith", "endswith") else UNKNOWN
    try:
        raw = work(left, right)
    except (OverflowError, TypeError, ValueError):
        return UNKNOWN
    if raw is None or math.isnan(raw):
        return UNKNOWN
    raw = min(max(raw, LEAST), 1 / LEAST)
    return raw / (raw + 1)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float, bool)


def _equal(left: Any, right: Any) -> float | None:
    """Return how far two values are from being equal."""
    if _is_number(left) and _is_number(right):
        return abs(float(left) - float(right))
    if type(left) is type(right) and type(left) in (str, bytes):
        return _texts(left, right)
    if type(left) is type(right) and type(left) in (list, tuple):
        shared = list(zip(left[:MOST], right[:MOST], strict=False))
        inner = [_equal(a, b) for a, b in shared]
        return abs(len(left) - len(right)) * K + sum(_part(one) for one in inner)
    if type(left) is type(right) and type(left) in (set, dict):
        return float(len(set(left) ^ set(right))) or K
    return None


def _part(raw: float | None) -> float:
    return 1.0 if raw is None else raw / (raw + 1)


def _texts(left: Any, right: Any) -> float:
    """Return K for each character too many, less for each that is another."""
    codes = zip(_codes(left), _codes(right), strict=False)
    off = sum(abs(a - b) / (abs(a - b) + 1) for a, b in codes)
    return abs(len(left) - len(right)) * K + off


def _codes(text: Any) -> list[int]:
    return list(text[:MOST]) if type(text) is bytes else [ord(one) for one in text[:MOST]]


def _order(left: Any, right: Any) -> float | None:
    """Return how much `left` is above `right`, negative if it is below."""
    if _is_number(left) and _is_number(right):
        return float(left) - float(right)
    if type(left) is type(right) and type(left) in (str, bytes):
        for a, b in zip(_codes(left), _codes(right), strict=False):
            if a != b:
                return float(a - b)
        return float(len(left) - len(right))
    if type(left) is type(right) and type(left) in (list, tuple):
        for one, other in zip(left[:MOST], right[:MOST], strict=False):
            if one != other:
                return _order(one, other)
        return float(len(left) - len(right))
    return None


def _less(left: Any, right: Any) -> float | None:
    above = _order(left, right)
    return None if above is None else above + K


def _less_or_equal(left: Any, right: Any) -> float | None:
    return _order(left, right)


def _unequal(left: Any, right: Any) -> float | None:
    return K


def _within(left: Any, right: Any) -> float | None:
    """Return how far `left` is from the nearest element, or the nearest place of a text."""
    if type(left) is type(right) and type(left) in (str, bytes):
        if len(left) > len(right):
            return (len(left) - len(right)) * K + _texts(left[: len(right)], right)
        return min(_texts(left, right[at : at + len(left)]) for at in range(min(len(right) - len(left) + 1, MOST)))
    if type(right) not in (list, tuple, set, dict, frozenset):
        return None
    near = [raw for one in list(right)[:MOST] if (raw := _equal(left, one)) is not None]
    return min(near) if near else None


def _starts(left: Any, right: Any) -> float | None:
    options = right if type(right) is tuple else (right,)
    return min(_texts(left[: len(one)], one) for one in options)


def _ends(left: Any, right: Any) -> float | None:
    options = right if type(right) is tuple else (right,)
    return min(_texts(left[len(left) - min(len(one), len(left)) :], one) for one in options)


_DISTANCES: dict[str, Callable[[Any, Any], float | None]] = {
    "==": _equal,
    "!=": _unequal,
    "<": _less,
    "<=": _less_or_equal,
    ">": lambda left, right: _less(right, left),
    ">=": lambda left, right: _less_or_equal(right, left),
    "in": _within,
    "not in": _unequal,
    "startswith": _starts,
    "endswith": _ends,
}
