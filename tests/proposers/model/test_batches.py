"""Message Batches against the local server: one submission for all that wait, and none twice."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.core.events import Event, Notice
from pytest_codemode.core.model import Message, ModelRequest, Price
from pytest_codemode.proposers.model.batches import DISCOUNT, BatchModel, OpenBatch, custom_id
from pytest_codemode.proposers.model.gateway import ClaudeModel
from pytest_codemode.proposers.model.metered import MeteredModel
from tests.messages_api import Expired, Failure, MessagesServer, Reply, Text
from tests.proposers.model.asking import MODEL, Attempts, question

pytestmark = pytest.mark.timeout(120)  # the first test imports the SDK

BATCHES = "/v1/messages/batches"
PRICE = Price(2.0, 10.0)
SOON = {"retry-after-ms": "5"}


@dataclass(slots=True)
class MemoryStore:
    """Keeps batches as long as the process lives."""

    batches: tuple[OpenBatch, ...] = ()

    def load(self) -> tuple[OpenBatch, ...]:
        return self.batches

    def save(self, batches: tuple[OpenBatch, ...]) -> None:
        self.batches = batches


@dataclass
class Night:
    """One run: its model, what it told and how long it waited."""

    server: MessagesServer
    store: MemoryStore = field(default_factory=MemoryStore)
    allowance: Allowance = Allowance(None, None, None, None, None)  # noqa: RUF009  # frozen
    waits: list[float] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    patience: int = 1_000
    """Polls after which the run's time is over."""
    interrupt_at: int = 1_000
    """Poll at which the user interrupts."""

    def __enter__(self) -> Night:
        self.claude = ClaudeModel(MODEL, base_url=self.server.url, remaining_s=self._left_s)
        self.batches = BatchModel(self.claude, self.store, self.events.append, self._wait)
        self.model = MeteredModel(self.batches, Budget(self.allowance), PRICE.scaled(DISCOUNT))
        return self

    def __exit__(self, kind: Any, problem: Any, trace: Any) -> None:
        self.batches.__exit__(kind, problem, trace)
        self.claude.close()

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) == self.interrupt_at:
            raise KeyboardInterrupt

    def _left_s(self) -> float:
        return 100.0 if len(self.waits) < self.patience else 0.0

    def ask_all(self, *texts: str, turns: int = 1) -> list[list[str]]:
        return self.batches.run([self._dialogue(text, turns) for text in texts])

    def _dialogue(self, text: str, turns: int) -> Callable[[], list[str]]:
        def run() -> list[str]:
            messages, said = question(text).messages, []
            for _ in range(turns):
                try:
                    reply = self.model.ask(ModelRequest(question().system, messages, max_tokens=500))
                except ProposerError as problem:
                    return [*said, f"failed: {problem}"]
                said.append(reply.text)
                more = Message("user", ({"type": "text", "text": "Go on."},))
                messages = (*messages, Message("assistant", reply.content), more)
            return said

        return run


def echo(request: dict[str, Any]) -> Reply:
    return Reply([Text(f"<{request['messages'][0]['content'][0]['text']}>")])


def submitted(server: MessagesServer) -> list[list[str]]:
    """What each submission held: the first words of its dialogues."""
    bodies = [request.body for request in server.requests if request.method == "POST" and request.path == BATCHES]
    return [[one["params"]["messages"][0]["content"][0]["text"] for one in body["requests"]] for body in bodies]


def test_dialogues_share_batches_turn_by_turn_and_each_gets_its_own_reply() -> None:
    with MessagesServer(echo, batch_polls=2) as server, Night(server) as night:
        said = night.ask_all("a", "b", "c", turns=2)
    assert said == [["<a>", "<a>"], ["<b>", "<b>"], ["<c>", "<c>"]]
    assert submitted(server) == [["a", "b", "c"]] * 2
    assert not any(request.path == "/v1/messages" for request in server.requests)


def test_batch_costs_half_and_every_request_of_it_is_counted() -> None:
    with MessagesServer(echo) as server, Night(server) as night:
        night.ask_all("a", "b")
        used = night.model.budget.spent
        tokens = sum(usage["input_tokens"] + usage["output_tokens"] for usage in server.usages)
    assert (used.requests, used.tokens, used.assumed_usd) == (2, tokens, 0.0)
    assert used.usd == pytest.approx(PRICE.usd(used.usage) / 2)
    assert {usage["service_tier"] for usage in server.usages} == {"batch"}


def test_request_that_the_budget_does_not_hold_is_left_out_of_the_batch() -> None:
    with MessagesServer(echo) as server, Night(server, allowance=Allowance(None, None, None, 2, None)) as night:
        said = night.ask_all("a", "b", "c")
    assert said[:2] == [["<a>"], ["<b>"]]
    assert "--codemode-budget requests=" in said[2][0]
    assert submitted(server) == [["a", "b"]]


def test_reservations_of_one_batch_add_up() -> None:
    with MessagesServer(echo) as server:
        with Night(server) as free:
            one = free.model.count(ModelRequest(question().system, question("a").messages)) + 500
        with Night(server, allowance=Allowance(None, None, 2 * one + one // 2, None, None)) as night:
            said = night.ask_all("a", "b", "c")
    assert said[:2] == [["<a>"], ["<b>"]]
    assert "tokens=" in said[2][0]


def test_waits_between_polls_grow() -> None:
    with MessagesServer(echo, batch_polls=12) as server, Night(server) as night:
        night.ask_all("a")
    assert night.waits[:3] == [5.0, 7.5, 11.25]
    assert night.waits == sorted(night.waits)
    assert max(night.waits) <= 100.0  # the time left


def test_run_that_ends_before_its_batch_is_taken_up_by_the_next_without_submitting_again() -> None:
    store = MemoryStore()
    with MessagesServer(echo, batch_polls=5) as server:
        with Night(server, store, patience=2) as first:
            cut = first.ask_all("a", "b", turns=2)
        assert len(store.batches) == 1
        with Night(server, store) as second:
            said = second.ask_all("a", "b", turns=2)
    assert all("not processed yet" in one[0] for one in cut)
    (notice,) = {event for event in first.events if isinstance(event, Notice)}
    assert store_id(server) in notice.text
    assert "takes it up again" in notice.text
    assert said == [["<a>", "<a>"], ["<b>", "<b>"]]
    assert submitted(server) == [["a", "b"]] * 2  # the first turn by the first run, the second by the second
    assert first.model.budget.spent.assumed_usd > 0  # what nobody told is charged in full
    assert second.model.budget.spent.assumed_usd == 0


def store_id(server: MessagesServer) -> str:
    polled = [
        request.path for request in server.requests if request.method == "GET" and request.path.startswith(BATCHES)
    ]
    return polled[0].removeprefix(f"{BATCHES}/")


def test_answers_of_ended_batches_are_read_again_after_a_crash_and_not_paid_again() -> None:
    store = MemoryStore()
    with MessagesServer(echo) as server:
        first = Night(server, store)
        with contextlib.suppress(RuntimeError), first:
            first.ask_all("a", "b", turns=2)
            raise RuntimeError("killed")
        paid = len(server.usages)
        with Night(server, store) as second:
            assert second.ask_all("a", "b", turns=3) == [["<a>"] * 3, ["<b>"] * 3]
    assert paid == 4
    assert len(server.usages) == 6
    assert len(submitted(server)) == 3


def test_run_that_comes_to_its_end_forgets_its_batches_so_that_the_next_asks_anew() -> None:
    store = MemoryStore()
    with MessagesServer(echo) as server:
        for _ in range(2):
            with Night(server, store) as night:
                assert night.ask_all("a") == [["<a>"]]
            assert store.batches == ()
    assert submitted(server) == [["a"], ["a"]]


def test_batch_of_another_model_or_too_old_is_not_looked_for() -> None:
    asked = ModelRequest(question().system, question("a").messages, max_tokens=500)
    name = custom_id(MODEL, asked)
    stale = OpenBatch("msgbatch_old", MODEL, (name,), time.time() - 30 * 86_400)
    foreign = OpenBatch("msgbatch_other", "claude-opus-5-5", (name,), time.time())
    store = MemoryStore((stale, foreign))
    with MessagesServer(echo) as server, Night(server, store) as night:
        assert night.ask_all("a") == [["<a>"]]
    assert submitted(server) == [["a"]]
    assert not any("msgbatch_o" in request.path for request in server.requests)
    assert store.batches == (foreign,)  # kept for its own model


def test_batch_that_the_api_does_not_know_is_submitted_anew() -> None:
    asked = ModelRequest(question().system, question("a").messages, max_tokens=500)
    store = MemoryStore((OpenBatch("msgbatch_gone", MODEL, (custom_id(MODEL, asked),), time.time()),))
    with MessagesServer(echo) as server, Night(server, store) as night:
        assert night.ask_all("a", "b") == [["<a>"], ["<b>"]]
    assert night.model.budget.spent.assumed_usd == 0


def test_same_question_of_two_dialogues_is_asked_and_paid_once() -> None:
    with MessagesServer(echo) as server, Night(server) as night:
        assert night.ask_all("a", "a") == [["<a>"], ["<a>"]]
        assert len(server.usages) == 1
        assert night.model.budget.spent.usage.output_tokens == server.usages[0]["output_tokens"]
    assert submitted(server) == [["a"]]


@pytest.mark.parametrize("passing", [Expired(), Failure(529), Failure(500)])
def test_request_that_expires_or_meets_a_passing_error_is_submitted_once_more_and_not_charged(passing: Any) -> None:
    with MessagesServer([passing, Reply([Text("4")])]) as server, Night(server) as night:
        assert night.ask_all("a") == [["4"]]
    assert submitted(server) == [["a"], ["a"]]
    assert night.model.budget.spent.assumed_usd == 0
    assert night.model.budget.spent.usage.output_tokens == server.usages[0]["output_tokens"]


def test_request_that_expires_twice_is_given_up() -> None:
    with MessagesServer([Expired(), Expired()]) as server, Night(server) as night:
        ((said,),) = night.ask_all("a")
    assert "twice" in said
    assert len(submitted(server)) == 2


def test_request_that_breaks_a_rule_is_a_sentence_and_spares_the_others() -> None:
    steps = [Failure(400, message="tools.0: bad schema"), Reply([Text("4")])]
    with MessagesServer(steps) as server, Night(server) as night:
        (refused,), (fine,) = night.ask_all("a", "b")
    assert "invalid_request_error" in refused
    assert "tools.0: bad schema" in refused
    assert fine == "4"
    assert len(submitted(server)) == 1
    assert night.model.budget.spent.assumed_usd == 0


def test_submission_that_is_refused_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts()
    with MessagesServer(echo) as server, Night(server) as night:
        night.model.limits()
        monkeypatch.setenv("ANTHROPIC_API_KEY", "wrong")
        night.claude.close()
        with pytest.raises(ProposerError, match="does not accept the credentials"):
            night.batches.ask(question(), attempts)
    assert attempts.news == [["refused"]]


def test_provider_without_batches_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts()
    model = BatchModel(ClaudeModel("bedrock:m"), MemoryStore(), lambda event: None)
    with pytest.raises(ProposerError, match="bedrock has no Message Batches; run without --codemode-batch"):
        model.ask(question(), attempts)
    assert attempts.news == [["refused"]]


def test_interrupt_while_a_batch_is_waited_for_keeps_it_for_the_next_run() -> None:
    store = MemoryStore()

    with MessagesServer(echo, batch_polls=3) as server:
        first = Night(server, store, interrupt_at=2)
        with pytest.raises(KeyboardInterrupt), first:
            first.ask_all("a", "b")
        assert len(store.batches) == 1
        assert any("takes it up again" in event.text for event in first.events if isinstance(event, Notice))
        with Night(server, store) as second:
            assert second.ask_all("a", "b") == [["<a>"], ["<b>"]]
    assert len(submitted(server)) == 1


def test_digest_tells_requests_apart_and_is_an_id_that_the_api_takes() -> None:
    asked = question("a")
    names = {
        custom_id(MODEL, asked),
        custom_id("claude-opus-5-5", asked),
        custom_id(MODEL, question("b")),
        custom_id(MODEL, question("a", max_tokens=501)),
    }
    assert len(names) == 4
    assert all(len(name) == 64 and name.isalnum() for name in names)
    assert custom_id(MODEL, question("a")) == custom_id(MODEL, asked)
