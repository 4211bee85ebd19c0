"""What the engines need from the outside, as protocols; adapters implement them, `wiring` chooses them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Protocol

from pytest_codemode.core.events import Event
from pytest_codemode.core.outcome import (
    Collection,
    Execution,
    RunRequest,
    RunResult,
    SandboxInfo,
    TestResult,
    TryRequest,
    TryResult,
)
from pytest_codemode.core.patch import Files, Patch
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial

Proposals = Generator[tuple[Patch, ...], tuple[Trial, ...], None]
"""Yields a batch of patches, receives their trials in the same order (all of them, judged or `NOT_TRIED`)."""

EventSink = Callable[[Event], None]


class Proposer(Protocol):
    """A source of patches. It never applies, judges, counts or writes anything."""

    @property
    def name(self) -> str:
        """As the user selects it with `--codemode-proposer`."""
        ...

    def propose(self, task: RepairTask) -> Proposals:
        """Yield batches until out of ideas.

        Raises:
            ProposerError: it cannot go on; the loop reports it and takes the next proposer.
        """
        ...


class Sandbox(Protocol):
    """Where foreign code runs: a synchronous view of the MCP server's tools.

    Every method raises `SandboxError` when the sandbox itself fails; what the foreign code does is in the result.
    """

    def info(self) -> SandboxInfo:
        """Return the level in force and what it is worth."""
        ...

    def collect(self) -> Collection:
        """Collect the user's selection from the unpatched tree."""
        ...

    def run_tests(self, request: RunRequest, on_result: Callable[[TestResult], None] | None = None) -> RunResult:
        """Run tests; `on_result` sees each result as it comes."""
        ...

    def try_patches(self, request: TryRequest) -> tuple[TryResult, ...]:
        """Try candidates, in parallel over the workers; results in the order of the candidates."""
        ...

    def execute(self, code: str, *, stdin: str = "", timeout_s: float | None = None) -> Execution:
        """Run a Python program in a fresh process."""
        ...

    def refresh(self, files: Files | None = None) -> None:
        """Forget everything warm; from now on the tree is the one on disk with `files` (path -> bytes) over it."""
        ...

    def close(self) -> None:
        """Kill everything that runs and remove everything temporary."""
        ...
