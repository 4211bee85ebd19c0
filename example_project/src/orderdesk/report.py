"""Figures for the owner: what was sold, when and to whom."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable

from orderdesk.money import ZERO, Money, sum_amount
from orderdesk.orders import Order


def revenue_by_month(orders: Iterable[Order]) -> dict[str, Money]:
    """Return the revenue before tax by month, as `2024-03`, in order of time."""
    months: defaultdict[str, list[Money]] = defaultdict(list)
    for order in orders:
        months[f"{order.placed_on:%Y-%m}"].append(order.subtotal)
    return {month: sum_amounts(months[month]) for month in sorted(months)}


def best_sellers(orders: Iterable[Order], count: int = 3) -> list[tuple[str, int]]:
    """Return the products sold most, as number and pieces; ties by number."""
    pieces: Counter[str] = Counter()
    for order in orders:
        for line in order.lines:
            pieces[line.product.sku] += line.quantity
    ranking = sorted(pieces.items(), key=lambda item: (-item[1], item[0]))
    return ranking[:count]


def average_order(orders: Iterable[Order]) -> Money:
    """Return what an order is worth on average, cents cut off; zero without orders."""
    amounts = [order.subtotal for order in orders]
    if not amounts:
        return ZERO
    return Money(sum_amounts(amounts).cents // len(amounts))


def regular_customers(orders: Iterable[Order], at_least: int = 2) -> list[str]:
    """Return the names of customers with at least so many orders, by name."""
    visits = Counter(order.customer.name for order in orders)
    return sorted(name for name, count in visits.items() if count >= at_least)


def to_csv(orders: Iterable[Order]) -> str:
    """Return one row an order for a spreadsheet."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["number", "date", "customer", "pieces", "subtotal"])
    for order in orders:
        pieces = sum(line.quantity for line in order.lines)
        writer.writerow([order.number, order.placed_on, order.customer.name, pieces, order.subtotal])
    return target.getvalue()
