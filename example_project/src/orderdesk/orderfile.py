"""Orders as text files: a few headers, then one product a line.

    order: 2024-017
    date: 2024-03-05
    customer: Ada Verhoeven; Kade 7; 1012 AB; Amsterdam
    # a comment
    2 x TEA-001
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from orderdesk.catalogue import Catalogue, UnknownProduct
from orderdesk.orders import Customer, Order

_YES = frozenset({"yes", "y", "true"})


class OrderFileError(ValueError):
    """The text is no order; says in which line and why."""


def parse_order(text: str, catalogue: Catalogue) -> Order:
    """Read an order.

    Raises:
        OrderFileError: a line cannot be read, a header is missing or a product is not on sale.
    """
    headers: dict[str, str] = {}
    wanted: list[tuple[int, str]] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        if ":" in line:
            key, _, value = line.partition(":")
            headers[key.strip()] = value.strip()
        else:
            wanted.append((number, line))
    order = _order_from(headers)
    for number, line in wanted:
        _add_line(order, line, number, catalogue)
    return order


def read_orders(folder: Path, catalogue: Catalogue) -> list[Order]:
    """Read every `*.order` file of a folder, by file name."""
    return [parse_order(path.read_text("utf-8"), catalogue) for path in sorted(folder.glob("*.order"))]


def format_order(order: Order) -> str:
    """Write an order so that `parse_order` reads it again."""
    customer = order.customer
    fields = [customer.name, customer.street, customer.postcode, customer.city]
    if customer.email:
        fields.append(customer.email)
    rows = [f"order: {order.number}", f"date: {order.placed_on.isoformat()}", f"customer: {'; '.join(fields)}"]
    if order.coupon:
        rows.append(f"coupon: {order.coupon}")
    if order.gift:
        rows.append("gift: yes")
    rows += [f"{line.quantity} x {line.product.sku}" for line in order.lines]
    return "\n".join(rows) + "\n"


def _order_from(headers: dict[str, str]) -> Order:
    for name in ("order", "date", "customer"):
        if not headers.get(name):
            raise OrderFileError(f"the header {name!r} is missing")
    try:
        placed_on = date.fromisoformat(headers["date"])
    except ValueError as error:
        raise OrderFileError(f"no date: {headers['date']!r}") from error
    return Order(
        number=headers["order"],
        customer=_customer_from(headers["customer"]),
        placed_on=placed_on,
        coupon=headers.get("coupon"),
        gift=headers.get("gift", "").lower() in _YES,
    )


def _customer_from(value: str) -> Customer:
    fields = [field.strip() for field in value.split(";")]
    if len(fields) not in (4, 5):
        raise OrderFileError(f"a customer has a name, a street, a postcode and a city, not {value!r}")
    return Customer(*fields)


def _add_line(order: Order, line: str, number: int, catalogue: Catalogue) -> None:
    count, times, sku = line.partition(" x ")
    if not times or not count.strip().isdecimal():
        raise OrderFileError(f"line {number}: expected '2 x SKU', got {line!r}")
    try:
        order.add(catalogue.get(sku.strip()), int(count))
    except UnknownProduct as error:
        raise OrderFileError(f"line {number}: {error} is not on sale") from error
