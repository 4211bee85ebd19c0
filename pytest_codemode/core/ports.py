"""What the engines need from the outside, as protocols; adapters implement them, `wiring` chooses them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol

from pytest_codemode.core.budget import StopReason
from pytest_codemode.core.events import Event
from pytest_codemode.core.exploring import Explored, ExploreRequest, MeasureRequest, MeasureResult
from pytest_codemode.core.model import ModelLimits, ModelReply, ModelRequest, ToolAnswer, ToolSpec, Usage
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
from pytest_codemode.core.patch import Files, Patch
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial

Proposals = Generator[tuple[Patch, ...], tuple[Trial, ...], StopReason | None]
"""Yields a batch of patches, receives their trials in the same order (all of them, judged or `NOT_TRIED`).

Returns the limit that ended it, None when it is out of ideas.
"""

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

    def affected_tests(self, request: AffectedRequest) -> Affected:
        """Return the tests that a change may affect, from an index that is brought up to date for it."""
        ...

    def try_patches(self, request: TryRequest) -> tuple[TryResult, ...]:
        """Try candidates, in parallel over the workers; results in the order of the candidates."""
        ...

    def measure(self, request: MeasureRequest, on_progress: Callable[[int], None] | None = None) -> MeasureResult:
        """Run tests under coverage.py; `on_progress` hears how many are done."""
        ...

    def explore(self, requests: Sequence[ExploreRequest]) -> tuple[Explored, ...]:
        """Try calls out, in parallel over the workers; results in the order of the requests.

        A request that kills its worker comes back `killed` and is not repeated.
        """
        ...

    def execute(self, code: str, *, stdin: str = "", timeout_s: float | None = None) -> Execution:
        """Run a Python program in a fresh process."""
        ...

    def refresh(self, files: Files | None = None, preload: Sequence[str] = ()) -> None:
        """Forget everything warm; from now on the tree is the one on disk with `files` (path -> bytes) over it.

        The files `preload`, by path, are imported once for all calls that are tried out.
        """
        ...

    def close(self) -> None:
        """Kill everything that runs and remove everything temporary."""
        ...


class Model(Protocol):
    """A model behind the Messages API, or a recording of one. It knows nothing of budgets: see `proposers.model`."""

    @property
    def name(self) -> str:
        """As the user selects it with `--codemode-model`."""
        ...

    def limits(self) -> ModelLimits:
        """Return what the model can do; asked once, may cost a request that is free of charge."""
        ...

    def count(self, request: ModelRequest) -> int:
        """Return the tokens of the request's prompt, never fewer than the API will bill.

        Raises:
            ProposerError: the model cannot be reached; one sentence with the remedy.
        """
        ...

    def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
        """Send the request, again where that helps, and return the whole reply.

        Args:
            request: what to send.
            on_attempt: called before each attempt goes out; may raise to keep it from going out.

        Raises:
            ProposerError: there will be no reply; one sentence with the remedy.
        """
        ...


class Attempt(Protocol):
    """One attempt of one request, to be told what it has cost. Untold, it costs the worst case."""

    def used(self, usage: Usage) -> None:
        """The server has counted `usage` for it."""
        ...

    def refused(self) -> None:
        """The server has refused it, or was never reached: no token was read."""
        ...


class Toolbox(Protocol):
    """Tools that a model may call."""

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return the tools, always in the same order (they are part of the cached prefix)."""
        ...

    def call(self, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        """Call a tool; what is wrong with the call is an answer too."""
        ...
