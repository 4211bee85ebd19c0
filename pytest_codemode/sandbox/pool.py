"""Warm workers: started when needed, in parallel, one request each at a time, replaced when they die."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from pytest_codemode.sandbox.slot import Slot

MAX_REQUESTS = 5_000
"""After so many requests a worker is replaced: whatever leaks in it ends with it."""


class Pool:
    """At most `size` warm slots."""

    def __init__(self, make: Callable[[], Slot], size: int) -> None:
        self.size = size
        self._make = make
        self._idle: list[Slot] = []
        self._limit = anyio.Semaphore(size)
        self._generation = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Lend a live slot; it comes back unless it died or the tree has changed meanwhile.

        Raises:
            SandboxError: no worker can be started.
        """
        async with self._limit:
            generation = self._generation
            slot = self._idle.pop() if self._idle else await self._started()
            try:
                yield slot
            finally:
                worn = slot.requests >= MAX_REQUESTS or generation != self._generation
                if slot.alive and not worn:
                    self._idle.append(slot)
                else:
                    await slot.close()

    async def clear(self) -> None:
        """Forget every slot; those at work are closed when they come back."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for slot in idle:
            await slot.close()

    async def _started(self) -> Slot:
        slot = self._make()
        await slot.start()
        return slot
