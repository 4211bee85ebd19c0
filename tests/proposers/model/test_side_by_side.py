"""Several questions under way at once, each on a connection of its own, all under one budget."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.core.model import Message, ModelRequest, Price
from pytest_codemode.proposers.model.gateway import ClaudeModel
from pytest_codemode.proposers.model.metered import MeteredModel
from pytest_codemode.proposers.model.side_by_side import SideBySide
from tests.messages_api import MessagesServer, Reply, Silence, Text, forbidden

MODEL = "claude-opus-5-5"
pytestmark = pytest.mark.timeout(60)


def question(words: str) -> ModelRequest:
    return ModelRequest((), (Message("user", ({"type": "text", "text": words},)),), max_tokens=1_024)


@contextmanager
def asked(steps: Any, budget: Budget, lanes: int = 3) -> Iterator[tuple[SideBySide, MeteredModel, MessagesServer]]:
    with (
        MessagesServer(steps) as server,
        SideBySide([ClaudeModel(MODEL, base_url=server.url, retries=0) for _ in range(lanes)]) as several,
    ):
        yield several, MeteredModel(several, budget, Price(1.0, 10.0)), server


def test_questions_wait_at_the_same_time_and_each_gets_its_own_answer() -> None:
    together = threading.Barrier(3, timeout=20)

    def answer(request: dict[str, Any]) -> Reply:
        together.wait()
        return Reply([Text(f"<{request['messages'][0]['content'][0]['text']}>")])

    budget = Budget(Allowance(usd=None))
    with asked(answer, budget) as (several, model, _):
        jobs = [lambda word=word: model.ask(question(word)).text for word in "abcdef"]
        assert several.run(jobs) == ["<a>", "<b>", "<c>", "<d>", "<e>", "<f>"]
    assert budget.spent.requests == 6
    assert budget.remaining_usd() == float("inf")
    assert budget.spent.usd == pytest.approx(sum(turn.usd or 0.0 for turn in model.turns))


def test_what_others_have_set_aside_is_waited_for_and_what_is_spent_is_not() -> None:
    worst = 0.0105  # of one, nearly all of it for 1,024 tokens of reply
    budget = Budget(Allowance(usd=1.5 * worst))
    with asked(lambda request: Reply([Text("x")], delay_s=0.5), budget) as (several, model, server):
        assert several.run([lambda: model.ask(question("a")).text] * 3) == ["x", "x", "x"]
    assert len(server.prompts) == 3
    assert 0 < budget.spent.usd < worst
    few = Budget(Allowance(usd=None, requests=2))
    with asked(lambda request: Reply([Text("x")]), few) as (several, model, server):
        with pytest.raises(ProposerError, match="the request budget was spent"):
            several.run([lambda: model.ask(question("a")).text] * 3)
        assert len(server.prompts) == 2


def test_one_that_fails_takes_no_other_with_it() -> None:
    def answer(request: dict[str, Any]) -> Any:
        return forbidden() if "bad" in str(request["messages"]) else Reply([Text("x")])

    def told(model: MeteredModel, words: str) -> str:
        try:
            return model.ask(question(words)).text
        except ProposerError:
            return "failed"

    with asked(answer, Budget(Allowance(usd=None))) as (several, model, _):
        jobs = [lambda words=words: told(model, words) for words in ("good", "bad", "fine")]
        assert several.run(jobs) == ["x", "failed", "x"]


def test_an_interrupt_ends_it_at_once_and_what_was_under_way_is_charged() -> None:
    def answer(request: dict[str, Any]) -> Silence:
        os.kill(os.getpid(), signal.SIGINT)
        return Silence()

    budget = Budget(Allowance(usd=None))
    started = time.monotonic()
    with (
        MessagesServer(answer) as server,
        SideBySide([ClaudeModel(MODEL, base_url=server.url, retries=0) for _ in range(2)]) as several,
    ):
        model = MeteredModel(several, budget, Price(1.0, 10.0))
        with pytest.raises(KeyboardInterrupt):
            several.run([lambda: model.ask(question("a")).text])
    for thread in threading.enumerate():
        if thread.name == "question to a model":
            thread.join(20)
    assert time.monotonic() - started < 30
    assert budget.spent.assumed_tokens > 1_024
