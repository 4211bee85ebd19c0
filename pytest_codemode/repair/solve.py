"""One task against the proposers: propose, judge, feed back, until a patch is good enough or a limit is reached."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

from pytest_codemode.core.budget import Budget, StopReason
from pytest_codemode.core.errors import Interrupted, ProposerError
from pytest_codemode.core.patch import Patch
from pytest_codemode.core.ports import Proposer
from pytest_codemode.core.suspicion import reranked
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.repair.choosing.differential import Compare
from pytest_codemode.repair.choosing.heldout import held_last, held_out, overfit, picks_cases, shown, suspected, veiled
from pytest_codemode.repair.choosing.ranking import best_first
from pytest_codemode.repair.choosing.solution import Solution
from pytest_codemode.repair.judge import Judge
from pytest_codemode.repair.localisation.learning import added, attempts, moves

MORE_SECONDS = 1.0
"""After the first plausible patch the search goes on this long for one that is more trustworthy."""
MORE_CANDIDATES = 200
"""The same in candidates, whichever is first; it alone counts without a limit in time, so that no clock decides."""
ENOUGH = 5
"""Plausible patches that end a proposer's search; its last batch may bring more."""
FIRST_SHARE = 0.25
"""Part of a task's time that a proposer gets before one that waits: what a search finds, it finds early."""
MOVED_KEPT, REFUSED_KEPT = 6, 3
MOST_PARTS = 20
"""Patches for some of the failing tests that are looked at closely, each in a run of its own; the second half of them
only if screening alone shows that they pass more than the best one."""


class Solver:
    """Drives proposers over tasks.

    Args:
        watch: called with each batch before it is judged (progress) and after (`trials` filled).
        compare: observes what plausible patches do beside the unpatched code, where there is more than one.
    """

    def __init__(
        self,
        judge: Judge,
        budget: Budget,
        proposers: Sequence[Proposer],
        watch: Callable[[RepairTask, Sequence[Patch], Sequence[Trial]], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        compare: Compare = lambda task, trials: None,
    ) -> None:
        self.solution: Solution | None = None
        """Of the task that is under way; what an interruption leaves."""
        self._compare = compare
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

        Raises:
            Interrupted: the run is to end; what was found by then is in `solution`.
        """
        held = held_out(task)
        solution = self.solution = Solution(held_last(task, held), held_out=held)
        started = self._clock()
        for waiting, proposer in zip(range(len(self._proposers) - 1, -1, -1), self._proposers, strict=True):
            left_s = started + share_s - self._clock()
            try:
                self._drive(proposer, solution, self._clock() + left_s * (FIRST_SHARE if waiting else 1.0))
            except Interrupted:
                raise
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
        if len(solution.plausible) > 1 and not solution.checked:
            solution.comparison = self._compare(solution.task, solution.plausible)
        solution.plausible = best_first(solution.plausible, solution.comparison)
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
        held = solution.held_out
        lessons = tuple(veiled(trial, held) for trial in solution.lessons())
        suspects = reranked(solution.task.suspects, solution.learnt)
        told = replace(shown(solution.task, held), tried=lessons, suspects=suspects)
        with closing(_Dialogue(proposer, told)) as dialogue:
            trials: tuple[Trial, ...] | None = None
            found = _Found(len(solution.plausible))
            while True:
                if self._ended(solution, found, min(deadline, found.until)):
                    if len(solution.plausible) <= found.known or self._settled(solution):
                        return
                    found = _Found(len(solution.plausible))  # none of them passes from disk: the search goes on
                    continue
                batch = dialogue.next(trials)
                if batch is None:
                    solution.stop = dialogue.stop or solution.stop
                    return
                judged = self._judged(solution, batch, min(deadline, found.until))
                self._note(solution, judged)
                trials = tuple(veiled(trial, held) for trial in judged)
                if len(solution.plausible) > found.known:
                    # Without a limit in time no clock may decide, but where one patch takes a model a minute.
                    timed = len(batch) == 1 or self._budget.allowance.time_s is not None
                    until = self._clock() + MORE_SECONDS if timed else math.inf
                    found.note(until, solution.candidates + MORE_CANDIDATES)

    def _judged(self, solution: Solution, batch: tuple[Patch, ...], deadline: float) -> tuple[Trial, ...]:
        task = solution.task
        self._watch(task, batch, ())
        trials = self._judge.judge(task, batch, lambda: deadline - self._clock())
        if solution.held_out:
            trials = tuple(self._generalises(solution, trial) for trial in trials)
        if len(batch) == 1 and trials[0].plausible:
            # Who makes one patch at a time thinks about what it is told: that must be the last word.
            trials = (self._checked(solution, trials[0]),)
            solution.near += [trial for trial in trials if trial.verdict is Verdict.FAILED]
        self._watch(task, batch, trials)
        return trials

    def _generalises(self, solution: Solution, trial: Trial) -> Trial:
        """Return the trial, rejected if the patch passes all that the search was shown and no case held back.

        One that passes some of those as well may have found one of two causes: it counts as any other.
        """
        held = solution.held_out
        if not suspected(solution.task, trial, held) or set(self._judge.cases(solution.task, trial).passed) & set(held):
            return trial
        return overfit(trial, held)

    def _ended(self, solution: Solution, found: _Found, deadline: float) -> bool:
        if len(solution.plausible) >= found.known + ENOUGH or solution.candidates >= found.most:
            return True
        stop = self._budget.exceeded() or (StopReason.SHARE if self._clock() >= deadline else None)
        if stop and not solution.plausible:
            solution.stop = stop
        return stop is not None

    def _note(self, solution: Solution, trials: Sequence[Trial]) -> None:
        solution.learnt = added(solution.learnt, attempts(solution.task, trials))
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
            elif trial.verdict is Verdict.OVERFIT:
                solution.near.append(trial)
            elif trial.verdict is Verdict.FAILED and trial.passed:
                solution.near.append(trial)
                self._keep_partial(solution, trial)
            elif len(solution.moved) < MOVED_KEPT and moves(solution.task, trial):
                solution.moved.append(trial)

    def _keep_partial(self, solution: Solution, trial: Trial) -> None:
        best = len(solution.partial.passed) if solution.partial else 0
        # Screening ends at the first case that fails: the order of the cases must not decide which part is the best.
        if solution.parts >= (MOST_PARTS if len(trial.passed) > best else MOST_PARTS // 2):
            return
        solution.parts += 1
        trial = self._judge.cases(solution.task, trial)
        if len(trial.passed) <= best or picks_cases(solution.task, trial):
            return
        guarded = self._judge.guard(solution.task, replace(trial, verdict=Verdict.PLAUSIBLE))
        if guarded.plausible:
            solution.partial = guarded


class _Found:
    """How far a proposer's search goes on once it has found a plausible patch."""

    def __init__(self, known: int) -> None:
        self.known = known
        """Plausible patches before it began."""
        self.until = math.inf
        """By the clock."""
        self.most: float = math.inf
        """Candidates of the task."""

    def note(self, until: float, most: int) -> None:
        """Set both; the first one found counts."""
        self.until = min(self.until, until)
        self.most = min(self.most, most)


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
