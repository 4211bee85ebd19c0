"""Warm workers: started when needed or ahead, one request each at a time, replaced when they are worn or unwell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from pytest_codemode.sandbox.slot import Slot

MAX_REQUESTS = 5_000
"""After so many requests a worker is replaced: whatever leaks in it ends with it."""


class Pool:
    """At most `size` warm slots."""

    def __init__(self, make: Callable[[], Slot], size: int, max_requests: int = MAX_REQUESTS) -> None:
        self.size = size
        self._make = make
        self._max_requests = max_requests
        self._idle: list[Slot] = []
        self._limit = anyio.Semaphore(size)
        self._generation = 0
        self._warming: list[anyio.CancelScope] = []

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        """Lend a live slot; it comes back unless it died or the tree has changed meanwhile.

        Raises:
            SandboxError: no worker can be started.
        """
        if self._limit.value == 0 and self._warming:
            self._warming.pop().cancel()  # nobody waits for what may not be needed
        async with self._limit:
            generation = self._generation
            slot = await self._well()
            try:
                yield slot
            finally:
                worn = slot.requests >= self._max_requests or generation != self._generation
                if slot.alive and not worn:
                    self._idle.append(slot)
                else:
                    await slot.close()

    async def warm_up(self, prepare: Callable[[Slot], Awaitable[object]]) -> None:
        """Start every worker and `prepare` it; a request that finds no worker free cuts that short."""
        async with anyio.create_task_group() as tasks:
            for _ in range(self.size):
                tasks.start_soon(self._warm_up_one, prepare)

    async def _warm_up_one(self, prepare: Callable[[Slot], Awaitable[object]]) -> None:
        async with self.slot() as slot:
            with anyio.CancelScope() as scope:
                self._warming.append(scope)
                try:
                    await prepare(slot)
                finally:
                    if scope in self._warming:
                        self._warming.remove(scope)

    async def clear(self) -> None:
        """Forget every slot; those at work are closed when they come back."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for slot in idle:
            await slot.close()

    async def _well(self) -> Slot:
        """Return an idle slot that can take a request, else a new one."""
        while self._idle:
            slot = self._idle.pop()
            if await slot.is_well():
                return slot
        slot = self._make()
        await slot.start()
        return slot
