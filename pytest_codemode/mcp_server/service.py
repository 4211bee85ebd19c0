"""What the tools need from the sandbox, as a protocol: the server knows no mechanism of isolation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from pytest_codemode.core.exploring import Explored, ExploreRequest, MeasureRequest, MeasureResult
from pytest_codemode.core.outcome import (
    Affected,
    AffectedRequest,
    Collection,
    Execution,
    RunRequest,
    RunResult,
    SandboxInfo,
    TestResult,
    TryRequest,
    TryResult,
)
from pytest_codemode.core.patch import Files
from pytest_codemode.core.remote import RemoteAnswer, RemoteCall

OnResult = Callable[[TestResult], Awaitable[None]]
"""Sees each finished test of a run as it comes."""

OnProgress = Callable[[int, int], Awaitable[None]]
"""Sees how many candidates are done, and of how many."""


class Service(Protocol):
    """The sandbox as the server sees it; cancelling a call kills what it started.

    Every method raises `CodemodeError` where the sandbox fails; what foreign code does is in the result.
    """

    async def info(self) -> SandboxInfo:
        """Return the level in force and what it is worth."""
        ...

    async def collect(self) -> Collection:
        """Collect the user's selection from the unpatched tree."""
        ...

    async def run_tests(self, request: RunRequest, on_result: OnResult | None = None) -> RunResult:
        """Run tests."""
        ...

    async def run_mapped(self, request: RunRequest, on_result: OnResult | None = None) -> RunResult:
        """Run tests and tell what each executes, recording only where the index is out of date."""
        ...

    async def affected_tests(self, request: AffectedRequest, on_result: OnResult | None = None) -> Affected:
        """Return the tests that a change may affect; `on_result` sees those that have to run for it."""
        ...

    async def try_patches(self, request: TryRequest, on_progress: OnProgress | None = None) -> tuple[TryResult, ...]:
        """Try candidates; results in their order."""
        ...

    async def measure(self, request: MeasureRequest, on_progress: OnProgress | None = None) -> MeasureResult:
        """Run tests under coverage.py."""
        ...

    async def explore(self, requests: Sequence[ExploreRequest]) -> tuple[Explored, ...]:
        """Try calls out; results in the order of the requests."""
        ...

    async def execute(self, code: str, stdin: str, timeout_s: float | None) -> Execution:
        """Run a Python program in a fresh process."""
        ...

    async def warm_up(self) -> None:
        """Start ahead what the first call would wait for; that call ends what is not done by then."""
        ...

    async def converse(
        self, code: str, timeout_s: float | None, on_call: Callable[[RemoteCall], Awaitable[RemoteAnswer]]
    ) -> Execution:
        """Run a Python program that may call `project`; `on_call` answers its calls, one at a time."""
        ...

    async def refresh(self, files: Files | None = None, preload: Sequence[str] = ()) -> None:
        """Forget everything warm; from now on the tree is the one on disk with `files` over it.

        Sessions that are forked import the files `preload`, beside what their tests do.
        """
        ...

    async def aclose(self) -> None:
        """Kill everything that runs and remove everything temporary."""
        ...


OpenService = Callable[[], Awaitable[Service]]
