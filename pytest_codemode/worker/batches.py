"""The supervisor's side of batches: which candidates share a process, and what each comes out with."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Candidate, Outcome, TestResult, TryRequest, TryResult
from pytest_codemode.core.project import Limits
from pytest_codemode.worker.held import Unforkable
from pytest_codemode.worker.launching import Launched
from pytest_codemode.worker.ledger import Closed, Ledger, Word
from pytest_codemode.worker.plan import Plan
from pytest_codemode.worker.watch import Watch
from pytest_codemode.worker.weighing import Tally

LEAST = 3
"""Candidates that are worth a batch, which runs the unpatched test three times."""
MOST_LOST = 3.0
"""Batches that brought nothing (candidates saw each other, or hardly one had a result), after which all others of that
test are judged alone."""
FORGIVEN = 0.25
"""By how much of one a batch that brought something makes up for it."""
LISTEN_EVERY_S = 0.005


@dataclass
class Known:
    """What batches found out about some candidates."""

    results: dict[str, TryResult] = field(default_factory=dict)
    from_disk: set[str] = field(default_factory=set)
    """Keys of those that a swap does not show as they are."""


class Batches:
    """Judges what can be judged together, on the first of the tests that are asked for."""

    def __init__(
        self, limits: Limits, watch: Watch, launch: Callable[[Plan], Launched], clean_up: Callable[[], None]
    ) -> None:
        self._limits = limits
        self._watch = watch
        self._launch = launch
        self._clean_up = clean_up
        self._unfit: set[str] = set()
        """Node ids of tests that cannot run more than once in a process."""
        self._lost: dict[str, float] = {}
        self._begun = 0

    def known(self, request: TryRequest) -> Known:
        """Return the results of those that surely fail; all others are to be judged alone.

        Raises:
            Interrupted: the host gave up.
        """
        known = Known()
        todo = [candidate for candidate in request.candidates if candidate.swaps]
        while not request.alone and len(todo) >= LEAST and request.nodeids[0] not in self._unfit:
            todo = self._judge(todo, request, known)
        return known

    def _judge(self, todo: Sequence[Candidate], request: TryRequest, known: Known) -> list[Candidate]:
        """Judge up to the end of one process; return the candidates that are left for another one."""
        nodeid = request.nodeids[0]
        try:
            closed = self._run(todo, request)
        except Unforkable:
            self._unfit.add(nodeid)
            return []
        self._clean_up()
        for index, word in closed.words.items():
            candidate = todo[index]
            if word.kind == "unfaithful":
                known.from_disk.add(candidate.key)
            elif word.kind != "alone":
                known.results[candidate.key] = _tried(candidate.key, nodeid, word)
        self._learn(nodeid, closed, len(todo))
        return [candidate for index, candidate in enumerate(todo) if index not in closed.words]

    def _run(self, todo: Sequence[Candidate], request: TryRequest) -> Closed:
        limit_s = request.test_timeout_s or self._limits.test_s
        plan = Plan(
            test_s=limit_s,
            test_cpu_s=request.test_cpu_s,
            nodeids=request.nodeids[:1],
            slim=True,
            batch=tuple(candidate.swaps for candidate in todo),
        )
        ledger = Ledger(plan, self._begun, limit_s)
        tally = Tally(self._limits.run_s, self._limits.run_cpu_s, request.test_cpu_s, ledger.running_test)
        end_by = time.monotonic() + self._limits.run_s
        with self._launch(ledger.orders) as launched:
            ended = self._watch.run(
                launched.process,
                ledger,
                launched.reports,
                (launched.output,),
                run_deadline=end_by,
                tally=tally,
                listen_every_s=LISTEN_EVERY_S,
            )
        self._begun += len(todo)
        # The kernel's limit holds for all of them together, and so do those of a run.
        of_all = ended.exit_code == -signal.SIGXCPU or tally.is_over or time.monotonic() >= end_by
        return ledger.close(
            clean=ended.exit_code == 0 and not ended.limited,
            timed_out=ended.timed_out and not of_all,
            reason=ended.reason,
        )

    def _learn(self, nodeid: str, closed: Closed, given: int) -> None:
        """Give up a test with which batches cost more than they save."""
        lost = closed.tainted or len(closed.words) < min(LEAST, given)
        self._lost[nodeid] = max(0.0, self._lost.get(nodeid, 0.0) + (1.0 if lost else -FORGIVEN))
        if closed.unfit or self._lost[nodeid] >= MOST_LOST:
            self._unfit.add(nodeid)


def _tried(key: str, nodeid: str, word: Word) -> TryResult:
    if word.kind == "failed" and word.result is not None:
        return TryResult(key, "failed", "swap", (word.result,), duration_s=word.result.duration_s, batched=True)
    result = word.result
    if result is None:
        failure = Failure(nodeid, Phase.CALL, "Timeout", word.reason, timed_out=True)
        result = TestResult(nodeid, Outcome.TIMEOUT, failures=(failure,))
    return TryResult(key, "timeout", "swap", (result,), duration_s=result.duration_s, batched=True)
