"""Prices: from the installed table, without a network, or as the user says."""

from __future__ import annotations

import socket

import genai_prices
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.model import Price, Usage
from pytest_codemode.proposers.model.prices import REGIONAL, parse_price, price_of

LISTED = ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-sonnet-4-5")


@pytest.mark.parametrize("name", LISTED)
@settings(deadline=None)
@given(counts=st.tuples(*[st.integers(0, 300_000) for _ in range(4)]))
def test_usage_costs_what_the_table_itself_says(name: str, counts: tuple[int, int, int, int]) -> None:
    plain, write, read, output = counts
    told = genai_prices.Usage(
        input_tokens=plain + write + read, cache_write_tokens=write, cache_read_tokens=read, output_tokens=output
    )
    price = price_of(name)
    assert price is not None
    expected = genai_prices.calc_price(told, name, provider_id="anthropic").total_price
    assert price.usd(Usage(*counts)) == pytest.approx(float(expected))


def test_dated_name_is_the_same_model() -> None:
    assert price_of("claude-sonnet-5-5-20260922") == price_of("claude-sonnet-5-5")


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("a price was looked up on the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert price_of("claude-haiku-5-5") is not None
    assert price_of("claude-of-next-year") is None


def test_long_prompts_cost_what_the_higher_tier_says() -> None:
    price = price_of("claude-haiku-5-5")
    assert price is not None
    assert price.beyond is not None
    assert 0 < price.input < price.beyond.input
    short, long = price.threshold, price.threshold + 1
    assert price.worst(long, 1_000) > 4 * price.worst(short, 1_000)
    assert price.worst(long, 1_000) == price.beyond.worst(long, 1_000)
    assert price.usd(Usage(1, 0, short, 0)) == price.beyond.usd(Usage(1, 0, short, 0))  # cached tokens count too


def test_cache_of_a_price_without_one_costs_what_the_api_charges_by_default() -> None:
    assert Price(2.0, 10.0).usd(Usage(0, 1_000_000, 1_000_000, 0)) == pytest.approx(2.5 + 0.2)


def test_half_price_is_half_of_everything() -> None:
    usage = Usage(150_000, 20_000, 30_000, 4_000)
    for name in ("claude-haiku-5-5", "claude-sonnet-5-5"):
        price = price_of(name)
        assert price is not None
        assert price.scaled(0.5).usd(usage) == pytest.approx(price.usd(usage) / 2)
        assert price.scaled(0.5).worst(200_000, 4_000) == pytest.approx(price.worst(200_000, 4_000) / 2)


def test_providers_have_prices_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    bedrock, own = price_of("bedrock:us.anthropic.claude-sonnet-5-5"), price_of("claude-sonnet-5-5")
    assert bedrock is not None
    assert own is not None
    assert bedrock.input > own.input
    monkeypatch.setenv("CLOUD_ML_REGION", "global")
    everywhere = price_of("vertex:claude-sonnet-5-5")
    monkeypatch.setenv("CLOUD_ML_REGION", "europe-west1")
    here = price_of("vertex:claude-sonnet-5-5")
    assert everywhere is not None
    assert here == everywhere.scaled(REGIONAL)


@pytest.mark.parametrize("name", ["claude-of-next-year", "qwen3:8b", "bedrock:unknown", "vertex:gemini", "gpt-5", ""])
def test_price_of_an_unknown_model_is_unknown_and_not_guessed(name: str) -> None:
    assert price_of(name) is None


def test_users_price_goes_before_the_table() -> None:
    assert price_of("claude-sonnet-5-5", "in=1,out=4") == Price(1.0, 4.0)
    assert price_of("my-model", " in=0.5 , out=2.5, cache-read=0.05,cache_write=0.6,") == Price(0.5, 2.5, 0.6, 0.05)
    assert price_of("my-model", "in=0,out=0") == Price(0.0, 0.0)
    assert price_of("claude-sonnet-5-5", "") == price_of("claude-sonnet-5-5")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("in=2", "out missing"),
        ("out=2", "in missing"),
        (",", "in and out missing"),
        ("in=2,out=x", "out='x' is not an amount"),
        ("in=-1,out=2", "in='-1' is not an amount"),
        ("in=nan,out=2", "in='nan' is not an amount"),
        ("in=inf,out=2", "in='inf' is not an amount"),
        ("in,out=2", "in='' is not an amount"),
        ("input=2,out=2", "unknown price 'input'"),
    ],
)
def test_price_that_cannot_be_read_is_refused_with_an_example(spec: str, said: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_price(spec)
    assert said in str(refusal.value)
    assert "--codemode-price in=2,out=10" in str(refusal.value)
