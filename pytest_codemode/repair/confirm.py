"""The proof: the whole selection from files on disk, patched against unpatched, by node id, in fresh sandboxes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pytest_codemode.core.errors import SandboxError
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, RunResult
from pytest_codemode.core.patch import Files
from pytest_codemode.core.ports import Sandbox

CONFIRM_RUNS_TEXT = "two runs from disk, in collected and in shuffled order"
FLAKY_RUNS = 10
"""Runs of the unpatched tree that a newly failing test gets before the patch is blamed: one that fails 2 times in 10 is
taken for steady once in ten cases."""
RECHECKS = 5
"""Runs of the patched tree that a test gets which failed once with a patch and passed once."""

_RED = (Outcome.FAILED, Outcome.TIMEOUT, Outcome.CRASHED)


@dataclass(frozen=True, slots=True)
class Pair:
    """Order and hash seed under which the patched and the unpatched tree are compared."""

    order_seed: int | None
    hash_seed: int | None


CONFIRM_PAIRS = (Pair(None, None), Pair(20_260_101, 17))
"""Collected order and the user's hash seed, then a shuffled order under another seed."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the proof says."""

    broke: tuple[str, ...] = ()
    """Tests that passed unpatched and do not with the patch; never a flaky one."""
    not_green: tuple[str, ...] = ()
    """Tests that the patch should have turned green and did not."""
    passed: frozenset[str] = frozenset()
    """Tests that passed in every patched run."""
    failed: dict[str, tuple[Failure, ...]] = field(default_factory=dict)
    """Tests that failed in a patched run, and how."""
    collection_errors: tuple[Failure, ...] = ()
    guards: int = 0
    """Tests that passed unpatched and were compared."""
    collected: int = 0
    flaky: frozenset[str] = frozenset()
    """Tests that fail sometimes without any patch."""
    problem: str = ""
    """Why there is no proof at all: a run was killed, or its canary did not fail."""

    @property
    def ok(self) -> bool:
        """Whether the patches may be written."""
        return not (self.broke or self.not_green or self.problem)


class Confirmer:
    """Runs the proof; unpatched runs are made once for each pair and kept.

    Args:
        pairs: orders and seeds to compare under, one run of each tree for each.
        known_flaky: tests that fail now and then on the unpatched tree; they prove nothing either way.
        unsteady: tests that failed once with a patch and passed once; two runs could miss that.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        pairs: tuple[Pair, ...],
        say: Callable[[str], None],
        rng: random.Random | None = None,
        known_flaky: frozenset[str] = frozenset(),
        *,
        unsteady: frozenset[str] = frozenset(),
    ) -> None:
        self._sandbox = sandbox
        self._pairs = pairs
        self._say = say
        self._rng = rng or random.SystemRandom()
        self._unpatched: dict[tuple[Pair, tuple[str, ...] | None], RunResult] = {}
        self._flaky = set(known_flaky)
        self._unsteady = unsteady

    def confirm(self, files: Files, targets: tuple[str, ...], nodeids: tuple[str, ...] | None) -> Confirmation:
        """Compare the tree with `files` laid over it to the unpatched one.

        Args:
            targets: tests (or files that could not be collected) that must be green now.
            nodeids: the tests to run; None for the whole selection.
        """
        broke: dict[str, None] = {}
        not_green: dict[str, None] = {}
        seen: list[RunResult] = []
        guards: set[str] = set()
        stable = self._stable(nodeids)
        for number, pair in enumerate(self._pairs, 1):
            self._say(f"run {number} of {len(self._pairs)}: unpatched and patched")
            before = self._baseline(pair, nodeids)
            if problem := _problem(before, "unpatched"):
                return Confirmation(problem=problem)
            after = self._run(pair, nodeids, files)
            if problem := _problem(after, "patched"):
                return Confirmation(problem=problem)
            seen.append(after)
            guarded = {r.nodeid for r in before.results if r.outcome.green} - self._flaky
            guards |= guarded
            broke.update(dict.fromkeys(_not_passing(after, guarded, stable)))
            not_green.update(dict.fromkeys(missed(after, targets)))
        broke.update(dict.fromkeys(self._unsteady_with(files, guards - broke.keys())))
        flaky = self._flaky_among(tuple(broke))
        return _confirmation(
            tuple(n for n in broke if n not in flaky), tuple(not_green), seen, guards, frozenset(self._flaky)
        )

    def _baseline(self, pair: Pair, nodeids: tuple[str, ...] | None) -> RunResult:
        key = (pair, nodeids)
        if key not in self._unpatched:
            self._unpatched[key] = self._run(pair, nodeids, {})
        return self._unpatched[key]

    def _stable(self, nodeids: tuple[str, ...] | None) -> frozenset[str]:
        """Return the node ids that every unpatched run has: others hold an address, or follow a set's order."""
        runs = (self._baseline(pair, nodeids) for pair in self._pairs)
        return frozenset.intersection(*(frozenset(_collected(run)) for run in runs))

    def _run(self, pair: Pair, nodeids: tuple[str, ...] | None, files: Files) -> RunResult:
        canary = f"test_canary_{self._rng.getrandbits(64):016x}"
        return self._sandbox.run_tests(
            RunRequest(nodeids, files, Mode.COLD, order_seed=pair.order_seed, hash_seed=pair.hash_seed, canary=canary)
        )

    def _unsteady_with(self, files: Files, guards: set[str]) -> list[str]:
        """Return the unsteady ones of `guards` that fail in one of some more runs with the patch."""
        suspects = tuple(sorted(self._unsteady & guards))
        if not suspects:
            return []
        self._say(f"{len(suspects)} tests that failed once with a patch, {RECHECKS} more runs")
        runs = [self._run(self._pairs[0], suspects, files) for _ in range(RECHECKS)]
        always = frozenset.intersection(*(frozenset(r.nodeid for r in run.results if r.outcome.green) for run in runs))
        return [nodeid for nodeid in suspects if nodeid not in always]

    def _flaky_among(self, suspects: tuple[str, ...]) -> frozenset[str]:
        """Return those of `suspects` that also fail now and then on the unpatched tree."""
        if not suspects:
            return frozenset()
        self._say(f"checking whether {len(suspects)} newly failing tests are flaky")
        requests = [RunRequest(suspects, {}, Mode.WARM)] * FLAKY_RUNS
        results = [r for request in requests for r in self._sandbox.run_tests(request).results]
        # A test that fails here every time is not flaky: it needs the fresh process in which it passed before.
        passed = {r.nodeid for r in results if r.outcome.green}
        self._flaky |= passed & {r.nodeid for r in results if r.outcome in _RED}
        return frozenset(suspects) & self._flaky


def _problem(result: RunResult, which: str) -> str:
    if result.status != "finished":
        return f"the {which} run did not finish: {result.reason}"
    if result.canary_failed is False:
        return f"the {which} run reported a test as passed that must fail: its results cannot be trusted"
    if result.canary_failed is None:
        raise SandboxError("a confirmation ran without its canary; this is a defect of the sandbox server")
    return ""


def _not_passing(after: RunResult, guarded: set[str], stable: frozenset[str]) -> list[str]:
    """Return the guards that do not pass any more.

    One whose id changes from run to run is matched without its parameters: a test of the same function must pass in
    its place, each such test standing in for one guard.
    """
    outcomes = {r.nodeid: r.outcome for r in after.results}
    lost = sorted(n for n in guarded if outcomes.get(n) is not Outcome.PASSED)
    substitutes = Counter(_stem(n) for n, outcome in outcomes.items() if outcome.green and n not in guarded)
    collected = set(_collected(after))
    broken: list[str] = []
    for nodeid in lost:
        if nodeid not in collected and nodeid not in stable and substitutes[_stem(nodeid)]:
            substitutes[_stem(nodeid)] -= 1
        else:
            broken.append(nodeid)
    return broken


def _stem(nodeid: str) -> str:
    return nodeid.partition("[")[0]


def _collected(run: RunResult) -> Iterable[str]:
    return (r.nodeid for r in run.results if r.outcome is not Outcome.MISSING)


def missed(after: RunResult, targets: tuple[str, ...]) -> list[str]:
    """Return the targets (tests, or files that could not be collected) that are not green in this run."""
    outcomes = {r.nodeid: r.outcome for r in after.results}
    uncollected = {f.nodeid for f in after.collection_errors}
    # A target that is no test of this run is a collector: it must be collected and hold a test that passes.
    alive = {t for t in targets for n, o in outcomes.items() if o.green and (n == t or n.startswith(f"{t}::"))}
    return [t for t in targets if t in uncollected or t not in alive]


def _confirmation(
    broke: tuple[str, ...], not_green: tuple[str, ...], seen: list[RunResult], guards: set[str], flaky: frozenset[str]
) -> Confirmation:
    failed: dict[str, tuple[Failure, ...]] = {}
    for result in seen:
        bad = (r for r in result.results if r.outcome in _RED)
        failed.update({r.nodeid: r.failures for r in bad})
    passed = frozenset.intersection(*(frozenset(r.nodeid for r in run.results if r.outcome.green) for run in seen))
    return Confirmation(
        broke=broke,
        not_green=not_green,
        passed=passed,
        failed=failed,
        collection_errors=seen[-1].collection_errors,
        guards=len(guards - flaky),
        collected=len(seen[-1].results),
        flaky=flaky,
    )
