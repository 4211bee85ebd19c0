"""The trusted process inside an enclosure: forks what runs tests, watches it, and alone says how each test ended."""
# ruff: noqa: PTH103  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import (
    Candidate,
    Mode,
    Outcome,
    RunRequest,
    RunResult,
    TestResult,
    TryRequest,
    TryResult,
)
from pytest_codemode.worker.book import Book
from pytest_codemode.worker.channel import LineReader, write_line
from pytest_codemode.worker.fence import SHARED_MEMORY
from pytest_codemode.worker.held import Held, Unforkable, last_lines
from pytest_codemode.worker.launching import Launched, launch_cold
from pytest_codemode.worker.plan import Plan, Setup
from pytest_codemode.worker.processes import empty, kill_strays
from pytest_codemode.worker.reloads import Reloads
from pytest_codemode.worker.tree import Tree
from pytest_codemode.worker.watch import Interrupted, Watch

MAX_RESTARTS = 200
"""Processes one run may cost: a suite in which everything crashes ends."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a run ended, apart from its results."""

    status: Literal["finished", "killed", "failed"]
    reason: str
    book: Book
    output: str


class Supervisor:
    """Serves one host, one request at a time."""

    def __init__(self, setup: Setup, files: dict[str, bytes], inbox: LineReader, outbox: int) -> None:
        self._setup = setup
        self._limits = setup.project.limits
        self._inbox = inbox
        self._outbox = outbox
        self._tree = Tree(setup.root)
        self._tree.write(files)
        self._held: Held | None = None
        self._watch = Watch(
            limits=self._limits,
            disk_folder=setup.scratch,
            interrupted=self._interrupted,
            host_fd=inbox.fd,
        )
        self._reloads = Reloads(setup, self._watch)

    def serve(self) -> None:
        """Answer requests until the host closes the line."""
        handlers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "collect": self._on_collect,
            "run": self._on_run,
            "try": self._on_try,
            "execute": self._on_execute,
        }
        try:
            while (message := self._inbox.next()) is not None:
                handler = handlers.get(str(message.get("op")))
                if handler is None:
                    continue  # a cancel that came too late
                try:
                    answer = {"say": "cancelled"} if self._inbox.pending else handler(message)
                except Interrupted:
                    answer = {"say": "cancelled"}
                self._clean_up()
                write_line(self._outbox, answer)
        finally:
            kill_strays(())

    def _interrupted(self) -> bool:
        messages = self._inbox.read_available()
        return self._inbox.closed or any(message.get("op") == "cancel" for message in messages)

    def _clean_up(self) -> None:
        """Leave nothing of one request to the next: no process, no file."""
        kill_strays(self._watch.keep)
        self._empty_scratch()

    def _empty_scratch(self) -> None:
        """Remove what tests wrote, and leave the folders they expect."""
        empty(self._setup.fork_scratch)
        os.makedirs(self._setup.home, exist_ok=True)
        if self._setup.private_shm:
            empty(SHARED_MEMORY)

    def _hold(self) -> Held:
        """Return the live session, collecting it if there is none."""
        if self._held is None or not self._held.alive:
            if self._held is not None:
                self._held.close()
            self._empty_scratch()
            self._held = Held.collect(self._setup, self._watch)
        return self._held

    def _on_collect(self, _message: dict[str, Any]) -> dict[str, Any]:
        return {"say": "done", "collection": encode(self._hold().collection)}

    def _on_run(self, message: dict[str, Any]) -> dict[str, Any]:
        request: RunRequest = decode(RunRequest, message["request"])
        started = time.monotonic()
        plan = Plan(
            test_s=request.test_timeout_s or self._limits.test_s,
            nodeids=request.nodeids,
            order_seed=request.order_seed,
            record=request.record,
            line_paths=request.line_paths,
            stop_at_failure=request.stop_at_failure,
            # Whoever asked for it named it in advance; what runs beside it shall not know it by that name.
            canary=f"test_{os.urandom(8).hex()}" if request.canary else "",
            writable=request.mode is Mode.COLD,
        )
        end_by = started + (request.timeout_s or self._limits.run_s)

        def emit(result: TestResult) -> None:
            write_line(self._outbox, {"say": "result", "result": encode(result)})

        if request.mode is Mode.COLD:
            self._tree.write(request.files)
            seed = request.hash_seed
            finish = self._run(plan, emit, end_by, lambda todo: launch_cold(self._setup, todo, seed))
        elif request.mode is Mode.RELOAD or request.files:
            with self._tree.patched(request.files):
                finish = self._run(plan, emit, end_by, self._launch_reload)
        else:
            finish = self._run_warm(plan, emit, end_by)
        result = RunResult(
            status=finish.status,
            results=(),
            collection_errors=finish.book.errors,
            reason=finish.reason,
            canary_failed=finish.book.canary_failed,
            duration_s=time.monotonic() - started,
            output=finish.output,
        )
        return {"say": "done", "run": encode(result)}

    def _lost_session(self) -> bool:
        """Whether the zygote has died: through no fault of a test, if none was running."""
        return self._held is not None and not self._held.alive

    def _launch_reload(self, plan: Plan) -> Launched:
        if self._held is not None:
            self._reloads.warm_up(self._held.traces)
        return self._reloads.launch(plan)

    def _launch_held(self, plan: Plan) -> Launched:
        """Fork the held session; one that cannot be forked (any more) gives way to the files on disk.

        Raises:
            Unforkable: the plan swaps functions, which only a fork can do.
        """
        held = self._hold()
        return held.launch(plan) if held.forkable or plan.swaps else self._launch_reload(plan)

    def _run_warm(self, plan: Plan, emit: Callable[[TestResult], None], end_by: float) -> Finish:
        held = self._hold()
        if held.collection.status != "finished":
            book = Book(emit, plan, self._limits.run_s)
            book.errors = held.collection.errors
            return Finish(held.collection.status, held.collection.reason, book, held.output)
        finish = self._run(plan, emit, end_by, self._launch_held)
        finish.book.errors = held.collection.errors
        return finish

    def _run(
        self,
        plan: Plan,
        emit: Callable[[TestResult], None],
        end_by: float,
        launch: Callable[[Plan], Launched],
    ) -> Finish:
        """Run `plan` in as many processes as it takes: after a crash the tests that are left run in a new one."""
        book = Book(emit, plan, self._limits.run_s)
        output = ""
        retried = False
        for _ in range(MAX_RESTARTS):
            before = len(book.done)
            with launch(book.begin()) as launched:
                ended = self._watch.run(
                    launched.process, book, launched.reports, (launched.output,), run_deadline=end_by
                )
            output = launched.output.text() or output
            kill_strays(self._watch.keep)
            clean = book.finished and ended.exit_code == 0 and not ended.limited
            reason = ended.reason or "the test process ended before its tests did"
            book.close(clean=clean, reason=reason, timed_out=ended.timed_out, lied=ended.lied)
            if clean or book.unfaithful:
                return Finish("finished", "", book, output)
            if book.unstarted_status is not None:
                return Finish(*_unstarted(book, output), book, output)
            if time.monotonic() >= end_by:
                return Finish("killed", "killed: time limit of the run", book, output)
            if len(book.done) == before and self._lost_session() and not retried:
                retried = True
                continue
            if len(book.done) == before:
                status: Literal["killed", "failed"] = "killed" if ended.limited else "failed"
                return Finish(status, f"{reason}: {last_lines(output)}".rstrip(": "), book, output)
            if plan.stop_at_failure and book.failed:
                return Finish("finished", "", book, output)
            self._empty_scratch()
        return Finish("killed", f"killed: {MAX_RESTARTS} test processes died", book, output)

    def _on_try(self, message: dict[str, Any]) -> dict[str, Any]:
        request: TryRequest = decode(TryRequest, message["request"])
        for candidate in request.candidates:
            result = self._try(candidate, request)
            write_line(self._outbox, {"say": "tried", "result": encode(result)})
            self._clean_up()
            if request.stop_at_pass and result.status == "passed":
                break
        return {"say": "done"}

    def _try(self, candidate: Candidate, request: TryRequest) -> TryResult:
        started = time.monotonic()
        strategy, results, finish = self._tried_on(candidate, request)
        return TryResult(
            key=candidate.key,
            status=_status(request.nodeids, results, finish),
            strategy=strategy,
            results=tuple(results),
            reason=finish.reason or _first_error(finish.book.errors),
            duration_s=time.monotonic() - started,
        )

    def _tried_on(
        self, candidate: Candidate, request: TryRequest
    ) -> tuple[Literal["swap", "reload"], list[TestResult], Finish]:
        test_s = request.test_timeout_s or self._limits.test_s
        plan = Plan(test_s=test_s, nodeids=request.nodeids, as_given=True, stop_at_failure=True, slim=True)
        end_by = time.monotonic() + self._limits.run_s
        results: list[TestResult] = []
        if candidate.swaps:
            with suppress(Unforkable):
                finish = self._run(replace(plan, swaps=candidate.swaps), results.append, end_by, self._launch_held)
                if not finish.book.unfaithful and finish.status != "failed":
                    return "swap", results, finish
            results.clear()
        with self._tree.patched(candidate.files):
            finish = self._run(plan, results.append, end_by, self._launch_reload)
        return "reload", results, finish

    def _on_execute(self, message: dict[str, Any]) -> dict[str, Any]:
        from pytest_codemode.worker.execute import execute  # noqa: PLC0415

        return {"say": "done", "execution": encode(execute(self._setup, self._watch, message))}


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


def _unstarted(book: Book, output: str) -> tuple[Literal["finished", "failed"], str]:
    """Return (status, reason) of a session that ended before its tests."""
    if book.errors:
        return "finished", ""
    return "failed", f"pytest ended with exit status {book.unstarted_status}: {last_lines(output)}"


def _first_error(errors: tuple[Failure, ...]) -> str:
    return f"{errors[0].exception}: {errors[0].message[:200]}" if errors else ""
