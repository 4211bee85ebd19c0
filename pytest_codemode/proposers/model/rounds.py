"""Several dialogues at once, for answers that come only when all of them have asked.

Each job has a thread, but only one of them runs at any time: it goes on until it asks or ends, then the next one does.
What the jobs share (budget, judge, history) needs no locks, and the order of everything is the same in each run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from pytest_codemode.core.errors import Interrupted

Q = TypeVar("Q")
A = TypeVar("A")
T = TypeVar("T")


class Rounds(Generic[Q, A]):
    """Collects what jobs ask and answers it together.

    Args:
        answer: returns one answer for each question, in order; one that is an exception is raised where it was asked.
    """

    def __init__(self, answer: Callable[[Sequence[Q]], Sequence[A | Exception]]) -> None:
        self._answer = answer
        self._jobs: dict[threading.Thread, _Job] = {}

    def run(self, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Run all jobs to their ends and return their results, in order.

        An interrupt ends every job with `Interrupted` where it waits, and is raised when all have ended. So is the
        first exception of a job.
        """
        started = [_Job(job) for job in jobs]
        self._jobs = {job.thread: job for job in started}
        try:
            waiting = [job for job in started if job.goes_on()]
            while waiting:
                answers = self._answer([job.question for job in waiting])
                for job, answer in zip(waiting, answers, strict=True):
                    job.answer = answer
                waiting = [job for job in waiting if job.goes_on()]
        except BaseException:
            for job in started:
                job.give_up()
            raise
        finally:
            self._jobs = {}
        for job in started:
            if job.problem is not None:
                raise job.problem
        return [job.result for job in started]

    def ask(self, question: Q) -> A:
        """Return the answer; in a job, all the others get as far as they can first."""
        job = self._jobs.get(threading.current_thread())
        (answer,) = self._answer([question]) if job is None else (job.wait_for(question),)
        if isinstance(answer, Exception):
            raise answer
        return answer


class _Job:
    """A function in a thread that runs only while it is told to go on."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.question: Any = None
        self.answer: Any = None
        self.result: Any = None
        self.problem: BaseException | None = None
        self._function = function
        self._given_up = False
        self._go: SimpleQueue[None] = SimpleQueue()
        self._stopped: SimpleQueue[bool] = SimpleQueue()
        """True: it asks; False: it has ended."""
        self.thread = threading.Thread(target=self._run, daemon=True)

    def goes_on(self) -> bool:
        """Let it run until it asks or ends; return whether it asks."""
        if self.thread.ident is None:
            self.thread.start()
        self._go.put(None)
        asks = self._stopped.get()
        if not asks:
            self.thread.join()
        return asks

    def wait_for(self, question: Any) -> Any:
        """Ask, in the job's own thread, and return the answer."""
        if not self._given_up:
            self.question = question
            self._stopped.put(True)
            self._go.get()
        return Interrupted("interrupted while the model was waited for") if self._given_up else self.answer

    def give_up(self) -> None:
        """End it where it waits. It may clean up, but what it asks now is not answered any more."""
        self._given_up = True
        if self.thread.is_alive():
            self.goes_on()

    def _run(self) -> None:
        self._go.get()
        try:
            self.result = self._function()
        except BaseException as problem:  # noqa: BLE001  # raised again by whoever started the jobs
            self.problem = problem
        finally:
            self._stopped.put(False)
