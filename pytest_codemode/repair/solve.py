"""One task against the proposers: propose, judge, feed back, until a patch is good enough or a limit is reached."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

from pytest_codemode.core.budget import Budget, StopReason
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.core.patch import Patch
from pytest_codemode.core.ports import Proposer
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.repair.judge import Judge
from pytest_codemode.repair.ranking import best_first

MORE_SECONDS = 1.0
"""After the first plausible patch the search goes on this long for one that is more trustworthy."""
ENOUGH = 5
"""Plausible patches that are compared at most."""


@dataclass(slots=True)
class Solution:
    """What came of one task."""

    task: RepairTask
    plausible: list[Trial] = field(default_factory=list)
    """Best first."""
    checked: bool = False
    """Whether the first of `plausible` passed from files on disk too."""
    partial: Trial | None = None
    """The patch that turned most, but not all, failing tests green and breaks nothing."""
    near: list[Trial] = field(default_factory=list)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    broke: Counter[str] = field(default_factory=Counter)
    """Passing test -> number of patches that turned the failing tests green and broke it."""
    rejected: dict[Verdict, str] = field(default_factory=dict)
    """Refused and unapplicable patches never ran: the first reason of each kind."""
    stop: StopReason = StopReason.EXHAUSTED
    problems: list[str] = field(default_factory=list)
    """Sentences about proposers that could not go on."""
    duration_s: float = 0.0

    @property
    def chosen(self) -> Trial | None:
        """The patch to confirm, or None."""
        return self.plausible[0] if self.plausible else None

    def settle_on(self, trial: Trial) -> None:
        """Put a smaller patch in place of the chosen (or partial) one."""
        if self.plausible:
            self.plausible[0] = trial
        else:
            self.partial = trial

    @property
    def candidates(self) -> int:
        """Patches that were run."""
        cheap = (Verdict.UNAPPLICABLE, Verdict.REFUSED, Verdict.DUPLICATE, Verdict.NOT_TRIED)
        return sum(count for verdict, count in self.verdicts.items() if verdict not in cheap)


class Solver:
    """Drives proposers over tasks.

    Args:
        watch: called with each batch before it is judged (progress) and after (`trials` filled).
    """

    def __init__(
        self,
        judge: Judge,
        budget: Budget,
        proposers: Sequence[Proposer],
        watch: Callable[[RepairTask, Sequence[Patch], Sequence[Trial]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._judge = judge
        self._budget = budget
        self._proposers = proposers
        self._watch = watch
        self._clock = clock

    def solve(self, task: RepairTask, share_s: float) -> Solution:
        """Return the solution of `task`, spending at most about `share_s` seconds on it.

        Each proposer leaves an equal part of the time that is left to each one behind it, or a search with endless
        ideas would keep a model from its turn.
        """
        solution = Solution(task)
        started = self._clock()
        for waiting, proposer in zip(range(len(self._proposers), 0, -1), self._proposers, strict=True):
            now = self._clock()
            try:
                self._drive(proposer, solution, now + (started + share_s - now) / waiting)
            except ProposerError as problem:
                solution.problems.append(str(problem))
            if self._settled(solution) or solution.stop not in (StopReason.EXHAUSTED, StopReason.TIME):
                break
        if not solution.checked:
            self._settle_for_part(solution)
        solution.duration_s = self._clock() - started
        return solution

    def _settled(self, solution: Solution) -> bool:
        """Put first the most trustworthy patch that also passes from disk, if there is one; the others are out."""
        if solution.checked:
            return True
        solution.plausible = best_first(solution.plausible)
        while solution.plausible:
            checked = self._judge.check(solution.task, solution.plausible[0])
            if checked.plausible:
                solution.plausible[0], solution.checked = checked, True
                return True
            solution.plausible.pop(0)
            solution.near.append(checked)
            solution.broke.update(checked.broke)
        return False

    def _settle_for_part(self, solution: Solution) -> None:
        if solution.partial is None:
            return
        checked = self._judge.check(solution.task, solution.partial)
        solution.partial = checked if checked.plausible else None
        if not checked.plausible:
            solution.near.append(checked)
            solution.broke.update(checked.broke)

    def _drive(self, proposer: Proposer, solution: Solution, deadline: float) -> None:
        with closing(_Dialogue(proposer, solution.task)) as dialogue:
            trials: tuple[Trial, ...] | None = None
            settled = deadline
            while True:
                if self._ended(solution, min(deadline, settled)):
                    if not solution.plausible or self._settled(solution):
                        return
                    settled = deadline  # none of them passes from disk: the search goes on
                    continue
                batch = dialogue.next(trials)
                if batch is None:
                    return
                self._watch(solution.task, batch, ())
                trials = self._judge.judge(solution.task, batch)
                self._watch(solution.task, batch, trials)
                self._note(solution, trials)
                if solution.plausible:
                    settled = min(settled, self._clock() + MORE_SECONDS)

    def _ended(self, solution: Solution, deadline: float) -> bool:
        if len(solution.plausible) >= ENOUGH:
            return True
        stop = self._budget.exceeded() or (StopReason.TIME if self._clock() >= deadline else None)
        if stop and not solution.plausible:
            solution.stop = stop
        return stop is not None

    def _note(self, solution: Solution, trials: Sequence[Trial]) -> None:
        for trial in trials:
            solution.verdicts[trial.verdict] += 1
            if trial.plausible:
                solution.plausible.append(trial)
            elif trial.verdict in (Verdict.REFUSED, Verdict.UNAPPLICABLE):
                solution.rejected.setdefault(trial.verdict, trial.reason)
            elif trial.verdict is Verdict.BROKE:
                solution.broke.update(trial.broke)
                solution.near.append(trial)
            elif trial.verdict is Verdict.FAILED and trial.passed:
                solution.near.append(trial)
                self._keep_partial(solution, trial)

    def _keep_partial(self, solution: Solution, trial: Trial) -> None:
        best = solution.partial
        if best is not None and len(best.passed) >= len(trial.passed):
            return
        guarded = self._judge.guard(solution.task, replace(trial, verdict=Verdict.PLAUSIBLE))
        if guarded.plausible:
            solution.partial = guarded


class _Dialogue:
    """One proposer's generator. A proposer may come from anybody: its bugs are `ProposerError`s, ours stay bugs."""

    def __init__(self, proposer: Proposer, task: RepairTask) -> None:
        self._name = proposer.name
        with self._translated():
            self._proposals = proposer.propose(task)

    def next(self, trials: tuple[Trial, ...] | None) -> tuple[Patch, ...] | None:
        """Return the next batch, None if there is no other.

        Raises:
            ProposerError: the proposer failed, or what it yielded are no patches.
        """
        with self._translated():
            try:
                batch = tuple(next(self._proposals) if trials is None else self._proposals.send(trials))
            except StopIteration:
                return None
            if not all(isinstance(patch, Patch) for patch in batch):
                raise TypeError("it proposed something else than patches")
            return batch

    def close(self) -> None:
        """End the generator wherever it stands."""
        with self._translated():
            self._proposals.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ProposerError:
            raise
        except Exception as bug:
            raise ProposerError(f"proposer {self._name!r} failed: {type(bug).__name__}: {bug}") from bug
