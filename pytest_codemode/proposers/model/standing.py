"""How far a patch got, as a value that can be compared: what progress is in a dialogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict

_ORDER = (
    (Verdict.NOT_TRIED, Verdict.DUPLICATE),
    (Verdict.UNAPPLICABLE,),
    (Verdict.REFUSED,),
    (Verdict.CRASHED, Verdict.TIMED_OUT),
    (Verdict.FAILED, Verdict.OVERFIT),
    (Verdict.BROKE,),
    (Verdict.PLAUSIBLE,),
)
_RANK = {verdict: rank for rank, verdicts in enumerate(_ORDER) for verdict in verdicts}


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """Compared field by field: a later one counts only where those before are equal."""

    rank: int
    """Of the verdict."""
    passed: int
    """Failing tests of the task that pass."""
    line: int
    """Where the first test that still fails does, in its own file: further down is further along."""
    asserts: bool
    """Whether that is in the test itself rather than in code it calls."""


def standing(task: RepairTask, trial: Trial) -> Standing:
    """Return how far `trial` got."""
    return Standing(_RANK[trial.verdict], len(trial.passed), *_reached(task, trial.failures))


def before(task: RepairTask) -> Standing:
    """Return how far the unpatched code gets."""
    hung = all(failure.timed_out for failure in task.failures)
    verdict = Verdict.TIMED_OUT if hung else Verdict.FAILED
    return Standing(_RANK[verdict], 0, *_reached(task, task.failures))


def _reached(task: RepairTask, failures: Sequence[Failure]) -> tuple[int, bool]:
    of_task = frozenset(task.nodeids)
    first = next((failure for failure in failures if failure.nodeid in of_task), None)
    if first is None or not first.frames:
        return 0, False
    path = first.nodeid.partition("::")[0]
    return line_in_test(first), first.frames[-1].path == path


def line_in_test(failure: Failure) -> int:
    """Return the line of the test's own file where it fails, 0 if unknown: the first frame in it is the test's."""
    path = failure.nodeid.partition("::")[0]
    return next((frame.line for frame in failure.frames if frame.path == path), 0)
