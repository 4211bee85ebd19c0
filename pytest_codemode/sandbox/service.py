"""The sandbox as the MCP server offers it: requests in, decoded results out, everything foreign behind a fence."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import anyio

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.outcome import (
    Candidate,
    Collection,
    Execution,
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
from pytest_codemode.sandbox.isolation.port import Isolation
from pytest_codemode.sandbox.pool import Pool
from pytest_codemode.sandbox.slot import Slot, SlotDied

OnResult = Callable[[TestResult], Awaitable[None]]
OnProgress = Callable[[int, int], Awaitable[None]]

T = TypeVar("T")

BACKSTOP_S = 60.0
"""Wall clock beyond a request's own limit after which its worker is taken for hung."""
MAX_BATCH = 16
EXECUTE_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM")
"""What `execute` passes on; everything else of the user's environment stays outside."""


class SandboxService:
    """Runs foreign code on one project. Any call may be cancelled; what it runs is dead within a second."""

    def __init__(self, project: Project, isolation: Isolation) -> None:
        self._project = project
        self._isolation = isolation
        self._files: Files = {}
        self._python = ""
        self._pool = Pool(self._warm_slot, max(project.workers, 1))

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
                return _decoded(Collection, answer, "collection")
            except SlotDied as problem:
                return Collection((), status="failed", reason=f"the worker died while collecting: {problem}")

    async def run_tests(self, request: RunRequest, on_result: OnResult | None = None) -> RunResult:
        """Run tests; `on_result` sees each result as it comes."""
        if request.mode is not Mode.COLD:
            async with self._pool.slot() as slot:
                return await self._run_in(slot, request, on_result)
        slot = Slot(self._project, self._isolation, files=self._files, warm=False)
        await slot.start()
        try:
            return await self._run_in(slot, request, on_result)
        finally:
            await slot.close()

    async def _run_in(self, slot: Slot, request: RunRequest, on_result: OnResult | None) -> RunResult:
        results: list[TestResult] = []

        async def take(message: dict[str, Any]) -> None:
            results.append(_decoded(TestResult, message, "result"))
            if on_result is not None:
                await on_result(results[-1])

        limit_s = (request.timeout_s or self._project.limits.run_s) + BACKSTOP_S
        started = anyio.current_time()
        try:
            answer = await slot.request({"op": "run", "request": encode(request)}, take, limit_s)
            return replace(_decoded(RunResult, answer, "run"), results=tuple(results))
        except SlotDied as problem:
            await slot.close()
            reason = f"the worker died: {problem}"
            return RunResult("failed", tuple(results), reason=reason, duration_s=anyio.current_time() - started)

    async def try_patches(self, request: TryRequest, on_progress: OnProgress | None = None) -> tuple[TryResult, ...]:
        """Try candidates, spread over the workers; results in the order of the candidates."""
        trying = _Trying(request, self._pool.size, on_progress)
        limit_s = self._project.limits.run_s * MAX_BATCH + BACKSTOP_S
        async with anyio.create_task_group() as tasks:
            for _ in range(min(self._pool.size, len(request.candidates))):
                tasks.start_soon(self._try_batches, trying, limit_s)
        return trying.in_order()

    async def _try_batches(self, trying: _Trying, limit_s: float) -> None:
        """Take batches until none is left; a batch that kills its worker is tried one by one, each once more."""
        while trying.has_more():
            async with self._pool.slot() as slot:
                while slot.alive and (batch := trying.next_batch()):
                    request = replace(trying.request, candidates=batch)
                    try:
                        await slot.request({"op": "try", "request": encode(request)}, trying.take, limit_s)
                    except SlotDied as problem:
                        await slot.close()
                        trying.give_back(batch, str(problem))

    async def execute(self, code: str, stdin: str = "", timeout_s: float | None = None) -> Execution:
        """Run a Python program in a fresh process with an allow-listed environment."""
        limit_s = timeout_s or self._project.limits.run_s
        env = {name: self._project.env[name] for name in EXECUTE_ENVIRONMENT if name in self._project.env}
        message = {"op": "execute", "code": code, "stdin": stdin, "timeout_s": limit_s, "env": env}
        async with self._pool.slot() as slot:
            try:
                answer = await slot.request(message, None, limit_s + BACKSTOP_S)
                return _decoded(Execution, answer, "execution")
            except SlotDied as problem:
                await slot.close()
                return Execution("killed", None, "", "", reason=f"the worker died: {problem}")

    async def refresh(self, files: Files | None = None) -> None:
        """Forget everything warm; from now on the tree is the one on disk with `files` over it."""
        self._files = dict(files or {})
        await self._pool.clear()

    async def aclose(self) -> None:
        """Kill everything that runs and remove everything temporary."""
        await self._pool.clear()

    def _warm_slot(self) -> Slot:
        return Slot(self._project, self._isolation, files=self._files, warm=True)


@dataclass
class _Trying:
    """The candidates of one request that are not tried yet, and the results of the others."""

    request: TryRequest
    workers: int
    on_progress: OnProgress | None

    def __post_init__(self) -> None:
        self._todo = deque(self.request.candidates)
        self._results: dict[str, TryResult] = {}
        self._deaths: dict[str, int] = {}
        self._stopped = False

    def has_more(self) -> bool:
        return bool(self._todo) and not self._stopped

    def next_batch(self) -> tuple[Candidate, ...]:
        """Return the next candidates for one worker, fewer towards the end so that all finish together."""
        if not self.has_more():
            return ()
        size = max(1, min(MAX_BATCH, len(self._todo) // (2 * self.workers)))
        if self._deaths.get(self._todo[0].key):
            size = 1
        return tuple(self._todo.popleft() for _ in range(min(size, len(self._todo))))

    async def take(self, message: dict[str, Any]) -> None:
        result = _decoded(TryResult, message, "result")
        if result.key not in {candidate.key for candidate in self.request.candidates}:
            raise SlotDied("it answered for a candidate nobody asked for")
        self._results[result.key] = result
        if self.request.stop_at_pass and result.status == "passed":
            self._stopped = True
        if self.on_progress is not None:
            await self.on_progress(len(self._results), len(self.request.candidates))

    def give_back(self, batch: tuple[Candidate, ...], reason: str) -> None:
        """A worker died on `batch`: its first candidate without a result is to blame; twice, and it is out."""
        left = [candidate for candidate in batch if candidate.key not in self._results]
        if not left:
            return
        key = left[0].key
        self._deaths[key] = self._deaths.get(key, 0) + 1
        if self._deaths[key] > 1:
            strategy = "swap" if left[0].swaps else "reload"
            self._results[key] = TryResult(key, "crashed", strategy, reason=f"the worker died: {reason}")  # type: ignore[arg-type]
            left = left[1:]
        self._todo.extendleft(reversed(left))

    def in_order(self) -> tuple[TryResult, ...]:
        return tuple(
            self._results.get(candidate.key)
            or TryResult(candidate.key, "not tried", "swap" if candidate.swaps else "reload")
            for candidate in self.request.candidates
        )


def _decoded(kind: type[T], message: dict[str, Any], name: str) -> T:
    """Decode strictly what came from behind the fence.

    Raises:
        SlotDied: it is not of that kind.
    """
    if message.get("say") == "cancelled":
        raise SlotDied("it was interrupted")
    try:
        return decode(kind, message.get(name), name)
    except (ValueError, RecursionError) as problem:
        raise SlotDied(f"it broke the protocol: {problem}") from None
