"""Calls of the sandbox side by side; an interruption is not kept waiting for those under way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def side_by_side(work: Callable[[A], B], items: Iterable[A], workers: int) -> list[B]:
    """Return what `work` makes of each item, in order; `workers` of them at a time.

    What is under way when an exception comes is left to itself: it ends with the sandbox.
    """
    pool = ThreadPoolExecutor(max(workers, 1))
    try:
        results = list(pool.map(work, items))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
    return results
