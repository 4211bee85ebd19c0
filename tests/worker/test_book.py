"""A claim of success counts only with the end that bears it out, and only from the process that was asked."""

from typing import Any

import pytest

from pytest_codemode.core.codec import encode
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.worker.book import Book
from pytest_codemode.worker.plan import Plan

CANARY = "test_5f0c"
RUN_S = 50.0


class Played:
    """A book, an honest process that speaks to it, and the results it passed on."""

    def __init__(self, *messages: dict[str, Any], **plan: Any) -> None:
        self.results: list[TestResult] = []
        self.book = Book(self.results.append, Plan(5.0, **plan), RUN_S)
        self.begin()
        self.say(*messages)

    def begin(self) -> None:
        self.orders = self.book.begin()
        self.number = 0

    def say(self, *messages: dict[str, Any]) -> None:
        for message in messages:
            self.number += 1
            self.book.note({"token": self.orders.token, "number": self.number} | message)

    def close(self, *, clean: bool = True, reason: str = "", timed_out: bool = False, lied: bool = False) -> None:
        self.book.close(clean=clean, reason=reason, timed_out=timed_out, lied=lied)

    def outcomes(self) -> dict[str, str]:
        return {result.nodeid: result.outcome.value for result in self.results}


def collected(*nodeids: str) -> dict[str, Any]:
    return {"say": "collected", "errors": [], "nodeids": list(nodeids)}


def start(nodeid: str, limit_s: float = 1.0) -> dict[str, Any]:
    return {"say": "start", "nodeid": nodeid, "limit_s": limit_s}


def result(nodeid: str, outcome: Outcome = Outcome.PASSED, *failures: Failure) -> dict[str, Any]:
    return {"say": "result", "result": encode(TestResult(nodeid, outcome, failures=failures))}


def ran(nodeid: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return start(nodeid), result(nodeid)


def ran_canary(failure: Failure) -> tuple[dict[str, Any], dict[str, Any]]:
    return start(f"f.py::{CANARY}"), result(f"f.py::{CANARY}", Outcome.FAILED, failure)


OWN = Failure(f"f.py::{CANARY}", Phase.CALL, "AssertionError", f"{CANARY} fails, as it must")
END = {"say": "end"}


def test_success_is_passed_on_after_a_good_end() -> None:
    played = Played(collected("a"), *ran("a"), END)
    assert played.outcomes() == {}

    played.close()
    assert played.outcomes() == {"a": "passed"}


def test_success_of_a_process_that_dies_right_after_is_a_crash() -> None:
    played = Played(collected("a", "b"), *ran("a"), *ran("b"))
    played.close(clean=False, reason="it died")

    assert played.outcomes() == {"a": "passed", "b": "crashed"}
    assert played.results[1].failures[0].message == "it died"


def test_running_test_is_blamed_for_the_end() -> None:
    played = Played(collected("a", "b"), *ran("a"), start("b"))
    played.close(clean=False, reason="too slow", timed_out=True)

    assert played.outcomes() == {"a": "passed", "b": "timeout"}


def test_next_process_is_asked_only_for_the_rest() -> None:
    played = Played(collected("a", "b"), *ran("a"), start("b"))
    first = played.orders.token
    played.close(clean=False, reason="it died")
    played.begin()

    assert played.orders.done == ("a", "b")
    assert played.orders.token not in ("", first)
    with pytest.raises(ValueError, match="not to be run"):
        played.say(collected("a"))


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([collected("a", "b"), start("a"), result("b")], "not running"),
        ([collected("a", "b"), result("a")], "not running"),
        ([collected("a", "b"), *ran("a"), result("a")], "not running"),
        ([collected("a", "b"), *ran("a"), start("a")], "not the next"),
        ([collected("a", "b"), start("b")], "not the next"),
        ([collected("a", "b"), start("a"), start("b")], "has no result"),
        ([collected("a", "b"), *ran("a"), END], "an end before"),
        ([collected("a", "b"), start("a"), END], "an end before"),
        ([collected("a"), *ran("a"), END, END], "after its end"),
        ([collected("a"), collected("b")], "second collection"),
        ([collected("a", "a")], "run twice"),
        ([collected("c")], "not to be run"),
        ([collected("a", "b"), result("a", Outcome.MISSING)], "cannot be missing"),
        ([start("a")], "not the next"),
        ([END], "an end before"),
    ],
)
def test_what_does_not_follow_the_plan_is_a_lie(messages: list[dict[str, Any]], problem: str) -> None:
    played = Played(nodeids=("a", "b"))
    with pytest.raises(ValueError, match=problem):
        played.say(*messages)


@pytest.mark.parametrize(
    "changed",
    [{"token": ""}, {"token": None}, {"number": 2}, {"number": 4}, {"number": None}],
    ids=["empty token", "no token", "repeated", "one swallowed", "unnumbered"],
)
def test_line_that_somebody_else_wrote_is_a_lie(changed: dict[str, Any]) -> None:
    played = Played(collected("a"), start("a"))
    with pytest.raises(ValueError, match=r"not its own|is missing"):
        played.say(result("a") | changed)


def test_files_and_classes_stand_for_what_is_in_them() -> None:
    played = Played(nodeids=("t.py::A", "d", "u.py"))
    played.say(collected("t.py::A::test_a", "d/e.py::test_b", "u.py::test_c[x]"))

    for other in ("t.py::Ab::test_a", "de.py::test_b", "u.pyc::test"):
        played.begin()
        with pytest.raises(ValueError, match="not to be run"):
            played.say(collected(other))


def test_only_a_test_that_is_not_green_may_end_a_run_early() -> None:
    plan = {"nodeids": ("a", "b"), "as_given": True, "stop_at_failure": True}
    Played(collected("a", "b"), start("a"), result("a", Outcome.FAILED), END, **plan)

    with pytest.raises(ValueError, match="an end before"):
        Played(collected("a", "b"), *ran("a"), END, **plan)


def test_no_test_may_claim_more_time_than_the_run_has() -> None:
    calm, greedy = Played(collected("a"), start("a", RUN_S)), Played(collected("a"), start("a", 1e9))
    assert greedy.book.deadline - calm.book.deadline < 1.0


@pytest.mark.parametrize(
    "message",
    [
        {"say": "result", "result": {"nodeid": "a", "outcome": "wonderful"}},
        {"say": "result", "result": {"nodeid": "a", "outcome": "passed", "duration_s": float("nan")}},
        {"say": "result", "result": None},
        {"say": "start", "nodeid": 3, "limit_s": 1.0},
        {"say": "start", "nodeid": "b", "limit_s": "long"},
        {"say": "start", "nodeid": "b", "limit_s": float("inf")},
        {"say": "hello"},
        {"say": ["start"]},
        {},
    ],
)
def test_anything_that_is_not_in_the_protocol_is_a_lie(message: dict[str, Any]) -> None:
    begun = [start("a")] if message.get("say") != "start" else list(ran("a"))
    played = Played(collected("a", "b"), *begun)
    with pytest.raises(ValueError, match=r"\w"):
        played.say(message)


def canary_run(*messages: dict[str, Any]) -> Played:
    return Played(collected(f"f.py::{CANARY}", "a"), *messages, *ran("a"), END, canary=CANARY)


def test_canary_is_no_result_and_failed_if_it_says_so_itself() -> None:
    played = canary_run(*ran_canary(OWN))
    played.close()

    assert played.outcomes() == {"a": "passed"}
    assert played.book.canary_failed is True


@pytest.mark.parametrize(
    "canary",
    [
        ran(f"f.py::{CANARY}"),
        ran_canary(Failure("f.py::a", Phase.CALL, "AssertionError", "another one's")),
        ran_canary(Failure("f.py::a", Phase.TEARDOWN, "AssertionError", CANARY)),
    ],
    ids=["passed", "another's failure", "only its teardown"],
)
def test_canary_that_did_not_fail_by_itself_is_told(canary: tuple[dict[str, Any], ...]) -> None:
    played = canary_run(*canary)
    played.close()
    assert played.book.canary_failed is False


def test_run_without_its_canary_proves_nothing() -> None:
    played = Played(collected("a"), *ran("a"), END, canary=CANARY)
    played.close()
    assert played.book.canary_failed is False
    assert Played(collected("a"), *ran("a"), END).book.canary_failed is None


def test_canary_must_fail_in_every_process_that_ends_well() -> None:
    played = canary_run(*ran(f"f.py::{CANARY}"))
    played.close()
    played.begin()
    played.say(collected(f"f.py::{CANARY}"), *ran_canary(OWN), END)
    played.close()
    assert played.book.canary_failed is False


@pytest.mark.parametrize(("lied", "proven"), [(False, True), (True, False)])
def test_process_that_crashed_spoils_no_proof_but_one_that_lied_does(*, lied: bool, proven: bool) -> None:
    played = Played(collected("a", f"f.py::{CANARY}"), start("a"), canary=CANARY)
    played.close(clean=False, reason="it died", lied=lied)
    played.begin()
    played.say(collected(f"f.py::{CANARY}"), *ran_canary(OWN), END)
    played.close()

    assert played.book.canary_failed is proven
