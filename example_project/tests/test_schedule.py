from __future__ import annotations

from datetime import date

import pytest

from orderdesk.schedule import (
    Period,
    add_working_days,
    days_late,
    delivery_date,
    is_working_day,
    merge_periods,
    working_days_between,
)

EASTER = Period(date(2024, 3, 29), date(2024, 4, 1))


def march(first, last):
    return Period(date(2024, 3, first), date(2024, 3, last))


def test_a_period_includes_its_last_day():
    assert date(2024, 4, 1) in EASTER
    assert date(2024, 4, 2) not in EASTER
    assert EASTER.days == 4


@pytest.mark.parametrize(
    ("day", "works"),
    [(1, True), (2, False), (3, False), (4, True), (28, True), (29, False)],
)
def test_the_shop_rests_at_weekends_and_closures(day, works):
    assert is_working_day(date(2024, 3, day), [EASTER]) is works


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        (date(2024, 3, 5), 0, date(2024, 3, 5)),
        (date(2024, 3, 5), 3, date(2024, 3, 8)),
        (date(2024, 3, 8), 1, date(2024, 3, 11)),
        (date(2024, 3, 28), 1, date(2024, 4, 2)),
    ],
)
def test_working_days_are_added(start, count, expected):
    assert add_working_days(start, count, [EASTER]) == expected


def test_working_days_are_counted_to_the_last():
    assert working_days_between(date(2024, 3, 5), date(2024, 3, 12)) == 5
    assert working_days_between(date(2024, 3, 27), date(2024, 4, 3), [EASTER]) == 3
    assert working_days_between(date(2024, 3, 12), date(2024, 3, 5)) == 0


@pytest.mark.parametrize(
    ("due", "delivered", "late"),
    [
        pytest.param(date(2024, 3, 7), date(2024, 3, 7), 0, id="on the day"),
        pytest.param(date(2024, 3, 7), date(2024, 3, 8), 1, id="a day late"),
        pytest.param(date(2024, 3, 7), date(2024, 3, 12), 3, id="over the weekend"),
        pytest.param(date(2024, 3, 28), date(2024, 4, 3), 2, id="over Easter"),
    ],
)
def test_days_late(due, delivered, late):
    assert days_late(due, delivered, [EASTER]) == late


def test_heavy_parcels_take_a_day_longer():
    assert delivery_date(date(2024, 3, 5), 10_000) == date(2024, 3, 7)
    assert delivery_date(date(2024, 3, 5), 10_001) == date(2024, 3, 8)


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([march(8, 9), march(1, 3)], [march(1, 3), march(8, 9)], id="apart"),
        pytest.param([march(1, 4), march(3, 8)], [march(1, 8)], id="two overlap"),
        pytest.param([march(5, 6), march(1, 4)], [march(1, 6)], id="no gap"),
        pytest.param(
            [march(14, 20), march(1, 10), march(19, 25), march(3, 4), march(15, 16), march(8, 12)],
            [march(1, 12), march(14, 25)],
            id="one within another",
        ),
        pytest.param(
            [march(20, 28), march(1, 9), march(2, 3), march(5, 6), march(10, 12), march(22, 23), march(25, 30)],
            [march(1, 12), march(20, 30)],
            id="a whole spring",
        ),
    ],
)
def test_periods_are_joined(periods, expected):
    assert merge_periods(periods) == expected
