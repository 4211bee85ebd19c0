"""What a run tried, and when: material for the report, which decides nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from pytest_codemode.core.budget import Budget
from pytest_codemode.core.report import Moment, Tried
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.describe import where
from pytest_codemode.repair.localisation.learning import moves

Reached = Literal["refused", "unchanged", "moved", "partly", "broke", "passed"]
"""How far a candidate got; the field of `Tried` that counts it."""

STEPS: tuple[Reached, ...] = ("refused", "unchanged", "moved", "partly", "broke", "passed")
"""From the start to the end."""
KEPT_MOMENTS = 300
KEPT_TRIED = 400
"""Of one task: pairs of operator and line, those that got furthest first."""
_NOT_JUDGED = (Verdict.DUPLICATE, Verdict.NOT_TRIED)
_ENDS: dict[Verdict, Reached] = {
    Verdict.REFUSED: "refused",
    Verdict.UNAPPLICABLE: "refused",
    Verdict.BROKE: "broke",
    Verdict.OVERFIT: "broke",
    Verdict.PLAUSIBLE: "passed",
}


def reached(task: RepairTask, trial: Trial) -> Reached | None:
    """Return how far the patch of `trial` got; None if it was not judged."""
    if trial.verdict in _NOT_JUDGED:
        return None
    if trial.verdict in _ENDS:
        return _ENDS[trial.verdict]
    if trial.passed:
        return "partly"
    return "moved" if moves(task, trial) else "unchanged"


class History:
    """Counts candidates by operator and line, and notes what had been used at every turn of the run."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._counts: dict[str, Counter[tuple[str, int, str, Reached]]] = {}
        self._furthest: dict[str, int] = {}
        self._moments: list[Moment] = []
        self._stage = ""

    def stage(self, name: str) -> None:
        """Note that the run is at another stage, unless it is there already."""
        if name != self._stage:
            self._stage = name
            self._add("", "stage", name)

    def note(self, task: RepairTask, trials: Sequence[Trial]) -> None:
        """Note what came of one batch."""
        counts = self._counts.setdefault(task.key, Counter())
        best: Trial | None = None
        furthest = self._furthest.get(task.key, STEPS.index("unchanged"))
        for trial in trials:
            step = reached(task, trial)
            if step is None:
                continue
            edit = trial.patch.edits[0]
            line = getattr(edit, "line", 0) or 1  # a whole definition has none
            counts[edit.path, line, trial.patch.template or trial.patch.proposer, step] += 1
            if STEPS.index(step) > furthest:
                furthest, best = STEPS.index(step), trial
        if best is not None:
            self._furthest[task.key] = furthest
            what: Literal["patch", "nearer"] = "patch" if best.plausible else "nearer"
            self._add(task.key, what, f"{where(best.patch)} {best.patch.template or best.patch.proposer}")
        elif trials:
            self._add(task.key, "tried", f"{where(trials[-1].patch)} {trials[-1].patch.template}".rstrip())

    def tried(self, key: str) -> tuple[Tried, ...]:
        """Return what came of a task's candidates, those that got furthest first."""
        counts = self._counts.get(key, Counter())
        places = {(path, line, operator) for path, line, operator, _ in counts}
        found = [Tried(*at, *(counts[*at, step] for step in STEPS)) for at in places]
        return tuple(sorted(found, key=_furthest_first)[:KEPT_TRIED])

    def timeline(self) -> tuple[Moment, ...]:
        """Return what happened, in order, with what had been used by then."""
        spent = self._budget.spent
        last = Moment(spent.time_s, spent.candidates, spent.usd, "", "stage", "end")
        return (*self._moments, last) if self._moments else ()

    def _add(self, task: str, what: Literal["stage", "tried", "nearer", "patch"], text: str) -> None:
        spent = self._budget.spent
        self._moments.append(Moment(round(spent.time_s, 3), spent.candidates, spent.usd, task, what, text))
        if len(self._moments) > KEPT_MOMENTS:
            thinner = list(_thinned(self._moments))
            if len(thinner) > KEPT_MOMENTS * 3 // 4:  # many turns and little between them: those in the middle go
                thinner = thinner[: KEPT_MOMENTS // 4] + thinner[-KEPT_MOMENTS // 4 :]
            self._moments = thinner


def _furthest_first(one: Tried) -> tuple[object, ...]:
    counts = (one.passed, one.broke, one.partly, one.moved, one.unchanged)
    return (*(-count for count in counts), one.path, one.line, one.operator)


def _thinned(moments: Iterable[Moment]) -> Iterable[Moment]:
    """Yield all that tell more than the use, and every second of the others."""
    keep = False
    for moment in moments:
        if moment.what == "tried":
            keep = not keep
            if not keep:
                continue
        yield moment
