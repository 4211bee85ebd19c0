"""Invoices as plain text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from orderdesk.money import ZERO, Money
from orderdesk.orders import Order

TAX_RATE = 20
PAYMENT_DAYS = 14
WIDTH = 48


@dataclass(frozen=True)
class Totals:
    """The sums at the foot of an invoice."""

    subtotal: Money
    discount: Money
    net: Money
    tax: Money
    due: Money


def totals(order: Order, discount: Money = ZERO) -> Totals:
    """Work out the sums of an order; tax is due on what remains after the discount.

    Raises:
        ValueError: the discount is more than the goods cost.
    """
    subtotal = order.subtotal
    if discount > subtotal:
        raise ValueError(f"a discount of {discount} on {subtotal}")
    net = subtotal - discount
    tax = subtotal.percent(TAX_RATE)
    return Totals(subtotal=subtotal, discount=discount, net=net, tax=tax, due=net + tax)


def due_date(order: Order) -> date:
    """Return the last day on which the invoice is paid in time."""
    return order.placed_on + timedelta(days=PAYMENT_DAYS)


def header(order: Order) -> list[str]:
    """Return the lines above the goods: address, number and dates."""
    return [
        *order.customer.address,
        "",
        row(f"Invoice {order.number}", order.placed_at.isoformat()),
        row("Please pay until", due_date(order).isoformat()),
    ]


def row(label: str, value: str) -> str:
    """Put a label at the left and a value at the right margin; a long label is cut."""
    room = WIDTH - len(value) - 1
    if len(label) > room:
        label = label[: room - 1] + "…"
    return f"{label:<{room}} {value}"


def render(order: Order, discount: Money = ZERO) -> str:
    """Return the whole invoice."""
    sums = totals(order, discount)
    goods = [row(f"{line.quantity:>3} x {line.product.name}", str(line.amount)) for line in order.lines]
    foot = [row("Subtotal", str(sums.subtotal))]
    if sums.discount:
        foot += [row("Discount", str(-sums.discount)), row("Net", str(sums.net))]
    foot += [row(f"Tax {TAX_RATE}%", str(sums.tax)), row("Total due", str(sums.due))]
    rule = "-" * WIDTH
    return "\n".join([*header(order), rule, *goods, rule, *foot]) + "\n"


def reminder(order: Order, today: date, discount: Money = ZERO) -> str | None:
    """Return a reminder for an invoice that is not paid in time, None as long as there is time."""
    late = (today - due_date(order)).days
    if late <= 0:
        return None
    days = "a day" if late == 1 else f"{late} days"
    amount = totals(order, discount).due
    return f"Dear {order.customer.name}, invoice {order.number} over {amount} was due {days} ago."
