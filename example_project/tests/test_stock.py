from __future__ import annotations

import pytest

from orderdesk.stock import OutOfStock, Stock


@pytest.fixture
def stock() -> Stock:
    return Stock({"TEA-001": 10, "POT-001": 1, "CUP-001": 6})


def test_a_delivery_goes_on_the_shelf(stock):
    stock.receive("TEA-001", 5)
    stock.receive("TEA-002", 3)
    assert (stock.on_hand("TEA-001"), stock.on_hand("TEA-002")) == (15, 3)


def test_an_empty_delivery_is_refused(stock):
    with pytest.raises(ValueError, match="cannot receive 0"):
        stock.receive("TEA-001", 0)


def test_what_is_reserved_stays_on_the_shelf(stock):
    stock.reserve("TEA-001", 4)
    assert (stock.on_hand("TEA-001"), stock.reserved("TEA-001")) == (10, 4)


@pytest.mark.parametrize(("quantity", "left"), [(1, 9), (4, 6), (10, 0)])
def test_what_is_reserved_is_not_available(stock, quantity, left):
    stock.reserve("TEA-001", quantity)
    assert stock.available("TEA-001") == left


def test_nobody_gets_what_others_were_promised(stock):
    stock.reserve("TEA-001", 7)
    with pytest.raises(OutOfStock, match="4 of TEA-001 wanted, 3 left"):
        stock.reserve("TEA-001", 4)
    assert stock.reserved("TEA-001") == 7


def test_more_than_there_is_cannot_be_reserved(stock):
    with pytest.raises(OutOfStock) as caught:
        stock.reserve("CUP-001", 7)
    assert caught.value.sku == "CUP-001"


def test_a_promise_can_be_taken_back(stock):
    stock.reserve("TEA-001", 4)
    stock.release("TEA-001", 3)
    assert stock.reserved("TEA-001") == 1
    with pytest.raises(ValueError, match="never reserved, only 1"):
        stock.release("TEA-001", 2)


class TestShipping:
    def test_what_is_shipped_leaves_the_shelf(self, stock):
        stock.reserve("TEA-001", 4)
        stock.ship("TEA-001", 4)
        assert stock.on_hand("TEA-001") == 6

    def test_what_is_shipped_is_no_promise_any_more(self, stock):
        stock.reserve("TEA-001", 4)
        stock.ship("TEA-001", 4)
        assert stock.reserved("TEA-001") == 0

    def test_a_promise_can_be_kept_in_parts(self, stock):
        stock.reserve("CUP-001", 5)
        stock.ship("CUP-001", 2)
        assert (stock.on_hand("CUP-001"), stock.reserved("CUP-001")) == (4, 3)

    def test_nothing_is_shipped_twice(self, stock):
        stock.reserve("CUP-001", 2)
        stock.ship("CUP-001", 2)
        with pytest.raises(ValueError, match="never reserved"):
            stock.ship("CUP-001", 1)

    def test_what_nobody_reserved_is_not_shipped(self, stock):
        with pytest.raises(ValueError, match="never reserved"):
            stock.ship("CUP-001", 1)
        assert stock.on_hand("CUP-001") == 6


def test_an_order_is_reserved_as_a_whole(stock, order):
    stock.reserve_order(order)
    assert (stock.reserved("TEA-001"), stock.reserved("POT-001")) == (2, 1)


def test_an_order_that_cannot_be_met_reserves_nothing(stock, order, catalogue):
    order.add(catalogue.get("POT-001"))
    with pytest.raises(OutOfStock):
        stock.reserve_order(order)
    assert (stock.reserved("TEA-001"), stock.reserved("POT-001")) == (0, 0)
