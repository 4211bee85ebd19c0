"""Runs the tests around a task on the unpatched code and on each patch that passes, and compares what functions did.

Patched and unpatched code run from files on disk, as a check does, with what notes the calls behind them. What comes
back is text that foreign code wrote: it is decoded strictly, it orders patches that pass, and decides nothing else.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable, Sequence

from pytest_codemode.core.failure import Phase
from pytest_codemode.core.outcome import Mode, RunRequest
from pytest_codemode.core.patch import Applied, Files
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial
from pytest_codemode.edits.apply import apply
from pytest_codemode.repair.choosing.behaviour import Comparison
from pytest_codemode.repair.choosing.instrument import Instrument, Records, changed_functions
from pytest_codemode.repair.testmap import TestMap
from pytest_codemode.worktree.sources import SourceTree

MOST_PATCHES = 6
MOST_TESTS = 60
TESTS_S = 2.0
"""Passing tests that are watched, quickest first, take this long at most on the unpatched code, failing ones too."""
RUN_S = 30.0

Compare = Callable[[RepairTask, Sequence[Trial]], Comparison | None]


class Differential:
    """Compares the patches of one task; what was seen of one is kept as long as the same functions are watched.

    Args:
        left_s: seconds that may still be spent; with none left nothing is compared, for half of the patches would be.
        timed: whether the quickest passing tests are watched; without, the first ones, so that no clock decides.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        tree: SourceTree,
        tests: TestMap,
        test_timeout_s: float,
        left_s: Callable[[], float] = lambda: math.inf,
        *,
        timed: bool = True,
    ) -> None:
        self._timed = timed
        self._left_s = left_s
        self._sandbox = sandbox
        self._tree = tree
        self._tests = tests
        self._test_timeout_s = min(test_timeout_s, RUN_S)
        self._watched: dict[str, tuple[str, ...]] = {}
        self._known: dict[str, Records | None] = {}
        """By fingerprint, "" for the unpatched code."""

    def compare(self, task: RepairTask, trials: Sequence[Trial]) -> Comparison | None:
        """Return what the first of `trials` do beside the unpatched code; None where nothing can be seen.

        Failing tests that hang are left out, and what cannot be collected unpatched cannot be compared with.
        """
        if any(failure.when is Phase.COLLECT for failure in task.failures):
            return None
        applied = [(trial.fingerprint, apply(trial.patch, self._tree.read)) for trial in trials[:MOST_PATCHES]]
        fitting = {key: one for key, one in applied if key and isinstance(one, Applied)}
        watched = self._functions(task, fitting.values())
        if not watched or self._left_s() <= 0:
            return None
        if any(set(names) - set(self._watched.get(path, ())) for path, names in watched.items()):
            self._watched, self._known = watched, {}
        original = self._seen(task, "", {})
        if not original:
            return None
        seen: dict[str, Records | None] = {}
        for key, one in fitting.items():
            if self._left_s() <= 0:
                return None
            seen[key] = self._seen(task, key, one.files)
        patched = {key: records for key, records in seen.items() if records is not None}
        return Comparison(original, patched, frozenset(failure.exception for failure in task.failures))

    def _functions(self, task: RepairTask, patches: Iterable[Applied]) -> dict[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for one in patches:
            for path, new in one.files.items():
                old = self._tree.read(path)
                if old is not None:
                    executed = [f.partition("::")[2] for f in task.functions if f.startswith(f"{path}::")]
                    found.setdefault(path, {}).update(dict.fromkeys(changed_functions(old, new, executed)))
        return {path: tuple(names) for path, names in sorted(found.items()) if names}

    def _seen(self, task: RepairTask, key: str, files: Files) -> Records | None:
        if key not in self._known:
            self._known[key] = self._run(task, files)
        return self._known[key]

    def _run(self, task: RepairTask, files: Files) -> Records | None:
        failing = self._failing(task)
        instrument = Instrument(secrets.token_hex(8), self._watched, task.nodeids, task.nodeids[0].partition("::")[0])
        sources = {path: files.get(path) or self._tree.read(path) or b"" for path in self._watched}
        request = RunRequest(
            (*failing, *self._guards(task), instrument.probe_path),
            {**files, **instrument.files(sources)},
            Mode.RELOAD,
            output=True,
            timeout_s=min(RUN_S, max(self._left_s(), 1.0)),
            test_timeout_s=self._test_timeout_s,
        )
        return instrument.records(self._sandbox.run_tests(request))

    def _failing(self, task: RepairTask) -> tuple[str, ...]:
        """Return the failing tests to run: none that hangs, and after the first one those that fit into the time."""
        hung = {failure.nodeid for failure in task.failures if failure.timed_out}
        chosen: list[str] = []
        total = 0.0
        for nodeid in [nodeid for nodeid in task.nodeids if nodeid not in hung][:MOST_TESTS]:
            total += (task.durations_s or {}).get(nodeid, 0.0)
            if chosen and self._timed and total > TESTS_S:
                break
            chosen.append(nodeid)
        return tuple(chosen)

    def _guards(self, task: RepairTask) -> tuple[str, ...]:
        functions = {f"{path}::{name}" for path, names in self._watched.items() for name in names}
        near = self._tests.affected(self._watched, within_s=TESTS_S if self._timed else math.inf)
        ordered = near if self._timed else sorted(near, key=self._tests.passing().index)
        wanted = (n for n in ordered if n not in task.nodeids and functions & self._tests.functions(n))
        return tuple(wanted)[:MOST_TESTS]
