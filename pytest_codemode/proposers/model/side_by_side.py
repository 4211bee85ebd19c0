"""Several questions under way at once, for dialogues that do not depend on each other.

Dialogues take turns (`rounds`), so that what they share needs no locks; only the waiting happens at the same time, each
question on a connection of its own. What an attempt costs is told under a lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType
from typing import Protocol, TypeVar

from pytest_codemode.core.errors import Interrupted
from pytest_codemode.core.model import ModelLimits, ModelReply, ModelRequest, Usage
from pytest_codemode.core.ports import Attempt, Model
from pytest_codemode.proposers.model.metered import BudgetSpent
from pytest_codemode.proposers.model.rounds import Rounds

T = TypeVar("T")
_LANE = "question to a model"


class Closable(Model, Protocol):
    """A model with connections."""

    def close(self) -> None:
        """Close them."""
        ...


@dataclass(slots=True)
class _Question:
    request: ModelRequest
    on_attempt: Callable[[], Attempt]
    outcome: ModelReply | Exception | None = None


class SideBySide:
    """One model over several connections; implements `core.ports.Model`.

    Dialogues that are to wait together are run by `run`. Use it as a context manager.

    Args:
        lanes: the same model, each with connections of its own; so many questions are under way at most.
    """

    def __init__(self, lanes: Sequence[Closable]) -> None:
        self._lanes = tuple(lanes)
        self._rounds: Rounds[_Question, ModelReply] = Rounds(self._answer)
        self._lock = threading.Lock()
        self._busy: set[int] = set()
        self._over = False
        """Whether no attempt may go out any more."""
        self._closed = False

    @property
    def name(self) -> str:
        """As the user selects it."""
        return self._lanes[0].name

    def limits(self) -> ModelLimits:
        """Return what the model can do."""
        return self._lanes[0].limits()

    def count(self, request: ModelRequest) -> int:
        """Return the tokens of the request's prompt."""
        return self._lanes[0].count(request)

    def run(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Run all jobs, as many side by side as there are connections, and return their results in order.

        The next ones begin when those before have ended: they may find their work done.
        """
        width = len(self._lanes)
        groups = (jobs[at : at + width] for at in range(0, len(jobs), width))
        return [result for group in groups for result in self._rounds.run(group)]

    def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
        """Return the reply; in a job, the others get as far as they can first.

        Raises:
            ProposerError: there will be no reply; one sentence with the remedy.
        """
        return self._rounds.ask(_Question(request, on_attempt))

    def close(self) -> None:
        """Close the connections of which nothing is expected any more; others close when they come back."""
        with self._lock:
            self._over = self._closed = True
            idle = [lane for number, lane in enumerate(self._lanes) if number not in self._busy]
        for lane in idle:
            lane.close()

    def __enter__(self) -> SideBySide:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- one round -----------------------------------------------------------------------------------------------

    def _answer(self, questions: Sequence[_Question]) -> list[ModelReply | Exception]:
        width = len(self._lanes)
        for at in range(0, len(questions), width):
            self._send(questions[at : at + width])
        for question in questions:
            # What the others had set aside may have been too much only for as long as they were under way.
            if isinstance(question.outcome, BudgetSpent) and len(questions) > 1:
                self._send([question])
        return [question.outcome or Interrupted("interrupted while the model was waited for") for question in questions]

    def _send(self, questions: Sequence[_Question]) -> None:
        done: SimpleQueue[int] = SimpleQueue()
        try:
            for number, question in enumerate(questions):
                self._busy.add(number)
                threading.Thread(target=self._asked, args=(number, question, done), name=_LANE, daemon=True).start()
            for _ in questions:
                done.get()
        except BaseException:
            self._over = True
            raise

    def _asked(self, number: int, question: _Question, done: SimpleQueue[int]) -> None:
        try:
            question.outcome = self._lanes[number].ask(question.request, lambda: self._attempt(question))
        except Exception as problem:  # noqa: BLE001  # raised again where it was asked
            question.outcome = problem
        finally:
            with self._lock:
                self._busy.discard(number)
                given_up = self._closed
            if given_up:
                self._lanes[number].close()
            done.put(number)

    def _attempt(self, question: _Question) -> Attempt:
        with self._lock:
            if self._over:
                raise Interrupted("interrupted while the model was waited for")
            return _Guarded(question.on_attempt(), self._lock)


class _Guarded:
    """An attempt that is told of by one thread at a time."""

    def __init__(self, attempt: Attempt, lock: threading.Lock) -> None:
        self._attempt = attempt
        self._lock = lock

    def used(self, usage: Usage) -> None:
        """See `core.ports.Attempt`."""
        with self._lock:
            self._attempt.used(usage)

    def refused(self) -> None:
        """See `core.ports.Attempt`."""
        with self._lock:
            self._attempt.refused()
