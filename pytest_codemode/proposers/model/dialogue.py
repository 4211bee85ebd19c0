"""One task's dialogue with a model: ask, carry out what it says, tell it what came of it, until it is over.

A generator at heart: patches go out by `yield`, their trials come back. Whatever a reply holds and however it ends, the
dialogue goes on, starts afresh, or ends in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pytest_codemode.core.errors import ContextExceeded, ProposerError
from pytest_codemode.core.events import Event, Notice
from pytest_codemode.core.model import Block, ModelReply, ModelRequest
from pytest_codemode.core.ports import Proposals, Toolbox
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial
from pytest_codemode.proposers.model.carrying import Carrier, Steps
from pytest_codemode.proposers.model.conversation import Conversation, sendable
from pytest_codemode.proposers.model.exchange import Exchanges, room
from pytest_codemode.proposers.model.functions import FunctionCalling
from pytest_codemode.proposers.model.metered import BudgetSpent, MeteredModel
from pytest_codemode.proposers.model.moves import Call, Dialect, GiveUp, Malformed, Move, Reading
from pytest_codemode.proposers.model.patience import Patience
from pytest_codemode.proposers.model.react import ReAct

MOST_PAUSES = 3
"""Times in a row that a paused turn is taken up again."""
ANOTHER = (
    "It passes. If there is another repair that a maintainer could prefer (a different cause, a different place), "
    "propose it now, once; otherwise give up. The first patch stays."
)
DOUBTFUL = (
    "It passes, but the policy finds it doubtful. If there is a repair without that, propose it now, once; otherwise "
    "give up. The first patch stays."
)
FEW_TURNS = 2
"""Left when the model is told how many."""


class Briefing(Protocol):
    """What the model is told before it says anything."""

    def system(self) -> tuple[Block, ...]:
        """Return the part that is the same for every task of a run."""
        ...

    def opening(self, task: RepairTask) -> tuple[Block, ...]:
        """Return the first message about a task."""
        ...

    def summary(self, task: RepairTask, trials: Sequence[Trial]) -> tuple[Block, ...]:
        """Return the first message of a fresh conversation, after `trials` had led nowhere."""
        ...


@dataclass(frozen=True, slots=True)
class DialogueOptions:
    """How long and in what manner a dialogue goes on."""

    turns: int = 12
    """Replies for one task, over all conversations."""
    patience: int = 4
    """Turns without progress after which the conversation starts afresh, with a summary."""
    alternatives: bool = False
    """Whether to ask once for another repair after the first that passes."""
    protocol: Literal["auto", "tools", "react"] = "auto"
    """`auto`: tools where the model takes them."""
    escalate_to: MeteredModel | None = None
    """The stronger model that takes every second conversation."""
    reply_tokens: int = 8_000
    """Of one reply; doubled, up to what the model can, after one that was cut."""
    history_tokens: int = 60_000
    """Of one conversation, before its oldest results are left out."""


class Dialogue:
    """The state of one task's dialogue; `run` is its life."""

    def __init__(
        self,
        task: RepairTask,
        *,
        model: MeteredModel,
        briefing: Briefing,
        toolbox: Toolbox,
        emit: Callable[[Event], None],
        say: Callable[[str], None],
        options: DialogueOptions,
        proposer: str,
    ) -> None:
        self._task = task
        self._model = model
        self._base = model
        self._briefing = briefing
        self._emit = emit
        self._say = say
        self._options = options
        self._proposer = proposer
        self._carrier = Carrier(task, toolbox, lambda: model.budget.exceeded() is not None)
        self._exchanges = Exchanges(task.key, task.nodeids, emit)
        self._patience = Patience(options.patience)
        self._asked_for_another = False
        self._over = ""
        """Why the dialogue is over, as the user reads it; empty while it is not."""
        self._begin(briefing.opening(task))

    def _begin(self, opening: Sequence[Block]) -> None:
        """Start a conversation with the model that has its turn."""
        self._dialect = self._speak()
        self._conversation = Conversation(opening)
        self._system = self._system_blocks()
        limits = self._model.limits()
        self._reply_tokens = min(self._options.reply_tokens, limits.output_tokens, limits.context_tokens // 4)
        self._pauses = 0
        self._patience.begin()

    def _speak(self) -> Dialect:
        chosen = self._options.protocol
        tools = self._model.limits().tools if chosen == "auto" else chosen == "tools"
        return FunctionCalling(self._proposer) if tools else ReAct(self._proposer)

    def _system_blocks(self) -> tuple[Block, ...]:
        """Return the system prompt; up to its end the API shall keep it for the other tasks of the run."""
        manner: Block = {"type": "text", "text": self._dialect.manner(self._carrier.tools)}
        return sendable((*self._briefing.system(), {**manner, "cache_control": {"type": "ephemeral"}}))

    # -- the loop ------------------------------------------------------------------------------------------------

    def run(self) -> Proposals:
        """Yield patches until one is good enough, nothing more is to be expected, or a limit is reached.

        Raises:
            ProposerError: the model cannot be reached, or what it says leads nowhere.
        """
        try:
            while not self._over and self._exchanges.count < self._options.turns:
                reply, reading = self._exchange()
                if reply.ending == "refusal":
                    why = " ".join(reply.detail.split())[:300]
                    self._fail("declined to answer" + (f" ({why})" if why else ""))
                elif reply.ending == "pause_turn" and reading.kept and not reading.moves:
                    self._pause(reading)
                else:
                    yield from self._take(reply, reading)
        except BudgetSpent as spent:
            return None if self._carrier.found else spent.stop
        if not self._carrier.found:
            end = self._over or f"found no patch in {self._exchanges.count} turns"
            self._emit(Notice("info", f"{self._model.name} {end} ({self._task.nodeids[0]})"))
        return None

    def _exchange(self) -> tuple[ModelReply, Reading]:
        """Ask, and make room for as long as the model says that it is too much."""
        while True:
            self._make_room()
            self._say(f"{self._model.name}: turn {self._exchanges.count + 1} of {self._options.turns}")
            try:
                reply = self._exchanges.ask(self._model, self._request(), self._conversation, self._dialect)
            except ContextExceeded as problem:
                self._shrink(problem)
                continue
            return reply, self._dialect.read(reply, self._conversation.calls)

    def _request(self) -> ModelRequest:
        return ModelRequest(
            self._system,
            self._conversation.messages(),
            self._dialect.offered(self._carrier.tools),
            self._reply_tokens,
            self._dialect.stop_sequences,
        )

    def _make_room(self) -> None:
        most = room(self._model.limits(), self._request(), self._options.history_tokens)
        # Down to half at once: each time the API has to read everything behind the first change anew.
        if self._conversation.tokens > most and not self._conversation.shorten(most // 2) and self._conversation.begun:
            self._start_afresh()

    def _shrink(self, problem: ContextExceeded) -> None:
        if not self._conversation.shorten(self._conversation.tokens // 2):
            if not self._conversation.begun:
                raise problem  # nothing can be left out of an opening
            self._start_afresh()

    # -- one reply -----------------------------------------------------------------------------------------------

    def _take(self, reply: ModelReply, reading: Reading) -> Steps[None]:
        """Carry out a reply, and say what came of it or start afresh."""
        self._pauses = 0
        best = self._carrier.best
        answers = yield from self._carrier.carry_out(reading.moves)
        if self._is_enough(reading.moves):
            self._over = "is done"
            return
        if reading.moves and all(isinstance(move, GiveUp) for move in reading.moves):
            self._give_up(reading.moves[0])
            return
        end = self._patience.after(reading.moves, moved=self._carrier.best > best)
        note = self._note(reply, reading)
        if end == "unreadable":
            self._fail(f"answered twice in a row in a way that cannot be carried out ({_first_problem(reading)})")
        elif end == "stuck":
            self._start_afresh(with_the_other_model=True)
        elif reply.ending == "model_context_window_exceeded":
            self._start_afresh() if self._conversation.begun else self._fail("has no room for a reply in its context")
        else:
            self._conversation.hear(reading.kept, (move.call for move in reading.moves))
            self._conversation.say(self._dialect.answer(answers, note))

    def _note(self, reply: ModelReply, reading: Reading) -> str:
        """Return what to say behind the answers to a reply."""
        notes: list[str] = []
        if reply.ending == "max_tokens":
            if not reading.moves:
                notes.append("Your reply was cut at the greatest length, before it called anything; answer shorter.")
            most = self._model.limits().output_tokens
            self._reply_tokens = max(self._reply_tokens, min(2 * self._reply_tokens, most))
        elif not reply.content:
            notes.append("Your reply was empty.")
        notes.append(reading.problem)
        if self._carrier.found and not self._asked_for_another:
            self._asked_for_another = True
            notes.append(DOUBTFUL if self._carrier.found[0].warnings else ANOTHER)
        left = self._options.turns - self._exchanges.count
        if left <= FEW_TURNS:
            notes.append(f"{left} more {'reply is' if left == 1 else 'replies are'} possible: propose what you have.")
        return "\n".join(filter(None, notes))

    # -- how it goes on ------------------------------------------------------------------------------------------

    def _is_enough(self, moves: Sequence[Move]) -> bool:
        """Return whether what was found is enough: the first patch that passes, or the one asked for after it."""
        if not self._carrier.found:
            return False
        if self._asked_for_another:
            return not any(isinstance(move, Call) for move in moves)
        return len(self._carrier.found) > 1 or not (self._options.alternatives or self._carrier.found[0].warnings)

    def _pause(self, reading: Reading) -> None:
        """Keep a paused turn: it is taken up where it stands when it is sent back."""
        self._pauses += 1
        if self._pauses > MOST_PAUSES:
            self._fail(f"paused {self._pauses} times in a row")
        else:
            self._conversation.hear(reading.kept)

    def _give_up(self, move: Move) -> None:
        if self._options.escalate_to is not None and self._model is self._base:
            self._start_afresh(with_the_other_model=True)
        else:
            self._over = f"gave up: {move.reason}" if isinstance(move, GiveUp) and move.reason else "gave up"

    def _fail(self, why: str) -> None:
        """Begin another conversation after one that failed; after two in a row it is over."""
        if self._carrier.found:
            self._over = why
        elif self._patience.fail():
            remedy = "try another model (--codemode-model), or go on without one (--codemode-proposer search)"
            raise ProposerError(f"{self._model.name} {why}; {remedy}")
        else:
            self._start_afresh(with_the_other_model=True)

    def _start_afresh(self, *, with_the_other_model: bool = False) -> None:
        """Begin a conversation with a summary of what was tried; by option with the other of two models."""
        other = self._options.escalate_to
        if with_the_other_model and other is not None:
            self._model = other if self._model is self._base else self._base
        self._begin(self._briefing.summary(self._task, self._carrier.trials))


def _first_problem(reading: Reading) -> str:
    problems = (move.problem for move in reading.moves if isinstance(move, Malformed))
    return " ".join(next(problems, reading.problem).split())[:300]
