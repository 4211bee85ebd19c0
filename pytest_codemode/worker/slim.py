"""Failure reports without pytest's traceback rendering, which costs more than most failing tests themselves."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.worker.recorder import CollectionRecorder, Comparisons, causes_of, entries_of, is_timeout
from pytest_codemode.worker.reprs import guarded_text

MAX_SLIM_MESSAGE = 400


class SlimReports(CollectionRecorder):
    """pytest plugin, to be registered after pytest's own: answers for failing phases only.

    Not `tryfirst`: unittest's implementation, which is, puts the real exception into `call` first.
    """

    def __init__(self, rootdir: str) -> None:
        super().__init__(rootdir)
        self.active = True
        """Whether to record anything: registering a plugin costs 1 ms, so that a zygote holds both recorders."""
        self._comparisons = Comparisons()

    @pytest.hookimpl(tryfirst=True)
    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> list[str] | None:
        """Note the operands and stop pytest from explaining the difference."""
        if not self.active:
            return None
        self._comparisons.note(op, left, right, sys._getframe(1))
        return []

    @pytest.hookimpl
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport | None:
        """Return a slim report of a failure; everything else is pytest's."""
        excinfo = call.excinfo
        if not self.active or excinfo is None or isinstance(excinfo.value, pytest.skip.Exception | BaseExceptionGroup):
            return None
        report: Any = pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords={},
            outcome="failed",
            longrepr="",
            when=call.when,  # type: ignore[arg-type]
            duration=call.duration,
            start=call.start,
            stop=call.stop,
        )
        report.codemode_failures = [self.failure(item.nodeid, call)]
        return report  # type: ignore[no-any-return]

    def failure(self, nodeid: str, call: pytest.CallInfo[None]) -> Failure:
        """Return what the phase `call` failed by."""
        assert call.excinfo is not None
        problem = call.excinfo.value
        message = guarded_text(problem, MAX_SLIM_MESSAGE)
        timed_out = is_timeout(problem, message)
        left, operator, right = self._comparisons.of(entries_of(problem.__traceback__))
        self._comparisons.forget()
        return Failure(
            nodeid=nodeid,
            when=Phase(call.when),
            exception="Timeout" if timed_out else type(problem).__name__,
            message=message,
            left=left,
            operator=operator,
            right=right,
            duration_s=call.duration,
            timed_out=timed_out,
            causes=causes_of(problem),
        )
