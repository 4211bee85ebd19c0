"""What the process under watch says about its tests, believed as far as its end bears it out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pytest_codemode.core.codec import decode
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.worker.plan import Plan
from pytest_codemode.worker.schedule import Schedule

GRACE_S = 2.0
"""A test that was interrupted at its limit gets this long to report before it is killed."""


class Book:
    """Results of one run, over all the processes it took.

    A result is passed on only when its process went on to the next test or ended well: a claim of success by a process
    that dies right after it is worth nothing.
    """

    def __init__(self, emit: Callable[[TestResult], None], plan: Plan, run_s: float) -> None:
        """Listen to processes that carry out `plan`; none may claim more than `run_s` for one test."""
        self._emit = emit
        self._plan = plan
        self._run_s = run_s
        self._held: TestResult | None = None
        self._canary_seen = False
        self._canary_alive = False
        self.done: list[str] = []
        self.processes = -1
        """How many were expected so far."""
        self.errors: tuple[Failure, ...] = ()
        self.unfaithful = ""
        self.unstarted_status: int | None = None
        self.failed = False
        """Whether a result that is not green was passed on."""
        self._started = 0
        self._started_here = 0
        self._limit_s = 0.0
        self.begin()

    @property
    def canary_failed(self) -> bool | None:
        """Whether the test that must fail did so, once in each process; None if the plan has none."""
        return self._canary_seen and not self._canary_alive if self._plan.canary else None

    def running_test(self) -> tuple[int, float]:
        """Return which test is running, counted over all processes from 1, and its wall clock limit; 0 if none is."""
        return (self._started if self._schedule.running else 0), self._limit_s

    @property
    def has_predecessors(self) -> bool:
        """Whether the test to blame runs in a process that ran others before it and may still hold what they took."""
        to_blame = bool(self._schedule.running) or (self._held is not None and self._held.outcome.green)
        return to_blame and self._started_here > 1

    def begin(self) -> Plan:
        """Expect a new process, and return its orders."""
        self.finished = False
        self.processes += 1
        self.measured: list[str] = []
        """What the latest process measured, each a `core.measuring.Part` as JSON."""
        self._held = None
        self._token = os.urandom(16).hex()
        self._heard = 0
        self._started_here = 0
        self._canaries: list[TestResult] = []
        orders = replace(self._plan, done=tuple(self.done), token=self._token)
        self._schedule = Schedule(orders)
        self._wait(self._plan.test_s)
        return orders

    def note(self, message: dict[str, Any]) -> None:
        """Take one message.

        Raises:
            ValueError: it makes no sense, or somebody else has sent it.
        """
        if message.get("token") != self._token:
            raise ValueError("a message that is not its own")
        self._heard += 1
        if message.get("number") != self._heard:
            raise ValueError(f"message {self._heard} is missing")
        if self.finished:
            raise ValueError("a message after its end")
        handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "collected": self._on_collected,
            "start": self._on_start,
            "result": self._on_result,
            "end": self._on_end,
            "unstarted": self._on_unstarted,
            "unfaithful": self._on_unfaithful,
            "measured": self._on_measured,
        }
        said = str(message.get("say"))
        if said not in handlers:
            raise ValueError(f"unknown message {said[:40]!r}")
        handlers[said](message)

    def close(self, *, clean: bool, reason: str, timed_out: bool, lied: bool = False, output: str = "") -> None:
        """The process has ended.

        Args:
            clean: by itself, with status 0, after its `end` message.
            reason: how it ended.
            timed_out: a time limit ended it.
            lied: it said what cannot be: the run proves nothing, whatever other processes say.
            output: what the running test had printed.
        """
        self._judge_canary(clean=clean, lied=lied)
        if clean:
            self._release()
            return
        outcome = Outcome.TIMEOUT if timed_out else Outcome.CRASHED
        if running := self._schedule.running:
            self._pass_on(_blamed(TestResult(running, outcome), reason, output))
        elif self._held is not None and self._held.outcome.green:
            self._pass_on(_blamed(replace(self._held, outcome=outcome), reason))
        else:
            self._release()
        self._held = None

    def _on_collected(self, message: dict[str, Any]) -> None:
        self.errors = decode(tuple[Failure, ...], message.get("errors"), "errors")
        nodeids: tuple[str, ...] = decode(tuple[str, ...], message.get("nodeids"), "nodeids")
        self._schedule.fix(nodeids)
        self._wait(self._plan.test_s)

    def _on_start(self, message: dict[str, Any]) -> None:
        self._schedule.start(decode(str, message.get("nodeid"), "nodeid"))
        self._release()
        limit_s: float = decode(float, message.get("limit_s"), "limit_s")
        self._limit_s = min(limit_s, self._run_s)
        self._started += 1
        self._started_here += 1
        self._wait(self._limit_s)

    def _on_result(self, message: dict[str, Any]) -> None:
        result: TestResult = decode(TestResult, message.get("result"), "result")
        if result.outcome is Outcome.MISSING and not self._schedule.running:
            self._schedule.miss(result.nodeid)
            self._pass_on(result)
            return
        self._schedule.finish(result.nodeid, green=result.outcome.green)
        self._held = result
        if self._is_canary(result.nodeid):
            self._canaries.append(result)
        self._wait(self._plan.test_s)

    def _on_end(self, _message: dict[str, Any]) -> None:
        self._schedule.end()
        self.finished = True

    def _on_unstarted(self, message: dict[str, Any]) -> None:
        if self._schedule.fixed:
            return  # a test ended the session, as `pytest.exit` does: its process ends without `end`
        self.errors = decode(tuple[Failure, ...], message.get("errors"), "errors")
        self.unstarted_status = decode(int, message.get("status"), "status")

    def _on_unfaithful(self, message: dict[str, Any]) -> None:
        reason: str = decode(str, message.get("reason"), "reason")
        self.unfaithful = reason or "unfaithful"

    def _on_measured(self, message: dict[str, Any]) -> None:
        if self._plan.measure is None:
            raise ValueError("nothing was to be measured")
        self.measured.append(decode(str, message.get("part"), "part"))
        self._wait(self._plan.test_s)

    def _wait(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds + GRACE_S
        """`time.monotonic()` at which the process must have said its next word."""

    def _is_canary(self, nodeid: str) -> bool:
        return bool(self._plan.canary) and nodeid.rpartition("::")[2] == self._plan.canary

    def _judge_canary(self, *, clean: bool, lied: bool) -> None:
        """Ask that this process ran it to its own failure, once; one that died early may not have come to it."""
        failures = sum(_failed_by_itself(result) for result in self._canaries)
        if lied or failures != len(self._canaries) or (clean and failures != 1):
            self._canary_alive = True
        self._canary_seen = self._canary_seen or (clean and failures == 1)

    def _release(self) -> None:
        if self._held is not None:
            self._pass_on(self._held)
            self._held = None

    def _pass_on(self, result: TestResult) -> None:
        if self._is_canary(result.nodeid):
            return
        self.done.append(result.nodeid)
        self.failed = self.failed or not result.outcome.green
        self._emit(result)


def _failed_by_itself(canary: TestResult) -> bool:
    """Whether it failed as it must, or in a fixture that fails for every test of its module."""
    name = canary.nodeid.rpartition("::")[2]
    return canary.outcome is Outcome.FAILED and any(
        failure.when is Phase.SETUP or (failure.when is Phase.CALL and name in failure.message)
        for failure in canary.failures
    )


def _blamed(result: TestResult, reason: str, output: str = "") -> TestResult:
    timed_out = result.outcome is Outcome.TIMEOUT
    kind = "Timeout" if timed_out else "Crashed"
    failure = Failure(result.nodeid, Phase.CALL, kind, reason, output=output, timed_out=timed_out)
    return replace(result, failures=(failure,))
