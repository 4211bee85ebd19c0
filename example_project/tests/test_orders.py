from __future__ import annotations

from dataclasses import replace

import pytest

from orderdesk.money import Money
from orderdesk.orders import Customer, Line, Order, new_reference


def test_subtotal_and_weight_count_every_piece(order):
    assert order.subtotal == Money(7100)
    assert order.weight_g == 2600


def test_more_of_the_same_product_makes_its_line_longer(order, catalogue):
    order.add(catalogue.get("TEA-001"), 3)
    assert [(line.product.sku, line.quantity) for line in order.lines] == [("TEA-001", 5), ("POT-001", 1)]


def test_removing_tells_whether_the_product_was_there(order):
    assert order.remove("TEA-001")
    assert not order.remove("TEA-001")
    assert [line.product.sku for line in order.lines] == ["POT-001"]


@pytest.mark.parametrize("quantity", [0, -1])
def test_quantities_are_positive(order, catalogue, quantity):
    with pytest.raises(ValueError, match="CUP-001"):
        order.add(catalogue.get("CUP-001"), quantity)


def test_orders_do_not_share_their_lines(order, ada, catalogue):
    other = Order("2024-018", ada, order.placed_on)
    other.add(catalogue.get("CUP-001"))
    assert len(order.lines) == 2
    assert other.lines == [Line(catalogue.get("CUP-001"), 1)]


def test_the_address_has_postcode_and_city_on_one_line(ada):
    assert ada.address == ("Ada Verhoeven", "Kade 7", "1012 AB Amsterdam")


def test_a_customer_without_mail(ada):
    assert replace(ada, email=None) == Customer("Ada Verhoeven", "Kade 7", "1012 AB", "Amsterdam")


def test_a_reference_has_eight_characters():
    reference = new_reference()
    assert len(reference) == 8
    assert reference == reference.upper()


def test_references_sort_in_the_order_they_were_made():
    first, second = new_reference(), new_reference()
    assert first < second
