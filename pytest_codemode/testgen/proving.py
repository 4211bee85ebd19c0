"""Runs new tests the way they will be run, and the ways that find out what is wrong with them.

Each test runs alone, among the new ones in several orders under several hash seeds, and with the whole suite in
collected and in shuffled order. What fails once is dropped; so is what makes a test of the suite fail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_codemode.core.exploring import MeasureRequest, MeasureResult
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, RunResult
from pytest_codemode.core.patch import Files
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.testgen.side_by_side import side_by_side
from pytest_codemode.testgen.writing.module import TestFile

PAIRS = ((None, 1), (11, 2), (23, 3))
"""(order seed, hash seed) of the runs of the new tests among themselves."""
WITH_SUITE = (None, 47)
"""Order seeds of the runs with the suite."""
RUNS = len(PAIRS) + len(WITH_SUITE) + 1
"""Times that each test runs; the last one is alone."""
_PASSED = Outcome.PASSED.value
CANARY = "test_canary"
"""Asks for a test that must fail; its name is the worker's to choose."""
UNBELIEVED = "the test run reports what did not happen"
"""A test that must fail was told as passed, or not at all."""
WRITES = "it writes to the project's files"
MOST_ALONE = 64
"""Test functions that are run one by one to find out which of them writes; where there are more, none is kept."""


@dataclass
class Proof:
    """What came of the runs."""

    dropped: dict[str, str] = field(default_factory=dict)
    """`path::name` of a test function -> why it is no good."""
    nodeids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """`path::name` -> node ids, one for each row of its table."""
    measured: MeasureResult | None = None
    """The suite with the tests."""
    cut_off: str = ""
    """Why the suite with the tests did not come to its end; empty if it did."""
    orders: list[int | None] = field(default_factory=list)
    """Order seeds of the runs with the suite that were made."""


def functions(files: Sequence[TestFile]) -> tuple[str, ...]:
    """Return `path::name` of all new test functions."""
    return tuple(f"{file.path}::{name}" for file in files for name in file.tests)


def prove_apart(
    files: Sequence[TestFile], overlay: Files, sandbox: Sandbox, sources: tuple[str, ...], workers: int
) -> Proof:
    """Run the new tests without the suite.

    Args:
        files: that hold them.
        overlay: everything that stands over the tree, the new files included.
        sandbox: where they run.
        sources: the tested files.
        workers: runs at a time.
    """
    proof = Proof()
    wanted = functions(files)
    (_, first_seed), *others = PAIRS
    paths = tuple(file.path for file in files)
    first = sandbox.measure(MeasureRequest((), paths, dict(overlay), sources, hash_seed=first_seed, canary=CANARY))
    _sift(proof, wanted, first.outcomes, "by itself", first.reason)
    if _PASSED in first.outcomes.values() and not _believed(proof, wanted, first):
        return proof
    if first.touched:
        _drop_writers(
            proof,
            frozenset(first.touched),
            paths=paths,
            overlay=overlay,
            sandbox=sandbox,
            sources=sources,
            workers=workers,
        )
    nodeids = tuple(nodeid for ids in proof.nodeids.values() for nodeid in ids)
    if not nodeids:
        return proof
    runs = [
        RunRequest(nodeids, dict(overlay), Mode.COLD, order_seed=order, hash_seed=seed, canary=CANARY)
        for order, seed in others
    ]
    runs += [RunRequest(ids, dict(overlay), Mode.RELOAD) for ids in proof.nodeids.values()]
    hows = ["in a shuffled order under another hash seed"] * len(others) + ["alone"] * len(proof.nodeids)
    asked = [tuple(proof.nodeids)] * len(others) + [(name,) for name in proof.nodeids]
    results = side_by_side(sandbox.run_tests, runs, workers)
    for result, how, names in zip(results, hows, asked, strict=True):
        _sift(proof, names, {one.nodeid: one.outcome.value for one in result.results}, how, result.reason)
    for result in results[: len(others)]:
        _believed(proof, wanted, result)
    return proof


def prove_with_suite(
    proof: Proof,
    files: Sequence[TestFile],
    overlay: Files,
    sandbox: Sandbox,
    *,
    before: Mapping[str, str],
    flaky: Collection[str],
    paths: tuple[str, ...],
    enough_time: Callable[[], bool],
    workers: int,
) -> tuple[str, ...]:
    """Run the new tests with the suite; return the tests of the suite that passed before and do not now.

    Args:
        proof: takes what is found.
        files: that hold the new tests.
        overlay: as for `prove_apart`.
        sandbox: where they run.
        before: node id -> outcome of the suite without them.
        flaky: node ids that do not count.
        paths: files whose coverage is wanted.
        enough_time: whether there is time for a second run of the suite; the first one is always made.
        workers: runs at a time.
    """
    wanted = [name for name in functions(files) if name not in proof.dropped]
    extra = tuple(file.path for file in files)
    proof.orders = list(WITH_SUITE) if enough_time() else [None]
    requests = [
        MeasureRequest(None, extra, dict(overlay), paths, order_seed=order, canary=CANARY) for order in proof.orders
    ]
    results = side_by_side(sandbox.measure, requests, workers)
    for result, order in zip(results, proof.orders, strict=True):
        how = f"with the suite in {'shuffled' if order else 'collected'} order"
        _sift(proof, wanted, result.outcomes, how, result.reason)
        _believed(proof, wanted, result)
    proof.measured = results[0]
    proof.cut_off = next((one.reason or one.status for one in results if one.status != "finished"), "")
    now = results[0].outcomes
    broken = [
        nodeid
        for nodeid, outcome in before.items()
        if outcome == _PASSED and now.get(nodeid) != _PASSED and nodeid not in flaky
    ]
    return tuple(broken)


def _believed(proof: Proof, wanted: Sequence[str], result: MeasureResult | RunResult) -> bool:
    """Return whether a run's test that must fail did; if not, nothing it says of `wanted` counts."""
    if result.canary_failed is True:
        return True
    why = UNBELIEVED if result.status == "finished" else f"the test run did not finish: {result.reason}"
    proof.dropped.update(dict.fromkeys(wanted, why))
    proof.nodeids.clear()
    return False


def _drop_writers(
    proof: Proof,
    touched: frozenset[str],
    *,
    paths: tuple[str, ...],
    overlay: Files,
    sandbox: Sandbox,
    sources: tuple[str, ...],
    workers: int,
) -> None:
    """Drop the tests that change the project's files, found by running each alone; where none is found, all."""
    without = {path: data for path, data in overlay.items() if path not in paths}
    touched -= frozenset(sandbox.measure(MeasureRequest(None, (), without, sources)).touched)
    if not touched:
        return  # what the suite does, or importing the project, is none of theirs
    names = list(proof.nodeids)
    runs = [MeasureRequest(proof.nodeids[name], (), dict(overlay), sources) for name in names]
    alone = side_by_side(sandbox.measure, runs, workers) if len(runs) <= MOST_ALONE else []
    writers = [name for name, result in zip(names, alone, strict=False) if touched & frozenset(result.touched)]
    for name in writers or names:
        proof.dropped.setdefault(name, WRITES)
        del proof.nodeids[name]


def _sift(proof: Proof, wanted: Sequence[str], outcomes: Mapping[str, str], how: str, reason: str) -> None:
    by_function: dict[str, dict[str, str]] = {name: {} for name in wanted}
    for nodeid, outcome in outcomes.items():
        name = nodeid.partition("[")[0]
        if name in by_function:
            by_function[name][nodeid] = outcome
    for name, found in by_function.items():
        if not found:
            proof.dropped.setdefault(name, f"it did not run {how}: {reason or 'it was not collected'}")
        elif any(outcome != _PASSED for outcome in found.values()):
            proof.dropped.setdefault(name, f"it fails {how}")
        else:
            proof.nodeids.setdefault(name, tuple(found))
