"""What a model costs: from the table in `genai-prices` as it is installed (nothing is fetched), or as the user says."""

from __future__ import annotations

import math
import os
import warnings
from typing import Any

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.model import Price

_EXAMPLE = "write dollars per million tokens, for example --codemode-price in=2,out=10 (also cache-read=, cache-write=)"
_NAMES = {"in": "input", "out": "output", "cache-read": "cache_read", "cache-write": "cache_write"}
_KEYS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_write": "cache_write_mtok",
    "cache_read": "cache_read_mtok",
}
_PROVIDERS = {"bedrock": "aws", "vertex": "google"}

REGIONAL = 1.1
"""Vertex charges a tenth more in regional and multi-regional endpoints; the table has the global one's prices."""


def price_of(model: str, override: str | None = None) -> Price | None:
    """Return what `model` (as the user selects it) costs, None if nobody knows.

    Args:
        override: the user's `in=2,out=10`, which goes before the table.

    Raises:
        ConfigError: `override` does not have its form.
    """
    if override:
        return parse_price(override)
    prefix, _, name = model.partition(":")
    if prefix not in _PROVIDERS:
        return _listed(model, "anthropic")
    price = _listed(name, _PROVIDERS[prefix])
    regional = prefix == "vertex" and os.environ.get("CLOUD_ML_REGION") != "global"
    return price.scaled(REGIONAL) if price and regional else price


def parse_price(spec: str) -> Price:
    """Return the price in `spec`, as `in=2,out=10,cache-read=0.2,cache-write=2.5`; `in` and `out` must be there.

    Raises:
        ConfigError: `spec` does not have that form.
    """
    values: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        name, _, text = part.partition("=")
        name = name.strip().replace("_", "-")
        if name not in _NAMES:
            raise ConfigError(f"--codemode-price: unknown price {name!r}; {_EXAMPLE}")
        values[_NAMES[name]] = _amount(name, text.strip())
    if missing := [name for name in ("in", "out") if _NAMES[name] not in values]:
        raise ConfigError(f"--codemode-price: {' and '.join(missing)} missing in {spec!r}; {_EXAMPLE}")
    unsaid = -1.0
    return Price(values["input"], values["output"], values.get("cache_write", unsaid), values.get("cache_read", unsaid))


def _amount(name: str, text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not 0 <= amount < 1e6:
        raise ConfigError(f"--codemode-price: {name}={text!r} is not an amount; {_EXAMPLE}")
    return amount


def _listed(name: str, provider: str) -> Price | None:
    from genai_prices import Usage, calc_price  # noqa: PLC0415  # 0.4 s of CPU time

    try:
        with warnings.catch_warnings(action="ignore"):  # of prices that this project does not ask for
            listed: Any = calc_price(Usage(input_tokens=0, output_tokens=0), name, provider_id=provider).model_price
    except LookupError:
        return None
    prices = {field: getattr(listed, key, None) for field, key in _KEYS.items()}
    if prices["input"] is None or prices["output"] is None:
        return None
    return _tiered({field: price for field, price in prices.items() if price is not None})


def _tiered(prices: dict[str, Any]) -> Price:
    """Return the price for short prompts, with those for longer ones behind it."""
    starts = sorted({tier.start for price in prices.values() for tier in getattr(price, "tiers", ())})
    price: Price | None = None
    for start, until in reversed(list(zip([-1, *starts], [*starts, 0], strict=True))):
        flat = {field: _at(of, start) for field, of in prices.items()}
        price = Price(**flat, beyond=price, threshold=until)
    assert price is not None  # there is always the first tier
    return price


def _at(price: Any, start: int) -> float:
    """Return what a token costs in a request whose prompt is longer than `start` and not past the next tier."""
    tiers = [tier.price for tier in getattr(price, "tiers", ()) if tier.start <= start]
    return float(tiers[-1] if tiers else getattr(price, "base", price))
