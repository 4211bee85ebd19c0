"""Message Batches: half the price for answers that may take a day, for runs at night.

A batch is known by what was asked: its requests' ids are digests of them. A run that was cut off asks the same again,
and finds the batches that are under way or answered instead of submitting and paying once more.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, TypeVar

from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.core.events import Notice
from pytest_codemode.core.model import ModelLimits, ModelReply, ModelRequest, Usage
from pytest_codemode.core.ports import Attempt, EventSink
from pytest_codemode.proposers.model.rounds import Rounds

T = TypeVar("T")

DISCOUNT = 0.5
"""Of all prices, the cache's included."""

KEPT_S = 28 * 86_400.0
"""The API keeps results for 29 days."""

SUBMISSIONS = 2
"""Of one request: it may expire, or meet an error that passes. Neither is billed."""

FIRST_POLL_S, LAST_POLL_S, SLOWER = 5.0, 120.0, 1.5


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch whose results are still of use."""

    id: str
    model: str
    custom_ids: tuple[str, ...]
    submitted_s: float
    """Since the epoch."""


class BatchStore(Protocol):
    """Keeps the batches from one run to the next."""

    def load(self) -> tuple[OpenBatch, ...]:
        """Return what was saved last; damaged state is none."""
        ...

    def save(self, batches: tuple[OpenBatch, ...]) -> None:
        """Keep `batches` in place of what was saved before."""
        ...


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of one request."""

    reply: ModelReply | None = None
    usage: Usage | None = None
    """None: nobody counted it."""
    problem: str = ""
    """A sentence, where there is no reply."""
    passing: bool = False
    """Whether another submission may succeed."""
    billed: bool = False
    """There was a reply, but it cannot be read. Otherwise only a reply is billed."""


class BatchGone(ProposerError):
    """The API does not know the batch (any more)."""


class Batching(Protocol):
    """What the API of batches can do."""

    @property
    def name(self) -> str:
        """Of the model, as the user selects it."""
        ...

    def limits(self) -> ModelLimits:
        """See `core.ports.Model`."""
        ...

    def count(self, request: ModelRequest) -> int:
        """See `core.ports.Model`."""
        ...

    def submit(self, requests: dict[str, ModelRequest], on_refused: Callable[[], None]) -> str:
        """Return the id of a new batch; `on_refused` is called before the exception if it surely does not exist.

        Raises:
            ProposerError: there may or may not be a batch.
        """
        ...

    def ended(self, batch: str) -> bool | None:
        """Return whether all of it is processed; None: it cannot be told now.

        Raises:
            BatchGone: there is no such batch.
            ProposerError: it will not be told later either.
        """
        ...

    def results(self, batch: str) -> dict[str, BatchResult]:
        """Return what came of each request.

        Raises:
            ProposerError: they cannot be had.
        """
        ...

    def remaining_s(self) -> float:
        """Return how long there is to wait."""
        ...


@dataclass(slots=True)
class _Question:
    request: ModelRequest
    on_attempt: Callable[[], Attempt]
    custom_id: str
    attempt: Attempt | None = None
    outcome: ModelReply | ProposerError | None = None


class BatchModel:
    """A model that is asked in batches; implements `core.ports.Model`.

    Dialogues that are to share batches are run by `run`; asked outside of it, each request is a batch of its own.
    Use it as a context manager: a run that comes to its own end forgets its batches, and the next one asks anew.

    Args:
        emit: gets a `Notice` when a run ends before its batch does.
        pause: waits between two polls.
    """

    def __init__(
        self, api: Batching, store: BatchStore, emit: EventSink, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._api = api
        self._store = store
        self._emit = emit
        self._pause = pause
        self._rounds: Rounds[_Question, ModelReply] = Rounds(self._answer)
        self._batches = [batch for batch in store.load() if self._is_of_use(batch)]
        self._results: dict[str, dict[str, BatchResult]] = {}
        self._cut_off = False

    @property
    def name(self) -> str:
        """As the user selects it."""
        return self._api.name

    def limits(self) -> ModelLimits:
        """Return what the model can do."""
        return self._api.limits()

    def count(self, request: ModelRequest) -> int:
        """Return the tokens of the request's prompt."""
        return self._api.count(request)

    def run(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Run all jobs, whose requests are submitted together, and return their results in order."""
        return self._rounds.run(jobs)

    def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
        """Return the reply; this may take a day.

        Raises:
            ProposerError: there will be no reply; one sentence with the remedy.
        """
        return self._rounds.ask(_Question(request, on_attempt, custom_id(self.name, request)))

    def close(self) -> None:
        """Forget the batches, unless the run was cut off before it had all the answers."""
        if not self._cut_off:
            self._batches = []
            self._keep()

    def __enter__(self) -> BatchModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cut_off |= kind is not None
        self.close()

    # -- one round -----------------------------------------------------------------------------------------------

    def _answer(self, questions: Sequence[_Question]) -> list[ModelReply | Exception]:
        for _ in range(SUBMISSIONS):
            open_ = [question for question in questions if question.outcome is None and self._reserved(question)]
            if not open_:
                break
            self._submit([question for question in open_ if self._batch_of(question) is None])
            self._collect([question for question in open_ if question.outcome is None])
        lost = ProposerError(
            "batches were processed without a reply, twice; run again later or without --codemode-batch"
        )
        return [question.outcome or lost for question in questions]

    def _reserved(self, question: _Question) -> bool:
        try:
            question.attempt = question.on_attempt()
        except ProposerError as problem:
            question.outcome = problem
        return question.outcome is None

    def _submit(self, questions: Sequence[_Question]) -> None:
        if not questions:
            return
        requests = {question.custom_id: question.request for question in questions}
        try:
            batch = self._api.submit(requests, lambda: _refused(questions))
        except ProposerError as problem:
            for question in questions:
                question.outcome = problem
            return
        self._batches.append(OpenBatch(batch, self.name, tuple(requests), time.time()))
        self._keep()

    def _collect(self, questions: Sequence[_Question]) -> None:
        """Wait for the batches of `questions` and give each its outcome; without one it is to be submitted again."""
        for batch in {batch.id: batch for question in questions if (batch := self._batch_of(question))}.values():
            mine = [question for question in questions if question.custom_id in batch.custom_ids]
            try:
                results = self._results_of(batch)
            except BatchGone:
                self._forget(batch, batch.custom_ids)
                _refused(mine)
            except ProposerError as problem:
                self._cut_off = True
                for question in mine:
                    question.outcome = problem
            else:
                self._hand_out(batch, results, mine)

    def _results_of(self, batch: OpenBatch) -> dict[str, BatchResult]:
        if batch.id not in self._results:
            try:
                self._wait_for(batch)
            except KeyboardInterrupt:
                self._say_it_goes_on(batch)
                raise
            self._results[batch.id] = self._api.results(batch.id)
        return self._results[batch.id]

    def _wait_for(self, batch: OpenBatch) -> None:
        wait_s = FIRST_POLL_S
        while not self._api.ended(batch.id):
            left_s = self._api.remaining_s()
            if left_s <= 0:
                self._say_it_goes_on(batch)
                raise ProposerError(f"the batch {batch.id} is not processed yet; run again later to go on with it")
            self._pause(min(wait_s, left_s))
            wait_s = min(wait_s * SLOWER, LAST_POLL_S)

    def _say_it_goes_on(self, batch: OpenBatch) -> None:
        self._cut_off = True
        text = f"the batch {batch.id} ({len(batch.custom_ids)} requests) goes on; the same command takes it up again"
        self._emit(Notice("info", text))

    def _hand_out(self, batch: OpenBatch, results: dict[str, BatchResult], questions: Sequence[_Question]) -> None:
        billed: set[str] = set()
        for question in questions:
            result = results.get(question.custom_id) or BatchResult(problem="the API lost it", passing=True)
            if result.reply is None:
                if not result.billed:
                    _refused([question])
                self._forget(batch, (question.custom_id,))
                if not result.passing:
                    question.outcome = ProposerError(result.problem)
                continue
            question.outcome = result.reply
            if question.custom_id in billed:
                _refused([question])  # the same question of another dialogue: asked and paid once
            elif question.attempt is not None and result.usage is not None:
                question.attempt.used(result.usage)
            billed.add(question.custom_id)

    # -- what is known of batches --------------------------------------------------------------------------------

    def _batch_of(self, question: _Question) -> OpenBatch | None:
        return next((batch for batch in self._batches if question.custom_id in batch.custom_ids), None)

    def _forget(self, batch: OpenBatch, custom_ids: Iterable[str]) -> None:
        """Let these requests be submitted anew."""
        gone = set(custom_ids)
        current = next((one for one in self._batches if one.id == batch.id), batch)
        rest = tuple(name for name in current.custom_ids if name not in gone)
        others = [one for one in self._batches if one.id != batch.id]
        kept = [OpenBatch(batch.id, batch.model, rest, batch.submitted_s)] if rest else []
        self._batches = [*others, *kept]
        self._keep()

    def _keep(self) -> None:
        """Save the own batches beside those of other models, which may be asked in the same run."""
        others = (batch for batch in self._store.load() if batch.model != self.name)
        self._store.save((*others, *self._batches))

    def _is_of_use(self, batch: OpenBatch) -> bool:
        return batch.model == self.name and time.time() - batch.submitted_s < KEPT_S


def custom_id(model: str, request: ModelRequest) -> str:
    """Return the digest of a request: 64 characters, as long as the API allows."""
    text = json.dumps([model, encode(request)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _refused(questions: Iterable[_Question]) -> None:
    for question in questions:
        if question.attempt is not None:
            question.attempt.refused()
