"""Beam search over patches of several edits: what came nearer is combined with single edits, up to three of them.

Nearer means, in this order: more failing tests green; another failure than before, further on (an error gave way, or a
later assertion fails); the same assertion with a value that is more like the expected one. Nothing is combined where no
patch changed the failure: without that sign a pair is a shot in the dark.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Sequence

from pytest_codemode.core.failure import Failure, moved
from pytest_codemode.core.patch import Edit, Patch, ReplaceExpression
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.proposers.search.contrast import is_number

MAX_EDITS = 3
_PARTNERS = 150
"""Single edits that a promising patch is combined with."""
_WIDTH = 40
"""Promising patches of one size that are combined at all; those that turn most tests green are not counted."""
_POOL = 600
_SILENCING = ("culprits.", "guards.")
"""Families that any exception gives way to, so that another failure says little."""
_DEAD = frozenset(
    {
        Verdict.PLAUSIBLE,
        Verdict.UNAPPLICABLE,
        Verdict.REFUSED,
        Verdict.DUPLICATE,
        Verdict.NOT_TRIED,
        Verdict.OVERFIT,
        Verdict.TIMED_OUT,
        Verdict.CRASHED,
    }
)
_FURTHER, _SILENCED, _BROKE, _NEARER = 0.4, 0.15, 0.5, 0.35
"""What another failure, one that any exception gives way to, a broken guard, a much nearer value promise; 1 at most."""
_LEAST_GAIN = 0.02
_LARGEST = 1e300
"""Larger integers do not fit a float."""
_SHORT = 300
"""Characters of two values that are compared."""


class Pairs:
    """Remembers what was tried and says which combinations are worth trying."""

    def __init__(self, task: RepairTask) -> None:
        self._task = task
        self._before = {failure.nodeid: failure for failure in reversed(task.failures)}
        self._pool: list[Patch] = []
        self._scores: dict[tuple[Edit, ...], float] = {}
        """Of promising patches: a larger one must come nearer than each of its parts."""
        self._taken: dict[int, int] = {}
        """Number of edits -> promising patches of that size that are combined."""

    def learn(self, batch: Sequence[Patch], trials: Sequence[Trial]) -> Iterator[tuple[Iterator[Patch], float]]:
        """Yield streams of combinations, each with the largest prior in it, for the promising of `trials`."""
        self._pool += [t.patch for t in trials if t.verdict not in _DEAD and len(t.patch.edits) == 1]
        self._pool.sort(key=lambda patch: -patch.prior)
        del self._pool[_POOL:]
        for patch, trial in zip(batch, trials, strict=False):
            worth = self.promise(trial)
            if worth > 0 and len(patch.edits) < MAX_EDITS and self._is_progress(patch, worth):
                self._scores[patch.edits] = worth
                yield self._combined(patch, worth), patch.prior * worth

    def promise(self, trial: Trial) -> float:
        """Return how much nearer a patch came, 0 to 1: more so with every test that it turns green."""
        if trial.verdict in _DEAD:
            return 0.0
        if trial.verdict is Verdict.BROKE:
            return _BROKE
        green = len(trial.passed) / len(self._task.nodeids) if len(self._task.nodeids) > 1 else 0.0
        further = max((self._further(failure, trial.patch.template) for failure in trial.failures), default=0.0)
        # Tests run in order: one that turns green opens the way to the next failure, which was never looked at before.
        return min(1.0, 0.7 + 0.3 * green) if green else further

    def _is_progress(self, patch: Patch, worth: float) -> bool:
        """Whether the beam is wide enough for a patch, which must be better than any part of it."""
        parts = (self._scores.get((*patch.edits[:i], *patch.edits[i + 1 :]), 0.0) for i in range(len(patch.edits)))
        if len(patch.edits) > 1 and worth <= max(parts):
            return False
        size = len(patch.edits)
        self._taken[size] = self._taken.get(size, 0) + (worth < 0.7)
        return self._taken[size] <= _WIDTH

    def _further(self, failure: Failure, template: str) -> float:
        before = self._before.get(failure.nodeid)
        if before is None or failure.timed_out:
            return 0.0
        if before.exception != "AssertionError":
            # A second edit may make sense of what is nonsense alone, so that only the same failure promises nothing.
            if moved(before, failure) is False:
                return 0.0
            return _SILENCED if template.startswith(_SILENCING) else _FURTHER
        if failure.exception != "AssertionError":
            return 0.0
        if failure.right and before.right and failure.right != before.right:
            return _FURTHER  # the assertion with the other expected value is behind the one that failed
        gain = likeness(failure.left, failure.right) - likeness(before.left, before.right)
        return _NEARER * min(1.0, gain) if gain >= _LEAST_GAIN else 0.0

    def _combined(self, patch: Patch, worth: float) -> Iterator[Patch]:
        partners = sorted(self._pool, key=lambda other: self._rank(patch, other))
        for other in partners[:_PARTNERS]:
            if any(_touch(edit, other.edits[0]) for edit in patch.edits):
                continue
            yield Patch(
                (*patch.edits, *other.edits),
                patch.proposer,
                f"{patch.template}+{other.template}",
                f"{patch.rationale}; {other.rationale}",
                min(patch.prior, other.prior) * worth * 0.8,
            )

    def _rank(self, patch: Patch, other: Patch) -> tuple[bool, float]:
        """Return where a partner stands: first those in the same files that came nearer by themselves."""
        together = other.paths == patch.paths
        return not (together and other.edits in self._scores), -other.prior * together


def likeness(actual: str, expected: str) -> float:
    """Return how much alike the `repr`s of two values are, 0 to 1; of numbers, how near they are."""
    if not actual or not expected:
        return 0.0
    try:
        one, two = ast.literal_eval(actual), ast.literal_eval(expected)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        one, two = actual, expected
    if is_number(one) and is_number(two) and max(abs(one), abs(two)) < _LARGEST:
        return 1.0 / (1.0 + abs(float(one) - float(two)) / max(1.0, abs(float(two))))
    if type(one) is not type(two):
        return 0.0
    texts = (actual[:_SHORT], expected[:_SHORT])
    return 0.1 + 0.9 * difflib.SequenceMatcher(None, *texts, autojunk=False).ratio()


def _touch(one: Edit, other: Edit) -> bool:
    """Whether two edits may overlap: statement edits on one line, expressions whose texts meet."""
    if one.path != other.path:
        return False
    first, last = _lines(one)
    start, end = _lines(other)
    if last < start or end < first:
        return False
    if isinstance(one, ReplaceExpression) and isinstance(other, ReplaceExpression) and first == last == start == end:
        return one.column < other.column + len(other.old) and other.column < one.column + len(one.old)
    return True


def _lines(edit: Edit) -> tuple[int, int]:
    line = getattr(edit, "line", 0)
    return line, line + getattr(edit, "old", "").count("\n")
