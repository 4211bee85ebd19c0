"""The supervisor's side of candidates: each on its tests, by the cheapest way that is faithful, nothing left of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

from pytest_codemode.core.codec import encode
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Candidate, Outcome, TestResult, TryRequest, TryResult
from pytest_codemode.core.project import Limits
from pytest_codemode.worker.batches import Batches, Known
from pytest_codemode.worker.calibration import Calibration
from pytest_codemode.worker.held import Unforkable
from pytest_codemode.worker.launching import Launched
from pytest_codemode.worker.plan import Plan
from pytest_codemode.worker.running import Finish, Runs
from pytest_codemode.worker.tree import Tree
from pytest_codemode.worker.watch import Watch

Launch = Callable[[Plan], Launched]
RunCold = Callable[[Plan, Callable[[TestResult], None], float, int | None], Finish]
"""Runs a plan in fresh interpreters, given who hears the results, the wall clock in seconds and a hash seed."""


class Trials:
    """Carries out requests, one at a time."""

    def __init__(
        self,
        limits: Limits,
        watch: Watch,
        runs: Runs,
        tree: Tree,
        *,
        swapped: Launch,
        reloaded: Launch,
        cold: RunCold,
        clean_up: Callable[[], None],
    ) -> None:
        """Start processes with `swapped` (a fork of the session), `reloaded` (from the files on disk) or `cold`."""
        self._limits = limits
        self._runs = runs
        self._tree = tree
        self._swapped = swapped
        self._reloaded = reloaded
        self._cold = cold
        self._clean_up = clean_up
        self._calibration = Calibration()
        self._batches = Batches(limits, watch, swapped, clean_up)

    def run(self, request: TryRequest, say: Callable[[dict[str, Any]], None], *, cold: bool) -> None:
        """Try the candidates of `request`, and tell `say` of each result.

        Raises:
            Interrupted: the host gave up.
        """
        if not cold:
            asked = request
            request = self._calibration.settle(asked, lambda candidate: self._tried_apart(candidate, asked))
        known = Known() if cold else self._batches.known(request)
        for candidate in request.candidates:
            result = known.results.get(candidate.key)
            if result is None:
                swaps = () if candidate.key in known.from_disk else candidate.swaps
                result = self._tried_apart(replace(candidate, swaps=swaps), request, cold=cold)
            say({"say": "tried", "result": encode(result)})
            if request.stop_at_pass and result.status == "passed":
                break

    def _tried_apart(self, candidate: Candidate, request: TryRequest, *, cold: bool = False) -> TryResult:
        """Try it in a process of its own, and leave nothing of it."""
        started = time.monotonic()
        strategy, results, finish = self._tried_on(candidate, request, cold=cold)
        self._clean_up()
        return TryResult(
            key=candidate.key,
            status=_status(request.nodeids, results, finish),
            strategy=strategy,
            results=tuple(results),
            reason=finish.reason or _first_error(finish.book.errors),
            duration_s=time.monotonic() - started,
        )

    def _tried_on(
        self, candidate: Candidate, request: TryRequest, *, cold: bool
    ) -> tuple[Literal["swap", "reload", "cold"], list[TestResult], Finish]:
        test_s = request.test_timeout_s or self._limits.test_s
        plan = Plan(
            test_s=test_s,
            test_cpu_s=request.test_cpu_s,
            nodeids=request.nodeids,
            as_given=True,
            stop_at_failure=True,
            slim=True,
        )
        run_s = self._limits.run_s
        results: list[TestResult] = []
        if cold:
            self._tree.write(candidate.files)
            plan = replace(plan, writable=True)
            finish = self._cold(plan, results.append, run_s, None)
            return "cold", results, finish
        if candidate.swaps:
            with suppress(Unforkable):
                finish = self._runs.run(replace(plan, swaps=candidate.swaps), results.append, run_s, self._swapped)
                if not finish.book.unfaithful and finish.status != "failed":
                    return "swap", results, finish
            results.clear()
        with self._tree.patched(candidate.files):
            finish = self._runs.run(plan, results.append, run_s, self._reloaded)
        return "reload", results, finish


def _status(
    nodeids: tuple[str, ...], results: list[TestResult], finish: Finish
) -> Literal["passed", "failed", "timeout", "crashed"]:
    outcomes = {result.nodeid: result.outcome for result in results}
    if finish.status == "finished" and all(outcomes.get(nodeid) is Outcome.PASSED for nodeid in nodeids):
        return "passed"
    if Outcome.TIMEOUT in outcomes.values() or "time limit" in finish.reason:
        return "timeout"
    if Outcome.CRASHED in outcomes.values() or (finish.status != "finished" and not finish.book.errors):
        return "crashed"
    return "failed"


def _first_error(errors: tuple[Failure, ...]) -> str:
    return f"{errors[0].exception}: {errors[0].message[:200]}" if errors else ""
