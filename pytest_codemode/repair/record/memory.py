"""What was judged, by fingerprint: no candidate that was rejected is judged twice, over all parts of a run.

Not so one that was rejected for the time it took, which may have been the machine's fault, and what passed the last
stages: such patches are few, and what is kept should not rest on a record alone.

A part ends where the run is interrupted or killed. What is known of the earlier parts comes from their record; what is
learnt now is added to it at once, so that a kill loses no more than what was under way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from pytest_codemode.core.budget import Budget
from pytest_codemode.core.events import Event, TrialsJudged
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.patch import Files
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Judged, Trial, Verdict

Stage = Literal["tried", "cases", "guarded", "checked"]
MAX_MESSAGE = 4_000
"""Characters of a failure's message that are kept; screening has fewer in any case."""

_Known = tuple[Judged, tuple[Failure, ...]]


class Memory:
    """Of one run.

    Args:
        past: the record of its earlier parts.
        budget: tells what is used by now.
        keep: adds an event to the record.
    """

    def __init__(self, past: Iterable[Event], budget: Budget, keep: Callable[[Event], None]) -> None:
        self._known: dict[tuple[str, Stage, str], _Known] = {}
        self._budget = budget
        self._keep = keep
        for event in past:
            if isinstance(event, TrialsJudged):
                self._learn(replace(event, trials=tuple(one for one in event.trials if _stands(event.stage, one))))

    def __len__(self) -> int:
        return sum(stage == "tried" for _, stage, _ in self._known)

    def _learn(self, event: TrialsJudged) -> None:
        for judged in event.trials:
            if all(0 <= index < len(event.failures) for index in judged.failures):
                failures = tuple(event.failures[index] for index in judged.failures)
                self._known.setdefault((event.scope, event.stage, judged.fingerprint), (judged, failures))

    def recall(self, scope: str, stage: Stage, trial: Trial) -> Trial | None:
        """Return `trial` as this stage has left it, None if it was not there yet."""
        known = self._known.get((scope, stage, trial.fingerprint))
        if known is None:
            return None
        judged, failures = known
        return replace(
            trial,
            verdict=judged.verdict,
            reason=judged.reason,
            passed=judged.passed,
            failures=failures,
            broke=judged.broke,
            warnings=judged.warnings,
            duration_s=judged.duration_s,
        )

    def note(self, scope: str, stage: Stage, trials: Sequence[Trial]) -> None:
        """Take down what a stage has made of `trials`."""
        table: dict[Failure, int] = {}
        judged = [_judged(one, table) for one in trials if one.fingerprint and one.verdict is not Verdict.NOT_TRIED]
        if not judged:
            return
        spent = self._budget.spent
        event = TrialsJudged(
            scope, stage, tuple(judged), tuple(table), spent.time_s, spent.usd, spent.tokens, spent.requests
        )
        self._learn(event)
        self._keep(event)


def scope_of(task: RepairTask, overlay: Files) -> str:
    """Return what a patch's fingerprint stands for more than itself: the failing tests, and the tree below it."""
    digest = hashlib.sha256()
    for nodeid in sorted(task.nodeids):
        digest.update(nodeid.encode("utf-8", "surrogatepass") + b"\0")
    for path in sorted(overlay):
        digest.update(b"\0" + path.encode("utf-8", "surrogatepass") + b"\0" + hashlib.sha256(overlay[path]).digest())
    return digest.hexdigest()[:16]


def _stands(stage: Stage, judged: Judged) -> bool:
    """Return whether a later part of the run takes the verdict as it is."""
    passed_last = judged.verdict is Verdict.PLAUSIBLE and stage in ("guarded", "checked")
    return judged.verdict is not Verdict.TIMED_OUT and not passed_last


def _judged(trial: Trial, table: dict[Failure, int]) -> Judged:
    bare = {"frames": (), "output": "", "duration_s": 0.0, "samples": None}
    kept = (replace(one, message=one.message[:MAX_MESSAGE], **bare) for one in trial.failures)  # type: ignore[arg-type]
    return Judged(
        trial.fingerprint,
        trial.verdict,
        trial.reason,
        trial.passed,
        tuple(table.setdefault(failure, len(table)) for failure in kept),
        trial.broke,
        trial.warnings,
        trial.duration_s,
    )


def nowhere(budget: Budget) -> Memory:
    """Return a memory that ends with the process."""
    return Memory((), budget, lambda event: None)
