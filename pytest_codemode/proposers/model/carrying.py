"""Carries out what a model says: patches are judged, tools called, and each move gets its answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from pytest_codemode.core.patch import Patch
from pytest_codemode.core.ports import Toolbox
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial
from pytest_codemode.proposers.model.calling import calling, own_and
from pytest_codemode.proposers.model.feedback import feedback, repeated
from pytest_codemode.proposers.model.moves import MAX_MOVES, Answer, Call, GiveUp, Malformed, Move, Propose
from pytest_codemode.proposers.model.positions import located
from pytest_codemode.proposers.model.quoting import quote
from pytest_codemode.proposers.model.standing import before, standing
from pytest_codemode.proposers.model.tried import Tried

_T = TypeVar("_T")

Steps = Generator[tuple[Patch, ...], tuple[Trial, ...], _T]
"""A part of a dialogue: patches go out, trials come in, something comes of it."""

NOT_ALONE = "Not taken up, because it came beside other calls. Look at their results; call it alone if you still must."
SAME_REPLY = "Not run: another call of the same reply proposes the same."
NOT_CALLED = "Not called: a patch of the same reply passes."
TOO_MANY = f"Not carried out: a reply may hold {MAX_MOVES} calls. Look at the results of the first ones."
NO_TIME = "Not called: the time of the run is over."


class Carrier:
    """What was tried for one task, and what came of it.

    Args:
        over: whether the run's time is over; nothing is called any more then.
    """

    def __init__(self, task: RepairTask, toolbox: Toolbox, over: Callable[[], bool] = lambda: False) -> None:
        self._over = over
        self._task = task
        self._toolbox = toolbox
        self._tried = Tried(task)
        self.tools = own_and(toolbox)
        """As they are offered to the model."""
        self.best = before(task)
        """How far the best patch got."""
        self.found: list[Trial] = []
        """Plausible patches."""

    @property
    def trials(self) -> Sequence[Trial]:
        """Every patch of the dialogue that was judged, in order."""
        return self._tried.trials

    def carry_out(self, moves: Sequence[Move]) -> Steps[list[Answer]]:
        """Return the answer to each move, in order.

        All patches of a reply are judged first and together: none of its calls can have known of another's result. If
        one passes, nothing is called.
        """
        known = len(self.found)
        told = yield from self._propose([move for move in moves[:MAX_MOVES] if isinstance(move, Propose)])
        answers: list[Answer] = []
        for move in moves[:MAX_MOVES]:
            match move:
                case Propose():
                    answers.append(Answer(move, told[move.call]))
                case Call() if len(self.found) > known:
                    answers.append(Answer(move, NOT_CALLED))
                case Call() if self._over():
                    answers.append(Answer(move, NO_TIME, is_error=True))
                case Call():
                    answers.append((yield from self._call(move)))
                case Malformed():
                    answers.append(Answer(move, move.problem, is_error=True))
                case GiveUp():
                    answers.append(Answer(move, NOT_ALONE, is_error=True))
        return [*answers, *(Answer(move, TOO_MANY, is_error=True) for move in moves[MAX_MOVES:])]

    def _propose(self, moves: Sequence[Propose]) -> Steps[dict[str, str]]:
        """Have the new patches judged, and return what to say of each, by the id of its call."""
        told: dict[str, str] = {}
        new: dict[str, tuple[str, Patch]] = {}
        for move in moves:
            patch = located(move.patch, self._task.sources)
            fingerprint = self._tried.fingerprint(patch)
            if earlier := self._tried.earlier(fingerprint):
                told[move.call] = repeated(earlier)
            elif fingerprint in new:
                told[move.call] = SAME_REPLY
            else:
                new[fingerprint] = (move.call, patch)
        trials = yield from self._judged(tuple(patch for _, patch in new.values()))
        for (call, _), (number, trial) in zip(new.values(), trials, strict=True):
            told[call] = feedback(self._task, trial, number)
        return told

    def _judged(self, patches: tuple[Patch, ...]) -> Steps[list[tuple[int, Trial]]]:
        """Return the trials with their numbers."""
        if not patches:
            return []
        trials = yield patches
        self.found += [trial for trial in trials if trial.plausible]
        self.best = max(self.best, *(standing(self._task, trial) for trial in trials))
        return [(self._tried.add(trial), trial) for trial in trials]

    def _call(self, move: Call) -> Steps[Answer]:
        """Call a tool; the patches that it tries on its way are judged like any other."""
        if move.name not in (known := [tool.name for tool in self.tools]):
            return Answer(move, f"There is no tool {move.name!r}; there are {', '.join(known)}.", is_error=True)
        call = calling(self._toolbox, move.name, move.arguments)
        trials: tuple[Trial, ...] | None = None
        while True:
            try:
                patches = next(call) if trials is None else call.send(trials)
            except StopIteration as end:
                return Answer(move, quote(end.value.text, f"result of {move.name}"), end.value.is_error)
            trials = tuple(trial for _, trial in (yield from self._judged(patches)))
