"""What the report says that a run has used."""

from __future__ import annotations

from pytest_codemode.core.budget import Allowance, Budget, Reservation
from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.model import Usage
from pytest_codemode.core.report import Cost, RunReport
from pytest_codemode.repair.summary import cost_of


def test_report_tells_counted_assumed_and_unpriced_use_apart_and_survives_the_way_to_the_plugin() -> None:
    budget = Budget(Allowance(usd=None), lambda: 0.0)
    budget.charge(candidates=4)
    used = Usage(100, 200, 700, 50)
    for usd in (0.5, 0.25, None):
        reservation = budget.reserve(tokens=2_000, usd=usd)
        assert isinstance(reservation, Reservation)
        if usd == 0.5:
            reservation.settle(used, 0.125)
        else:
            reservation.forfeit()
    cost = cost_of(budget)
    assert cost == Cost(0.0, 4, 3, 5_050, 0.375, used, 0.25, 2_000)
    assert cost.usage.cached_share == 0.7
    report = RunReport("r1", "stopped", green=False, cost=cost)
    assert decode(RunReport, encode(report)).cost == cost


def test_report_of_an_earlier_release_is_read_as_one_without_details() -> None:
    earlier = {"time_s": 1.0, "candidates": 2, "requests": 3, "tokens": 4, "usd": 0.5}
    assert decode(Cost, earlier) == Cost(1.0, 2, 3, 4, 0.5)
