"""Amounts of money in whole cents; no floating point anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_AMOUNT = re.compile(r"(?P<sign>-?)(?P<units>\d+|\d{1,3}(?:,\d{3})+)(?:\.(?P<cents>\d{2}))?")


@dataclass(frozen=True, order=True)
class Money:
    """An amount in cents of the shop's only currency."""

    cents: int

    @classmethod
    def parse(cls, text: str) -> Money:
        """Read an amount as `12`, `12.50` or `-1,234.50`.

        Raises:
            ValueError: the text is no amount.
        """
        match = _AMOUNT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"not an amount: {text!r}")
        units = int(match["units"].replace(",", ""))
        cents = units * 100 + int(match["cents"] or 0)
        return cls(-cents if match["sign"] else cents)

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + other.cents)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - other.cents)

    def __neg__(self) -> Money:
        return Money(-self.cents)

    def __mul__(self, factor: int) -> Money:
        return Money(self.cents * factor)

    def __bool__(self) -> bool:
        return self.cents != 0

    def __str__(self) -> str:
        units, cents = divmod(abs(self.cents), 100)
        sign = "-" if self.cents < 0 else ""
        return f"{sign}{units:,}.{cents:02d}"

    def percent(self, rate: int | Decimal) -> Money:
        """Return `rate` percent of the amount, rounded to whole cents."""
        exact = Decimal(self.cents) * Decimal(rate) / 100
        return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)))


ZERO = Money(0)


def sum_amounts(amounts: Iterable[Money]) -> Money:
    """Add amounts up; none at all is zero."""
    return Money(sum(amount.cents for amount in amounts))


def allocate(amount: Money, weights: Sequence[int]) -> list[Money]:
    """Split an amount in proportion to whole weights, to the cent.

    The shares add up to the amount. The cents that are left over after rounding down go one by one to the shares that
    lost most by the rounding, the earlier share first where two lost the same.
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("the weights add up to nothing")
    shares = [amount.cents * weight // whole for weight in weights]
    shares[-1] += amount.cents - sum(shares)
    return [Money(share) for share in shares]


def clamp(amount: Money, lowest: Money, highest: Money) -> Money:
    """Return the amount, or the limit it lies beyond.

    Raises:
        ValueError: the limits are in the other order.
    """
    if lowest > highest:
        raise ValueError(f"{lowest} is more than {highest}")
    return max(lowest, min(amount, highest))
