from __future__ import annotations

import pytest

from orderdesk.catalogue import Catalogue, Product, UnknownProduct, is_ean13
from orderdesk.money import Money


def skus(products):
    return [product.sku for product in products]


class TestCatalogue:
    def test_products_are_found_by_number(self, catalogue):
        assert catalogue.get("CUP-001").name == "Porcelain Cup"
        assert "CUP-001" in catalogue
        assert len(catalogue) == 5

    def test_a_number_that_is_not_on_sale(self, catalogue):
        with pytest.raises(UnknownProduct, match="TEA-999"):
            catalogue.get("TEA-999")

    def test_a_number_can_be_taken_only_once(self, catalogue):
        with pytest.raises(ValueError, match="taken by Porcelain Cup"):
            catalogue.add(Product("CUP-001", "Glass Cup", Money(600)))
        assert catalogue.get("CUP-001").name == "Porcelain Cup"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("sencha", ["TEA-002"]),
            ("FLUSH first", ["TEA-003"]),
            ("c", ["POT-001", "CUP-001", "TEA-002"]),
            ("coffee", []),
        ],
    )
    def test_search(self, catalogue, text, expected):
        found = skus(catalogue.search(text))
        assert sorted(found) == sorted(expected)

    def test_tags_narrow_the_choice(self, catalogue):
        assert skus(catalogue.tagged("tea")) == ["TEA-001", "TEA-002", "TEA-003"]
        assert skus(catalogue.tagged("tea", "black")) == ["TEA-001", "TEA-003"]
        assert skus(catalogue.tagged("coffee")) == []

    def test_pages(self, catalogue):
        assert skus(catalogue.page(1, size=2)) == ["TEA-001", "POT-001"]
        assert skus(catalogue.page(3, size=2)) == ["TEA-002"]
        assert catalogue.page(4, size=2) == []

    def test_there_is_no_page_zero(self, catalogue):
        with pytest.raises(ValueError, match="no page 0"):
            catalogue.page(0)

    def test_an_empty_catalogue_has_an_empty_page(self):
        assert Catalogue().page(1) == []


@pytest.mark.parametrize("code", ["4006381333931", "9780306406157", "5901234123457", "8710398500373"])
def test_bar_codes_that_fit(code):
    assert is_ean13(code)


@pytest.mark.parametrize(
    "code",
    ["4006381333932", "9780306406175", "590123412345", "59012341234577", "59012341234X7", "", "1234567890123"],
)
def test_bar_codes_that_do_not_fit(code):
    assert not is_ean13(code)
