from __future__ import annotations

import pytest

from orderdesk.money import ZERO, Money, allocate, sum_amounts


@pytest.mark.parametrize(
    ("text", "cents"),
    [("12", 1200), ("12.50", 1250), ("1,234.50", 123450), ("-3.05", -305), (" 0.99 ", 99), ("1234567", 123456700)],
)
def test_amounts_are_read(text, cents):
    assert Money.parse(text) == Money(cents)


@pytest.mark.parametrize("text", ["", "12.5", "1,23", "EUR 12", "12.345", "--1"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="not an amount"):
        Money.parse(text)


@pytest.mark.parametrize("text", ["0.00", "0.07", "12.50", "-3.05", "1,234,567.89"])
def test_amounts_survive_writing_and_reading(text):
    assert str(Money.parse(text)) == text


def test_amounts_add_up():
    assert sum_amounts([Money(850), Money(1240), Money(-90)]) == Money(2000)
    assert sum_amounts([]) == ZERO


def test_arithmetic():
    assert Money(500) - Money(120) * 2 == Money(260)
    assert -Money(5) < ZERO < Money(1)
    assert not ZERO


@pytest.mark.parametrize(
    ("cents", "rate", "expected"),
    [(1000, 20, 200), (999, 10, 100), (1033, 10, 103), (250, 5, 13), (0, 15, 0)],
)
def test_percentages_are_rounded_to_the_nearest_cent(cents, rate, expected):
    assert Money(cents).percent(rate) == Money(expected)


@pytest.mark.parametrize(
    ("cents", "weights", "expected"),
    [
        pytest.param(104, [1, 1, 1, 1, 1, 1], [18, 18, 17, 17, 17, 17], id="ties go to the earlier share"),
        pytest.param(1000, [5, 4, 7, 1, 3, 6], [192, 154, 269, 39, 115, 231], id="largest loss first"),
        pytest.param(1003, [3, 0, 3, 2, 3, 2], [232, 0, 232, 154, 231, 154], id="nothing for a weight of zero"),
        pytest.param(600, [1, 2, 3], [100, 200, 300], id="nothing left over"),
    ],
)
def test_an_amount_is_split_by_weight(cents, weights, expected):
    shares = allocate(Money(cents), weights)
    assert [share.cents for share in shares] == expected


def test_shares_add_up_to_the_amount():
    assert sum_amounts(allocate(Money(98765), [3, 1, 4, 1, 5, 9, 2, 6])) == Money(98765)


def test_weights_must_add_up_to_something():
    with pytest.raises(ValueError, match="nothing"):
        allocate(Money(100), [0, 0])
