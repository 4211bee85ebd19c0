"""Which of the calls become tests: few, together taking everything that all of them take, the typical ones first."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K")

_WORTH_OF_KILL = 0.5
"""Of a mutant against a line or branch: a test is kept for what it covers first."""
MOST_KEPT = 8
"""Of one function, for no other reason than that they are to be kept."""


def chosen(
    keys: Sequence[K],
    covers: Mapping[K, frozenset[Hashable]],
    kills: Mapping[K, frozenset[Hashable]],
    efforts: Mapping[K, float],
    most_for_kills: int,
    *,
    keep: Collection[K] = (),
) -> tuple[K, ...]:
    """Return the keys to keep, in the order of `keys`.

    A greedy cover by worth a unit of effort (within ln n of the smallest, Chvatal 1979), then whatever the others make
    superfluous is dropped, the hardest to read first.

    Args:
        keys: of all candidates.
        covers: what each one takes that nothing took before.
        kills: the mutants that each one fails on.
        efforts: what each one costs its reader, from 0.
        most_for_kills: how many may be kept for no more than the mutants they fail on.
        keep: those that are kept whatever they take, as what a human has shown; at most `MOST_KEPT`, the most
            readable ones.
    """
    given = sorted((key for key in keys if key in keep), key=lambda key: efforts[key])[:MOST_KEPT]
    kept: list[K] = list(given)
    left = set().union(*(covers[key] for key in keys)).difference(*(covers[key] for key in given))
    alive = set().union(*(kills[key] for key in keys)).difference(*(kills[key] for key in given))
    extra = 0
    while True:
        best, gain = None, 0.0
        for key in keys:
            fresh = len(covers[key] & left)
            if key in kept or (not fresh and extra >= most_for_kills):
                continue
            worth = (fresh + _WORTH_OF_KILL * len(kills[key] & alive)) / (1.0 + efforts[key])
            if worth > gain:
                best, gain = key, worth
        if best is None:
            break
        extra += not covers[best] & left
        kept.append(best)
        left -= covers[best]
        alive -= kills[best]
    needed = _needed(kept, covers, kills, efforts) | set(given)
    return tuple(key for key in keys if key in needed)


def _needed(
    kept: Sequence[K],
    covers: Mapping[K, frozenset[Hashable]],
    kills: Mapping[K, frozenset[Hashable]],
    efforts: Mapping[K, float],
) -> set[K]:
    needed = set(kept)
    for key in sorted(kept, key=lambda key: -efforts[key]):
        others = needed - {key}
        covered = set().union(*(covers[other] for other in others))
        killed = set().union(*(kills[other] for other in others))
        if covers[key] <= covered and kills[key] <= killed:
            needed = others
    return needed
