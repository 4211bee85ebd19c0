"""Tests that get a place of their own because a fork's fence stands in their way: they write into the tree.

Forks share one tree, and none may leave anything there for the next. A cold run has a tree that may be written and is
thrown away: the same test there tells whether the refusal was the fence's doing or the code's own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio

from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, RunResult, TestResult
from pytest_codemode.sandbox.needs import Needs

OnResult = Callable[[TestResult], Awaitable[None]]
Run = Callable[[RunRequest, OnResult | None], Awaitable[RunResult]]
Selection = Callable[[], Awaitable[tuple[str, ...]]]
"""Returns the node ids of the user's selection."""


class OwnPlaces:
    """Runs tests in forks, and those that need it in a place of their own: together in one, as they share one fork."""

    def __init__(self, needs: Needs, forked: Run, cold: Run, selection: Selection, run_s: float) -> None:
        """Take two ways to run a request, as it asks for and cold; what there is to run; and the limit of a run."""
        self._needs = needs
        self._forked = forked
        self._cold = cold
        self._selection = selection
        self._run_s = run_s

    async def run(self, request: RunRequest, on_result: OnResult | None) -> RunResult:
        """Return the result of a warm or a reload run; `on_result` sees each test once, with its final result."""
        told = _Told(on_result)
        end_by = anyio.current_time() + (request.timeout_s or self._run_s)
        result = await self._run(request, told, end_by)
        for one in result.results:
            await told.take(one)
        return result

    async def _run(self, request: RunRequest, told: _Told, end_by: float) -> RunResult:
        from_disk = _from_disk(request)
        needs = self._needs

        async def take(result: TestResult) -> None:
            if not needs.call_for(result, from_disk=from_disk):
                await told.take(result)

        known = needs.known(request.nodeids or (), from_disk=from_disk)
        others = request.nodeids and tuple(nodeid for nodeid in request.nodeids if nodeid not in known)
        if known and not others:
            return await self._apart(request, known, told, end_by)
        first = await self._forked(replace(request, nodeids=others), take)
        if from_disk and needs.call_for_import(first):
            # What cannot be imported there has no tests to name: everything that was asked for starts anew.
            own = await self._apart(request, request.nodeids, told, end_by)
            needs.learn_run(first, own, from_disk=from_disk, patched=bool(request.files))
            return own
        asking = {r.nodeid for r in first.results if needs.call_for(r, from_disk=from_disk)}
        wanted = tuple(dict.fromkeys((*(r.nodeid for r in first.results if r.nodeid in asking), *known)))
        stopped = request.stop_at_failure and any(_red(r) for r in first.results if r.nodeid not in asking)
        if not wanted or stopped or first.status != "finished":
            return first
        own = await self._apart(replace(request, canary=""), wanted, told, end_by)
        needs.learn_run(first, own, from_disk=from_disk, patched=bool(request.files))
        result = _merged(first, own)
        if request.stop_at_failure and (rest := await self._rest(request, result)):
            return _merged(result, await self._run(replace(request, nodeids=rest, canary=""), told, end_by))
        return result

    async def _apart(
        self, request: RunRequest, nodeids: tuple[str, ...] | None, told: _Told, end_by: float
    ) -> RunResult:
        """Run `nodeids` cold; if one of them ends the run for all, those left run one by one while the time lasts."""
        cold = replace(request, nodeids=nodeids, mode=Mode.COLD)
        own = await self._cold(replace(cold, timeout_s=max(1.0, end_by - anyio.current_time())), told.take)
        if own.status == "finished" or len(nodeids or ()) < 2:
            return own
        for nodeid in nodeids or ():
            left_s = end_by - anyio.current_time()
            if left_s > 1.0 and nodeid not in own.by_nodeid():
                alone = await self._cold(replace(cold, nodeids=(nodeid,), timeout_s=left_s), told.take)
                own = _merged(replace(own, status="finished", reason=""), alone)
        return own

    async def _rest(self, request: RunRequest, result: RunResult) -> tuple[str, ...]:
        """Return what a run left out because it stopped at a failure that was none."""
        if result.status != "finished" or any(map(_red, result.results)):
            return ()
        done = result.by_nodeid()
        collected = await self._selection()
        asked = collected if request.nodeids is None else [n for n in collected if _among(n, request.nodeids)]
        return tuple(nodeid for nodeid in asked if nodeid not in done)


class _Told:
    """Passes on each test's result once."""

    def __init__(self, on_result: OnResult | None) -> None:
        self._on_result = on_result
        self._seen: set[str] = set()

    async def take(self, result: TestResult) -> None:
        if self._on_result is not None and result.nodeid not in self._seen:
            self._seen.add(result.nodeid)
            await self._on_result(result)


def _from_disk(request: RunRequest) -> bool:
    return request.mode is Mode.RELOAD or bool(request.files)


def _red(result: TestResult) -> bool:
    return result.outcome in (Outcome.FAILED, Outcome.TIMEOUT, Outcome.CRASHED)


def _among(nodeid: str, asked: tuple[str, ...]) -> bool:
    """Whether a test is asked for, by its id or by that of a file, class or folder it is in."""
    return any(nodeid == one or nodeid.startswith((f"{one}::", f"{one}/")) for one in asked)


def _merged(first: RunResult, second: RunResult) -> RunResult:
    """Return `first` with the results of `second`, which replace those of the same tests."""
    newer = second.by_nodeid()
    kept = [newer.pop(r.nodeid, r) for r in first.results if r.nodeid in newer or not _found_by_now(r, newer)]
    return replace(
        first,
        status=first.status if second.status == "finished" else second.status,
        results=(*kept, *newer.values()),
        reason=first.reason or (second.reason and f"in a sandbox of their own: {second.reason}"),
        duration_s=first.duration_s + second.duration_s,
        output=first.output or second.output,
    )


def _found_by_now(result: TestResult, newer: dict[str, TestResult]) -> bool:
    """Whether a file or class that could not be imported has given way to the tests in it."""
    return result.outcome is Outcome.MISSING and any(_among(nodeid, (result.nodeid,)) for nodeid in newer)
