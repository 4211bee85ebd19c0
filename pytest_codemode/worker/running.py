"""One plan, run to its end in as many processes as it takes: after a crash the tests that are left run in a new one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pytest_codemode.core.outcome import TestResult
from pytest_codemode.core.project import Limits
from pytest_codemode.worker.book import Book
from pytest_codemode.worker.held import last_lines
from pytest_codemode.worker.launching import Launched
from pytest_codemode.worker.plan import Plan
from pytest_codemode.worker.processes import kill_strays
from pytest_codemode.worker.remains import Remains
from pytest_codemode.worker.watch import Ended, Watch, run_out
from pytest_codemode.worker.weighing import Tally

MAX_RESTARTS = 200
"""Processes one run may cost: a suite in which everything crashes ends."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a run ended, apart from its results."""

    status: Literal["finished", "killed", "failed"]
    reason: str
    book: Book
    output: str


@dataclass(frozen=True, slots=True)
class _Part:
    """What came of one process of a run."""

    ended: Ended
    remains: str
    """What the test that broke a limit had printed."""
    orphaned: bool
    """Whether the session it was forked from died under it."""


class Runs:
    """Runs plans, one at a time.

    Args:
        empty_scratch: removes what the tests of one process wrote.
    """

    def __init__(self, limits: Limits, watch: Watch, empty_scratch: Callable[[], None]) -> None:
        self._limits = limits
        self._watch = watch
        self._empty_scratch = empty_scratch

    def run(
        self,
        plan: Plan,
        emit: Callable[[TestResult], None],
        run_s: float,
        launch: Callable[[Plan], Launched],
        end_by: float | None = None,
    ) -> Finish:
        """Run `plan`.

        Args:
            plan: what to run.
            emit: hears of each result as it comes.
            run_s: wall clock of the run, for its message.
            launch: starts a process for what is left of a plan.
            end_by: `time.monotonic()` at which it ends; `run_s` from now, if None.
        """
        end_by = end_by or time.monotonic() + run_s
        book = Book(emit, plan, self._limits.run_s)
        run = _Run(plan, book, Tally(run_s, self._limits.run_cpu_s, plan.test_cpu_s, book.running_test), end_by)
        lost_at = -1
        for _ in range(MAX_RESTARTS):
            before = len(book.done)
            part = self._part(run, launch)
            if part.orphaned and not part.ended.limited and len(book.done) > lost_at:
                lost_at = len(book.done)  # no test is to blame, but if it happens again where it happened, one may be
            elif part.ended.used_up and book.has_predecessors:
                pass  # those before it may have left it too little: it gets a process to itself
            elif finish := run.finish(part, before):
                return finish
            self._empty_scratch()
        return Finish("killed", f"killed: {MAX_RESTARTS} test processes died", book, run.output)

    def _part(self, run: _Run, launch: Callable[[Plan], Launched]) -> _Part:
        """Run what is left in one process, until it ends or has to."""
        with launch(run.book.begin()) as launched:
            remains = Remains(launched.process, self._limits.output_bytes)
            ended = self._watch.run(
                launched.process,
                run.book,
                launched.reports,
                (launched.output,),
                run_deadline=run.end_by,
                tally=run.tally,
                before_kill=remains.save,
            )
        run.output = launched.output.text() or run.output
        kill_strays(self._watch.keep)
        return _Part(ended, remains.output, launched.process.orphaned)


@dataclass(slots=True)
class _Run:
    """One run under way."""

    plan: Plan
    book: Book
    tally: Tally
    end_by: float
    output: str = ""
    """What its last process that said anything printed outside the tests."""

    def finish(self, part: _Part, before: int) -> Finish | None:
        """Take down what became of the test that was running, and return how the run ends; None if it goes on.

        Args:
            part: what came of the last process.
            before: how many tests were done when it began.
        """
        ended, book = part.ended, self.book
        clean = book.finished and ended.exit_code == 0 and not ended.limited
        reason = ended.reason or "the test process ended before its tests did"
        book.close(clean=clean, reason=reason, timed_out=ended.timed_out, lied=ended.lied, output=part.remains)
        if clean or book.unfaithful:
            return Finish("finished", "", book, self.output)
        if book.unstarted_status is not None:
            return Finish(*_unstarted(book, self.output), book, self.output)
        if time.monotonic() >= self.end_by or self.tally.is_over:
            return Finish("killed", ended.reason if self.tally.is_over else run_out(self.tally), book, self.output)
        if len(book.done) == before:
            status: Literal["killed", "failed"] = "killed" if ended.limited else "failed"
            return Finish(status, f"{reason}: {last_lines(self.output)}".rstrip(": "), book, self.output)
        if self.plan.stop_at_failure and book.failed:
            return Finish("finished", "", book, self.output)
        return None


def _unstarted(book: Book, output: str) -> tuple[Literal["finished", "failed"], str]:
    """Return (status, reason) of a session that ended before its tests."""
    if book.errors:
        return "finished", ""
    return "failed", f"pytest ended with exit status {book.unstarted_status}: {last_lines(output)}"
