"""The candidates of one request on their way through the workers: which is next, which died, what came of each."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from pytest_codemode.core.codec import decode
from pytest_codemode.core.outcome import Candidate, TryRequest, TryResult
from pytest_codemode.sandbox.needs import Needs
from pytest_codemode.sandbox.slot import SlotDied

OnProgress = Callable[[int, int], Awaitable[None]]

T = TypeVar("T")

MAX_BATCH = 512
"""Candidates one worker gets at a time, where each takes hardly any time."""
FIRST_BATCH = 16
LONGEST_RUNS = 16
"""A worker that has not answered after the time of so many whole runs is taken for hung."""
BATCH_S = 2.0
"""What a batch should take: long enough for the workers to make something of it, short enough to be shared out."""


class Trying:
    """One request's candidates. Forks take them in batches, `apart` those that forks cannot judge."""

    def __init__(
        self,
        request: TryRequest,
        needs: Needs,
        workers: int,
        on_progress: OnProgress | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.request = request
        self._needs = needs
        self._workers = workers
        self._clock = clock
        self._on_progress = on_progress
        self._todo: deque[Candidate] = deque()
        self._apart: deque[Candidate] = deque()
        self._forked: dict[str, TryResult] = {}
        """What forks made of the candidates that are tried again apart."""
        self._results: dict[str, TryResult] = {}
        self._deaths: dict[str, int] = {}
        self._singly: set[str] = set()
        """Keys of those that were given to a worker that died: each of them may be what it died of."""
        self._stopped = False
        self._each_s = BATCH_S / FIRST_BATCH
        """What one candidate took, in the last batch."""
        self._candidates = {candidate.key: candidate for candidate in request.candidates}
        # Those that can be swapped in come together, so that a worker may judge them in one process.
        in_turn = sorted(request.candidates, key=lambda one: not one.swaps and not request.stop_at_pass)
        for candidate in in_turn:
            known = needs.known(request.nodeids, from_disk=not candidate.swaps)
            (self._apart if known else self._todo).append(candidate)

    def has_batches(self) -> bool:
        """Whether there is something left for forks."""
        return bool(self._todo) and not self._stopped

    def next_batch(self) -> tuple[Candidate, ...]:
        """Return the next candidates for one worker, fewer towards the end so that all finish together."""
        if not self.has_batches():
            return ()
        share = len(self._todo) // self._workers
        quick = int(BATCH_S / max(self._each_s, BATCH_S / MAX_BATCH))
        size = max(1, min(quick, share if self._todo[0].swaps else share // 2))
        if self._todo[0].key in self._singly:
            size = 1
        return tuple(self._todo.popleft() for _ in range(min(size, len(self._todo))))

    @contextmanager
    def at_work(self, batch: tuple[Candidate, ...]) -> Iterator[None]:
        """A worker judges `batch`: how long that takes decides on the size of the next one."""
        began = self._clock()
        yield
        self._each_s = (self._clock() - began) / len(batch)

    async def next_apart(self) -> Candidate | None:
        """Return the next candidate for a place of its own; one whose failure is known to be the same there has it."""
        while self._apart and not self._stopped:
            candidate = self._apart.popleft()
            forked = self._forked.get(candidate.key)
            if forked is None or self._needs.call_for_trial(forked):
                return candidate
            await self._settle(forked)
        return None

    async def take(self, message: dict[str, Any]) -> None:
        """Take a fork's word on one candidate."""
        result = self._decoded(message)
        if self._needs.call_for_trial(result):
            self._forked[result.key] = result
            self._apart.append(self._candidates[result.key])
        else:
            await self._settle(result)

    async def take_last(self, message: dict[str, Any]) -> None:
        """Take what came of one candidate in its own place."""
        result = self._decoded(message)
        if result.key in self._forked:
            self._needs.learn_trial(self._forked[result.key], result)
        await self._settle(result)

    def give_back(self, batch: tuple[Candidate, ...], reason: str) -> None:
        """A worker died on `batch`: its first candidate without a result is to blame; twice, and it is out.

        As results may come only when all are judged, it may be any other: all that are left are tried one by one.
        """
        answered = self._results.keys() | self._forked.keys()
        left = [candidate for candidate in batch if candidate.key not in answered]
        if not left:
            return
        key = left[0].key
        self._deaths[key] = self._deaths.get(key, 0) + 1
        if self._deaths[key] > 1:
            self._crash(key, "swap" if left[0].swaps else "reload", reason)
            left = left[1:]
        self._singly.update(candidate.key for candidate in left)
        self._todo.extendleft(reversed(left))

    def give_up(self, candidate: Candidate, reason: str) -> None:
        """The worker died that had nothing but `candidate` to do."""
        self._crash(candidate.key, "cold", reason)

    def in_order(self) -> tuple[TryResult, ...]:
        """Return a result for each candidate."""
        return tuple(
            self._results.get(candidate.key)
            or TryResult(candidate.key, "not tried", "swap" if candidate.swaps else "reload")
            for candidate in self.request.candidates
        )

    def _decoded(self, message: dict[str, Any]) -> TryResult:
        result = decoded(TryResult, message, "result")
        if result.key not in self._candidates:
            raise SlotDied("it answered for a candidate nobody asked for")
        return result

    async def _settle(self, result: TryResult) -> None:
        self._results[result.key] = result
        if self.request.stop_at_pass and result.status == "passed":
            self._stopped = True
        if self._on_progress is not None:
            await self._on_progress(len(self._results), len(self.request.candidates))

    def _crash(self, key: str, strategy: Literal["swap", "reload", "cold"], reason: str) -> None:
        self._results[key] = TryResult(key, "crashed", strategy, reason=f"the worker died: {reason}")


def decoded(kind: type[T], message: dict[str, Any], name: str) -> T:
    """Decode strictly what came from behind the fence.

    Raises:
        SlotDied: it is not of that kind.
    """
    if message.get("say") == "cancelled":
        raise SlotDied("it was interrupted")
    try:
        return decode(kind, message.get(name), name)
    except (ValueError, RecursionError) as problem:
        raise SlotDied(f"it broke the protocol: {problem}") from None
