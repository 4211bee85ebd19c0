"""Reports of one test, as pytest sends them, to one `TestResult`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pytest_codemode.core.codec import decode
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Outcome, PhaseResult, TestResult
from pytest_codemode.worker.recorder import output_of


def result_of(nodeid: str, reports: Sequence[pytest.TestReport], duration_s: float) -> TestResult:
    """Return what the phases' reports (subtests included) say together about one test."""
    failed = [report for report in reports if report.failed]
    failures = tuple(failure for report in failed for failure in _failures(report))
    return TestResult(nodeid, _outcome(reports, failures), duration_s, failures)


def phases_of(reports: Sequence[pytest.TestReport], *, output: bool) -> tuple[PhaseResult, ...]:
    """Return each phase, with what it printed if `output`; of a test that was run again, as some plugins do, the last.

    Subtests report beside the call they are part of.
    """
    last = {report.when: report for report in reports if getattr(report, "context", None) is None}
    return tuple(
        PhaseResult(Phase(when), report.outcome, report.duration, output_of(report, when) if output else "")
        for when, report in last.items()
        if when is not None
    )


def _failures(report: Any) -> list[Failure]:
    """Return them; a slim report has them as they are, as it never leaves its process."""
    given = getattr(report, "codemode_failures", ())
    return [one if isinstance(one, Failure) else decode(Failure, one) for one in given]


def _outcome(reports: Sequence[pytest.TestReport], failures: Sequence[Failure]) -> Outcome:
    if any(failure.timed_out for failure in failures):
        return Outcome.TIMEOUT
    if any(report.failed for report in reports):
        return Outcome.FAILED
    if any(report.skipped and hasattr(report, "wasxfail") for report in reports):
        return Outcome.XFAILED
    calls = [report for report in reports if report.when == "call" and getattr(report, "context", None) is None]
    if any(hasattr(report, "wasxfail") for report in calls):
        return Outcome.XPASSED
    if any(report.skipped for report in reports if getattr(report, "context", None) is None):
        return Outcome.SKIPPED
    phases = {report.when for report in reports if report.passed}
    return Outcome.PASSED if phases >= {"setup", "call", "teardown"} else Outcome.MISSING
