"""What a worker tells of one `ExploreRequest`, checked: the right recipes, in order, nothing too large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from pytest_codemode.core.exploring import Arc, Explored, ExploreRequest, Observation, Shown
from pytest_codemode.sandbox.describing import fitting
from pytest_codemode.sandbox.slot import SlotDied
from pytest_codemode.sandbox.trying import decoded

MAX_TEXT = 20_000
"""Characters of any one text."""
MAX_NODES = 5_000
"""Values inside one value."""
MAX_DEPTH = 20
MAX_TEXTS = 50_000
"""Of one observation."""
MAX_ARCS = 100_000
MAX_LINE_NUMBER = 10_000_000
MAX_CALLABLES = 1_000
MAX_REASON = 2_000
MAX_CHARS = 64 * 2**20
"""Of all texts of one request together."""


class Gathering:
    """The observations of one request as they come."""

    def __init__(self, request: ExploreRequest) -> None:
        self._keys = [recipe.key for recipe in request.recipes]
        self._path, self._module = request.path, request.module
        self._taken: list[Observation] = []
        self._chars = 0

    async def take(self, message: dict[str, Any]) -> None:
        """Take some of them.

        Raises:
            SlotDied: the worker tells what it was not asked for, or too much.
        """
        for observation in decoded(tuple[Observation, ...], message, "observations"):
            if len(self._taken) == len(self._keys) or observation.key != self._keys[len(self._taken)]:
                raise SlotDied("it observed what nobody asked for")
            self._chars += _size(observation)
            if self._chars > MAX_CHARS:
                raise SlotDied("it observed too much")
            self._taken.append(observation)

    def explored(self, message: dict[str, Any]) -> Explored:
        """Return all of it, with the worker's last word.

        Raises:
            SlotDied: that makes no sense.
        """
        last: Explored = decoded(Explored, message, "explored")
        many = last.observations or len(last.callables) > MAX_CALLABLES or len(last.reason) > MAX_REASON
        if many or not are_lines(last.imported):
            raise SlotDied("it broke the protocol: too much at the end")
        return self._complete(replace(last, callables=fitting(last.callables, self._path, self._module)))

    def killed(self, reason: str) -> Explored:
        """Return what there is."""
        return self._complete(Explored("killed", reason=reason[:MAX_REASON]))

    def _complete(self, last: Explored) -> Explored:
        missing = (Observation(key, "not run", new=False) for key in self._keys[len(self._taken) :])
        return replace(last, observations=(*self._taken, *missing))


def _size(observation: Observation) -> int:
    """Return the characters of an observation.

    Raises:
        SlotDied: one text, or what is nested, is too large.
    """
    raised = observation.raised
    texts = [observation.key, observation.stdout, observation.digest, *observation.warned]
    texts += [raised.type, raised.message, raised.path, *raised.bases] if raised is not None else []
    texts += [text for one in observation.compared for text in (one.operator, one.left, one.right)]
    shown = [observation.value] if observation.value is not None else []
    shown += [value for _, value in observation.after]
    texts += [name for name, _ in observation.after]
    nodes = 0
    for one in shown:
        for inner in _inside(one):
            nodes += 1
            nodes += len(inner.imports)
            texts += [inner.text, inner.type, *(name for name, _ in inner.fields)]
            texts += [text for one in inner.imports for text in (one.module, one.name)]
            if nodes > MAX_NODES:
                raise SlotDied("it observed a value with too many parts")
    if len(texts) > MAX_TEXTS or max(map(len, texts)) > MAX_TEXT:
        raise SlotDied("it observed something too large")
    lines = [one.line for one in observation.compared] + ([raised.line] if raised is not None else [])
    if not are_lines(observation.arcs) or any(abs(line) > MAX_LINE_NUMBER for line in lines):
        raise SlotDied("it observed lines that no file has")
    return sum(map(len, texts)) + 16 * (len(observation.arcs) + len(texts))


def are_lines(arcs: Sequence[Arc]) -> bool:
    """Return whether arcs are those of one file, by their number and by their lines'."""
    return len(arcs) <= MAX_ARCS and all(max(map(abs, arc)) <= MAX_LINE_NUMBER for arc in arcs)


def _inside(shown: Shown, depth: int = 0) -> Iterator[Shown]:
    if depth > MAX_DEPTH:
        raise SlotDied("it observed a value that is too deep")
    yield shown
    for part in shown.parts:
        yield from _inside(part, depth + 1)
    for _, field in shown.fields:
        yield from _inside(field, depth + 1)
