"""Texts that a regular expression matches, and texts that it nearly matches.

Derived from the parsed expression, never by matching: an expression may take for ever on a text.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

_LONGEST_PATTERN = 600
_LONGEST_TEXT = 60
_MOST_STEPS = 2_000
"""Pieces of an expression that are gone through for one text: repeats within repeats multiply."""
_SETS = {
    "CATEGORY_DIGIT": "7", "CATEGORY_NOT_DIGIT": "a", "CATEGORY_SPACE": " ", "CATEGORY_NOT_SPACE": "a",
    "CATEGORY_WORD": "a", "CATEGORY_NOT_WORD": "-",
}  # fmt: skip
_USUAL = "ab1c2 -_.xyzABC0,/:;@#\n\té"
"""What is tried, in this order, for a set of characters that leaves a choice."""


def matching(pattern: str, flags: int = 0, seed: int = 0) -> tuple[str, ...]:
    """Return a few texts that match an expression, the plainest first; none if it cannot be parsed."""
    tree = _parsed(pattern, flags)
    if tree is None:
        return ()
    found: dict[str, None] = {}
    try:
        ways = _alternatives(tree)
    except RecursionError:
        return ()
    for choice in _choices(ways, seed):
        try:
            text = _joined(tree, choice, {})
        except (_TooLong, RecursionError):
            continue
        found.setdefault(text)
    return tuple(found)


def nearly(text: str) -> Iterator[str]:
    """Yield texts that differ from one that matches: without its first or last character, another in its middle."""
    if text:
        yield text[:-1]
        yield text[1:]
        middle = len(text) // 2
        yield text[:middle] + ("_" if text[middle] != "_" else "-") + text[middle + 1 :]
    yield f"{text}x"
    yield f" {text}"
    yield f"before {text} after"


def _parsed(pattern: str, flags: int) -> Any:
    if len(pattern) > _LONGEST_PATTERN:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # The parser is private, and the only one there is: what it gives has not changed since 3.6.
            return re._parser.parse(pattern, flags)  # type: ignore[attr-defined]
        except (re.error, OverflowError, RecursionError, ValueError):
            return None


class _TooLong(Exception):
    """A text is longer than wanted, or takes more steps."""


class _Choice:
    """How alternatives and repetitions are decided for one text."""

    def __init__(self, repeats: str, branch: int, seed: int | None) -> None:
        self.steps = 0
        self.repeats, self._branch = repeats, branch
        self._random = Random(seed) if seed is not None else None

    def branch(self, count: int) -> int:
        """Return which alternative is taken."""
        return self._random.randrange(count) if self._random else self._branch % count

    def times(self, low: int, high: int) -> int:
        """Return how often something is repeated."""
        if self._random:
            return self._random.randint(low, min(high, low + 3))
        if self.repeats == "fewest":
            return low
        return min(high, max(low, 1) if self.repeats == "some" else low + 3)

    def character(self, allowed: Sequence[str]) -> str:
        """Return one of the characters."""
        return self._random.choice(allowed) if self._random else allowed[0]


def _choices(alternatives: int, seed: int) -> Iterator[_Choice]:
    for branch in range(min(alternatives, 12)):
        yield _Choice("some", branch, None)
    for repeats in ("fewest", "many"):
        for branch in range(min(alternatives, 3)):
            yield _Choice(repeats, branch, None)
    for more in range(6):
        yield _Choice("some", 0, seed * 31 + more)


def _alternatives(tree: Any) -> int:
    """Return how many ways the widest alternation has."""
    most = 1
    for code, argument in tree:
        if str(code) == "BRANCH":
            most = max(most, len(argument[1]), *(_alternatives(part) for part in argument[1]))
        elif str(code) in ("SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            most = max(most, _alternatives(argument[-1]))
    return most


def _joined(tree: Any, choice: _Choice, groups: dict[int, str]) -> str:
    """Return a text.

    Raises:
        _TooLong: it is, or would be.
    """
    pieces: list[str] = []
    length = 0
    for piece in _text(tree, choice, groups):
        length += len(piece)
        if length > _LONGEST_TEXT:
            raise _TooLong
        pieces.append(piece)
    return "".join(pieces)


def _text(tree: Any, choice: _Choice, groups: dict[int, str]) -> Iterator[str]:  # noqa: C901, PLR0912  # one way per code
    for code, argument in tree:
        choice.steps += 1
        if choice.steps > _MOST_STEPS:
            raise _TooLong
        match str(code):
            case "LITERAL":
                yield chr(argument)
            case "NOT_LITERAL":
                yield choice.character([one for one in _USUAL if ord(one) != argument])
            case "ANY":
                yield choice.character("abc1 -")
            case "IN":
                yield _one_of(argument, choice)
            case "BRANCH":
                yield from _text(argument[1][choice.branch(len(argument[1]))], choice, groups)
            case "SUBPATTERN":
                text = _joined(argument[-1], choice, groups)
                if argument[0] is not None:
                    groups[argument[0]] = text
                yield text
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                low, high, inner = argument
                for _ in range(min(choice.times(int(low), int(high)), 30)):
                    yield from _text(inner, choice, groups)
            case "ATOMIC_GROUP":
                yield from _text(argument, choice, groups)
            case "GROUPREF":
                yield groups.get(argument, "")
            case "GROUPREF_EXISTS":
                known, then, otherwise = argument
                branch = then if known in groups else otherwise
                if branch is not None:
                    yield from _text(branch, choice, groups)
            case _:
                pass  # anchors and what is looked for ahead or behind take no characters


def _one_of(items: Any, choice: _Choice) -> str:
    negated = str(items[0][0]) == "NEGATE"
    if negated:
        usual = [one for one in _USUAL if not any(_has(item, one) for item in items[1:])]
        return choice.character(usual) if usual else "~"
    found: list[str] = []
    for code, argument in items:
        if str(code) == "LITERAL":
            found.append(chr(argument))
        elif str(code) == "RANGE":
            low, high = argument
            found.extend(chr(at) for at in dict.fromkeys((low, (low + high) // 2, high)))
        else:
            found.append(_SETS.get(str(argument), "a"))
    return choice.character(found or ["a"])


def _has(item: tuple[Any, Any], one: str) -> bool:
    code, argument = item
    if str(code) == "LITERAL":
        return bool(ord(one) == argument)
    if str(code) == "RANGE":
        return bool(argument[0] <= ord(one) <= argument[1])
    plain = {
        "CATEGORY_DIGIT": one.isdigit(), "CATEGORY_SPACE": one.isspace(), "CATEGORY_WORD": one.isalnum() or one == "_",
    }  # fmt: skip
    name = str(argument)
    return plain[name] if name in plain else not plain.get(name.replace("NOT_", ""), False)
