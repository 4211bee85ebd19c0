"""Which tests fail on the tree as it stands, and which of these failures are worth a round."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pytest_codemode.core.budget import Budget
from pytest_codemode.core.errors import ConfigError, SandboxError
from pytest_codemode.core.events import Notice
from pytest_codemode.core.failure import Failure, Phase, headline
from pytest_codemode.core.outcome import Mode, Outcome, Record, RunRequest
from pytest_codemode.core.ports import EventSink, Sandbox
from pytest_codemode.core.report import Unrepaired
from pytest_codemode.core.request import EngineRequest
from pytest_codemode.core.task import RepairTask
from pytest_codemode.repair.attempt import narrowed
from pytest_codemode.repair.confirm import CONFIRM_PAIRS
from pytest_codemode.repair.reproduce import Reproduction, reproduce
from pytest_codemode.repair.testmap import TestMap

START_S = 2.0
"""Seconds that a fresh sandbox and interpreter cost beside the suite itself, for the reserve."""
AFTER_OTHERS = "it fails only after another failing test, which leaves something behind; apart from that it passes"
AGAIN_RUNS = 3
"""Runs that tell whether what fails after a round fails every time."""

Survey = tuple[tuple[Failure, ...], TestMap]
"""Failures worth a round, and the facts about every test on the same tree."""


class Failing:
    """Looks at the whole selection before each round and remembers what is not to be repaired."""

    def __init__(
        self,
        request: EngineRequest,
        sandbox: Sandbox,
        budget: Budget,
        emit: EventSink,
        say: Callable[[str], Callable[[str], None]],
    ) -> None:
        self._request = request
        self._sandbox = sandbox
        self._budget = budget
        self._emit = emit
        self._say = say
        self.unrepaired: list[Unrepaired] = []
        """Reported failures that never become a task."""
        self.dependent: set[str] = set()
        """Of these, the tests that fail only after other failing ones."""
        self.flaky: set[str] = set()
        """Fail now and then without any patch."""
        self.unsteady: set[str] = set()
        """Fail now and then with a patch: not worth a round, and to be looked at in the proof."""
        self._given_up: dict[str, str] = {}
        self._only_here: frozenset[str] = frozenset()
        """Tests and files that fail here although the user's own run did not report them: not to be repaired."""
        self._hung = {failure.nodeid: failure for failure in request.failures if failure.timed_out}

    def first(self) -> Survey:
        """Reproduce what the user's run reported.

        Raises:
            ConfigError: the tests cannot be collected in the sandbox.
        """
        collection = self._sandbox.collect()
        if collection.status != "finished":
            raise ConfigError(f"the tests cannot be collected in the sandbox: {collection.reason}")
        found = reproduce(self._sandbox, self._request.failures, self._say("reproduce"))
        self._leave_out(found)
        self._hung.update({failure.nodeid: failure for failure in found.failures if failure.timed_out})
        tests = self.map()
        reported = {failure.nodeid for failure in self._request.failures}
        red = tests.results.keys() - set(tests.passing()) | {error.nodeid for error in collection.errors}
        unseen = frozenset(self._request.not_run)
        self._only_here = frozenset(red - reported - unseen)
        # What -x kept from running fails all the same: taken up now, or the run would end with it unmentioned.
        hidden = tuple(f for n in unseen if n in tests.results for f in tests.results[n].failures)
        more = reproduce(self._sandbox, hidden, self._say("reproduce")) if hidden else None
        if more is not None:
            self._leave_out(more)
        return (*found.failures, *(more.failures if more else ())), tests

    def _leave_out(self, found: Reproduction) -> None:
        self.unrepaired.extend(found.unrepaired)
        self.flaky |= {one.nodeid for one in found.unrepaired if one.kind == "flaky"}

    def apart(self, tasks: list[RepairTask]) -> list[RepairTask]:
        """Return the tasks without tests that pass unpatched when they run as candidates are tried on them.

        Whatever patch such a test is tried with, it passes: another failing test leaves what makes it fail.
        """
        if len({nodeid for task in tasks for nodeid in task.nodeids}) < 2:
            return tasks
        left = []
        for task in tasks:
            rest = task
            while passed := self._passing_apart(rest):  # once more without these: which one comes first may matter
                self.dependent |= passed
                self.unrepaired += (Unrepaired(nodeid, "not reproducible", AFTER_OTHERS) for nodeid in sorted(passed))
                rest = narrowed(rest, [nodeid for nodeid in rest.nodeids if nodeid not in passed])
            left += [rest] if rest.failures else []
        return left

    def _passing_apart(self, task: RepairTask) -> frozenset[str]:
        if any(failure.when is Phase.COLLECT or failure.timed_out for failure in task.failures):
            return frozenset()
        parts = (task.nodeids[:1], task.nodeids[1:])
        runs = (self._sandbox.run_tests(RunRequest(part, mode=Mode.WARM)) for part in parts if part)
        return frozenset(one.nodeid for run in runs for one in run.results if one.outcome is Outcome.PASSED)

    def turned_green(self, nodeids: Collection[str]) -> None:
        """Take out of the unrepaired ones what the patches turned green all the same."""
        self.unrepaired[:] = [one for one in self.unrepaired if one.nodeid not in nodeids]

    def remaining(self, covered: frozenset[str]) -> Survey:
        """Return what fails with the accepted patches; they turned `covered` green."""
        self._hung = {nodeid: failure for nodeid, failure in self._hung.items() if nodeid not in covered}
        tests = self.map(record="nothing")
        found = [f for result in tests.results.values() for f in result.failures if not result.outcome.green]
        found += [*self._sandbox.collect().errors, *self._hung.values()]
        known = self.flaky | self._only_here | self.unsteady | {one.nodeid for one in self.unrepaired}
        fresh = [f for f in found if f.nodeid not in known and self._given_up.get(f.nodeid) != _signature(f)]
        again = reproduce(self._sandbox, tuple(fresh), self._say("reproduce"), runs=AGAIN_RUNS)
        self.unsteady |= {one.nodeid for one in again.unrepaired}
        # Mostly nothing is left, and recording what a large suite executes takes much longer than running it.
        return again.failures, self.map() if again.failures else tests

    def give_up(self, task: RepairTask) -> None:
        """Leave out the task's failures from now on, unless they fail in another way."""
        self._given_up.update({failure.nodeid: _signature(failure) for failure in task.failures})

    def map(self, record: Record = "functions") -> TestMap:
        """Run everything that does not hang once: which test executes which function, and how long does it take?"""
        self._say("localise")("which test executes which function" if record == "functions" else "what fails now")
        tests = TestMap()
        selection = self._sandbox.collect().nodeids if self._hung else None
        nodeids = None if selection is None else tuple(n for n in selection if n not in self._hung)
        # What a test executed when its code was the same is known from earlier runs; how it ends is measured now.
        failing = tuple(dict.fromkeys(failure.nodeid for failure in self._request.failures))
        reuse = record == "functions"
        run = self._sandbox.run_tests(
            RunRequest(nodeids, mode=Mode.WARM, record=record, record_for=failing if reuse else None, reuse=reuse)
        )
        if run.status == "failed":
            raise SandboxError(f"the tests cannot be run in the sandbox: {run.reason}")
        if run.status == "killed":
            self._emit(Notice("warning", f"the first run of the whole selection was cut short: {run.reason}"))
        tests.add(run)
        suite_s = sum(result.duration_s for result in tests.results.values())
        self._budget.reserve_time(len(CONFIRM_PAIRS) * 2 * (suite_s + START_S))
        return tests


def _signature(failure: Failure) -> str:
    last = failure.frames[-1] if failure.frames else None
    return f"{headline(failure)} at {last.path}:{last.line}" if last else headline(failure)
