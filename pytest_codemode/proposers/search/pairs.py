"""The second round: patches that changed the failure for the better, two at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.patch import Edit, Patch, ReplaceExpression
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict

_PARTNERS = 150
"""Other patches that a promising one is combined with."""
_PROMISING = 40
"""Promising patches that are combined at all."""
_SILENCING = ("culprits.", "guards.")
"""Families that any exception gives way to, so that another failure says little."""
_DEAD = frozenset({Verdict.PLAUSIBLE, Verdict.UNAPPLICABLE, Verdict.REFUSED, Verdict.DUPLICATE, Verdict.NOT_TRIED})


class Pairs:
    """Remembers what was tried and says which pairs are worth trying."""

    def __init__(self, task: RepairTask) -> None:
        self._task = task
        self._before = {failure.nodeid: failure for failure in reversed(task.failures)}
        self._pool: list[Patch] = []
        self._promising = 0

    def learn(self, batch: Sequence[Patch], trials: Sequence[Trial]) -> Iterator[tuple[Iterator[Patch], float]]:
        """Yield streams of pairs, each with the largest prior in it, for the promising of `trials`."""
        self._pool += [trial.patch for trial in trials if trial.verdict not in _DEAD]
        self._pool.sort(key=lambda patch: -patch.prior)
        del self._pool[600:]
        for patch, trial in zip(batch, trials, strict=False):
            worth = self.promise(trial)
            if worth > 0 and len(patch.edits) == 1 and self._promising < _PROMISING:
                self._promising += worth < 1.0
                yield self._combined(patch, worth), patch.prior * worth

    def promise(self, trial: Trial) -> float:
        """Return how much nearer a patch came, 0 to 1: tests turned green, or another failure than before."""
        if trial.verdict in _DEAD or trial.verdict in (Verdict.TIMED_OUT, Verdict.CRASHED):
            return 0.0
        if trial.verdict is Verdict.BROKE:
            return 0.5
        if trial.passed:
            return 1.0 if len(self._task.nodeids) > 1 else 0.0
        moved = [failure for failure in trial.failures if self._moved(failure)]
        silenced = trial.patch.template.startswith(_SILENCING)
        return (0.15 if silenced else 0.4) if moved else 0.0

    def _moved(self, failure: Failure) -> bool:
        """Whether an error gave way to another one, further on, or to a plain wrong value."""
        before = self._before.get(failure.nodeid)
        if before is None or before.exception == "AssertionError":
            return False
        return (failure.exception, failure.message) != (before.exception, before.message)

    def _combined(self, patch: Patch, worth: float) -> Iterator[Patch]:
        partners = sorted(self._pool, key=lambda other: -other.prior * (other.paths == patch.paths))
        for other in partners[:_PARTNERS]:
            if other is not patch and len(other.edits) == 1 and not _touch(patch.edits[0], other.edits[0]):
                prior = min(patch.prior, other.prior) * worth * 0.8
                yield Patch(
                    (*patch.edits, *other.edits),
                    patch.proposer,
                    f"{patch.template}+{other.template}",
                    f"{patch.rationale}; {other.rationale}",
                    prior,
                )


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
