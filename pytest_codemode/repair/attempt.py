"""One task, from the proposers' first patch to the one that is kept, minimised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pytest_codemode.core.budget import Budget
from pytest_codemode.core.events import Notice, TrialDone
from pytest_codemode.core.patch import Applied, Patch
from pytest_codemode.core.ports import EventSink, Proposer, Sandbox
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.describe import where
from pytest_codemode.repair.accepted import combine
from pytest_codemode.repair.choosing.differential import Differential
from pytest_codemode.repair.choosing.minimise import minimise
from pytest_codemode.repair.choosing.solution import Solution
from pytest_codemode.repair.judge import Judge, Veto
from pytest_codemode.repair.reach import reach
from pytest_codemode.repair.record.memory import Memory
from pytest_codemode.repair.solve import Solver
from pytest_codemode.repair.testmap import TestMap
from pytest_codemode.worktree.sources import SourceTree

_TOLD = (Verdict.PLAUSIBLE, Verdict.BROKE, Verdict.REFUSED, Verdict.UNAPPLICABLE, Verdict.OVERFIT)


@dataclass(frozen=True, slots=True)
class Solved:
    """What came of one task."""

    solution: Solution
    kept: Trial | None
    unsteady: frozenset[str]
    """Guards that are unsteady with one of its patches."""


class Attempts:
    """Solves the tasks of one run.

    Args:
        vetoes: builds the policy's two stages for a task.
        say: tells the progress of a stage.
        note: hears of every batch that was judged.
    """

    def __init__(
        self,
        *,
        sandbox: Sandbox,
        tree: SourceTree,
        budget: Budget,
        proposers: Sequence[Proposer],
        vetoes: Callable[[RepairTask], tuple[Veto, Veto]],
        memory: Memory | None,
        test_timeout_s: float,
        emit: EventSink,
        say: Callable[[str], Callable[[str], None]],
        note: Callable[[RepairTask, Sequence[Trial]], None],
    ) -> None:
        self._note = note
        self._sandbox = sandbox
        self._tree = tree
        self._budget = budget
        self._proposers = proposers
        self._vetoes = vetoes
        self._memory = memory
        self._test_timeout_s = test_timeout_s
        self._emit = emit
        self._say = say
        self.under_way: dict[str, Solver] = {}
        """By task key, of this round: what an interruption leaves. What has ended stays until it is taken over."""

    def solve(self, task: RepairTask, tests: TestMap, share_s: float, others: list[RepairTask]) -> Solved:
        """Spend at most about `share_s` seconds on a task; a patch is minimised so that `others` profit from it."""
        first, second = self._vetoes(task)
        judge = Judge(
            sandbox=self._sandbox,
            tree=self._tree,
            tests=tests,
            budget=self._budget,
            veto=first,
            second_veto=second,
            test_timeout_s=self._test_timeout_s,
            memory=self._memory,
        )
        differential = Differential(
            self._sandbox,
            self._tree,
            tests,
            self._test_timeout_s,
            self._budget.remaining_s,
            timed=self._budget.allowance.time_s is not None,
        )
        solver = Solver(judge, self._budget, self._proposers, self._watch, compare=differential.compare)
        self.under_way[task.key] = solver
        solution = solver.solve(task, share_s)
        for problem in solution.problems:
            self._emit(Notice("warning", problem))
        kept = solution.chosen or solution.partial
        if kept is not None and len(kept.patch.edits) > 1:
            kept = self._minimised(judge, task, kept, others)
            solution.settle_on(kept)
        if solution.plausible and not _is_observed(solution):  # one patch alone, or one that was made smaller
            solution.comparison = differential.compare(solution.task, solution.plausible)
        return Solved(solution, kept, frozenset(judge.unsteady))

    def _minimised(self, judge: Judge, task: RepairTask, kept: Trial, others: list[RepairTask]) -> Trial:
        self._say("minimise")(task.cause)
        applied = combine([kept.patch], self._tree)
        changes = applied.files if isinstance(applied, Applied) else {}
        return minimise(judge, reach(self._sandbox, narrowed(task, kept.passed), changes, others), kept)

    def _watch(self, task: RepairTask, batch: Sequence[Patch], trials: Sequence[Trial]) -> None:
        if not trials and batch:
            self._say("search")(f"{where(batch[0])} {batch[0].template or batch[0].proposer}")
        self._note(task, trials)
        for trial in trials:
            if trial.verdict in _TOLD or trial.passed:
                patch = trial.patch
                place = where(patch)
                self._emit(
                    TrialDone(task.key, patch.proposer, patch.template, trial.verdict.value, trial.reason, place)
                )


def _is_observed(solution: Solution) -> bool:
    chosen, compared = solution.chosen, solution.comparison
    return chosen is not None and compared is not None and compared.behaviour(chosen.fingerprint) is not None


def narrowed(task: RepairTask, nodeids: Sequence[str]) -> RepairTask:
    """Return the task reduced to the failures of some of its tests."""
    wanted = frozenset(nodeids)
    return replace(task, failures=tuple(failure for failure in task.failures if failure.nodeid in wanted))
