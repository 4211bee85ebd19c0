"""One task against the proposers: propose, judge, feed back, until a patch is good enough or a limit is reached."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

from pytest_codemode.core.budget import Budget, StopReason
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.core.failure import headline
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
FIRST_SHARE = 0.25
"""Part of a task's time that a proposer gets before one that waits: what a search finds, it finds early."""
LESSONS = 12
"""Trials that the next proposer is told of."""
MOVED_KEPT, REFUSED_KEPT = 6, 3


@dataclass(slots=True)
class Solution:
    """What came of one task."""

    task: RepairTask
    plausible: list[Trial] = field(default_factory=list)
    """Best first."""
    from_disk: set[str] = field(default_factory=set)
    """Fingerprints of those that passed from files on disk too."""
    partial: Trial | None = None
    """The patch that turned most, but not all, failing tests green and breaks nothing."""
    near: list[Trial] = field(default_factory=list)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    broke: Counter[str] = field(default_factory=Counter)
    """Passing test -> number of patches that turned the failing tests green and broke it."""
    moved: list[Trial] = field(default_factory=list)
    """The first patches with which the tests fail in another way."""
    refused: list[Trial] = field(default_factory=list)
    """The first patches that the policy refused."""
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

    @property
    def checked(self) -> bool:
        """Whether the chosen patch passed from files on disk too."""
        return self.chosen is not None and self.chosen.fingerprint in self.from_disk

    def settle_on(self, trial: Trial) -> None:
        """Put a smaller patch in place of the chosen (or partial) one."""
        if self.plausible:
            self.plausible[0] = trial
        else:
            self.partial = trial

    @property
    def doubtful(self) -> bool:
        """Whether the best patch so far is one that the policy finds suspicious."""
        return bool(self.plausible and self.plausible[0].warnings)

    def lessons(self) -> tuple[Trial, ...]:
        """Return what is worth knowing for whoever tries next: suspicious patches first, then the nearest misses."""
        nearest = sorted(self.near, key=lambda trial: (-len(trial.passed), len(trial.broke)))
        return (*self.plausible, *nearest, *self.moved, *self.refused)[:LESSONS]

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

        Each proposer leaves most of the time that is left to those behind it, or a search with endless ideas would keep
        a model from its turn; and it tells them what it has learnt (`RepairTask.tried`). A patch that the policy finds
        suspicious is kept, and the next proposer is asked for a better one.
        """
        solution = Solution(task)
        started = self._clock()
        for waiting, proposer in zip(range(len(self._proposers) - 1, -1, -1), self._proposers, strict=True):
            left_s = started + share_s - self._clock()
            try:
                self._drive(proposer, solution, self._clock() + left_s * (FIRST_SHARE if waiting else 1.0))
            except ProposerError as problem:
                solution.problems.append(str(problem))
            settled = self._settled(solution)
            if (settled and not (waiting and solution.doubtful)) or self._budget.exceeded():
                break
        if not solution.checked:
            self._settle_for_part(solution)
        solution.duration_s = self._clock() - started
        return solution

    def _settled(self, solution: Solution) -> bool:
        """Put first the most trustworthy patch that also passes from disk, if there is one; the others are out."""
        solution.plausible = best_first(solution.plausible)
        while solution.plausible and not solution.checked:
            checked = self._checked(solution, solution.plausible[0])
            if checked.plausible:
                solution.plausible[0] = checked
            else:
                solution.plausible.pop(0)
                solution.near.append(checked)
                solution.broke.update(checked.broke)
        return solution.checked

    def _checked(self, solution: Solution, trial: Trial) -> Trial:
        checked = self._judge.check(solution.task, trial)
        if checked.plausible:
            solution.from_disk.add(checked.fingerprint)
        return checked

    def _settle_for_part(self, solution: Solution) -> None:
        if solution.partial is None:
            return
        checked = self._judge.check(solution.task, solution.partial)
        solution.partial = checked if checked.plausible else None
        if not checked.plausible:
            solution.near.append(checked)
            solution.broke.update(checked.broke)

    def _drive(self, proposer: Proposer, solution: Solution, deadline: float) -> None:
        task = replace(solution.task, tried=solution.lessons())
        with closing(_Dialogue(proposer, task)) as dialogue:
            trials: tuple[Trial, ...] | None = None
            settled = deadline
            known = len(solution.plausible)
            while True:
                if self._ended(solution, known, min(deadline, settled)):
                    if len(solution.plausible) <= known or self._settled(solution):
                        return
                    settled = deadline  # none of them passes from disk: the search goes on
                    known = len(solution.plausible)
                    continue
                batch = dialogue.next(trials)
                if batch is None:
                    solution.stop = dialogue.stop or solution.stop
                    return
                self._watch(solution.task, batch, ())
                trials = self._judge.judge(solution.task, batch)
                if len(batch) == 1 and trials[0].plausible:
                    # Who makes one patch at a time thinks about what it is told: that must be the last word.
                    trials = (self._checked(solution, trials[0]),)
                    solution.near += [trial for trial in trials if trial.verdict is Verdict.FAILED]
                self._watch(solution.task, batch, trials)
                self._note(solution, trials)
                if len(solution.plausible) > known:
                    settled = min(settled, self._clock() + MORE_SECONDS)

    def _ended(self, solution: Solution, known: int, deadline: float) -> bool:
        if len(solution.plausible) >= known + ENOUGH:
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
                if trial.verdict is Verdict.REFUSED and len(solution.refused) < REFUSED_KEPT:
                    solution.refused.append(trial)
            elif trial.verdict is Verdict.BROKE:
                solution.broke.update(trial.broke)
                solution.near.append(trial)
            elif trial.verdict is Verdict.FAILED and trial.passed:
                solution.near.append(trial)
                self._keep_partial(solution, trial)
            elif len(solution.moved) < MOVED_KEPT and _moved(solution.task, trial):
                solution.moved.append(trial)

    def _keep_partial(self, solution: Solution, trial: Trial) -> None:
        best = solution.partial
        if best is not None and len(best.passed) >= len(trial.passed):
            return
        guarded = self._judge.guard(solution.task, replace(trial, verdict=Verdict.PLAUSIBLE))
        if guarded.plausible:
            solution.partial = guarded


def _moved(task: RepairTask, trial: Trial) -> bool:
    """Return whether a test fails with the patch, but not as it did without."""
    before = {failure.nodeid: headline(failure) for failure in task.failures}
    after = (failure for failure in trial.failures if failure.nodeid in before and not failure.timed_out)
    return trial.verdict is Verdict.FAILED and any(headline(one) != before[one.nodeid] for one in after)


class _Dialogue:
    """One proposer's generator. A proposer may come from anybody: its bugs are `ProposerError`s, ours stay bugs."""

    def __init__(self, proposer: Proposer, task: RepairTask) -> None:
        self._name = proposer.name
        self.stop: StopReason | None = None
        """The limit that ended the proposer."""
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
            except StopIteration as end:
                self.stop = end.value
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
