"""A hard budget: whatever a model does, what is charged stays within the allowance."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_codemode.core.budget import Allowance, Budget, StopReason
from pytest_codemode.core.errors import ConfigError, ContextExceeded, ProposerError
from pytest_codemode.core.model import ModelLimits, ModelReply, ModelRequest, Price, Usage
from pytest_codemode.core.ports import Attempt
from pytest_codemode.proposers.model.gateway import ClaudeModel
from pytest_codemode.proposers.model.metered import FLOOR_TOKENS, BudgetSpent, MeteredModel
from tests.messages_api import Failure, MessagesServer, Reply, Silence, Text
from tests.proposers.model.asking import MODEL, question

PRICE = Price(input=2.0, output=10.0)
UNLIMITED = Allowance(None, None, None, None, None)

Doing = Usage | str
"""What one attempt does: uses something, is `refused`, or is `dropped`."""


@dataclass
class Scripted:
    """A model that makes the attempts of its script, one list for each question; a usage is the last of its list."""

    turns: list[list[Doing]]
    prompt: int = 1_000
    asked: list[ModelRequest] = field(default_factory=list)
    sent: int = 0
    name: str = "scripted"

    def limits(self) -> ModelLimits:
        return ModelLimits(context_tokens=50_000, output_tokens=8_000)

    def count(self, request: ModelRequest) -> int:
        return self.prompt

    def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
        self.asked.append(request)
        for doing in self.turns.pop(0):
            attempt = on_attempt()
            self.sent += 1
            if isinstance(doing, Usage):
                attempt.used(doing)
                attempt.used(doing)  # told twice, charged once
                return ModelReply((), "end_turn", doing)
            if doing == "refused":
                attempt.refused()
        raise ProposerError("no reply")


def metered(model: Scripted, allowance: Allowance = UNLIMITED, price: Price | None = PRICE) -> MeteredModel:
    return MeteredModel(model, Budget(allowance), price)


def test_use_of_every_attempt_is_charged_refused_ones_are_not_and_dropped_ones_cost_the_worst_case() -> None:
    used = Usage(input_tokens=900, output_tokens=100)
    model = metered(Scripted([["refused", "dropped", used]]))
    model.ask(question(max_tokens=500))
    worst = model.count(question()) + 500
    spent = model.budget.spent
    assert (spent.requests, spent.tokens, spent.usage) == (3, worst + 1_000, used)
    assert spent.assumed_tokens == worst
    assert spent.assumed_usd == pytest.approx(PRICE.worst(worst - 500, 500))
    assert spent.usd == pytest.approx(spent.assumed_usd + PRICE.usd(used))
    (turn,) = model.turns
    assert (turn.requests, turn.usage, turn.assumed_usd) == (3, used, pytest.approx(spent.assumed_usd))
    assert turn.usd == pytest.approx(spent.usd)


def test_question_without_a_reply_is_charged_and_listed_too() -> None:
    model = metered(Scripted([["dropped"], ["refused"]]))
    for expected in (pytest.approx(PRICE.worst(model.count(question()), 500)), 0.0):
        with pytest.raises(ProposerError, match="no reply"):
            model.ask(question())
        assert model.turns[-1].usd == expected
    assert model.budget.spent.requests == 2
    assert model.budget.remaining_usd() == math.inf


def test_more_is_reserved_than_was_counted_because_a_count_is_an_estimate() -> None:
    model = metered(Scripted([], prompt=100_000))
    assert 101_000 <= model.count(question()) <= 105_000


@pytest.mark.parametrize(
    ("allowance", "stop"),
    [
        (Allowance(None, 0.001, None, None, None), StopReason.COST),
        (Allowance(None, None, 1_500, None, None), StopReason.TOKENS),
        (Allowance(None, None, None, 0, None), StopReason.REQUESTS),
        (Allowance(None, None, None, None, 0), StopReason.CANDIDATES),
        (Allowance(0.0, None, None, None, None), StopReason.TIME),
    ],
)
def test_request_that_could_break_a_limit_is_not_sent(allowance: Allowance, stop: StopReason) -> None:
    scripted = Scripted([[Usage()]])
    model = metered(scripted, allowance)
    with pytest.raises(BudgetSpent) as raised:
        model.ask(question(max_tokens=2_000))
    assert raised.value.stop is stop
    assert str(raised.value) == stop.value
    assert (scripted.sent, model.budget.spent.requests, model.budget.spent.tokens) == (0, 0, 0)


def test_retry_that_the_budget_does_not_hold_is_not_sent() -> None:
    scripted = Scripted([["dropped", "dropped", Usage()]])
    model = metered(scripted, Allowance(None, None, 4_000, None, None))
    with pytest.raises(BudgetSpent) as raised:
        model.ask(question(max_tokens=2_000))
    assert raised.value.stop is StopReason.TOKENS
    assert scripted.sent == 1
    assert model.budget.spent.tokens <= 4_000


def test_reply_is_cut_down_to_what_the_budget_still_pays_for() -> None:
    scripted = Scripted([[Usage()]])
    model = metered(scripted, Allowance(None, None, 5_000, None, None))
    model.ask(question(max_tokens=8_000))
    assert scripted.asked[0].max_tokens == 5_000 - model.count(question())


def test_reply_is_cut_down_to_the_dollars_that_are_left() -> None:
    scripted = Scripted([[Usage()]])
    model = metered(scripted, Allowance(None, 0.05, None, None, None))
    model.ask(question(max_tokens=8_000))
    length = scripted.asked[0].max_tokens
    assert PRICE.worst(model.count(question()), length) <= 0.05 < PRICE.worst(model.count(question()), length + 3)


def test_reply_is_not_cut_down_below_what_is_of_use() -> None:
    prompt = metered(Scripted([])).count(question())
    for spare, sent in ((FLOOR_TOKENS, 1), (FLOOR_TOKENS - 1, 0)):
        scripted = Scripted([[Usage()]])
        model = metered(scripted, Allowance(None, None, prompt + spare, None, None))
        if sent:
            model.ask(question(max_tokens=8_000))
        else:
            with pytest.raises(BudgetSpent):
                model.ask(question(max_tokens=8_000))
        assert scripted.sent == sent


def test_reply_is_no_longer_than_the_model_can_give_and_the_context_has_room_for() -> None:
    scripted = Scripted([[Usage()], [Usage()]], prompt=40_000)
    model = metered(scripted)
    model.ask(question(max_tokens=20_000))
    assert scripted.asked[0].max_tokens == 8_000
    scripted.prompt = 45_000
    model.ask(question(max_tokens=20_000))
    assert scripted.asked[1].max_tokens == 50_000 - model.count(question())


def test_prompt_that_leaves_no_room_for_a_reply_is_not_sent() -> None:
    scripted = Scripted([[Usage()]], prompt=49_500)
    model = metered(scripted)
    with pytest.raises(ContextExceeded, match="50000"):
        model.ask(question(max_tokens=8_000))
    assert (scripted.sent, model.turns) == (0, [])


def test_unknown_price_is_refused_where_dollars_are_limited_and_tokens_work() -> None:
    with pytest.raises(ConfigError) as raised:
        metered(Scripted([]), Allowance(usd=1.0), price=None)
    for part in ("'scripted'", "--codemode-price in=2,out=10", "--codemode-budget usd=none,tokens=200k"):
        assert part in str(raised.value)
    model = metered(Scripted([[Usage(10, 0, 0, 5)]]), Allowance(usd=None, tokens=5_000), price=None)
    model.ask(question())
    assert model.turns[0].usd is None
    spent = model.budget.spent
    assert (spent.tokens, spent.unpriced_tokens, spent.usd) == (15, 15, 0.0)


def test_model_that_gives_up_when_the_time_is_over_ends_by_time() -> None:
    now = [0.0]

    class Slow(Scripted):
        def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
            on_attempt()
            now[0] = 11.0
            raise ProposerError("did not finish")

    model = MeteredModel(Slow([]), Budget(Allowance(10.0, None, None, None, None), lambda: now[0]), PRICE)
    with pytest.raises(BudgetSpent) as raised:
        model.ask(question())
    assert raised.value.stop is StopReason.TIME


def test_bug_or_interrupt_in_the_middle_of_an_attempt_is_charged_in_full() -> None:
    class Interrupted(Scripted):
        def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
            on_attempt()
            raise KeyboardInterrupt

    model = metered(Interrupted([]))
    with pytest.raises(KeyboardInterrupt):
        model.ask(question(max_tokens=500))
    assert model.budget.spent.tokens == model.count(question()) + 500


def test_news_that_come_after_the_question_is_closed_change_nothing() -> None:
    late: list[Attempt] = []

    class Late(Scripted):
        def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
            late.append(on_attempt())
            raise ProposerError("no reply")

    model = metered(Late([]))
    with pytest.raises(ProposerError):
        model.ask(question())
    charged = model.budget.spent.tokens
    late[0].used(Usage(1, 0, 0, 1))
    late[0].refused()
    assert model.budget.spent.tokens == charged > 0


# What the API guarantees: a prompt is no longer than was counted, a reply no longer than was asked for.
_PARTS = st.tuples(*[st.floats(0, 1) for _ in range(4)])
_DOINGS = st.lists(st.one_of(st.just("refused"), st.just("dropped"), _PARTS), min_size=1, max_size=5)
_LIMITS = st.builds(
    Allowance,
    time_s=st.none(),
    usd=st.none() | st.floats(0, 0.5),
    tokens=st.none() | st.integers(0, 60_000),
    requests=st.none() | st.integers(0, 12),
    candidates=st.none(),
)
_PRICES = st.builds(
    Price,
    st.floats(0, 20),
    st.floats(0, 100),
    st.floats(-1, 40),
    st.floats(-1, 20),
    st.none() | st.builds(Price, st.floats(0, 20), st.floats(0, 100)),
    st.integers(0, 20_000),
)


class Free(Scripted):
    """Uses any part of what it may use."""

    def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
        doings = self.turns.pop(0)
        self.turns.insert(0, [_use(doing, self.prompt, request.max_tokens) for doing in doings])
        return super().ask(request, on_attempt)


def _use(doing: object, prompt: int, output: int) -> Doing:
    if not isinstance(doing, tuple):
        return str(doing)
    plain, write, read, said = doing
    first = int(prompt * plain)
    second = int((prompt - first) * write)
    return Usage(first, second, int((prompt - first - second) * read), int(output * said))


@settings(deadline=None)
@given(
    turns=st.lists(_DOINGS, max_size=12),
    prompts=st.lists(st.integers(1, 45_000), min_size=12, max_size=12),
    wanted=st.integers(1, 20_000),
    allowance=_LIMITS,
    price=_PRICES,
)
def test_no_limit_is_ever_exceeded(
    turns: list[list[Doing]], prompts: list[int], wanted: int, allowance: Allowance, price: Price
) -> None:
    scripted = Free(list(turns))
    budget = Budget(allowance)
    model = MeteredModel(scripted, budget, price)
    for prompt, _ in zip(prompts, turns, strict=False):
        scripted.prompt = prompt
        with contextlib.suppress(ProposerError):
            model.ask(question(max_tokens=wanted))
        spent = budget.spent
        assert allowance.requests is None or spent.requests <= allowance.requests
        assert allowance.tokens is None or spent.tokens <= allowance.tokens
        assert allowance.usd is None or spent.usd <= allowance.usd + 1e-12
        assert spent.requests == scripted.sent == sum(turn.requests for turn in model.turns)
        assert spent.usd == pytest.approx(sum(turn.usd or 0.0 for turn in model.turns))
        assert spent.tokens == spent.usage.total + spent.assumed_tokens
        assert budget.remaining_tokens() == (math.inf if allowance.tokens is None else allowance.tokens - spent.tokens)


@settings(deadline=None)
@given(price=_PRICES, usd=st.floats(0, 1), prompt=st.integers(0, 100_000), used=_PARTS, output=st.integers(0, 10_000))
def test_no_use_costs_more_than_the_worst_case(
    price: Price, usd: float, prompt: int, used: tuple[float, ...], output: int
) -> None:
    usage = _use(used, prompt, output)
    assert isinstance(usage, Usage)
    assert price.usd(usage) <= price.worst(prompt, output) + 1e-12
    affordable = price.affordable_output(usd, prompt)
    if affordable >= 0:
        assert price.worst(prompt, math.floor(min(affordable, 1e6))) <= usd + 1e-9
    else:
        assert price.worst(prompt, 0) > usd


# -- the real SDK and a server that fails ------------------------------------------------------------------------------


@pytest.mark.timeout(120)
def test_budget_holds_against_a_server_that_fails_in_every_way() -> None:
    soon = {"retry-after-ms": "5"}
    steps = [
        Failure(529, headers=soon),
        Reply([Text("x" * 4_000)], cut_after_bytes=900),
        Reply([Text("first")]),
        Failure(500, headers=soon),
        Failure(429, headers=soon),
        Reply([Text("second")]),
        Silence(),
    ]
    allowance = Allowance(time_s=None, usd=0.06, tokens=None, requests=7, candidates=None)
    with MessagesServer(steps) as server, ClaudeModel(MODEL, base_url=server.url, reply_s=5.0) as claude:
        model = MeteredModel(claude, Budget(allowance), PRICE)
        said = [model.ask(question(max_tokens=1_500)).text for _ in range(2)]
        claude._reply_s = 0.3
        with pytest.raises(ProposerError, match="did not finish"):
            model.ask(question(max_tokens=1_500))
        with pytest.raises(BudgetSpent) as raised:
            model.ask(question(max_tokens=1_500))
        billed = sum(usage["input_tokens"] + usage["output_tokens"] for usage in server.usages)
    spent = model.budget.spent
    assert said == ["first", "second"]
    assert raised.value.stop is StopReason.REQUESTS
    assert spent.requests == 7
    assert spent.tokens >= billed
    assert spent.usage.total < billed  # the reply that was cut in the middle was never told
    assert 0 < spent.assumed_usd < spent.usd <= 0.06
