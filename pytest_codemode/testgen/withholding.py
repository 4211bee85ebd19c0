"""Keeps secrets out of what is written and told: tests, patches, reports.

A secret of the project's is no secret any more once a published test holds it. What the generator makes up itself for a
parameter named `password` is none.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pytest_codemode.core.credentials import SECRET_VALUE, is_secret_text
from pytest_codemode.core.exploring import Described, Recipe
from pytest_codemode.core.written import PossibleBug, Untested
from pytest_codemode.testgen.confidential import Signatures, named_texts, secrets_in
from pytest_codemode.testgen.writing.oracle import Oracle

REFUSED = "it holds what looks like a secret"
WITHHELD = f"withheld: {REFUSED}"
SHARE = 0.75
"""Of a secret's characters in a row, that are as good as the whole: inputs are varied and cut."""
LEAST = 6
"""Characters of such a part; what is shorter has to be there as a whole text."""
_FOREIGN = frozenset({"docstring", "recorded"})
"""Origins of calls that somebody has written."""
_INLINE = re.compile(
    r"(?<![A-Za-z0-9_-])(?=([A-Za-z][A-Za-z0-9_-]{0,60})['\"]?\s{0,3}[=:]\s{0,3}['\"]?([^\s'\"&,;(){}\[\]]{6,200}))"
)
"""A name and a value within a text, as a `repr` or the query of an address shows them; one may be within another."""

_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True)
class Secrets:
    """The secrets of a project, and what else looks like one."""

    texts: frozenset[str] = frozenset()
    """Known ones."""
    _parts: tuple[str, ...] = field(init=False, repr=False, default=())
    _shapes: re.Pattern[str] = field(init=False, repr=False, default=_NOTHING)

    def __post_init__(self) -> None:
        """Work out what to look for."""
        parts = {part for text in self.texts for part in _parts_of(text)}
        shapes = sorted({*self.texts, *(repr(text)[1:-1] for text in self.texts), *parts}, key=len, reverse=True)
        shapes = [shape for shape in shapes if len(shape) >= LEAST and "\n" not in shape]
        object.__setattr__(self, "_parts", tuple(sorted(parts)))
        if shapes:
            object.__setattr__(self, "_shapes", re.compile("|".join(map(re.escape, shapes)), re.IGNORECASE))

    @classmethod
    def of(cls, sources: Iterable[bytes]) -> Secrets:
        """Return those that stand in source files."""
        return cls(secrets_in(sources))

    def are_in(self, texts: Iterable[str]) -> bool:
        """Return whether a known secret, or one of a known format, is in a text."""
        joined = "\n".join(texts)
        if SECRET_VALUE.search(joined):
            return True
        plain = _plain(joined)
        return any(part in plain for part in self._parts)

    def are_in_test(self, described: Described, recipe: Recipe, oracle: Oracle) -> bool:
        """Return whether a test of a call would hold one: in what it is called with, or in what it asserts."""
        given = (recipe.call, *(text for _, text in recipe.setup))
        asserted = (*oracle.lines, oracle.expected)
        if self.are_in((*given, *asserted)):
            return True
        signatures = {_called(described): tuple(one.name for one in described.parameters)}
        named = (recipe.call, *(f"{name} = {text}" for name, text in recipe.setup))
        pairs = _pairs(named, signatures)
        if recipe.origin in _FOREIGN and any(is_secret_text(name, text) for name, text in pairs):
            return True
        return _tells(asserted, given)

    def out_of_text(self, text: str) -> str:
        """Return a text on its way to a model without the known ones; its lines keep their numbers."""
        without = self._shapes.sub("[redacted]", text)
        return re.sub(r"\[redacted\](?:\[redacted\]|[A-Za-z0-9_./+=-])*", "[redacted]", without)

    def out_of_bug(self, bug: PossibleBug) -> PossibleBug:
        """Return a possible bug without them: where it is remains."""
        if not self.are_in((bug.call, bug.expected, bug.actual)) and not _tells((bug.expected, bug.actual), ()):
            return bug
        return replace(bug, call=f"# {WITHHELD}", expected=WITHHELD, actual=WITHHELD)

    def out_of_reason(self, left: Untested) -> Untested:
        """Return why a function has no tests, without them."""
        if not self.are_in((left.reason, left.nearest)):
            return left
        return replace(left, reason=left.reason.partition(":")[0], nearest="")


NONE = Secrets()


def _called(described: Described) -> str:
    parts = described.qualname.split(".")
    return parts[-2] if described.kind == "constructor" and len(parts) > 1 else parts[-1]


def _tells(asserted: Iterable[str], given: Iterable[str]) -> bool:
    """Return whether what is asserted tells a secret that was not given."""
    known = _plain("\n".join(given))
    named = [pair for pair in _pairs(asserted, {}) if _plain(pair[1]) not in known]
    inline = [pair for text in asserted for pair in _INLINE.findall(text.replace("\\", ""))]
    inline = [(name, text) for name, text in inline if re.search("[0-9]", text) and _plain(text) not in known]
    return any(is_secret_text(name, text) for name, text in (*named, *inline))


def _pairs(texts: Iterable[str], signatures: Signatures) -> Iterator[tuple[str, str]]:
    for text in texts:
        tree = _parsed(text)
        if tree is not None:
            yield from named_texts(tree, signatures)


def _parsed(text: str) -> ast.AST | None:
    try:
        return ast.parse(f"{text} ..." if text.endswith(":") else text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _plain(text: str) -> str:
    """Return a text without what source text and patterns need to show it, and in small letters."""
    return text.replace("\\", "").casefold()


def _parts_of(secret: str) -> Iterator[str]:
    """Yield what gives a secret away: as much of it as matters; a short one with the quotes around it."""
    text = _plain(repr(secret)[1:-1])
    if len(text) < LEAST:
        yield f"'{text}'"
        yield f'"{text}"'
        return
    length = max(LEAST, math.ceil(SHARE * len(text)))
    for place in range(min(len(text) - length, 60) + 1):
        yield text[place : place + length]
