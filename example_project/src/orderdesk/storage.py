"""Orders in a JSON file."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from orderdesk.catalogue import Catalogue
from orderdesk.orders import Customer, Order

VERSION = 2


class StorageError(Exception):
    """The file cannot be used; says why."""


class OrderStore:
    """Orders by number, kept in one file."""

    def __init__(self, path: Path, catalogue: Catalogue) -> None:
        self._path = path
        self._catalogue = catalogue
        self._orders: dict[str, Order] = {}
        if path.exists():
            self._load()

    def __len__(self) -> int:
        return len(self._orders)

    def put(self, order: Order) -> None:
        """Keep an order, instead of an older one with the same number."""
        self._orders[order.number] = order

    def get(self, number: str) -> Order | None:
        """Return the order with this number, None if there is none."""
        return self._orders.get(number)

    def between(self, start: date, end: date) -> list[Order]:
        """Return the orders placed from `start` to `end`, both included, by date and number."""
        chosen = [order for order in self._orders.values() if start <= order.placed_on <= end]
        return sorted(chosen, key=lambda order: (order.placed_on, order.number))

    def save(self) -> None:
        """Write the file; readers see either the old or the new one, never half of it."""
        data = {"version": VERSION, "orders": [_to_json(order) for order in self._orders.values()]}
        draft = self._path.with_suffix(".part")
        draft.write_text(json.dumps(data, indent=1), "utf-8")
        os.replace(draft, self._path)

    def _load(self) -> None:
        try:
            data = json.loads(self._path.read_text("utf-8"))
        except json.JSONDecodeError as error:
            raise StorageError(f"{self._path.name} is no JSON: {error}") from error
        if data.get("version") != VERSION:
            raise StorageError(f"{self._path.name} has version {data.get('version')}, expected {VERSION}")
        for item in data["orders"]:
            self.put(_from_json(item, self._catalogue))


def _to_json(order: Order) -> dict[str, Any]:
    customer = order.customer
    return {
        "number": order.number,
        "placed_on": order.placed_on.isoformat(),
        "customer": [customer.name, customer.street, customer.postcode, customer.city, customer.email],
        "lines": [[line.product.sku, line.quantity] for line in order.lines],
        "coupon": order.coupon,
        "gift": order.gift,
    }


def _from_json(item: dict[str, Any], catalogue: Catalogue) -> Order:
    order = Order(
        number=item["number"],
        customer=Customer(*item["customer"]),
        placed_on=date.fromisoformat(item["placed_on"]),
        coupon=item["coupon"],
        gift=item["gift"],
    )
    for sku, quantity in item["lines"]:
        order.add(catalogue.get(sku), quantity)
    return order
