"""What a customer does not have to pay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from orderdesk.money import ZERO, Money
from orderdesk.orders import Order

TIERS = ((100, 15), (50, 10), (10, 5))
"""From how many pieces on which rate in percent applies, the largest first."""


@dataclass(frozen=True)
class Coupon:
    """A code that takes a percentage off, from its first to its last day."""

    code: str
    rate: int
    first_day: date
    last_day: date
    minimum: Money = ZERO

    def valid_on(self, day: date) -> bool:
        """Tell whether the coupon can be used on a day."""
        return self.first_day <= day <= self.last_day


class CouponBook:
    """Coupons by code, whatever its case."""

    def __init__(self, coupons: Iterable[Coupon] = ()) -> None:
        self._coupons = {coupon.code.upper(): coupon for coupon in coupons}

    def reduction(self, code: str, subtotal: Money, day: date) -> Money:
        """Return what a code takes off; a code that is not known or not valid takes off nothing."""
        coupon = self._coupons.get(code.strip().upper())
        if not coupon.valid_on(day):
            return ZERO
        if subtotal < coupon.minimum:
            return ZERO
        return subtotal.percent(coupon.rate)

    def expiring(self, day: date, within_days: int = 7) -> list[Coupon]:
        """Return coupons that are valid on a day and end at most so many days later, the first to end first."""
        ending = [
            coupon
            for coupon in self._coupons.values()
            if coupon.valid_on(day) or (coupon.last_day - day).days <= within_days
        ]
        return sorted(ending, key=lambda coupon: (coupon.last_day, coupon.code))


def volume_rate(quantity: int) -> int:
    """Return the rate in percent for so many pieces of one product."""
    for least, rate in TIERS:
        if quantity > least:
            return rate
    return 0


def volume_discount(order: Order) -> Money:
    """Return what the quantities of an order take off its price."""
    discount = ZERO
    for line in order.lines:
        discount += line.amount.percent(volume_rate(line.quantity))
    return discount


def best_discount(order: Order, coupons: CouponBook) -> Money:
    """Return the larger one of the coupon's and the volume discount; they do not add up."""
    by_volume = volume_discount(order)
    if not order.coupon:
        return by_volume
    return max(by_volume, coupons.reduction(order.coupon, order.subtotal, order.placed_on))
