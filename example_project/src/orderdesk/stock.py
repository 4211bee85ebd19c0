"""What lies on the shelves, and what of it is promised to somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from orderdesk.orders import Order


class OutOfStock(Exception):
    """There is not enough left of a product."""

    def __init__(self, sku: str, wanted: int, left: int) -> None:
        super().__init__(f"{wanted} of {sku} wanted, {left} left")
        self.sku = sku


class Stock:
    """Counts of products by number."""

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self._on_hand: Counter[str] = Counter(counts or {})
        self._reserved: Counter[str] = Counter()

    def on_hand(self, sku: str) -> int:
        """Return how many are on the shelf, reserved ones included."""
        return self._on_hand[sku]

    def reserved(self, sku: str) -> int:
        """Return how many are promised."""
        return self._reserved[sku]

    def available(self, sku: str) -> int:
        """Return how many can still be promised."""
        return self._on_hand[sku] + self._reserved[sku]

    def receive(self, sku: str, quantity: int) -> None:
        """Put a delivery on the shelf."""
        if quantity < 1:
            raise ValueError(f"cannot receive {quantity} of {sku}")
        self._on_hand[sku] += quantity

    def reserve(self, sku: str, quantity: int) -> None:
        """Promise some of a product.

        Raises:
            OutOfStock: fewer than that are available.
        """
        left = self.available(sku)
        if quantity > left:
            raise OutOfStock(sku, quantity, left)
        self._reserved[sku] += quantity

    def release(self, sku: str, quantity: int) -> None:
        """Take a promise back."""
        self._require_reserved(sku, quantity)
        self._reserved[sku] -= quantity

    def ship(self, sku: str, quantity: int) -> None:
        """Send out what was promised: it leaves the shelf and is no promise any more."""
        self._require_reserved(sku, quantity)
        self._on_hand[sku] -= quantity

    def reserve_order(self, order: Order) -> None:
        """Promise everything an order asks for, or nothing of it.

        Raises:
            OutOfStock: a product does not suffice.
        """
        done: list[tuple[str, int]] = []
        try:
            for line in order.lines:
                self.reserve(line.product.sku, line.quantity)
                done.append((line.product.sku, line.quantity))
        except OutOfStock:
            for sku, quantity in done:
                self.release(sku, quantity)
            raise

    def to_reorder(self, minimum: int) -> list[str]:
        """Return the numbers of products of which less than `minimum` are available, the scarcest first."""
        scarce = [sku for sku in self._on_hand if self.available(sku) < minimum]
        return sorted(scarce, key=lambda sku: (self.available(sku), sku))

    def _require_reserved(self, sku: str, quantity: int) -> None:
        if quantity > self._reserved[sku]:
            raise ValueError(f"{quantity} of {sku} were never reserved, only {self._reserved[sku]}")
