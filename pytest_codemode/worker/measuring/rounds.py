"""The supervisor's side of measuring a run: a process that died measured nothing, so what ended it is left out."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_codemode.core.codec import encode
from pytest_codemode.core.exploring import MeasureRequest, MeasureResult
from pytest_codemode.core.measuring import Part
from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.core.project import Limits
from pytest_codemode.worker.plan import Measuring, Plan
from pytest_codemode.worker.running import Finish

RunCold = Callable[[Plan, Callable[[TestResult], None], float], Finish]
Tell = Callable[[dict[str, Any]], None]

_ENDED = (Outcome.CRASHED, Outcome.TIMEOUT)
_MOST_NAMED = 3


def measure(request: MeasureRequest, limits: Limits, run: RunCold, tell: Tell) -> MeasureResult:
    """Run the request's tests and tell each outcome as it comes and each `Part` at the end; the rest is returned.

    Args:
        request: whose files lie in the tree.
        limits: of the project.
        run: runs a plan in fresh interpreters, for so many seconds.
        tell: sends a message to the host.
    """
    started = time.monotonic()
    run_s = request.timeout_s or limits.run_s
    first = _Heard(lambda result: tell({"say": "tested", "nodeid": result.nodeid, "outcome": result.outcome.value}))
    finish = run(_plan(request, limits), first, run_s)
    heard = finish.book.canary_failed
    notes: tuple[str, ...] = ()
    if finish.status == "finished" and (finish.book.processes > 1 or not finish.book.finished) and first.ended:
        notes = (_left_out(first.ended),)
        plan = replace(_plan(request, limits), nodeids=tuple(first.whole), extra=())
        finish = run(plan, _Heard(), max(run_s - (time.monotonic() - started), 1.0))
    book = finish.book
    for text in book.measured:
        tell({"say": "part", "part": text})
    status, reason = finish.status, finish.reason
    if status == "finished" and not book.finished:
        status, reason = "failed", book.errors[0].message if book.errors else "the tests ended their process"
    for error in book.errors if status == "finished" else ():
        message = f"{error.nodeid} cannot be collected: {error.exception}: {error.message}"
        tell({"say": "part", "part": _note(message)})
    return MeasureResult(
        status,
        notes=notes,
        reason=reason,
        canary_failed=None if heard is None else heard and book.canary_failed is True,
        duration_s=time.monotonic() - started,
    )


def _plan(request: MeasureRequest, limits: Limits) -> Plan:
    return Plan(
        test_s=limits.test_s,
        nodeids=None if request.nodeids is None else (*request.nodeids, *request.extra),
        extra=request.extra,
        order_seed=request.order_seed,
        writable=True,
        measure=Measuring(request.paths, request.contexts),
        canary=f"test_{os.urandom(8).hex()}" if request.canary else "",  # as in a run
    )


@dataclass
class _Heard:
    """Takes the results of one run."""

    tell: Callable[[TestResult], None] = lambda result: None
    whole: list[str] = field(default_factory=list)
    """Tests whose process went on."""
    ended: list[str] = field(default_factory=list)
    """Tests that may have ended theirs."""

    def __call__(self, result: TestResult) -> None:
        self.tell(result)
        if result.outcome in _ENDED:
            self.ended.append(result.nodeid)
        elif result.outcome is not Outcome.MISSING:
            self.whole.append(result.nodeid)


def _left_out(nodeids: list[str]) -> str:
    named = ", ".join(nodeids[:_MOST_NAMED]) + (" and others" if len(nodeids) > _MOST_NAMED else "")
    return f"what these tests execute is not counted, as they crashed or ran out of time: {named}"


def _note(text: str) -> str:
    return json.dumps(encode(Part(note=text[:400])))
