"""Orders: who wants what."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date

from orderdesk.catalogue import Product
from orderdesk.money import Money, sum_amounts


@dataclass(frozen=True)
class Customer:
    """Who orders, and where the parcel goes."""

    name: str
    street: str
    postcode: str
    city: str
    email: str | None = None

    @property
    def address(self) -> tuple[str, ...]:
        """The lines of the address label."""
        return self.name, self.street, f"{self.postcode} {self.city}"


@dataclass(frozen=True)
class Line:
    """A product and how many of it."""

    product: Product
    quantity: int = 1

    @property
    def amount(self) -> Money:
        """Price of the whole line."""
        return self.product.price * self.quantity

    @property
    def weight_g(self) -> int:
        """Weight of the whole line in grams."""
        return self.product.weight_g * self.quantity


@dataclass
class Order:
    """What a customer ordered on one day."""

    number: str
    customer: Customer
    placed_on: date
    lines: list[Line] = field(default_factory=list)
    coupon: str | None = None
    gift: bool = False

    def add(self, product: Product, quantity: int = 1) -> None:
        """Add a product; more of one that is there already makes its line longer.

        Raises:
            ValueError: the quantity is not positive.
        """
        if quantity < 1:
            raise ValueError(f"cannot order {quantity} of {product.sku}")
        for index, line in enumerate(self.lines):
            if line.product.sku == product.sku:
                self.lines[index] = Line(product, line.quantity + quantity)
                return
        self.lines.append(Line(product, quantity))

    def remove(self, sku: str) -> bool:
        """Take a product off the order and tell whether it was there."""
        kept = [line for line in self.lines if line.product.sku != sku]
        found = len(kept) < len(self.lines)
        self.lines = kept
        return found

    @property
    def subtotal(self) -> Money:
        """Price of all lines, before discounts and tax."""
        return sum_amounts(line.amount for line in self.lines)

    @property
    def weight_g(self) -> int:
        """Weight of all lines in grams."""
        return sum(line.weight_g for line in self.lines)


def new_reference() -> str:
    """Return a fresh reference of eight characters for a customer to quote."""
    return secrets.token_hex(4).upper()


def same_customer(first: Customer, second: Customer) -> bool:
    """Tell whether two records mean one person: the same mail address, else the same name and postcode."""
    if first.email and second.email:
        return first.email.casefold() == second.email.casefold()
    return (first.name.casefold(), first.postcode) == (second.name.casefold(), second.postcode)
