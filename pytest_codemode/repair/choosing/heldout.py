"""Cases of a parametrised test that the search is not shown: what fits only the others has learnt them by heart."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from pytest_codemode.core.failure import Phase
from pytest_codemode.core.observed import without_failing_values
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict

ENOUGH_CASES = 4
"""Failing cases of one test function from which on some are held back."""
ONE_IN = 3


def held_out(task: RepairTask) -> tuple[str, ...]:
    """Return every third failing case of each test function that fails in four cases or more."""
    if any(failure.when is Phase.COLLECT for failure in task.failures):
        return ()
    cases: dict[str, list[str]] = {}
    for nodeid in task.nodeids:
        function, bracket, _ = nodeid.partition("[")
        if bracket:
            cases.setdefault(function, []).append(nodeid)
    return tuple(n for ids in cases.values() if len(ids) >= ENOUGH_CASES for n in ids[ONE_IN - 1 :: ONE_IN])


def picks_cases(task: RepairTask, trial: Trial) -> bool:
    """Return whether a patch turns less than half of a test function's failing cases green, and so fits these alone."""
    failing = Counter(nodeid.partition("[")[0] for nodeid in task.nodeids)
    green = Counter(nodeid.partition("[")[0] for nodeid in trial.passed)
    return any(2 * count < failing[function] for function, count in green.items())


def held_last(task: RepairTask, held: tuple[str, ...]) -> RepairTask:
    """Return the task with the failures of `held` behind the others."""
    return replace(task, failures=tuple(sorted(task.failures, key=lambda failure: failure.nodeid in held)))


def shown(task: RepairTask, held: tuple[str, ...]) -> RepairTask:
    """Return the task as a proposer gets it."""
    failures = tuple(failure for failure in task.failures if failure.nodeid not in held)
    return replace(task, failures=failures, observed=without_failing_values(task.observed) if held else task.observed)


def suspected(task: RepairTask, trial: Trial, held: tuple[str, ...]) -> bool:
    """Return whether a patch passes everything that the search was shown and fails on the first case held back."""
    passed = frozenset(trial.passed)
    wanted = frozenset(task.nodeids) - frozenset(held)
    return bool(held) and trial.verdict is Verdict.FAILED and wanted <= passed and not passed & frozenset(held)


def overfit(trial: Trial, held: tuple[str, ...]) -> Trial:
    """Return the trial of a patch that passes all cases but those held back."""
    cases = f"{held[0]}, a case that was" if len(held) == 1 else f"any of the {len(held)} cases that were"
    reason = f"passes the {len(trial.passed)} cases that the search was shown, but not {cases} held back"
    return replace(trial, verdict=Verdict.OVERFIT, reason=reason)


def veiled(trial: Trial, held: tuple[str, ...]) -> Trial:
    """Return the trial without what it tells of the cases held back."""
    if not held:
        return trial
    failures = tuple(failure for failure in trial.failures if failure.nodeid not in held)
    reason = trial.reason
    if trial.verdict is Verdict.OVERFIT:
        reason = "passes every case that was shown and none of those held back: it fits the cases, not the rule"
    elif trial.verdict is Verdict.FAILED and failures != trial.failures:
        reason = "does not pass every case of the failing test"
    return replace(
        trial,
        passed=tuple(nodeid for nodeid in trial.passed if nodeid not in held),
        failures=failures,
        reason=reason,
    )
