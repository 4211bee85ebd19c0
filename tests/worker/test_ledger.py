"""Of a batch only failures count that a later check bears out; all else is judged again."""

from typing import Any

import pytest

from pytest_codemode.core.codec import encode
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Outcome, Swap, TestResult
from pytest_codemode.worker.ledger import Closed, Ledger
from pytest_codemode.worker.plan import Plan

SWAPS = (Swap("m.py", "f", 1, "def f(): pass"),)
FIT, CHECKING, GOOD, END = ({"say": said} for said in ("fit", "checking", "good", "end"))
DOUBT = {"say": "doubt", "reason": "it changes: threads"}
UNFAITHFUL = {"say": "unfaithful", "reason": "its parameters change"}


def verdict(outcome: Outcome = Outcome.FAILED, nodeid: str = "t") -> dict[str, Any]:
    failures = (Failure(nodeid, Phase.CALL, "AssertionError", "no"),) if outcome is Outcome.FAILED else ()
    return {"say": "verdict", "result": encode(TestResult(nodeid, outcome, failures=failures))}


class Played:
    """A ledger, and a process that speaks to it."""

    def __init__(self, *messages: dict[str, Any], size: int = 4) -> None:
        self.ledger = Ledger(Plan(5.0, nodeids=("t", "u"), batch=(SWAPS,) * size), 10, 2.0)
        self.number = 0
        for message in messages:
            self.say(message)

    def say(self, message: dict[str, Any]) -> None:
        self.number += 1
        self.ledger.note({"token": self.ledger.orders.token, "number": self.number} | message)

    def closed(self, *, clean: bool = True, timed_out: bool = False, reason: str = "it died") -> Closed:
        return self.ledger.close(clean=clean, timed_out=timed_out, reason=reason)


def kinds(closed: Closed) -> dict[int, str]:
    return {index: word.kind for index, word in closed.words.items()}


def test_checked_failures_count() -> None:
    played = Played(FIT, verdict(), verdict(), CHECKING, GOOD, END)

    assert kinds(played.closed()) == {0: "failed", 1: "failed"}


def test_pass_is_judged_alone_and_so_is_what_is_neither() -> None:
    played = Played(FIT, verdict(Outcome.PASSED), verdict(Outcome.SKIPPED), verdict(), CHECKING, GOOD, END)

    assert kinds(played.closed()) == {0: "alone", 1: "alone", 2: "failed"}


def test_failure_that_names_none_is_judged_alone() -> None:
    bare = {"say": "verdict", "result": encode(TestResult("t", Outcome.FAILED))}

    assert kinds(Played(FIT, bare, CHECKING, GOOD, END).closed()) == {0: "alone"}


def test_what_was_not_checked_is_tried_again() -> None:
    assert kinds(Played(FIT, verdict(), CHECKING, GOOD, verdict(), END).closed()) == {0: "failed"}


def test_what_a_check_puts_in_doubt_is_judged_alone() -> None:
    closed = Played(FIT, verdict(), CHECKING, GOOD, verdict(), verdict(), CHECKING, DOUBT, END).closed()

    assert (kinds(closed), closed.tainted) == ({0: "failed", 1: "alone", 2: "alone"}, True)


def test_process_that_dies_in_a_check_puts_all_since_the_last_in_doubt() -> None:
    closed = Played(FIT, verdict(), verdict(), CHECKING).closed(clean=False, timed_out=True)

    assert (kinds(closed), closed.tainted) == ({0: "alone", 1: "alone"}, True)


def test_candidate_that_leaves_something_is_judged_alone_and_those_before_it_again() -> None:
    closed = Played(FIT, verdict(), CHECKING, GOOD, verdict(), verdict(), DOUBT, END).closed()

    assert (kinds(closed), closed.tainted) == ({0: "failed", 2: "alone"}, False)


def test_candidate_that_is_running_at_its_limit_is_charged_with_it() -> None:
    checked = FIT, verdict(), verdict(), CHECKING, GOOD
    closed = Played(*checked).closed(clean=False, timed_out=True, reason="killed: time limit")

    assert kinds(closed) == {0: "failed", 1: "failed", 2: "timeout"}
    assert closed.words[2].reason == "killed: time limit"
    assert kinds(Played(FIT).closed(clean=False, timed_out=True)) == {0: "timeout"}


def test_candidate_that_hangs_after_one_that_was_not_checked_is_judged_alone() -> None:
    messages = FIT, verdict(), CHECKING, GOOD, verdict()

    assert kinds(Played(*messages).closed(clean=False, timed_out=True)) == {0: "failed", 2: "alone"}


def test_candidate_that_is_running_when_the_process_dies_is_judged_alone() -> None:
    assert kinds(Played(FIT, verdict()).closed(clean=False)) == {1: "alone"}


def test_process_that_dies_after_its_last_candidate_still_brings_one_forward() -> None:
    assert kinds(Played(FIT, verdict(), verdict(), size=2).closed(clean=False)) == {1: "alone"}


@pytest.mark.parametrize("messages", [(), ({"say": "unfit", "reason": "it passes"}, END)], ids=["dead", "unfit"])
def test_test_that_is_not_ready_is_unfit(messages: tuple[dict[str, Any], ...]) -> None:
    closed = Played(*messages).closed(clean=bool(messages))

    assert closed.unfit
    assert not closed.words


def test_unfaithful_swap_is_known_to_be_one() -> None:
    assert kinds(Played(FIT, UNFAITHFUL, verdict(), CHECKING, GOOD, END).closed()) == {0: "unfaithful", 1: "failed"}


@pytest.mark.parametrize(
    "messages",
    [
        (verdict(),),
        (FIT, FIT),
        (FIT, GOOD),
        (FIT, CHECKING),
        (FIT, verdict(), GOOD),
        (FIT, verdict(), CHECKING, verdict()),
        (FIT, verdict(), CHECKING, CHECKING),
        ({"say": "unfit"}, {"say": "unfit"}),
        (FIT, verdict(), CHECKING, DOUBT, GOOD),
        (FIT, verdict(nodeid="u")),
        (FIT, *[verdict()] * 5),
        (FIT, END, verdict()),
        (FIT, {"say": "start"}),
        (FIT, {"say": "verdict", "result": {"nodeid": "t"}}),
        (FIT, {"say": "end", "number": 7}),
        (FIT, {"say": "end", "token": "guessed"}),
    ],
    ids=lambda messages: " ".join(str(message["say"]) for message in messages),
)
def test_what_cannot_be_is_a_lie(messages: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        Played(*messages)


def test_each_candidate_counts_as_a_test_of_its_own() -> None:
    played = Played(FIT)
    first = played.ledger.running_test()
    played.say(verdict())

    assert (first, played.ledger.running_test()) == ((11, 2.0), (12, 2.0))
