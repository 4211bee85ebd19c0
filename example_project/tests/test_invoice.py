from __future__ import annotations

from datetime import date

import pytest

from orderdesk.invoice import WIDTH, due_date, header, render, row, totals
from orderdesk.money import Money


def test_totals_without_a_discount(order):
    sums = totals(order)
    assert (sums.subtotal, sums.net, sums.tax, sums.due) == (Money(7100), Money(7100), Money(1420), Money(8520))


@pytest.mark.parametrize(
    ("discount", "tax", "due"),
    [(Money(100), Money(1400), Money(8400)), (Money(3550), Money(710), Money(4260)), (Money(7100), Money(0), Money(0))],
    ids=["a little", "half", "all"],
)
def test_tax_is_due_on_what_remains_after_the_discount(order, discount, tax, due):
    sums = totals(order, discount)
    assert (sums.tax, sums.due) == (tax, due)


def test_a_discount_is_never_more_than_the_goods(order):
    with pytest.raises(ValueError, match="a discount of 71.01 on 71.00"):
        totals(order, Money(7101))


def test_half_a_cent_of_tax_goes_to_the_even_cent():
    assert Money(250).percent(5) == Money(12)
    assert Money(350).percent(5) == Money(18)


def test_there_are_two_weeks_to_pay(order):
    assert due_date(order) == date(2024, 3, 19)


def test_rows_fill_the_width():
    assert row("Subtotal", "71.00") == "Subtotal" + " " * 35 + "71.00"


@pytest.mark.parametrize("length", [41, 42, 43, 60])
def test_long_labels_are_cut(length):
    text = row("x" * length, "71.00")
    assert len(text) == WIDTH
    assert text.endswith(" 71.00")
    assert ("…" in text) is (length > 42)


def test_the_header_names_the_customer_and_the_dates(order):
    assert header(order) == [
        "Ada Verhoeven",
        "Kade 7",
        "1012 AB Amsterdam",
        "",
        row("Invoice 2024-017", "2024-03-05"),
        row("Please pay until", "2024-03-19"),
    ]


def test_an_invoice_lists_goods_and_sums(order):
    lines = render(order).splitlines()
    assert lines[7:9] == [row("  2 x Assam Mangalam", "17.00"), row("  1 x Cast Iron Pot, black", "54.00")]
    assert lines[-3:] == [row("Subtotal", "71.00"), row("Tax 20%", "14.20"), row("Total due", "85.20")]


def test_an_invoice_keeps_to_its_width(order):
    assert all(len(line) <= WIDTH for line in render(order).splitlines())
