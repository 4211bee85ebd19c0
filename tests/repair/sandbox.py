"""A sandbox without processes: tests end as a function of node id and tree says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from pytest_codemode.core.exploring import Explored, ExploreRequest
from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.observed import Values
from pytest_codemode.core.outcome import (
    Affected,
    AffectedRequest,
    Candidate,
    Capabilities,
    Collection,
    Execution,
    Outcome,
    RunRequest,
    RunResult,
    SandboxInfo,
    TestResult,
    TryRequest,
    TryResult,
)
from pytest_codemode.core.patch import Files

Behaviour = Callable[[str, Files], Outcome | Failure | None]
"""(node id, whole tree) -> how the test ends; a Failure is a failed test, None a test that is not collected."""


def failure(nodeid: str, message: str = "1 == 2", *frames: tuple[str, int], **fields: object) -> Failure:
    """Return a failing call of `nodeid` with frames given as (path, line), outermost first."""
    made = tuple(Frame(path, line, "f", {}) for path, line in frames)
    return replace(Failure(nodeid, Phase.CALL, "AssertionError", message, made), **fields)  # type: ignore[arg-type]


def uncollectable(path: str, message: str = "bad", *frames: tuple[str, int]) -> Failure:
    """Return a failing collection of the file at `path`."""
    return failure(path, message, *frames, when=Phase.COLLECT, exception="ImportError")


class InTurn:
    """A behaviour that gives each test the next outcome of its list, run after run; the last one stays."""

    def __init__(self, **outcomes: list[Outcome | Failure | None]) -> None:
        self._left = {f"t.py::{name}": list(turns) for name, turns in outcomes.items()}

    def __call__(self, nodeid: str, files: Files) -> Outcome | Failure | None:
        turns = self._left[nodeid]
        return turns.pop(0) if len(turns) > 1 else turns[0]


class ScriptedSandbox:
    """Implements `core.ports.Sandbox`; remembers every request.

    Args:
        behaves: how each test ends on a tree.
        files: the unpatched tree.
        swapped: how tests end when a candidate is tried by hot swap, if that differs.
        cannot_collect: tree -> collection errors.
        interferes: changes the result of a run, as a kill or a cheating patch would.
    """

    def __init__(
        self,
        nodeids: tuple[str, ...],
        behaves: Behaviour,
        *,
        files: Files | None = None,
        swapped: Behaviour | None = None,
        cannot_collect: Callable[[Files], tuple[Failure, ...]] = lambda files: (),
        interferes: Callable[[RunRequest, RunResult], RunResult] = lambda request, result: result,
        durations_s: Mapping[str, float] | None = None,
        functions: Mapping[str, tuple[str, ...]] | None = None,
        lines: Mapping[str, dict[str, tuple[int, ...]]] | None = None,
        values: Mapping[str, Values] | None = None,
    ) -> None:
        self.nodeids = nodeids
        self.behaves = behaves
        self._disk = dict(files or {})
        self.base = dict(self._disk)
        self._swapped = swapped or behaves
        self.cannot_collect = cannot_collect
        self._interferes = interferes
        self._durations_s = durations_s or {}
        self._functions = functions or {}
        self._lines = lines or {}
        self._values = values or {}
        self.unfaithful = False
        """Whether every swap turns out to be unfaithful, so that its candidate is tried from disk."""
        self.runs: list[RunRequest] = []
        self.tries: list[TryRequest] = []

    def info(self) -> SandboxInfo:
        return SandboxInfo("none", Capabilities())

    def collect(self) -> Collection:
        results = self._results(self.nodeids, self.base, self.behaves)
        return Collection(tuple(r.nodeid for r in results), self.cannot_collect(self.base))

    def run_tests(self, request: RunRequest, on_result: Callable[[TestResult], None] | None = None) -> RunResult:
        self.runs.append(request)
        tree = {**self.base, **request.files}
        errors = self.cannot_collect(tree)
        uncollected = {error.nodeid for error in errors}
        asked = self.nodeids if request.nodeids is None else request.nodeids
        wanted = [n for n in self.nodeids if n in asked or n.partition("::")[0] in asked]
        wanted += [n for n in asked if "::" in n and n not in wanted]
        wanted = [n for n in wanted if n.partition("::")[0] not in uncollected]
        results = self._results(tuple(wanted), tree, self.behaves)
        canary = True if request.canary else None
        return self._interferes(request, RunResult("finished", results, errors, canary_failed=canary))

    def affected_tests(self, request: AffectedRequest) -> Affected:
        raise NotImplementedError

    def try_patches(self, request: TryRequest) -> tuple[TryResult, ...]:
        self.tries.append(request)
        return tuple(self._try(candidate, request.nodeids) for candidate in request.candidates)

    def explore(self, requests: Sequence[ExploreRequest]) -> tuple[Explored, ...]:
        raise NotImplementedError

    def execute(self, code: str, *, stdin: str = "", timeout_s: float | None = None) -> Execution:
        return Execution("finished", 0, "", "")

    def refresh(self, files: Files | None = None) -> None:
        self.base = {**self._disk, **(files or {})}

    def close(self) -> None:
        pass

    def _try(self, candidate: Candidate, nodeids: tuple[str, ...]) -> TryResult:
        swap = bool(candidate.swaps) and not self.unfaithful
        tree = {**self.base, **candidate.files}
        uncollected = () if swap else tuple(error.nodeid for error in self.cannot_collect(tree))
        behaves = self._swapped if swap else self.behaves
        missing: list[TestResult] = []
        ran: list[TestResult] = []
        for nodeid in nodeids:
            end = None if nodeid.partition("::")[0] in uncollected else behaves(nodeid, tree)
            if end is None:
                missing.append(TestResult(nodeid, Outcome.MISSING))
                continue
            ran.append(self._result(nodeid, end))
            if not ran[-1].outcome.green:
                break
        reds = [result.outcome for result in (*missing, *ran) if not result.outcome.green]
        named = {Outcome.TIMEOUT: "timeout", Outcome.CRASHED: "crashed"}
        status = named.get(reds[-1], "failed") if reds else "passed"
        strategy = "swap" if swap else "reload"
        # As a worker does: what is not collected is told first and does not keep the others from running.
        return TryResult(candidate.key, status, strategy, (*missing, *ran))  # type: ignore[arg-type]

    def _results(self, nodeids: tuple[str, ...], tree: Files, behaves: Behaviour) -> tuple[TestResult, ...]:
        ended = ((nodeid, behaves(nodeid, tree)) for nodeid in nodeids)
        return tuple(self._result(nodeid, end) for nodeid, end in ended if end is not None)

    def _result(self, nodeid: str, end: Outcome | Failure) -> TestResult:
        failures = (end,) if isinstance(end, Failure) else ()
        outcome = Outcome.FAILED if isinstance(end, Failure) else end
        duration_s = self._durations_s.get(nodeid, 0.01)
        functions, lines = self._functions.get(nodeid, ()), self._lines.get(nodeid, {})
        values = self._values.get(nodeid)
        return TestResult(nodeid, outcome, duration_s, failures, functions, lines, values=values)
