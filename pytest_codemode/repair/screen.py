"""The first stage of judging: does the patch turn the task's failing tests green?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_codemode.core.failure import Failure, Phase, headline
from pytest_codemode.core.outcome import Candidate, Mode, RunRequest, Swap, TryRequest, TryResult
from pytest_codemode.core.patch import Applied
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict

_VERDICTS = {
    "passed": Verdict.PLAUSIBLE,
    "failed": Verdict.FAILED,
    "timeout": Verdict.TIMED_OUT,
    "crashed": Verdict.CRASHED,
    "not tried": Verdict.NOT_TRIED,
}

BACKSTOP = 3.0
"""Seconds of wall clock for each second of processor time: for what sleeps or waits for ever."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A patch that applies, is new, and that policy lets run."""

    applied: Applied
    swaps: tuple[Swap, ...]
    warnings: tuple[str, ...]

    def trial(self, verdict: Verdict, reason: str = "") -> Trial:
        """Return a trial of this patch."""
        return Trial(self.applied.patch, verdict, reason, warnings=self.warnings, fingerprint=self.applied.fingerprint)


def screen(sandbox: Sandbox, task: RepairTask, admitted: Sequence[Admitted], timeout_s: float) -> list[Trial]:
    """Try each patch on the failing tests and return its trial, in order.

    Tests run quickest first, the first one with every patch, the others only with those that pass it. A patch that
    passes some has these in `passed`, so that it can be kept for them.
    """
    if any(failure.when is Phase.COLLECT for failure in task.failures):
        return [_screen_collection(sandbox, task, one, timeout_s) for one in admitted]
    first, rest = task.nodeids[:1], task.nodeids[1:]
    trials = _trials(sandbox, admitted, first, timeout_s)
    ahead = [index for index, trial in enumerate(trials) if trial.plausible]
    if not rest or not ahead:
        return trials
    others = _trials(sandbox, [admitted[index] for index in ahead], rest, timeout_s)
    for index, other in zip(ahead, others, strict=True):
        passed = (*first, *other.passed)
        reason = "" if other.plausible else _partly(passed, task.nodeids, other.failures)
        trials[index] = replace(other, passed=passed, reason=reason or other.reason)
    return trials


def try_on(
    sandbox: Sandbox,
    admitted: Sequence[Admitted],
    nodeids: tuple[str, ...],
    timeout_s: float,
    cpu_s: float | None = None,
) -> tuple[TryResult, ...]:
    """Run `nodeids` with each patch, up to the first test that runs and does not pass."""
    candidates = tuple(Candidate(str(index), one.applied.files, one.swaps) for index, one in enumerate(admitted))
    return sandbox.try_patches(TryRequest(candidates, nodeids, timeout_s, cpu_s))


def _trials(sandbox: Sandbox, admitted: Sequence[Admitted], nodeids: tuple[str, ...], timeout_s: float) -> list[Trial]:
    # Processor time is the measure: on a busy machine the clock alone would take good patches for endless loops.
    results = try_on(sandbox, admitted, nodeids, BACKSTOP * timeout_s, timeout_s)
    return [_trial(one, result) for one, result in zip(admitted, results, strict=True)]


def _trial(one: Admitted, result: TryResult) -> Trial:
    failures = tuple(failure for test in result.results for failure in test.failures)
    reason = result.reason or (f"now: {headline(failures[0])}" if failures else "")
    passed = tuple(test.nodeid for test in result.results if test.outcome.green)
    trial = one.trial(_VERDICTS[result.status], reason)
    return replace(trial, passed=passed, failures=failures, duration_s=result.duration_s)


def _partly(passed: tuple[str, ...], nodeids: tuple[str, ...], failures: tuple[Failure, ...]) -> str:
    now = f"; now: {headline(failures[0])}" if failures else ""
    return f"turns {len(passed)} of {len(nodeids)} failing tests green{now}"


def _screen_collection(sandbox: Sandbox, task: RepairTask, one: Admitted, timeout_s: float) -> Trial:
    """Judge a patch for files that could not be collected: they must be, with at least one test that passes.

    Tests in such a file were never seen before, so that some of them may fail for causes of their own.
    """
    request = RunRequest(task.nodeids, one.applied.files, Mode.RELOAD, test_timeout_s=timeout_s)
    result = sandbox.run_tests(request)
    broken = {failure.nodeid: failure for failure in result.collection_errors}
    green = [r.nodeid for r in result.results if r.outcome.green]
    passed = tuple(n for n in task.nodeids if n not in broken and any(g.startswith(n) for g in green))
    if result.status == "finished" and len(passed) == len(task.nodeids):
        return replace(one.trial(Verdict.PLAUSIBLE), passed=passed, duration_s=result.duration_s)
    failures = result.collection_errors or tuple(f for r in result.results for f in r.failures)
    reason = result.reason or _partly(passed, task.nodeids, failures)
    return replace(one.trial(Verdict.FAILED, reason), passed=passed, failures=failures, duration_s=result.duration_s)
