from __future__ import annotations

from datetime import date

import pytest

from orderdesk.orderfile import OrderFileError, format_order, parse_order, read_orders

TEXT = """\
# by phone
order: 2024-021
date: 2024-03-11
customer: Bo Lind; Strand 2; 2100; Copenhagen

2 x TEA-001   # as always
1 x CUP-001
"""


def test_an_order_is_read(catalogue):
    order = parse_order(TEXT, catalogue)
    assert (order.number, order.placed_on, order.customer.name) == ("2024-021", date(2024, 3, 11), "Bo Lind")
    assert [(line.product.sku, line.quantity) for line in order.lines] == [("TEA-001", 2), ("CUP-001", 1)]
    assert order.coupon is None
    assert not order.gift


@pytest.mark.parametrize(
    ("old", "new"),
    [("order:", "Order:"), ("date:", "DATE :"), ("customer:", "  Customer:")],
    ids=["Order", "DATE", "Customer"],
)
def test_headers_may_be_written_in_any_case(catalogue, old, new):
    order = parse_order(TEXT.replace(old, new), catalogue)
    assert order == parse_order(TEXT, catalogue)


@pytest.mark.parametrize(("value", "gift"), [("yes", True), ("Y", True), ("no", False), ("", False)])
def test_gifts(catalogue, value, gift):
    assert parse_order(TEXT + f"gift: {value}\n", catalogue).gift is gift


@pytest.mark.parametrize("header", ["order", "date", "customer"])
def test_a_header_is_missing(catalogue, header):
    text = "\n".join(line for line in TEXT.splitlines() if not line.startswith(header))
    with pytest.raises(OrderFileError, match=f"'{header}' is missing"):
        parse_order(text, catalogue)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("two x TEA-001", "line 8: expected"),
        ("TEA-001", "line 8: expected"),
        ("3 x TEA-999", "line 8: TEA-999 is not on sale"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(catalogue, line, reason):
    with pytest.raises(OrderFileError, match=reason):
        parse_order(TEXT + line, catalogue)


def test_a_date_that_does_not_exist(catalogue):
    with pytest.raises(OrderFileError, match="no date: '2024-02-30'"):
        parse_order(TEXT.replace("2024-03-11", "2024-02-30"), catalogue)


def test_an_order_survives_writing_and_reading(catalogue, order):
    order.coupon = "SPRING"
    order.gift = True
    assert parse_order(format_order(order), catalogue) == order


def test_a_folder_is_read_by_file_name(catalogue, tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.order").write_text(TEXT.replace("2024-021", name), "utf-8")
    (tmp_path / "notes.txt").write_text("not an order", "utf-8")
    assert [order.number for order in read_orders(tmp_path, catalogue)] == ["a", "b"]
