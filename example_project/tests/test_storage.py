from __future__ import annotations

import json
from datetime import date

import pytest

from orderdesk.orders import Order
from orderdesk.storage import OrderStore, StorageError


@pytest.fixture
def saved(tmp_path, catalogue, order):
    """The path of a file with one order in it."""
    path = tmp_path / "orders.json"
    store = OrderStore(path, catalogue)
    store.put(order)
    store.save()
    return path


def test_a_new_store_is_empty(tmp_path, catalogue):
    store = OrderStore(tmp_path / "orders.json", catalogue)
    assert len(store) == 0
    assert store.get("2024-017") is None


def test_saved_orders_are_there_again(saved, catalogue, order):
    assert OrderStore(saved, catalogue).get("2024-017") == order


def test_saving_leaves_nothing_else_behind(saved):
    assert [path.name for path in saved.parent.iterdir()] == ["orders.json"]


def test_the_file_is_json_with_a_version(saved):
    data = json.loads(saved.read_text("utf-8"))
    assert data["version"] == 2
    assert [item["number"] for item in data["orders"]] == ["2024-017"]


def test_a_later_order_with_the_same_number_counts(tmp_path, catalogue, order, ada):
    store = OrderStore(tmp_path / "orders.json", catalogue)
    store.put(order)
    store.put(Order("2024-017", ada, date(2024, 3, 6)))
    assert len(store) == 1
    assert store.get("2024-017").placed_on == date(2024, 3, 6)


def test_orders_of_a_time(tmp_path, catalogue, ada):
    store = OrderStore(tmp_path / "orders.json", catalogue)
    for number, day in (("d", 9), ("c", 8), ("b", 8), ("a", 1)):
        store.put(Order(number, ada, date(2024, 3, day)))
    assert [order.number for order in store.between(date(2024, 3, 2), date(2024, 3, 9))] == ["b", "c", "d"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("{", "orders.json is no JSON"), ('{"version": 1, "orders": []}', "has version 1, expected 2")],
    ids=["cut off", "old version"],
)
def test_a_file_that_cannot_be_used(tmp_path, catalogue, text, reason):
    path = tmp_path / "orders.json"
    path.write_text(text, "utf-8")
    with pytest.raises(StorageError, match=reason):
        OrderStore(path, catalogue)
