"""How alike two names or texts are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache


def distance(left: str, right: str, limit: int = 8) -> int:
    """Return the edit distance, neighbouring characters swapped counting as one; `limit + 1` where it is larger.

    Source: optimal string alignment, a restricted Damerau-Levenshtein distance; in words of bits, one column a step
    (Hyyrö, "A Bit-Vector Algorithm for Computing Levenshtein and Damerau Edit Distances", 2003): names are compared by
    the thousand.
    """
    if left == right:
        return 0
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    if not left or not right:
        return max(len(left), len(right))
    places: dict[str, int] = {}
    for at, char in enumerate(left):
        places[char] = places.get(char, 0) | 1 << at
    ones, last = (1 << len(left)) - 1, 1 << (len(left) - 1)
    more, less, diagonal, before, count = ones, 0, 0, 0, len(left)
    for char in right:
        match = places.get(char, 0)
        swapped = ((~diagonal & match) << 1) & before
        diagonal = ((((match & more) + more) ^ more) | match | less | swapped) & ones
        up, down = less | (~(diagonal | more) & ones), diagonal & more
        count += (1 if up & last else 0) - (1 if down & last else 0)
        up, down = (up << 1 | 1) & ones, (down << 1) & ones
        more, less = down | (~(diagonal | up) & ones), up & diagonal
        before = match
    return min(count, limit + 1)


@lru_cache(maxsize=65_536)
def likeness(left: str, right: str) -> float:
    """Return 1 for equal names, 0 for names that share nothing; shared words and prefixes count."""
    if left == right:
        return 1.0
    low, high = left.lower().strip("_"), right.lower().strip("_")
    if low == high:
        return 0.95
    longest = max(len(low), len(high), 1)
    by_edits = 1.0 - min(distance(low, high, longest), longest) / longest
    words, others = set(low.split("_")), set(high.split("_"))
    by_words = 0.8 * len(words & others) / max(len(words | others), 1)
    by_prefix = 0.7 if min(len(low), len(high)) >= 2 and (low.startswith(high) or high.startswith(low)) else 0.0
    return max(by_edits, by_words, by_prefix)


def nearest(name: str, others: Iterable[str], least: float = 0.5) -> list[tuple[float, str]]:
    """Return `(likeness, other)` for the others that are like `name`, the likest first, without `name` itself."""
    scored = ((likeness(name, other), other) for other in set(others) if other != name)
    return sorted((pair for pair in scored if pair[0] >= least), key=lambda pair: (-pair[0], pair[1]))


def near_text(text: str, other: str) -> bool:
    """Whether a literal may be corrected into `other`: few edits for its length, so that nothing is made up."""
    if text == other or not text.strip() or not other.strip():
        return False
    if text.strip().lower() == other.strip().lower():
        return True
    return distance(text, other) <= max(1, min(len(text), len(other)) // 4)


def nearest_part(text: str, whole: str) -> str | None:
    """Return the part of `whole` that is nearly `text` (at most a quarter of its characters differ), or None.

    Source: Sellers, "The theory and computation of evolutionary distances", 1980: a match may start anywhere.
    """
    if not 4 <= len(text) <= 200 or len(whole) > 2_000 or text in whole:
        return None
    above = [(0, start) for start in range(len(whole) + 1)]
    for i, a in enumerate(text, 1):
        row = [(i, 0)]
        for j, b in enumerate(whole, 1):
            same = (above[j - 1][0] + (a != b), above[j - 1][1])
            row.append(min(same, (above[j][0] + 1, above[j][1]), (row[j - 1][0] + 1, row[j - 1][1])))
        above = row
    (cost, start), end = min((cell, j) for j, cell in enumerate(above))
    return whole[start:end] if 0 < cost <= max(1, len(text) // 4) else None
