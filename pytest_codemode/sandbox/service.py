"""The sandbox as the MCP server offers it: requests in, decoded results out, everything foreign behind a fence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import anyio

from pytest_codemode.core.codec import encode
from pytest_codemode.core.exploring import Explored, ExploreRequest, MeasureRequest, MeasureResult
from pytest_codemode.core.outcome import (
    Affected,
    AffectedRequest,
    Collection,
    Execution,
    InForce,
    Mode,
    RunRequest,
    RunResult,
    SandboxInfo,
    TestResult,
    TryRequest,
    TryResult,
)
from pytest_codemode.core.patch import Files
from pytest_codemode.core.project import Project
from pytest_codemode.core.remote import RemoteAnswer, RemoteCall
from pytest_codemode.sandbox.affected import Affecting
from pytest_codemode.sandbox.exploring import Gathering
from pytest_codemode.sandbox.gathered import Gathered
from pytest_codemode.sandbox.index import Store
from pytest_codemode.sandbox.isolation.port import Isolation
from pytest_codemode.sandbox.needs import Needs
from pytest_codemode.sandbox.own import OwnPlaces
from pytest_codemode.sandbox.pool import Pool
from pytest_codemode.sandbox.slot import Slot, SlotDied
from pytest_codemode.sandbox.trying import LONGEST_RUNS, Trying, decoded

OnResult = Callable[[TestResult], Awaitable[None]]
OnProgress = Callable[[int, int], Awaitable[None]]

BACKSTOP_S = 60.0
"""Wall clock beyond a request's own limit after which its worker is taken for hung."""
EXECUTE_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM")
"""What `execute` passes on; everything else of the user's environment stays outside."""


class SandboxService:
    """Runs foreign code on one project. Any call may be cancelled; what it runs is dead within a second."""

    def __init__(self, project: Project, isolation: Isolation) -> None:
        self._project = project
        self._isolation = isolation
        self._files: Files = {}
        self._preload: tuple[str, ...] = ()
        self._python = ""
        self._pool = Pool(self._warm_slot, max(project.workers, 1))
        self._needs = Needs()
        self._affecting = Affecting(project, self)
        self._in_force = InForce(isolation.level, isolation.capabilities)

    @staticmethod
    async def open(project: Project, isolation: Isolation | None = None) -> SandboxService:
        """Choose the isolation for `project` (its canary runs now); workers start when they are needed.

        Raises:
            SandboxError: nothing as safe as asked for works here.
        """
        if isolation is None:
            from pytest_codemode.sandbox.isolation.choose import choose  # noqa: PLC0415

            isolation = await anyio.to_thread.run_sync(choose, project)
        return SandboxService(project, isolation)

    async def info(self) -> SandboxInfo:
        """Return the level in force and what it is worth."""
        if not self._python:
            async with self._pool.slot() as slot:
                self._python = slot.python
        isolation = self._isolation
        return SandboxInfo(isolation.level, isolation.capabilities, isolation.notes, self._python)

    async def collect(self) -> Collection:
        """Collect the user's selection."""
        async with self._pool.slot() as slot:
            try:
                answer = await slot.request({"op": "collect"}, None, self._project.limits.run_s + BACKSTOP_S)
                return replace(decoded(Collection, answer, "collection"), sandbox=self._in_force)
            except SlotDied as problem:
                reason = f"the worker died while collecting: {problem}"
                return Collection((), status="failed", reason=reason, sandbox=self._in_force)

    async def run_tests(self, request: RunRequest, on_result: OnResult | None = None) -> RunResult:
        """Run tests; `on_result` sees each result as it comes.

        What a fork's fence kept a test from doing does not count: such a test runs in a place of its own.
        """
        if request.mode is Mode.COLD:
            return await self._run_cold(request, on_result)
        run_s = self._project.limits.run_s
        return await OwnPlaces(self._needs, self._run_forked, self._run_cold, self._selection, run_s).run(
            request, on_result
        )

    async def _run_forked(self, request: RunRequest, on_result: OnResult | None) -> RunResult:
        async with self._pool.slot() as slot:
            return await self._run_in(slot, request, on_result)

    async def _run_cold(self, request: RunRequest, on_result: OnResult | None) -> RunResult:
        async with self._cold_slot() as slot:
            return await self._run_in(slot, request, on_result)

    @asynccontextmanager
    async def _cold_slot(self) -> AsyncIterator[Slot]:
        """Give a worker of its own, with a tree that is thrown away."""
        slot = Slot(self._project, self._isolation, files=self._files, warm=False)
        await slot.start()
        try:
            yield slot
        finally:
            await slot.close()

    async def _selection(self) -> tuple[str, ...]:
        return (await self.collect()).nodeids

    async def _run_in(self, slot: Slot, request: RunRequest, on_result: OnResult | None) -> RunResult:
        results: list[TestResult] = []

        async def take(message: dict[str, Any]) -> None:
            results.append(decoded(TestResult, message, "result"))
            if on_result is not None:
                await on_result(results[-1])

        limit_s = (request.timeout_s or self._project.limits.run_s) + BACKSTOP_S
        started = anyio.current_time()
        try:
            answer = await slot.request({"op": "run", "request": encode(request)}, take, limit_s)
            return replace(decoded(RunResult, answer, "run"), results=tuple(results), sandbox=self._in_force)
        except SlotDied as problem:
            await slot.close()
            reason, duration_s = f"the worker died: {problem}", anyio.current_time() - started
            return RunResult("failed", tuple(results), reason=reason, duration_s=duration_s, sandbox=self._in_force)

    async def try_patches(self, request: TryRequest, on_progress: OnProgress | None = None) -> tuple[TryResult, ...]:
        """Try candidates, spread over the workers; results in the order of the candidates."""
        trying = Trying(request, self._needs, self._pool.size, on_progress)
        limit_s = self._project.limits.run_s * LONGEST_RUNS + BACKSTOP_S
        async with anyio.create_task_group() as tasks:
            for _ in range(min(self._pool.size, len(request.candidates))):
                tasks.start_soon(self._try_batches, trying, limit_s)
        return trying.in_order()

    async def _try_batches(self, trying: Trying, limit_s: float) -> None:
        """Take batches until none is left; a batch that kills its worker is tried one by one, each once more."""
        while trying.has_batches():
            async with self._pool.slot() as slot:
                while slot.alive and (batch := trying.next_batch()):
                    request = replace(trying.request, candidates=batch)
                    try:
                        with trying.at_work(batch):
                            await slot.request({"op": "try", "request": encode(request)}, trying.take, limit_s)
                    except SlotDied as problem:
                        await slot.close()
                        trying.give_back(batch, str(problem))
                    await self._try_apart(trying)
        await self._try_apart(trying)

    async def _try_apart(self, trying: Trying) -> None:
        """Try the candidates that forks cannot judge, each in a place of its own."""
        limit_s = self._project.limits.run_s + BACKSTOP_S
        while (candidate := await trying.next_apart()) is not None:
            request = encode(replace(trying.request, candidates=(candidate,)))
            async with self._cold_slot() as slot:
                try:
                    await slot.request({"op": "try", "request": request, "cold": True}, trying.take_last, limit_s)
                except SlotDied as problem:
                    trying.give_up(candidate, str(problem))

    async def measure(self, request: MeasureRequest, on_progress: OnProgress | None = None) -> MeasureResult:
        """Run tests under coverage.py in a place of their own; `on_progress` hears how many are done, of 0: unknown."""
        gathered = Gathered(on_progress)
        limit_s = (request.timeout_s or self._project.limits.run_s) + BACKSTOP_S
        started = anyio.current_time()
        async with self._cold_slot() as slot:
            try:
                message = {"op": "measure", "request": encode(request)}
                answer = await slot.request(message, gathered.take, limit_s)
                result = gathered.whole(decoded(MeasureResult, answer, "measured"))
            except SlotDied as problem:
                reason = f"the worker died: {problem}"
                result = MeasureResult("failed", reason=reason, duration_s=anyio.current_time() - started)
        return replace(result, sandbox=self._in_force)

    async def explore(self, requests: Sequence[ExploreRequest]) -> tuple[Explored, ...]:
        """Try calls out, the requests spread over the workers; results in their order."""
        results: dict[int, Explored] = {}
        todo = list(enumerate(requests))[::-1]

        async def work() -> None:
            while todo:
                async with self._pool.slot() as slot:
                    while slot.alive and todo:
                        place, request = todo.pop()
                        results[place] = await self._explore_in(slot, request)

        async with anyio.create_task_group() as tasks:
            for _ in range(min(self._pool.size, len(requests))):
                tasks.start_soon(work)
        return tuple(results[place] for place in range(len(requests)))

    async def _explore_in(self, slot: Slot, request: ExploreRequest) -> Explored:
        """Carry out one request; one that kills its worker is not repeated."""
        gathering = Gathering(request)
        limit_s = request.timeout_s + self._project.limits.run_s + BACKSTOP_S
        try:
            answer = await slot.request({"op": "explore", "request": encode(request)}, gathering.take, limit_s)
            explored = gathering.explored(answer)
        except SlotDied as problem:
            await slot.close()
            explored = gathering.killed(f"the worker died: {problem}")
        return replace(explored, sandbox=self._in_force)

    async def execute(self, code: str, stdin: str = "", timeout_s: float | None = None) -> Execution:
        """Run a Python program in a fresh process with an allow-listed environment."""
        limit_s = timeout_s or self._project.limits.run_s
        message = {"op": "execute", "code": code, "stdin": stdin, "timeout_s": limit_s, "env": self._program_env()}
        async with self._pool.slot() as slot:
            try:
                answer = await slot.request(message, None, limit_s + BACKSTOP_S)
                return replace(decoded(Execution, answer, "execution"), sandbox=self._in_force)
            except SlotDied as problem:
                await slot.close()
                return Execution("killed", None, "", "", f"the worker died: {problem}", sandbox=self._in_force)

    async def converse(
        self, code: str, timeout_s: float | None, on_call: Callable[[RemoteCall], Awaitable[RemoteAnswer]]
    ) -> Execution:
        """Run a Python program that may call `project`; `on_call` answers its calls, one at a time.

        The worker is none of the pool's: what answers a call may need one of those.
        """
        limit_s = timeout_s or self._project.limits.run_s
        message = {"op": "converse", "code": code, "timeout_s": limit_s, "env": self._program_env()}
        async with self._cold_slot() as slot:

            async def take(said: dict[str, Any]) -> None:
                call: RemoteCall = decoded(RemoteCall, said, "call")
                answered = await on_call(call)
                await slot.tell({"op": "answer", "answer": encode(answered)})

            try:
                answer = await slot.request(message, take, limit_s + BACKSTOP_S)
                return decoded(Execution, answer, "execution")
            except SlotDied as problem:
                return Execution("killed", None, "", "", reason=f"the worker died: {problem}")

    async def warm_up(self) -> None:
        """Start every worker ahead of the first request; the first request ends what is not done by then."""
        limit_s = self._project.limits.run_s + BACKSTOP_S

        async def prepare(slot: Slot) -> None:
            with suppress(SlotDied):  # it is replaced when it is needed
                await slot.request({"op": "warm_up", "env": self._program_env()}, None, limit_s)

        await self._pool.warm_up(prepare)

    def _program_env(self) -> dict[str, str]:
        return {name: self._project.env[name] for name in EXECUTE_ENVIRONMENT if name in self._project.env}

    async def refresh(self, files: Files | None = None, preload: Sequence[str] = ()) -> None:
        """Forget everything warm; from now on the tree is the one on disk with `files` over it.

        Sessions that are forked import the files `preload`, beside what their tests do.
        """
        self._files = dict(files or {})
        self._preload = tuple(preload)
        self._needs = Needs()
        await self._pool.clear()

    async def aclose(self) -> None:
        """Kill everything that runs and remove everything temporary."""
        await self._pool.clear()

    def _warm_slot(self) -> Slot:
        return Slot(self._project, self._isolation, files=self._files, warm=True, preload=self._preload)

    def keep_map_in(self, store: Store) -> None:
        """Keep the index of which test executes what in `store`; without one it ends with this object."""
        self._affecting.store = store

    @property
    def overlay(self) -> Files:
        """What stands in place of files on disk."""
        return dict(self._files)

    async def run_mapped(self, request: RunRequest, on_result: OnResult | None = None) -> RunResult:
        """Run tests and tell what each executes, recording only where the index is out of date."""
        return await self._affecting.run(request, on_result)

    async def affected_tests(self, request: AffectedRequest, on_result: OnResult | None = None) -> Affected:
        """Return the tests that a change may affect; `on_result` sees those that have to run for it."""
        return replace(await self._affecting.affected(request, on_result), sandbox=self._in_force)
