from __future__ import annotations

from datetime import date

import pytest

from orderdesk.discounts import Coupon, CouponBook, best_discount, volume_discount, volume_rate
from orderdesk.money import ZERO, Money

IN_MARCH = date(2024, 3, 10)


@pytest.fixture
def spring() -> Coupon:
    return Coupon("SPRING", 10, date(2024, 3, 1), date(2024, 3, 31), minimum=Money(2000))


@pytest.fixture
def coupons(spring) -> CouponBook:
    winter = Coupon("WINTER", 20, date(2023, 12, 1), date(2024, 2, 29))
    return CouponBook([spring, winter, Coupon("hello", 5, date(2024, 1, 1), date(2024, 12, 31))])


@pytest.mark.parametrize(
    ("quantity", "rate"),
    [(1, 0), (9, 0), (10, 5), (11, 5), (49, 5), (50, 10), (99, 10), (100, 15), (250, 15)],
)
def test_the_rate_depends_on_the_quantity(quantity, rate):
    assert volume_rate(quantity) == rate


def test_volume_discount_counts_pieces_of_one_product(order, catalogue):
    assert volume_discount(order) == ZERO
    order.add(catalogue.get("CUP-001"), 20)
    assert volume_discount(order) == Money(700)


@pytest.mark.parametrize(
    ("day", "valid"),
    [
        pytest.param(date(2024, 2, 29), False, id="before"),
        pytest.param(date(2024, 3, 1), True, id="first day"),
        pytest.param(date(2024, 3, 17), True, id="within"),
        pytest.param(date(2024, 3, 31), True, id="last day"),
        pytest.param(date(2024, 4, 1), False, id="after"),
    ],
)
def test_a_coupon_is_valid_from_its_first_to_its_last_day(spring, day, valid):
    assert spring.valid_on(day) is valid


class TestCouponBook:
    def test_the_code_is_taken_in_any_case(self, coupons):
        assert coupons.reduction(" spring ", Money(5000), IN_MARCH) == Money(500)
        assert coupons.reduction("HELLO", Money(5000), IN_MARCH) == Money(250)

    def test_the_subtotal_must_reach_the_minimum(self, coupons):
        assert coupons.reduction("SPRING", Money(1999), IN_MARCH) == ZERO
        assert coupons.reduction("SPRING", Money(2000), IN_MARCH) == Money(200)

    @pytest.mark.parametrize("code", ["AUTUMN", "", "SPRING-2"])
    def test_a_code_that_is_not_known_takes_off_nothing(self, coupons, code):
        assert coupons.reduction(code, Money(5000), IN_MARCH) == ZERO

    @pytest.mark.parametrize(
        ("code", "day"),
        [("WINTER", IN_MARCH), ("SPRING", date(2024, 2, 29)), ("SPRING", date(2024, 4, 1))],
        ids=["long over", "not yet", "just over"],
    )
    def test_a_code_that_is_not_valid_takes_off_nothing(self, coupons, code, day):
        assert coupons.reduction(code, Money(5000), day) == ZERO

    @pytest.mark.parametrize(
        ("day", "codes"),
        [
            pytest.param(IN_MARCH, [], id="none"),
            pytest.param(date(2024, 3, 24), ["SPRING"], id="a week before"),
            pytest.param(date(2024, 2, 28), ["WINTER"], id="before another begins"),
            pytest.param(date(2024, 12, 31), ["hello"], id="on the last day"),
            pytest.param(date(2023, 11, 1), [], id="before all"),
        ],
    )
    def test_coupons_that_end_soon(self, coupons, day, codes):
        assert [coupon.code for coupon in coupons.expiring(day)] == codes


def test_the_larger_discount_counts(order, coupons, catalogue):
    order.coupon = "SPRING"
    assert best_discount(order, coupons) == Money(710)
    order.add(catalogue.get("TEA-003"), 60)
    assert best_discount(order, coupons) == Money(10310)


def test_without_a_coupon_the_volume_counts(order, coupons, catalogue):
    order.add(catalogue.get("CUP-001"), 20)
    assert best_discount(order, coupons) == Money(700)
