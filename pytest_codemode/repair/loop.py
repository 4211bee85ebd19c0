"""The repair loop: reproduce, map, localise, propose and judge, round by round, then prove and write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pytest_codemode.core.budget import Budget, StopReason
from pytest_codemode.core.events import Event, Notice, Progress, SandboxReady
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Mode, RunRequest
from pytest_codemode.core.patch import Applied, Files
from pytest_codemode.core.ports import EventSink, Proposer, Sandbox
from pytest_codemode.core.report import Unrepaired
from pytest_codemode.core.request import EngineRequest
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial
from pytest_codemode.repair.accepted import Accepted, combine
from pytest_codemode.repair.attempt import Attempts, Solved, narrowed
from pytest_codemode.repair.choosing.ranking import best_first
from pytest_codemode.repair.choosing.solution import Solution
from pytest_codemode.repair.confirm import CONFIRM_PAIRS, Confirmation, Confirmer, missed
from pytest_codemode.repair.failing import Failing
from pytest_codemode.repair.judge import Veto
from pytest_codemode.repair.proof import Prover
from pytest_codemode.repair.record.history import History
from pytest_codemode.repair.record.memory import Memory
from pytest_codemode.repair.tasks import TaskBuilder
from pytest_codemode.repair.testmap import TestMap
from pytest_codemode.repair.unguarded import is_red
from pytest_codemode.worktree.editable import EditableSet
from pytest_codemode.worktree.snapshot import Stamp, changed, snapshot
from pytest_codemode.worktree.sources import SourceTree

ROUNDS = 4
"""A fix can uncover the next failure of the same test; more than this many layers were never seen."""


@dataclass(slots=True)
class Result:
    """What a run has found out; `summary` turns it into the report."""

    solutions: list[Solution] = field(default_factory=list)
    """The last word on each task, in the order they were taken up."""
    accepted: list[Accepted] = field(default_factory=list)
    unrepaired: list[Unrepaired] = field(default_factory=list)
    confirmation: Confirmation | None = None
    """Of the patches in `accepted`; None if nothing was to be confirmed."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Task key -> why a patch was found for it and is not kept."""
    files: Files = field(default_factory=dict)
    """What is to be written: path -> whole new bytes."""
    green: bool = False
    """Whether the tree with `files` would pass the user's own run."""
    stop: StopReason = StopReason.EXHAUSTED


Together = Callable[[Sequence[Callable[[], Solved]]], Sequence[Solved]]
"""Runs jobs side by side and returns their results in order; only one of them is ever at work at a time."""


class RepairLoop:
    """One run; every collaborator is handed in.

    Args:
        memory: what earlier parts of the run have judged, and the record of this one.
        together: solves the tasks of a round side by side; without it they are solved one after the other.
        vetoes: builds the policy's two stages for a task, from the files the failing tests involve.
    """

    def __init__(
        self,
        request: EngineRequest,
        *,
        sandbox: Sandbox,
        tree: SourceTree,
        editable: EditableSet,
        budget: Budget,
        proposers: Sequence[Proposer],
        vetoes: Callable[[RepairTask], tuple[Veto, Veto]],
        emit: EventSink,
        together: Together | None = None,
        memory: Memory | None = None,
    ) -> None:
        self._together = together
        self._request = request
        self._sandbox = sandbox
        self._tree = tree
        self._budget = budget
        self._emit = emit
        self.history = History(budget)
        self._attempts = Attempts(
            sandbox=sandbox,
            tree=tree,
            budget=budget,
            proposers=proposers,
            vetoes=vetoes,
            memory=memory,
            test_timeout_s=request.project.limits.test_s,
            emit=emit,
            say=self._say,
            note=self.history.note,
        )
        timed = budget.allowance.time_s is not None
        self._builder = TaskBuilder(request.project, sandbox, tree, editable, timed=timed)
        self._failing = Failing(request, sandbox, budget, emit, self._say)
        self.result = Result(unrepaired=self._failing.unrepaired)

    def run(self) -> Result:
        """Repair, prove, and return what is to be written. Nothing is written here.

        Raises:
            ConfigError: the project cannot be repaired as it is.
            SandboxError: the sandbox died.
        """
        try:
            before = snapshot(self._request.project.rootdir)
            self._emit(SandboxReady(self._sandbox.info()))
            self._rounds()
            # Looked at before the proof, which would be for nothing, and after it, before anything is written.
            if not self._changed(before):
                self._prove()
                self._changed(before)
        except KeyboardInterrupt:
            self._withdraw("a patch was found, but the run was interrupted before its proof", StopReason.INTERRUPTED)
        return self.result

    def _rounds(self) -> None:
        failures, tests = self._failing.first()
        stop: StopReason | None = None
        for number in range(1, ROUNDS + 1):
            if not failures or not self._round(number, failures, tests):
                return
            stop = self._budget.exceeded()
            if stop or number == ROUNDS:
                break  # what time is left is the proof's
            self._sandbox.refresh(self._tree.overlay)
            failures, tests = self._failing.remaining(self._covered())
        self._leave_the_rest(stop or StopReason.EXHAUSTED)

    # -- one round -----------------------------------------------------------------------------------------------

    def _round(self, number: int, failures: tuple[Failure, ...], tests: TestMap) -> bool:
        """Take up each cause once; return whether a patch was accepted."""
        self._say("localise")(f"{len(failures)} failures")
        tasks = self._failing.apart(self._builder.tasks(failures, tests))
        accepted: list[Accepted] = []
        self._attempts.under_way.clear()
        solve = self._one_by_one if self._together is None else self._side_by_side
        try:
            solve(tasks, tests, number, accepted)
        except KeyboardInterrupt:
            self._leave_unfinished()
            taken = {solution.task.key for solution in self.result.solutions}
            self._leave([task for task in tasks if task.key not in taken], StopReason.INTERRUPTED)
            raise
        combined = combine([one.patch for one in accepted], self._tree)
        if isinstance(combined, Applied):
            self._tree.accept(combined.files)
        return bool(accepted)

    def _one_by_one(self, tasks: list[RepairTask], tests: TestMap, number: int, accepted: list[Accepted]) -> None:
        """Solve the tasks in order; one that an earlier patch has turned green is credited to that."""
        for index, task in enumerate(tasks):
            if stop := self._budget.exceeded():
                self._leave(tasks[index:], stop)
                return
            if not self._already_fixed(task, accepted):
                share_s = self._budget.remaining_s() / (len(tasks) - index)
                self._take(self._attempts.solve(task, tests, share_s, tasks[index + 1 :]), number, accepted)

    def _side_by_side(self, tasks: list[RepairTask], tests: TestMap, number: int, accepted: list[Accepted]) -> None:
        """Solve the tasks at the same time, as far as they wait for a model: their questions make one batch."""
        assert self._together is not None
        share_s = self._budget.remaining_s()
        for solved in self._together([partial(self._attempts.solve, task, tests, share_s, []) for task in tasks]):
            if not self._already_fixed(solved.solution.task, accepted):
                self._take(solved, number, accepted)

    def _take(self, solved: Solved, number: int, accepted: list[Accepted]) -> None:
        """Add a task's patch to those of this round."""
        task, kept = solved.solution.task, solved.kept
        self._failing.unsteady |= solved.unsteady
        self.result.solutions.append(solved.solution)
        if kept is None:
            self._failing.give_up(task)
        elif isinstance(combine([*(one.patch for one in accepted), kept.patch], self._tree), Applied):
            accepted.append(self._settled(kept, solved.solution, number, solved.unsteady))
            self.result.accepted.append(accepted[-1])
        else:
            # It is looked for again on top of the patches it conflicts with; this is said if there is no other round.
            self.result.dropped[task.key] = "a patch was found, but it changes the same lines as that of another task"

    def _settled(self, kept: Trial, solution: Solution, number: int, unsteady: frozenset[str]) -> Accepted:
        applied = combine([kept.patch], self._tree)
        after = applied.files if isinstance(applied, Applied) else {}
        before = {path: data for path in after if (data := self._tree.read(path)) is not None}
        return Accepted(solution, kept.patch, kept.passed, number, before, after, unsteady)

    def _already_fixed(self, task: RepairTask, accepted: list[Accepted]) -> bool:
        """Return whether this round's patches turn the task green too, and credit the one that does."""
        for one in accepted:
            if not set(one.after) & set(task.sources):
                continue
            if not missed(self._sandbox.run_tests(RunRequest(task.nodeids, one.after, Mode.RELOAD)), task.nodeids):
                one.targets = tuple(dict.fromkeys((*one.targets, *task.nodeids)))
                return True
        return False

    def _covered(self) -> frozenset[str]:
        return frozenset(target for one in self.result.accepted for target in one.targets)

    def _open(self) -> frozenset[str]:
        """Return the tests of the tasks that no accepted patch was found for: they are listed already."""
        return frozenset(nodeid for solution in self._unfixed() for nodeid in solution.task.nodeids)

    def _unfixed(self) -> list[Solution]:
        fixed = {one.solution.task.key for one in self.result.accepted}
        return [solution for solution in self.result.solutions if solution.task.key not in fixed]

    def _leave(self, tasks: list[RepairTask], stop: StopReason) -> None:
        for task in tasks:
            self.result.solutions.append(Solution(task, stop=stop))
        self.result.stop = stop

    def _leave_unfinished(self) -> None:
        """List what was found for the tasks that an interruption has hit, best first; none of it is proven."""
        taken = {id(solution) for solution in self.result.solutions}
        for solver in self._attempts.under_way.values():
            solution = solver.solution
            if solution is not None and id(solution) not in taken:
                solution.stop = StopReason.INTERRUPTED
                if not solution.checked:  # the best one of those that have ended stands first already
                    solution.plausible = best_first(solution.plausible, solution.comparison)
                self.result.solutions.append(solution)

    def _leave_the_rest(self, stop: StopReason) -> None:
        """List the tests that no other round took up although the patch of their task did not turn them green."""
        covered = self._covered() | self._open()
        for one in list(self.result.accepted):
            task = one.solution.task
            if rest := [nodeid for nodeid in task.nodeids if nodeid not in covered]:
                self._leave([replace(narrowed(task, rest), key=f"{task.key}-rest")], stop)

    # -- the proof -----------------------------------------------------------------------------------------------

    def _prove(self) -> None:
        result = self.result
        if not result.solutions:
            result.stop = StopReason.NOTHING
        if not result.accepted:
            return
        self._sandbox.refresh({})
        nodeids = None if self._request.options.confirm == "suite" else self._affected()
        confirmer = Confirmer(
            self._sandbox,
            CONFIRM_PAIRS,
            self._say("confirm"),
            known_flaky=frozenset(self._failing.flaky),
            unsteady=frozenset(self._failing.unsteady),
        )
        proof = Prover(confirmer, self._tree, nodeids, lambda: self._budget.remaining_s() > 0).prove(result.accepted)
        result.accepted, result.files, result.confirmation = proof.kept, proof.files, proof.confirmation
        result.dropped.update(proof.dropped)
        if proof.confirmation is not None:
            self._credit(proof.confirmation)
            result.green = self._is_green(proof.confirmation)
            if result.green:
                result.stop = StopReason.GREEN
            elif not self._unfixed():
                result.stop = StopReason.REPAIRED

    def _credit(self, confirmation: Confirmation) -> None:
        """Credit patches with what they repair all the same: tasks that were given up, tests that fail after others."""
        if freed := sorted(self._failing.dependent & confirmation.passed):
            for nodeid in freed:
                path = nodeid.partition("::")[0]
                near = (one for one in self.result.accepted if any(n.startswith(f"{path}::") for n in one.targets))
                one = next(near, self.result.accepted[-1])
                one.targets = tuple(dict.fromkeys((*one.targets, nodeid)))
            self._failing.turned_green(freed)
        for task in (solution.task for solution in self._unfixed()):
            rest = set(task.nodeids) - self._covered()
            if rest and rest <= confirmation.passed:
                near = (one for one in self.result.accepted if set(one.after) & set(task.sources))
                one = next(near, self.result.accepted[-1])
                one.targets = tuple(dict.fromkeys((*one.targets, *task.nodeids)))

    def _is_green(self, confirmation: Confirmation) -> bool:
        """Return whether the proof shows that the user's own run would be green on the patched tree.

        What does not fail in the sandbox is no sign: it fails in the user's run. A flaky test counts as it ended here.
        """
        if is_red(confirmation, self._request.passed):
            return False
        calm = self._failing.flaky & confirmation.passed
        return self._covered() | calm >= {failure.nodeid for failure in self._request.failures}

    def _affected(self) -> tuple[str, ...]:
        touched = {path for one in self.result.accepted for path in one.after}
        return tuple(dict.fromkeys((*self._covered(), *self._failing.map().affected(touched, within_s=float("inf")))))

    def _changed(self, before: dict[str, Stamp]) -> bool:
        files = changed(before, self._request.project.rootdir)
        if files:
            names = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
            self._emit(Notice("warning", f"changed while codemode was running: {names}"))
            self._withdraw("a patch was found, but its proof is about files that have changed", StopReason.TREE_CHANGED)
        return bool(files)

    def _withdraw(self, reason: str, stop: StopReason) -> None:
        """Keep what was found for the report; what is not proven is not written."""
        for one in self.result.accepted:
            self.result.dropped[one.solution.task.key] = reason
        self.result.accepted, self.result.files, self.result.confirmation = [], {}, None
        self.result.green = False
        self.result.stop = stop

    # -- what is told --------------------------------------------------------------------------------------------

    def _say(self, stage: str) -> Callable[[str], None]:
        def say(text: str) -> None:
            self.history.stage(stage)
            spent = self._budget.spent
            progress: Event = Progress(stage, text, spent.candidates, spent.time_s, spent.usd)  # type: ignore[arg-type]
            self._emit(progress)

        return say
