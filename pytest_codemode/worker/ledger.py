"""What a process says about the candidates of its batch, believed only where a failure is claimed and was checked."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from typing import Any, Literal

from pytest_codemode.core.codec import decode
from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.worker.book import GRACE_S
from pytest_codemode.worker.plan import Plan


@dataclass(frozen=True, slots=True)
class Word:
    """What is known of one candidate of a batch."""

    kind: Literal["failed", "timeout", "unfaithful", "alone"]
    """`alone`: only a fork of its own can tell; `unfaithful`: only the patched file can."""
    result: TestResult | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """What a process has brought."""

    words: dict[int, Word]
    """Place in the batch -> what is known; what is missing up to the highest one is to be tried again."""
    unfit: str = ""
    """Why the test cannot be run more than once in a process; empty if it can."""
    tainted: bool = False
    """Whether a check found that candidates had seen each other."""
    why: str = ""
    """What the process had doubts about."""


class Ledger:
    """The words of one process, in the order of the candidates it was given; listens to `Watch`."""

    def __init__(self, plan: Plan, before: int, limit_s: float) -> None:
        """Listen to a process that carries out `plan`.

        Args:
            plan: has a batch.
            before: candidates that other processes of the same run have begun.
            limit_s: wall clock of one test.
        """
        self.orders = replace(plan, token=os.urandom(16).hex())
        self._unfit = ""
        self._nodeid = (plan.nodeids or ("",))[0]
        self._before = before
        self._limit_s = limit_s
        self._heard = 0
        self._fit = False
        self._finished = False
        self._words: list[Word] = []
        self._good = 0
        self._checking = False
        self._doubt = ""
        self._wait()

    def running_test(self) -> tuple[int, float]:
        """Return what `Tally.test` asks for; each candidate counts, and so does what runs before the first."""
        return self._before + len(self._words) + 1, self._limit_s

    def note(self, message: dict[str, Any]) -> None:
        """Take one message.

        Raises:
            ValueError: it makes no sense, or somebody else has sent it.
        """
        self._heard += 1
        if message.get("token") != self.orders.token or message.get("number") != self._heard:
            raise ValueError("a message that is not its own, or not the next")
        if self._finished:
            raise ValueError("a message after its end")
        said = str(message.get("say"))
        if said in ("verdict", "unfaithful") and self._expects_verdict():
            self._words.append(self._word(said, message))
        elif said == "fit" and not self._fit and not self._unfit:
            self._fit = True
        elif said == "unfit" and not self._fit and not self._unfit:
            self._unfit = str(message.get("reason")) or said
        elif said == "checking" and self._expects_check():
            self._checking = True
        elif said == "good" and self._checking and not self._doubt:
            self._good, self._checking = len(self._words), False
        elif said == "doubt" and self._words and not self._doubt:
            self._doubt = str(message.get("reason")) or said
        elif said == "end":
            self._finished = True
        else:
            raise ValueError(f"{said[:40]!r} is not to be said now")
        self._wait()

    def close(self, *, clean: bool, timed_out: bool, reason: str) -> Closed:
        """The process has ended.

        Args:
            clean: by itself, with status 0.
            timed_out: one candidate used up the time of a test.
            reason: how it ended.
        """
        ended_well = clean and self._finished
        if not self._fit:
            return Closed({}, self._unfit or reason or "it ended before its first candidate")
        words = {index: word for index, word in enumerate(self._words) if index < self._good}
        last = len(self._words) - 1
        if self._checking:  # whatever it died of or found: all that was not checked may be wrong
            words |= {index: Word("alone") for index in range(self._good, last + 1)}
            return Closed(words, tainted=True, why=self._doubt or reason)
        if not ended_well and last + 1 < len(self.orders.batch):
            # Only where all was in order just before: else it may be one before it that keeps this one from its end.
            to_blame = timed_out and self._good == len(self._words)
            words[last + 1] = Word("timeout", reason=reason) if to_blame else Word("alone")
        elif not ended_well or self._doubt:
            words[last] = Word("alone")
        return Closed(words, why=self._doubt or reason)

    def _expects_verdict(self) -> bool:
        room = len(self._words) < len(self.orders.batch)
        return self._fit and room and not self._checking and not self._doubt

    def _expects_check(self) -> bool:
        # Once: each message moves the deadline.
        return len(self._words) > self._good and not self._checking and not self._doubt

    def _word(self, said: str, message: dict[str, Any]) -> Word:
        if said == "unfaithful":
            return Word("unfaithful")
        result: TestResult = decode(TestResult, message.get("result"), "result")
        if result.nodeid != self._nodeid:
            raise ValueError("a result of another test")
        if result.outcome is Outcome.TIMEOUT:
            return Word("timeout", result)
        # A pass is a claim; and of what is neither, a run of its own shows all.
        return Word("failed", result) if result.outcome is Outcome.FAILED and result.failures else Word("alone")

    def _wait(self) -> None:
        self.deadline = time.monotonic() + self._limit_s + GRACE_S
        """As `Book.deadline`."""
