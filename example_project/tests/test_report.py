from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from orderdesk.money import ZERO, Money
from orderdesk.orders import Order
from orderdesk.report import average_order, best_sellers, regular_customers, revenue_by_month


@pytest.fixture
def orders(order, ada, catalogue):
    bo = replace(ada, name="Bo Lind")
    april = Order("2024-031", bo, date(2024, 4, 2))
    april.add(catalogue.get("CUP-001"), 6)
    march = Order("2024-018", ada, date(2024, 3, 30))
    march.add(catalogue.get("TEA-001"), 1)
    return [april, order, march]


def test_revenue_is_summed_by_month(orders):
    assert revenue_by_month(orders) == {"2024-03": Money(7950), "2024-04": Money(4200)}
    assert list(revenue_by_month(orders)) == ["2024-03", "2024-04"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_best_sellers_come_first(orders, count):
    assert best_sellers(orders, count) == [("CUP-001", 6), ("TEA-001", 3), ("POT-001", 1)][:count]


def test_the_average_order(orders):
    assert average_order(orders) == Money(4050)
    assert average_order([]) == ZERO


def test_regular_customers_came_more_than_once(orders):
    assert regular_customers(orders) == ["Ada Verhoeven"]
    assert regular_customers(orders, at_least=1) == ["Ada Verhoeven", "Bo Lind"]
