"""Which words of a line changed, and which old line became which new one: pure text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Part = tuple[bool, str]
"""Whether it changed, and the text."""

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE = 0.4
"""Lines that share less than this are two lines, not one that changed; taken by eye on real patches."""
_LONGEST = 400
"""Tokens of a line that is compared by words: the time grows with their square."""
_MOST_PAIRS = 900
"""Pairs of lines of one block that are compared; beyond, lines pair up in order."""


def changed_words(old: str, new: str) -> tuple[list[Part], list[Part]] | None:
    """Return both lines in parts that changed or did not; None where they have too little in common to say."""
    left, right = _TOKEN.findall(old), _TOKEN.findall(new)
    if max(len(left), len(right)) > _LONGEST:
        return None
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if _share(matcher.get_matching_blocks(), left, right) < _ALIKE:
        return None
    before: list[Part] = []
    after: list[Part] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        before += [(kind != "equal", "".join(left[i1:i2]))] if i1 < i2 else []
        after += [(kind != "equal", "".join(right[j1:j2]))] if j1 < j2 else []
    return list(_merged(before)), list(_merged(after))


def _share(blocks: Sequence[tuple[int, int, int]], left: Sequence[str], right: Sequence[str]) -> float:
    same = sum(len(word) for start, _, size in blocks for word in left[start : start + size] if not word.isspace())
    total = max(sum(len(word) for word in side if not word.isspace()) for side in (left, right))
    return same / total if total else 1.0


def _merged(parts: list[Part]) -> Iterator[Part]:
    """Join parts of a kind, and two changed ones that only a blank keeps apart: islands of one space are noise."""
    text, state = "", False
    for at, (changed, word) in enumerate(parts):
        between = state and word.isspace() and at + 1 < len(parts)
        kind = changed or between
        if kind != state and text:
            yield state, text
            text = ""
        text, state = text + word, kind
    if text:
        yield state, text


def paired(old: Sequence[str], new: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Return which removed line stands beside which added one, as indices, in order; None: beside nothing."""
    if len(old) == len(new) == 1 or len(old) * len(new) > _MOST_PAIRS:
        both = min(len(old), len(new))
        alone = [(at, None) for at in range(both, len(old))]
        return [*((at, at) for at in range(both)), *alone, *((None, at) for at in range(both, len(new)))]
    return _aligned(_likeness(old, new), len(old), len(new))


def _likeness(old: Sequence[str], new: Sequence[str]) -> dict[tuple[int, int], float]:
    found: dict[tuple[int, int], float] = {}
    for at, left in enumerate(old):
        for to, right in enumerate(new):
            matcher = SequenceMatcher(None, _head(left), _head(right), autojunk=False)
            if matcher.real_quick_ratio() >= _ALIKE and (ratio := matcher.ratio()) >= _ALIKE:
                found[at, to] = ratio
    return found


def _head(line: str) -> list[str]:
    return [word for word in _TOKEN.findall(line[:400]) if not word.isspace()][:60]


def _aligned(likeness: dict[tuple[int, int], float], height: int, width: int) -> list[tuple[int | None, int | None]]:
    """Return the pairs in order whose likeness sums to the most: dynamic programming over both ends."""
    best = [[0.0] * (width + 1) for _ in range(height + 1)]
    for at in range(height - 1, -1, -1):
        for to in range(width - 1, -1, -1):
            both = likeness.get((at, to), -1.0) + best[at + 1][to + 1]
            best[at][to] = max(best[at + 1][to], best[at][to + 1], both)
    pairs: list[tuple[int | None, int | None]] = []
    at = to = 0
    while at < height or to < width:
        inside = at < height and to < width
        if inside and (at, to) in likeness and best[at][to] == likeness[at, to] + best[at + 1][to + 1]:
            pairs.append((at, to))
            at, to = at + 1, to + 1
        elif at < height and (to == width or best[at][to] == best[at + 1][to]):
            pairs.append((at, None))
            at += 1
        else:
            pairs.append((None, to))
            to += 1
    return pairs
