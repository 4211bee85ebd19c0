"""Jobs that take turns and are answered together."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from pytest_codemode.core.errors import ProposerError
from pytest_codemode.proposers.model.rounds import Rounds

pytestmark = pytest.mark.timeout(30)


class Echo:
    """Answers each question with itself, and keeps which were asked together."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, questions: Sequence[str]) -> list[str | Exception]:
        self.asked.append(tuple(questions))
        return [ProposerError("no") if question.startswith("bad") else f"<{question}>" for question in questions]


def test_questions_of_all_jobs_are_answered_together_and_results_keep_their_order() -> None:
    echo = Echo()
    rounds: Rounds[str, str] = Rounds(echo)

    def job(name: str, turns: int) -> str:
        return "".join(rounds.ask(f"{name}{turn}") for turn in range(turns))

    results = rounds.run([lambda: job("a", 3), lambda: job("b", 1), lambda: "at once", lambda: job("c", 2)])
    assert results == ["<a0><a1><a2>", "<b0>", "at once", "<c0><c1>"]
    assert echo.asked == [("a0", "b0", "c0"), ("a1", "c1"), ("a2",)]


def test_only_one_job_runs_at_any_time() -> None:
    rounds: Rounds[str, str] = Rounds(Echo())
    running: list[int] = []
    most: list[int] = []
    seen: list[str] = []

    def job(name: str) -> None:
        for turn in range(3):
            running.append(1)
            most.append(len(running))
            seen.append(f"{name}{turn}")
            running.pop()
            rounds.ask("x")

    rounds.run([lambda name=name: job(name) for name in "abc"])  # type: ignore[misc]
    assert max(most) == 1
    assert seen == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


def test_answer_that_is_an_exception_is_raised_where_it_was_asked() -> None:
    rounds: Rounds[str, str] = Rounds(Echo())

    def job(question: str) -> str:
        try:
            return rounds.ask(question)
        except ProposerError as problem:
            return f"failed: {problem}"

    assert rounds.run([lambda: job("bad"), lambda: job("good")]) == ["failed: no", "<good>"]


def test_question_outside_of_a_run_is_answered_at_once() -> None:
    echo = Echo()
    rounds: Rounds[str, str] = Rounds(echo)
    assert rounds.ask("a") == "<a>"
    with pytest.raises(ProposerError, match="no"):
        rounds.ask("bad")
    assert echo.asked == [("a",), ("bad",)]


@pytest.mark.parametrize("problem", [ValueError("a bug"), KeyboardInterrupt()])
def test_exception_of_a_job_is_raised_when_the_others_have_ended(problem: BaseException) -> None:
    rounds: Rounds[str, str] = Rounds(Echo())
    ended: list[str] = []

    def bug() -> None:
        raise problem

    def job() -> None:
        rounds.ask("a")
        rounds.ask("b")
        ended.append("job")

    with pytest.raises(type(problem)) as raised:
        rounds.run([bug, job])
    assert raised.value is problem
    assert ended == ["job"]


def test_interrupt_ends_every_job_where_it_waits() -> None:
    def interrupted(questions: Sequence[str]) -> list[str | Exception]:
        raise KeyboardInterrupt

    rounds: Rounds[str, str] = Rounds(interrupted)
    ended: list[str] = []

    def job(name: str) -> None:
        try:
            rounds.ask(name)
        except ProposerError:
            with pytest.raises(ProposerError, match="interrupted"):
                rounds.ask("and what if I ask again?")
            ended.append(name)
            raise

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        rounds.run([lambda: job("a"), lambda: job("b"), lambda: None])
    assert ended == ["a", "b"]
    assert threading.active_count() == before
