"""Get out of what a call returned what a test would look at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from types import CoroutineType
from typing import Any

from pytest_codemode.core.exploring import Flavour, Shown

MAX_YIELDED = 50

Shows = Callable[[Any], Shown]


def consume(thing: Any, flavour: Flavour, show: Shows) -> Shown:
    """Return what came of a call, shown at the moment when a test would see it."""
    if flavour == "generator":
        return _generated(thing, show)
    if flavour == "context manager":
        with thing as entered:
            return show(entered)
    if flavour == "plain":
        return _plain(thing, show)
    with asyncio.Runner() as runner:
        shown: Shown = runner.run(_AWAITED[flavour](thing, show))
        return shown


def _plain(thing: Any, show: Shows) -> Shown:
    shown = show(thing)
    if type(thing) is CoroutineType:
        thing.close()  # it would complain of never having been awaited
    return shown


def _generated(thing: Any, show: Shows) -> Shown:
    items = list(islice(thing, MAX_YIELDED + 1))
    with suppress(AttributeError):
        thing.close()
    return _listed(items, show)


def _listed(items: list[Any], show: Shows) -> Shown:
    shown = show(items[:MAX_YIELDED])
    return replace(shown, cut=True) if len(items) > MAX_YIELDED else shown


async def _coroutine(thing: Any, show: Shows) -> Shown:
    return show(await thing)


async def _async_generated(thing: Any, show: Shows) -> Shown:
    items: list[Any] = []
    async for item in thing:
        items.append(item)
        if len(items) > MAX_YIELDED:
            break
    with suppress(AttributeError):
        await thing.aclose()
    return _listed(items, show)


async def _async_entered(thing: Any, show: Shows) -> Shown:
    async with thing as entered:
        return show(entered)


_AWAITED: dict[str, Callable[[Any, Shows], Any]] = {
    "coroutine": _coroutine,
    "async generator": _async_generated,
    "async context manager": _async_entered,
}
