"""Judge many candidates on one test in one process: swap, run, put back, next.

A pass claims nothing (the supervisor judges it again in a fork of its own); what has to be right is a failure. So each
candidate must find the state that the first one found. What the project's modules hold is noted and put back; from time
to time the unpatched test must still fail by the same; at the first doubt the process says so and ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from pytest_codemode.core.codec import encode
from pytest_codemode.core.outcome import Outcome, Swap, TestResult
from pytest_codemode.worker.calibration import VARYING
from pytest_codemode.worker.exchange import Unfaithful
from pytest_codemode.worker.executed import recorder
from pytest_codemode.worker.plan import Plan, Say, Setup
from pytest_codemode.worker.runner import Runner
from pytest_codemode.worker.shortcut import Shortcut, is_plain, renew
from pytest_codemode.worker.slim import SlimReports
from pytest_codemode.worker.swap import LiveIndex
from pytest_codemode.worker.traces import Doubt, Traces

FIRST_CHECK, LATEST_CHECK = 16, 128
"""Candidates between two looks at everything: few at first, twice as many after each that found nothing."""


class Batch:
    """One process's batch. Everything here runs among the candidates: only its word on a failure is taken."""

    def __init__(self, setup: Setup, index: LiveIndex, plan: Plan, say: Say) -> None:
        self._cpu_s = setup.project.limits.test_cpu_s
        self._index = index
        self._plan = plan
        self._say = say

    def run(self, test: BatchedTest) -> None:
        """Judge the candidates of the plan, up to the first doubt."""
        try:
            test.begin()
        except Doubt as doubt:
            self._say({"say": "unfit", "reason": str(doubt)})
            return
        self._say({"say": "fit"})
        try:
            self._judge_all(test)
        except Doubt as doubt:
            self._say({"say": "doubt", "reason": str(doubt)})

    def _judge_all(self, test: BatchedTest) -> None:
        """Judge one after the other.

        Raises:
            Doubt: about the last one, or, while everything is looked at, about all since the last such look.
        """
        unchecked, interval = 0, FIRST_CHECK
        for left in range(len(self._plan.batch) - 1, -1, -1):
            outcome = self._judge(test, self._plan.batch[-1 - left])
            test.traces.settle()
            unchecked += 1
            # Processor time is counted for the process: the next one shall not get less than it may use.
            spent = time.process_time() > self._cpu_s / 2
            if unchecked == interval or not left or spent or outcome is Outcome.TIMEOUT:
                self._say({"say": "checking"})
                test.check()
                self._say({"say": "good"})
                unchecked, interval = 0, min(2 * interval, LATEST_CHECK)
            if spent:
                return

    def _judge(self, test: BatchedTest, swaps: tuple[Swap, ...]) -> Outcome | None:
        try:
            with self._index.installed(swaps):
                result = test.judge()
        except Unfaithful as problem:
            self._say({"say": "unfaithful", "reason": str(problem)})
            return None
        self._say({"say": "verdict", "result": encode(result)})
        return result.outcome


class BatchedTest:
    """The test that candidates are judged on, and how it fails without any."""

    def __init__(self, item: Any, traces: Traces, runner: Runner, slim: SlimReports) -> None:
        self._item = item
        self.traces = traces
        self._runner = runner
        self._slim = slim
        self.judge: Callable[[], TestResult] = self._whole
        """Runs it, in the shortest way that shows the same failure as pytest's whole protocol."""

    def begin(self) -> None:
        """Run it as it is.

        Raises:
            Doubt: it leaves traces, does not fail, or not the same way each time.
        """
        executed = recorder()
        executed.start()
        try:
            first = self._whole()
        finally:
            codes = executed.stop()
        if first.outcome is not Outcome.FAILED:
            raise Doubt(f"unpatched, it is {first.outcome.value}")
        self._failure = _signature(first)
        self.traces.begin(codes, first.duration_s)
        self._take_shortcut()
        if _signature(self.judge()) != self._failure:
            raise Doubt("unpatched, it does not fail by the same each time")
        self.traces.settle()
        self.traces.learn()

    def check(self) -> None:
        """Look at everything, and run it as it is.

        Raises:
            Doubt: something is not as it was.
        """
        self.traces.check()
        if _signature(self.judge()) != self._failure:
            raise Doubt("unpatched, it fails otherwise or not at all")
        self.traces.settle()

    def _take_shortcut(self) -> None:
        if is_plain(self._item):
            shortcut = Shortcut(self._item, self._slim, self._runner.comparison)
            if _signature(shortcut.judge()) == self._failure:
                self.judge = shortcut.judge
            else:
                shortcut.close()
            self.traces.settle()

    def _whole(self) -> TestResult:
        renew(self._item)
        return self._runner.judge(self._item)


def batched(items: list[pytest.Item], plan: Plan) -> pytest.Function | None:
    """Return the test of the plan if it may run more than once: other kinds keep what a run leaves in the item."""
    wanted = (plan.nodeids or ("",))[0]
    item = next((item for item in items if item.nodeid == wanted), None)
    return item if isinstance(item, pytest.Function) else None


def _signature(result: TestResult) -> tuple[object, ...]:
    failures = ((one.when, one.exception, one.message, one.left, one.right) for one in result.failures)
    return result.outcome, [tuple(VARYING.sub("", str(part)) for part in failure) for failure in failures]
