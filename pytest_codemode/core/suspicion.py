"""Fault localisation as arithmetic: which statement do failing tests execute and passing tests avoid?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Location = tuple[str, int]
"""Path relative to rootdir and 1-based line."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """One line and how suspicious it is."""

    path: str
    line: int
    score: float
    """0 to 1; larger is more suspicious."""
    why: str = ""
    """What raised it above its neighbours, as `innermost frame`."""


def ochiai(failed_hits: int, passed_hits: int, failed_total: int) -> float:
    """Return the Ochiai suspiciousness of a statement, 0 to 1.

    Source: Abreu, Zoeteweij, van Gemund, "On the Accuracy of Spectrum-based Fault Localization", 2007, equation 2.
    """
    if not failed_hits or not failed_total:
        return 0.0
    return failed_hits / math.sqrt(failed_total * (failed_hits + passed_hits))


def rank(failing: Iterable[Iterable[Location]], passing: Iterable[Iterable[Location]]) -> dict[Location, float]:
    """Return the Ochiai score of each location that a failing test executed.

    Args:
        failing: for each failing test the locations it executed.
        passing: the same for each passing test.
    """
    failing_sets = [frozenset(lines) for lines in failing]
    hits: dict[Location, int] = {}
    for executed in failing_sets:
        for location in executed:
            hits[location] = hits.get(location, 0) + 1
    passed: dict[Location, int] = {}
    for other in passing:
        for location in frozenset(other):
            if location in hits:
                passed[location] = passed.get(location, 0) + 1
    return {loc: ochiai(count, passed.get(loc, 0), len(failing_sets)) for loc, count in hits.items()}


def ordered(scores: Mapping[Location, float], why: Mapping[Location, str]) -> tuple[Suspect, ...]:
    """Return the suspects, most suspicious first; ties by path and line, so that runs repeat."""
    return tuple(
        Suspect(path, line, score, why.get((path, line), ""))
        for (path, line), score in sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    )
