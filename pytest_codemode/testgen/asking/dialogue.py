"""One function's dialogue with a model, a generator of inputs like the search: calls go out, observations come back.

Whatever a reply holds, the dialogue goes on or ends in a sentence; what it asks for is judged by `rules` beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from pytest_codemode.core.exploring import Observation, Recipe
from pytest_codemode.core.model import Block, ModelReply, ModelRequest
from pytest_codemode.core.ports import EventSink
from pytest_codemode.proposers.model.conversation import Conversation, sendable
from pytest_codemode.proposers.model.exchange import Exchanges, room
from pytest_codemode.proposers.model.functions import FunctionCalling
from pytest_codemode.proposers.model.metered import MeteredModel
from pytest_codemode.proposers.model.moves import (
    MAX_MOVES,
    Answer,
    Call,
    Dialect,
    GiveUp,
    Malformed,
    Move,
    Propose,
    Reading,
)
from pytest_codemode.proposers.model.quoting import quote
from pytest_codemode.proposers.model.react import ReAct
from pytest_codemode.testgen.asking.answers import CALLS, TRY, Given, give_up, read_calls, try_calls
from pytest_codemode.testgen.asking.feedback import Function, told
from pytest_codemode.testgen.asking.prompt import Prompt
from pytest_codemode.testgen.asking.rules import Rules
from pytest_codemode.testgen.asking.view import View
from pytest_codemode.testgen.asking.words import items_in_words
from pytest_codemode.testgen.inputs.generator import Inputs
from pytest_codemode.testgen.numbering import Numbering
from pytest_codemode.testgen.subject import Item
from pytest_codemode.testgen.withholding import Secrets
from pytest_codemode.workbench.excerpt import lines_of

T = TypeVar("T")
_Steps = Generator[tuple[Recipe, ...], tuple[Observation, ...], T]

MAX_BATCH = 36
"""Calls of one reply that are made."""
AGAIN = "not made again: it is a call of before, of which is known what it comes to."
NOT_ALONE = "Not taken up, because it came beside other calls. Look at what came of them."
TOO_MANY = f"Not made: a reply may hold {MAX_BATCH} calls of the function and {MAX_MOVES} of tools."
NO_OTHER = f"There is no such tool here; there are {TRY} and give_up."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a dialogue goes on."""

    turns: int = 4
    barren: int = 2
    """Turns in a row without anything new, after which it is over."""
    unreadable: int = 2
    """Replies in a row in which nothing could be carried out: the first is corrected, the second ends the dialogue."""
    reply_tokens: int = 6_000
    """Of one reply."""
    history_tokens: int = 40_000


class Dialogue:
    """The state of one function's dialogue; `run` is its life.

    Args:
        view: the function, and what was tried.
        rules: what may be called.
        still: returns what is open now.
        takes: from an observation to what it takes of what the suite leaves out.
        model: pays for what it is asked.
        protocol: how it is spoken to.
        prompt: the texts.
        emit: gets a `Turn` for each exchange.
        say: hears what is being done.
    """

    def __init__(
        self,
        view: View,
        rules: Rules,
        *,
        still: Callable[[], frozenset[Item]],
        takes: Callable[[Observation], frozenset[Item]],
        model: MeteredModel,
        protocol: Literal["auto", "tools", "react"],
        prompt: Prompt,
        emit: EventSink,
        say: Callable[[str], None],
        patience: Patience,
    ) -> None:
        described = view.target.described
        self._view = view
        self._rules = rules
        self._still = still
        self._takes = takes
        self._model = model
        self._say = say
        self._patience = patience
        numbering = Numbering(view.target.source.encode("utf-8", "replace"))
        self._number = numbering.translated
        lines = tuple(lines_of(view.target.source.encode("utf-8", "replace")))
        self._function = Function(lines, view.gap.first, view.gap.last, numbering.first_line)
        self._tools = (try_calls(), give_up())
        self._dialect = _dialect(model, protocol)
        manner: Block = {"type": "text", "text": self._dialect.manner(self._tools)}
        self._system = sendable((*prompt.system(), {**manner, "cache_control": {"type": "ephemeral"}}))
        self._secrets = Secrets.of((*view.definitions.values(), view.tests.encode("utf-8", "replace")))
        opening = ({**block, "text": self._secrets.out_of_text(block["text"])} for block in prompt.opening(view))
        self._conversation = Conversation(tuple(opening))
        about = f"{described.path}::{described.qualname}"
        self._exchanges = Exchanges(described.qualname, (about,), emit)
        self._known: set[tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]] = set()
        self._count = 0
        self.end = ""
        """Why it is over, as the user reads it; empty if all is covered."""

    def run(self) -> Inputs:
        """Yield calls until nothing is open, or nothing more is to be expected.

        Raises:
            BudgetSpent: a limit would be broken by the next question.
            ProposerError: the model cannot be reached.
        """
        barren = unreadable = 0
        while self._still() and self._exchanges.count < self._patience.turns:
            before = self._still()
            reply, reading = self._exchange()
            if reply.ending == "refusal":
                self.end = f"declined to answer{_why(reply.detail)}"
                return
            if reply.ending == "model_context_window_exceeded":
                self.end = "has no room for a reply in its context"
                return
            if reply.ending == "pause_turn" and reading.kept and not reading.moves:
                self._conversation.hear(reading.kept)
                continue
            if reading.moves and all(isinstance(move, GiveUp) for move in reading.moves):
                self.end = f"gave up{_why(_reason(reading.moves[0]))}"
                return
            made = self._count
            answers = yield from self._carry_out(reading.moves)
            unreadable = 0 if self._count > made else unreadable + 1
            barren = 0 if self._still() < before else barren + 1
            if unreadable >= self._patience.unreadable or barren >= self._patience.barren:
                self.end = "found no call that covers more"
                return
            self._conversation.hear(reading.kept, (move.call for move in reading.moves))
            self._conversation.say(self._dialect.answer(answers, self._note(reply, reading)))
        if self._still():
            self.end = f"covered no more in {self._exchanges.count} turns"

    def _exchange(self) -> tuple[ModelReply, Reading]:
        self._say(f"{self._model.name}: turn {self._exchanges.count + 1} of {self._patience.turns}")
        most = room(self._model.limits(), self._request(), self._patience.history_tokens)
        if self._conversation.tokens > most:
            self._conversation.shorten(most // 2)
        reply = self._exchanges.ask(self._model, self._request(), self._conversation, self._dialect)
        return reply, self._dialect.read(reply, self._conversation.calls)

    def _request(self) -> ModelRequest:
        limits = self._model.limits()
        length = min(self._patience.reply_tokens, limits.output_tokens, limits.context_tokens // 4)
        tools = self._dialect.offered(self._tools)
        return ModelRequest(self._system, self._conversation.messages(), tools, length, self._dialect.stop_sequences)

    # -- one reply -----------------------------------------------------------------------------------------------

    def _carry_out(self, moves: Sequence[Move]) -> _Steps[list[Answer]]:
        """Return the answer to each move, in order; all calls of a reply are made together."""
        read = {
            move.call: self._read(move) for move in moves[:MAX_MOVES] if isinstance(move, Call) and move.name == TRY
        }
        batch: list[Recipe] = []
        places: dict[str, list[Given]] = {}
        for call, given in read.items():
            places[call] = [self._admitted(one, batch) for one in given] if isinstance(given, tuple) else []
        notes = yield from self._made(tuple(batch))
        answers: list[Answer] = []
        for move in moves[:MAX_MOVES]:
            match move:
                case Call() if isinstance(problem := read.get(move.call), str):
                    answers.append(Answer(move, problem, is_error=True))
                case Call() if move.call in places:
                    answers.append(Answer(move, _numbered(places[move.call], notes)))
                case Call() | Propose():
                    answers.append(Answer(move, NO_OTHER, is_error=True))
                case Malformed():
                    answers.append(Answer(move, move.problem, is_error=True))
                case GiveUp():
                    answers.append(Answer(move, NOT_ALONE, is_error=True))
        return [*answers, *(Answer(move, TOO_MANY, is_error=True) for move in moves[MAX_MOVES:])]

    def _read(self, move: Call) -> tuple[Given, ...] | str:
        described = self._view.target.described
        try:
            return read_calls(move.arguments, described.qualname, described.flavour)
        except ValueError as problem:
            return str(problem)

    def _admitted(self, given: Given, batch: list[Recipe]) -> Given:
        """Return the call as it is made, added to the batch, or what is wrong with it."""
        if given.recipe is None:
            return given
        if len(batch) >= MAX_BATCH:
            return Given(problem=TOO_MANY)
        recipe = self._rules.examined(given.recipe)
        if isinstance(recipe, str):
            return Given(problem=f"refused, {recipe}")
        identity = (recipe.call, recipe.setup, recipe.fixtures)
        if identity in self._known:
            return Given(problem=AGAIN)
        self._known.add(identity)
        self._count += 1
        recipe = replace(recipe, key=f"model {self._count}")
        batch.append(recipe)
        return Given(recipe)

    def _made(self, batch: tuple[Recipe, ...]) -> _Steps[dict[str, str]]:
        """Have calls made, and return what to say of each, by its key."""
        if not batch:
            return {}
        left = self._still()
        observations = yield batch
        now = self._still()
        notes: dict[str, str] = {}
        for recipe, observation in zip(batch, observations, strict=False):
            gained = self._takes(observation) & (left - now)
            left -= gained
            notes[recipe.key] = self._told(observation, gained, now)
        return notes

    def _told(self, observation: Observation, gained: frozenset[Item], now: frozenset[Item]) -> str:
        executed = frozenset(line for arc in self._number(observation.arcs) for line in arc if line > 0)
        return self._secrets.out_of_text(told(observation, gained, now, executed, self._function))

    def _note(self, reply: ModelReply, reading: Reading) -> str:
        """Return what to say behind the answers to a reply."""
        notes = []
        if reply.ending == "max_tokens" and not reading.moves:
            notes.append("Your reply was cut at the greatest length, before it called anything; answer shorter.")
        elif not reply.content:
            notes.append("Your reply was empty.")
        notes += [reading.problem, f"Still open: {items_in_words(self._still())}."]
        if self._exchanges.count == self._patience.turns - 1:
            notes.append("One more reply is possible.")
        return "\n".join(filter(None, notes))


def _dialect(model: MeteredModel, protocol: Literal["auto", "tools", "react"]) -> Dialect:
    tools = model.limits().tools if protocol == "auto" else protocol == "tools"
    return FunctionCalling("model", CALLS) if tools else ReAct("model", CALLS)


def _numbered(given: Sequence[Given], notes: dict[str, str]) -> str:
    """Return what came of the calls of one use of the tool, in its order."""
    lines = []
    for number, one in enumerate(given, 1):
        if one.recipe is not None:
            lines.append(f"Call {number}: {notes.get(one.recipe.key, 'was not made: there was no time left')}")
        else:
            lines.append(f"Call {number}: {quote(one.problem, 'why it was not made')}")
    return "\n".join(lines)


def _reason(move: Move) -> str:
    return move.reason if isinstance(move, GiveUp) else ""


def _why(text: str) -> str:
    said = " ".join(text.split())[:300]
    return f" ({said})" if said else ""
