"""The one judge: applies, deduplicates, vetoes, counts, screens and checks every patch of every proposer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest

from pytest_codemode.core.budget import Budget
from pytest_codemode.core.failure import Phase
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, RunResult
from pytest_codemode.core.patch import Applied, Patch, Unapplicable
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.swaps import swaps
from pytest_codemode.repair.choosing.ranking import best_first
from pytest_codemode.repair.record.memory import Memory, Stage, nowhere, scope_of
from pytest_codemode.repair.screen import Admitted, screen, try_on
from pytest_codemode.repair.testmap import TestMap
from pytest_codemode.worktree.sources import SourceTree

Veto = Callable[[Applied], tuple[str, tuple[str, ...]]]
"""Returns (the refusing rule and its sentence, or empty; names of suspicious rules) for an applied patch."""

SLOWEST_TEST_S = 1.0
TIMES_SLOWER = 10.0
"""A candidate may take ten times as long as the slowest test it is tried on, and one second at least."""
HUNG_TEST_S, HUNG_TIMES_SLOWER = 0.5, 3.0
"""The same where the failing test never came to an end: most of its candidates do not either."""
FIRST_SLICE = 8
SLICE_S = 2.0
"""A batch is screened in parts that take about this long: 256 candidates that need an import each can take minutes."""
ENOUGH_GUARDED = 12
"""Of one batch, so many patches that break nothing are compared at most; the guards of the others need not run."""
FLAKY_AT_ONCE = 3
"""More guards than this that fail together are broken by the patch, not flaky."""


class Judge:
    """Judges the patches of one task; knows nothing of where they come from.

    Args:
        veto: the policy's first stage, before anything runs.
        second_veto: its second stage, for what passed the tests (costs a process).
        memory: of the whole run; without it, what is judged is forgotten with this object.
    """

    def __init__(
        self,
        *,
        sandbox: Sandbox,
        tree: SourceTree,
        tests: TestMap,
        budget: Budget,
        veto: Veto,
        second_veto: Veto,
        test_timeout_s: float,
        memory: Memory | None = None,
    ) -> None:
        self._memory = nowhere(budget) if memory is None else memory
        self._pace_s = 0.0
        """Seconds that one candidate took lately; 0 before the first."""
        self._sandbox = sandbox
        self._tree = tree
        self._tests = tests
        self._budget = budget
        self._veto = veto
        self._second_veto = second_veto
        self._test_timeout_s = test_timeout_s
        self._seen: dict[str, Trial | None] = {}
        """Fingerprint -> the first trial of that tree, None while it is being judged."""
        self.unsteady: set[str] = set()
        """Guards that failed once and passed once with a patch; the confirmation looks at them more often."""

    def judge(
        self, task: RepairTask, patches: Sequence[Patch], left_s: Callable[[], float] = lambda: math.inf
    ) -> tuple[Trial, ...]:
        """Return a trial for each patch, in order.

        Args:
            task: whose tests they are tried on.
            patches: of any proposer.
            left_s: seconds that may still be spent; when there are none, what is left of the batch is not tried.
        """
        admissions = [self._admit(patch) for patch in patches]
        admitted = [one for one in admissions if isinstance(one, Admitted)]
        screened = iter(self._screen(task, admitted, left_s))
        trials = [next(screened) if isinstance(one, Admitted) else one for one in admissions]
        final = self._guard_all(task, trials, left_s)
        self._seen.update((t.fingerprint, t) for t in final if t.fingerprint and t.verdict is not Verdict.DUPLICATE)
        return final

    def cases(self, task: RepairTask, trial: Trial) -> Trial:
        """Return the trial of a patch for some of the failing tests with all of those in `passed` that pass.

        Screening runs them one after the other up to the first that fails.
        """
        return self._once("cases", task, trial, lambda: self._cases(task, trial))

    def _cases(self, task: RepairTask, trial: Trial) -> Trial:
        applied = apply(trial.patch, self._tree.read)
        if isinstance(applied, Unapplicable) or any(f.timed_out or f.when is Phase.COLLECT for f in task.failures):
            return trial  # a test that hangs still would cost its whole time limit
        # The first one that was not reached is the one that fails.
        left = tuple(nodeid for nodeid in task.nodeids if nodeid not in trial.passed)[1:]
        green = _green(self._run(applied, left)) if left else frozenset()
        return replace(trial, passed=(*trial.passed, *(nodeid for nodeid in left if nodeid in green)))

    def earlier(self, trial: Trial) -> Trial | None:
        """Return the first trial of the tree that `trial`'s patch gives."""
        return self._seen.get(trial.fingerprint)

    def _admit(self, patch: Patch) -> Admitted | Trial:
        if self._budget.exceeded():
            return Trial(patch, Verdict.NOT_TRIED)
        applied = apply(patch, self._tree.read)
        if isinstance(applied, Unapplicable):
            return Trial(patch, Verdict.UNAPPLICABLE, applied.reason)
        if applied.fingerprint in self._seen:
            first = self._seen[applied.fingerprint]
            reason = f"{first.verdict.value} ({first.reason})" if first else "it stands twice in one batch"
            return Trial(patch, Verdict.DUPLICATE, reason, fingerprint=applied.fingerprint)
        self._seen[applied.fingerprint] = None
        refusal, warnings = self._veto(applied)
        if refusal:
            return Trial(patch, Verdict.REFUSED, refusal, fingerprint=applied.fingerprint)
        return Admitted(applied, swaps(applied, self._tree.read), warnings)

    def _screen(self, task: RepairTask, admitted: list[Admitted], left_s: Callable[[], float]) -> list[Trial]:
        """Screen those of which nothing is known from an earlier part of the run; all of them count as candidates."""
        left = self._budget.allowance.candidates
        room = len(admitted) if left is None else max(0, left - self._budget.spent.candidates)
        scope = self._scope(task)
        trials = [one.trial(Verdict.NOT_TRIED) for one in admitted]
        known = [self._memory.recall(scope, "tried", trial) for trial in trials[:room]]
        self._budget.charge(candidates=sum(past is not None for past in known))
        fresh = [one for one, past in zip(admitted, known, strict=False) if past is None]
        screened = iter(self._screen_in_slices(task, fresh, left_s))
        found = [past or next(screened, None) for past in known]
        return [one or trial for one, trial in zip_longest(found, trials)]

    def _screen_in_slices(self, task: RepairTask, fresh: list[Admitted], left_s: Callable[[], float]) -> list[Trial]:
        trials: list[Trial] = []
        size = FIRST_SLICE
        while len(trials) < len(fresh):
            seconds = min(left_s(), self._budget.remaining_s())
            if trials and seconds <= 0:
                break
            if self._pace_s and seconds < math.inf:
                size = max(1, min(size, int(seconds / self._pace_s)))  # what fits into the time that is left
            part = fresh[len(trials) : len(trials) + size]
            started = self._budget.spent.time_s
            self._budget.charge(candidates=len(part))
            screened = screen(self._sandbox, task, part, self._timeout_s(task))
            taken_s = self._budget.spent.time_s - started
            self._memory.note(self._scope(task), "tried", screened)
            trials += screened
            self._pace_s = taken_s / len(part)
            # At most twice as many: candidates that need an import can follow hundreds that need none.
            size = min(2 * len(part), max(FIRST_SLICE, int(len(part) * SLICE_S / taken_s)) if taken_s else 2 * size)
        return trials

    def _scope(self, task: RepairTask) -> str:
        return scope_of(task, self._tree.overlay)

    def _once(self, stage: Stage, task: RepairTask, trial: Trial, judged: Callable[[], Trial]) -> Trial:
        """Return what a stage makes of a trial, from the record if it is there."""
        scope = self._scope(task)
        known = self._memory.recall(scope, stage, trial)
        if known is None:
            known = judged()
            self._memory.note(scope, stage, (known,))
        return known

    def _guard_all(self, task: RepairTask, trials: list[Trial], left_s: Callable[[], float]) -> tuple[Trial, ...]:
        """Guard the plausible ones of a batch, mostly none, the most trustworthy first: guards take the longest."""
        final = {id(trial): trial for trial in trials}
        held = 0
        for trial in best_first([trial for trial in trials if trial.plausible]):
            if held and (held >= ENOUGH_GUARDED or left_s() <= 0 or self._budget.remaining_s() <= 0):
                reason = "passes the failing tests; others that break nothing were found before"
                final[id(trial)] = replace(trial, verdict=Verdict.NOT_TRIED, reason=reason)
                continue
            final[id(trial)] = self.guard(task, trial)
            held += final[id(trial)].plausible
        return tuple(final[id(trial)] for trial in trials)

    def _timeout_s(self, task: RepairTask) -> float:
        slowest = max(((task.durations_s or {}).get(nodeid, 0.0) for nodeid in task.nodeids), default=0.0)
        hung = any(failure.timed_out for failure in task.failures)
        # A test that hung has no honest duration: its candidates get what the slowest passing test would need.
        usual = max(HUNG_TEST_S, self._tests.slowest_passing_s() * HUNG_TIMES_SLOWER)
        wanted = usual if hung else max(SLOWEST_TEST_S, slowest * TIMES_SLOWER)
        return min(wanted, self._test_timeout_s)

    def guard(self, task: RepairTask, trial: Trial) -> Trial:
        """Run the passing tests that a patch may affect, up to the first that it breaks; by hot swap where it can be.

        The policy's second stage comes first: it costs a process, and much less than these tests.
        """
        return self._once("guarded", task, trial, lambda: self._guard(task, trial))

    def _guard(self, task: RepairTask, trial: Trial) -> Trial:
        applied = apply(trial.patch, self._tree.read)
        if isinstance(applied, Unapplicable):
            return replace(trial, verdict=Verdict.UNAPPLICABLE, reason=applied.reason)
        refusal, warnings = self._second_veto(applied)
        if refusal:
            return replace(trial, verdict=Verdict.REFUSED, reason=refusal)
        trial = replace(trial, warnings=tuple(dict.fromkeys((*trial.warnings, *warnings))))
        # What an import does cannot be seen in a session that has imported everything: such a task stays on disk.
        on_disk = any(failure.when is Phase.COLLECT for failure in task.failures)
        one = Admitted(applied, () if on_disk else swaps(applied, self._tree.read), trial.warnings)
        return self._guarded(trial, one, self._guards(task, trial))

    def _guarded(self, trial: Trial, one: Admitted, guards: tuple[str, ...]) -> Trial:
        if not one.swaps:
            guards = self._green_from_disk(guards)
        for _ in range(FLAKY_AT_ONCE + 1):
            if not guards:
                return trial
            (run,) = try_on(self._sandbox, (one,), guards, self._test_timeout_s)
            if run.status == "passed":
                return trial
            passed = {test.nodeid for test in run.results if test.outcome.green}
            # Not simply the one behind those that passed: a test that is not collected any more is told first.
            broken = next((nodeid for nodeid in guards if nodeid not in passed), guards[-1])
            guards = tuple(n for n in guards if n not in passed and n != broken)
            if one.swaps and run.strategy != "swap":
                guards = self._green_from_disk(guards)
                if not self._green_from_disk((broken,)):
                    continue
            (again,) = try_on(self._sandbox, (one,), (broken,), self._test_timeout_s)
            if again.status != "passed":
                break
            self.unsteady.add(broken)
        failures = tuple(failure for test in run.results for failure in test.failures)
        return replace(trial, verdict=Verdict.BROKE, reason=f"breaks {broken}", broke=(broken,), failures=failures)

    def _guards(self, task: RepairTask, trial: Trial) -> tuple[str, ...]:
        return tuple(n for n in self._tests.affected(trial.patch.paths) if n not in task.nodeids)

    def _green_from_disk(self, guards: tuple[str, ...]) -> tuple[str, ...]:
        before = self._tests.reload_baseline(self._sandbox, guards)
        return tuple(nodeid for nodeid in guards if before[nodeid].green)

    def check(self, task: RepairTask, trial: Trial) -> Trial:
        """Run the failing tests and the guards again from files on disk: a swap can differ from what an import does.

        A patch for some of the failing tests may turn green more of them than those before the first that fails.
        """
        return self._once("checked", task, trial, lambda: self._check(task, trial))

    def _check(self, task: RepairTask, trial: Trial) -> Trial:
        applied = apply(trial.patch, self._tree.read)
        if isinstance(applied, Unapplicable):
            return replace(trial, verdict=Verdict.UNAPPLICABLE, reason=applied.reason)
        guards = self._green_from_disk(self._guards(task, trial))
        # A test that hangs still would cost its whole time limit here.
        failing = trial.passed if any(failure.timed_out for failure in task.failures) else task.nodeids
        result = self._run(applied, (*failing, *guards))
        collectors = {f.nodeid for f in task.failures if f.when is Phase.COLLECT}
        green = _green(result)
        passed = tuple(n for n in failing if n in green or (n in collectors and n in trial.passed))
        if still := [n for n in trial.passed if n not in passed]:
            reason = f"passes by hot swap but not from disk: {still[0]}"
            return replace(trial, verdict=Verdict.FAILED, reason=reason, passed=())
        broke = self._broken_again(applied, tuple(n for n in guards if n not in green), result)
        if broke:
            found = result.by_nodeid()
            failures = tuple(f for n in broke if n in found for f in found[n].failures)
            reason = f"breaks {broke[0]}" + (f" and {len(broke) - 1} more" if len(broke) > 1 else "")
            return replace(trial, verdict=Verdict.BROKE, reason=reason, broke=broke, failures=failures)
        return replace(trial, passed=passed)

    def _broken_again(self, applied: Applied, broke: tuple[str, ...], result: RunResult) -> tuple[str, ...]:
        """Return those of `broke` that do not pass in a second run either; a flaky test must not cost a good patch."""
        hung = any(one.outcome is Outcome.TIMEOUT for one in result.results if one.nodeid in broke)
        if not broke or hung or len(broke) > FLAKY_AT_ONCE:
            return broke
        again = _green(self._run(applied, broke))
        still = tuple(n for n in broke if n not in again)
        self.unsteady |= set(broke) - set(still)
        return still

    def _run(self, applied: Applied, nodeids: tuple[str, ...]) -> RunResult:
        return self._sandbox.run_tests(
            RunRequest(nodeids, applied.files, Mode.RELOAD, test_timeout_s=self._test_timeout_s)
        )


def _green(result: RunResult) -> frozenset[str]:
    return frozenset(one.nodeid for one in result.results if one.outcome.green)
