"""Fault localisation as arithmetic: which statement do failing tests execute and passing tests avoid?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

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


@dataclass(frozen=True, slots=True)
class Attempts:
    """What came of the candidates that changed one place."""

    same: int = 0
    """Left the failure as it was, word for word."""
    changed: int = 0
    """Changed it: another value, another exception, some tests green."""


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


_LEAST, _SPAN = 0.4, 1.2
"""A place that no candidate has changed yet keeps its score: 0.4 + 1.2 / 2 = 1."""


def reranked(suspects: Iterable[Suspect], attempts: Mapping[Location, Attempts]) -> tuple[Suspect, ...]:
    """Return the suspects in the order that the trials so far suggest.

    Where every candidate left the failure as it was, the place hardly matters to it: it falls, down to 0.4 of its
    score. Where candidates changed the failure, it rises. The share of those that changed it is taken by Laplace's
    rule, so that two or three trials weigh little. Of equal scores the order stays.

    Source: Papadakis and Le Traon, "Metallaxis-FL: mutation-based fault localization", 2015: mutants that change how a
    failing test fails sit near the fault.
    """
    learnt = [_learnt(suspect, attempts.get((suspect.path, suspect.line), Attempts())) for suspect in suspects]
    top = max((suspect.score for suspect in learnt), default=1.0) or 1.0
    shares = (replace(suspect, score=suspect.score / top) for suspect in learnt)
    return tuple(sorted(shares, key=lambda suspect: -suspect.score))


def _learnt(suspect: Suspect, attempts: Attempts) -> Suspect:
    total = attempts.same + attempts.changed
    if not total:
        return suspect
    factor = _LEAST + _SPAN * (attempts.changed + 1) / (total + 2)
    told = f"{attempts.changed} of {total} candidates there changed the failure"
    return replace(suspect, score=suspect.score * factor, why="; ".join(filter(None, (suspect.why, told))))
