import pytest

from pytest_codemode.core.budget import Allowance, Budget, StopReason, parse_allowance
from pytest_codemode.core.errors import ConfigError


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("", Allowance()),
        ("time=90", Allowance(time_s=90.0)),
        ("time=90s", Allowance(time_s=90.0)),
        ("time=1.5m", Allowance(time_s=90.0)),
        ("time=2h", Allowance(time_s=7200.0)),
        ("usd=0.25", Allowance(usd=0.25)),
        ("tokens=500k", Allowance(tokens=500_000)),
        ("tokens=2M", Allowance(tokens=2_000_000)),
        ("requests=40,candidates=7", Allowance(requests=40, candidates=7)),
        (" time=1m , usd=2 ,", Allowance(time_s=60.0, usd=2.0)),
        ("time=0,candidates=0", Allowance(time_s=0.0, candidates=0)),
    ],
)
def test_budget_is_read_and_what_it_leaves_out_keeps_its_default(spec: str, expected: Allowance) -> None:
    assert parse_allowance(spec) == expected


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("money=1", "unknown limit 'money'; use time, usd, tokens, requests, candidates"),
        ("time", "time='' is not an amount; write for example time=10m"),
        ("time=", "time='' is not an amount"),
        ("time=m", "time='m' is not an amount"),
        ("time=ten", "time='ten' is not an amount"),
        ("time=-1", "time='-1' is not an amount"),
        ("time=nan", "time='nan' is not an amount"),
        ("time=inf", "time='inf' is not an amount"),
        ("usd=1k", "usd='1k' is not an amount; write for example usd=10"),
        ("tokens=5m", "tokens='5m' is not an amount"),
        ("requests=1.5", "requests='1.5' is not an amount"),
        ("candidates=10,time=x", "time='x' is not an amount"),
    ],
)
def test_budget_that_cannot_be_read_is_refused_with_the_limit_and_an_example(spec: str, message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_allowance(spec)
    assert message in str(refusal.value)
    assert str(refusal.value).startswith("--codemode-budget: ")


def test_time_is_spent_when_only_the_reserve_is_left() -> None:
    clock = Clock()
    budget = Budget(Allowance(time_s=60.0), clock)
    budget.reserve_time(20.0)
    clock.now += 39.0
    assert budget.remaining_s() == pytest.approx(1.0)
    assert budget.exceeded() is None
    clock.now += 1.0
    assert budget.exceeded() is StopReason.TIME


def test_a_run_without_limits_never_ends_by_budget() -> None:
    budget = Budget(Allowance(None, None, None, None, None), Clock())
    budget.reserve_time(1e9)
    budget.charge(candidates=10**9, requests=10**9, tokens=10**12, usd=1e9)
    assert budget.remaining_s() == float("inf")
    assert budget.exceeded() is None


@pytest.mark.parametrize(
    ("charge", "reason"),
    [
        ({"candidates": 3}, StopReason.CANDIDATES),
        ({"requests": 3}, StopReason.REQUESTS),
        ({"tokens": 3}, StopReason.TOKENS),
        ({"usd": 3.0}, StopReason.COST),
    ],
)
def test_the_limit_that_is_reached_is_the_one_named(charge: dict[str, int], reason: StopReason) -> None:
    budget = Budget(Allowance(60.0, 3.0, 3, 3, 3), Clock())
    assert budget.exceeded() is None
    budget.charge(**charge)
    assert budget.exceeded() is reason


def test_a_limit_of_zero_on_what_only_a_model_uses_lets_the_free_search_go_on() -> None:
    budget = Budget(parse_allowance("usd=0,tokens=0,requests=0"), Clock())
    budget.charge(candidates=5)
    assert budget.exceeded() is None
    budget.charge(requests=1)
    assert budget.exceeded() is StopReason.REQUESTS


def test_no_candidates_allowed_means_none_is_tried() -> None:
    assert Budget(parse_allowance("candidates=0"), Clock()).exceeded() is StopReason.CANDIDATES


def test_every_stop_by_a_limit_names_the_option_that_raises_it() -> None:
    named = {"TIME": "time=", "COST": "usd=", "TOKENS": "tokens=", "REQUESTS": "requests=", "CANDIDATES": "candidates="}
    for name, option in named.items():
        assert f"--codemode-budget {option}" in StopReason[name].value
