"""The products on sale and how to find them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orderdesk.money import Money


class UnknownProduct(LookupError):
    """There is no product with this number."""


@dataclass(frozen=True)
class Product:
    """Something the shop sells."""

    sku: str
    name: str
    price: Money
    weight_g: int = 0
    tags: frozenset[str] = frozenset()


class Catalogue:
    """Products by number."""

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self._products: dict[str, Product] = {}
        for product in products:
            self.add(product)

    def __len__(self) -> int:
        return len(self._products)

    def __iter__(self) -> Iterator[Product]:
        return iter(self._products.values())

    def __contains__(self, sku: object) -> bool:
        return sku in self._products

    def add(self, product: Product) -> None:
        """Put a product on sale.

        Raises:
            ValueError: the number is taken.
        """
        if product.sku in self._products:
            raise ValueError(f"{product.sku} is taken by {self._products[product.sku].name}")
        self._products[product.sku] = product

    def get(self, sku: str) -> Product:
        """Return the product with this number.

        Raises:
            UnknownProduct: there is none.
        """
        try:
            return self._products[sku]
        except KeyError:
            raise UnknownProduct(sku) from None

    def search(self, text: str) -> list[Product]:
        """Return products whose name holds every word of `text`, in any case, by name."""
        words = text.casefold().split()
        hits = [product for product in self if all(word in product.name.casefold() for word in words)]
        return sorted(hits, key=lambda product: product.name)

    def tagged(self, *tags: str) -> list[Product]:
        """Return products that carry all of these tags, by number."""
        wanted = frozenset(tags)
        hits = [product for product in self if wanted <= product.tags]
        return sorted(hits, key=lambda product: product.sku)

    def page(self, number: int, size: int = 10) -> list[Product]:
        """Return one page of the catalogue by name; the first page is 1."""
        if number < 1:
            raise ValueError(f"there is no page {number}")
        ordered = sorted(self, key=lambda product: product.name)
        start = (number - 1) * size
        return ordered[start : start + size]

    def price_range(self, *tags: str) -> tuple[Money, Money] | None:
        """Return the lowest and the highest price among products with these tags, None if there are none."""
        prices = [product.price for product in self.tagged(*tags)]
        if not prices:
            return None
        return min(prices), max(prices)


def is_ean13(code: str) -> bool:
    """Tell whether a bar code has 13 digits and its last one fits the others.

    The first twelve digits count once and three times in turn; the last fills their sum up to a multiple of ten.
    """
    if len(code) != 13 or not code.isdecimal():
        return False
    digits = [int(character) for character in code]
    checksum = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits[:11]))
    return digits[-1] == -checksum % 10
