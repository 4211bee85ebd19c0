"""A small tea shop that the tests share."""

from __future__ import annotations

from datetime import date

import pytest

from orderdesk.catalogue import Catalogue, Product
from orderdesk.money import Money
from orderdesk.orders import Customer, Order

PRODUCTS = [
    Product("TEA-001", "Assam Mangalam", Money(850), 250, frozenset({"tea", "black"})),
    Product("TEA-002", "Sencha Fukamushi", Money(1240), 100, frozenset({"tea", "green"})),
    Product("TEA-003", "Darjeeling First Flush", Money(1600), 100, frozenset({"tea", "black", "spring"})),
    Product("POT-001", "Cast Iron Pot, black", Money(5400), 2100, frozenset({"pot"})),
    Product("CUP-001", "Porcelain Cup", Money(700), 180, frozenset({"cup"})),
]


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(PRODUCTS)


@pytest.fixture
def ada() -> Customer:
    return Customer("Ada Verhoeven", "Kade 7", "1012 AB", "Amsterdam", "ada@example.org")


@pytest.fixture
def order(catalogue: Catalogue, ada: Customer) -> Order:
    order = Order("2024-017", ada, date(2024, 3, 5))
    order.add(catalogue.get("TEA-001"), 2)
    order.add(catalogue.get("POT-001"))
    return order
