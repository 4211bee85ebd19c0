import pytest

from pytest_codemode.core.budget import Allowance, Budget, Reservation, StopReason, parse_allowance
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.model import Usage


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
        ("usd=none", Allowance(usd=None)),
        ("usd=none,tokens=200k", Allowance(usd=None, tokens=200_000)),
        ("time=none, requests=none,tokens=none,candidates=none", Allowance(None, 1.0, None, None, None)),
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
        ("usd=1k", "usd='1k' is not an amount; write for example usd=10, or usd=none"),
        ("usd=None", "usd='None' is not an amount"),
        ("money=none", "unknown limit 'money'"),
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


def test_what_ends_the_whole_run_is_time_and_candidates() -> None:
    budget = Budget(Allowance(60.0, 3.0, 3, 3, 3), Clock())
    budget.charge(requests=10, tokens=10, usd=10.0)
    assert budget.exceeded() is None  # a search that asks no model goes on
    budget.charge(candidates=3)
    assert budget.exceeded() is StopReason.CANDIDATES


@pytest.mark.parametrize(
    ("spec", "stop"),
    [
        ("requests=1", StopReason.REQUESTS),
        ("tokens=150", StopReason.TOKENS),
        ("usd=0.015", StopReason.COST),
        ("usd=0", StopReason.COST),
        ("candidates=0", StopReason.CANDIDATES),
        ("time=0", StopReason.TIME),
    ],
)
def test_request_whose_worst_case_does_not_fit_is_refused_by_the_limit_it_could_break(
    spec: str, stop: StopReason
) -> None:
    budget = Budget(parse_allowance(spec), Clock())
    outcomes = [budget.reserve(tokens=100, usd=0.01) for _ in range(2)]
    assert outcomes[-1] is stop
    assert budget.would_break(tokens=100, usd=0.01) is stop
    assert budget.spent.requests == sum(isinstance(one, Reservation) for one in outcomes)


def test_worst_case_that_fits_exactly_is_granted() -> None:
    budget = Budget(parse_allowance("tokens=100,usd=0.5,requests=1"), Clock())
    assert isinstance(budget.reserve(tokens=100, usd=0.5), Reservation)
    assert (budget.remaining_tokens(), budget.remaining_usd()) == (0, 0.0)


def test_settled_reservation_gives_back_what_was_not_used() -> None:
    budget = Budget(parse_allowance("tokens=100,usd=1"), Clock())
    reservation = budget.reserve(tokens=100, usd=1.0)
    assert isinstance(reservation, Reservation)
    assert budget.reserve(tokens=1, usd=0.0) is StopReason.TOKENS
    used = Usage(5, 4, 3, 8)
    reservation.settle(used, 0.25)
    spent = budget.spent
    assert (spent.tokens, spent.usd, spent.usage, spent.assumed_tokens) == (20, 0.25, used, 0)
    assert (budget.remaining_tokens(), budget.remaining_usd()) == (80, 0.75)


def test_forfeited_reservation_is_charged_in_full_and_said_to_be_assumed() -> None:
    budget = Budget(parse_allowance("tokens=100,usd=1"), Clock())
    reservation = budget.reserve(tokens=60, usd=0.5)
    assert isinstance(reservation, Reservation)
    reservation.forfeit()
    spent = budget.spent
    assert (spent.tokens, spent.usd, spent.assumed_tokens, spent.assumed_usd) == (60, 0.5, 60, 0.5)
    assert spent.usage == Usage()
    assert budget.remaining_tokens() == 40


def test_released_reservation_costs_only_the_request() -> None:
    budget = Budget(parse_allowance("tokens=100,usd=1"), Clock())
    reservation = budget.reserve(tokens=60, usd=0.5)
    assert isinstance(reservation, Reservation)
    reservation.release()
    assert (budget.spent.requests, budget.spent.tokens, budget.spent.usd) == (1, 0, 0.0)
    assert (budget.remaining_tokens(), budget.remaining_usd()) == (100, 1.0)


def test_only_the_first_end_of_a_reservation_counts() -> None:
    budget = Budget(parse_allowance("tokens=100"), Clock())
    reservation = budget.reserve(tokens=60, usd=0.5)
    assert isinstance(reservation, Reservation)
    reservation.settle(Usage(10), 0.1)
    reservation.forfeit()
    reservation.release()
    reservation.settle(Usage(20), 0.2)
    assert (budget.spent.tokens, budget.spent.usd) == (10, 0.1)
    assert budget.remaining_tokens() == 90


def test_reservations_that_are_never_ended_stay_taken_off() -> None:
    budget = Budget(parse_allowance("tokens=100,usd=none"), Clock())
    budget.reserve(tokens=60, usd=9.0)
    assert budget.reserve(tokens=60, usd=9.0) is StopReason.TOKENS
    assert budget.remaining_tokens() == 40


def test_unknown_price_is_refused_by_a_limit_in_dollars_and_listed_without_one() -> None:
    assert Budget(parse_allowance("usd=5"), Clock()).reserve(tokens=1, usd=None) is StopReason.COST
    budget = Budget(parse_allowance("usd=none"), Clock())
    for end in ("settle", "forfeit"):
        reservation = budget.reserve(tokens=60, usd=None)
        assert isinstance(reservation, Reservation)
        reservation.settle(Usage(7), 0.0) if end == "settle" else reservation.forfeit()
    spent = budget.spent
    assert (spent.tokens, spent.unpriced_tokens, spent.assumed_tokens, spent.usd) == (67, 67, 60, 0.0)


def test_what_has_no_limit_is_left_for_ever() -> None:
    budget = Budget(parse_allowance("usd=none"), Clock())
    budget.charge(tokens=10**9, usd=1e9)
    assert budget.remaining_tokens() == budget.remaining_usd() == float("inf")


def test_no_candidates_allowed_means_none_is_tried() -> None:
    assert Budget(parse_allowance("candidates=0"), Clock()).exceeded() is StopReason.CANDIDATES


def test_every_stop_by_a_limit_names_the_option_that_raises_it() -> None:
    named = {"TIME": "time=", "COST": "usd=", "TOKENS": "tokens=", "REQUESTS": "requests=", "CANDIDATES": "candidates="}
    for name, option in named.items():
        assert f"--codemode-budget {option}" in StopReason[name].value
