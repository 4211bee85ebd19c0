"""A model that plays a script, a judge that knows one function, and the loop between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from pytest_codemode.core.budget import Allowance, Budget, StopReason
from pytest_codemode.core.codec import encode
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.core.events import Event, Notice, Turn
from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.model import Block, Ending, Message, ModelLimits, ModelReply, ModelRequest, Price, Usage
from pytest_codemode.core.patch import Edit, Patch, ReplaceExpression, Unapplicable
from pytest_codemode.core.ports import Attempt, Toolbox
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply
from pytest_codemode.proposers.model.calling import NoTools
from pytest_codemode.proposers.model.dialogue import Briefing, DialogueOptions
from pytest_codemode.proposers.model.metered import MeteredModel
from pytest_codemode.proposers.model.proposer import ModelProposer
from tests.proposers.material import PATH, task
from tests.proposers.model.rules import check

SOURCE = "def f(a):\n    return a + 1\n"
TEST = "tests/test_subject.py::test_it"
USAGE = Usage(100, 0, 0, 50)
CHEAP = Price(1.0, 1.0)

Script = Sequence["ModelReply | Exception | Callable[[ModelRequest], ModelReply]"]

_ids = count(1)


# -- replies ---------------------------------------------------------------------------------------------------------


def text(words: str) -> Block:
    return {"type": "text", "text": words}


def thinking(words: str = "hm") -> Block:
    return {"type": "thinking", "thinking": words, "signature": f"signed {words}"}


def call(name: str, arguments: Any, call_id: str = "") -> Block:
    return {"type": "tool_use", "id": call_id or f"toolu_{next(_ids)}", "name": name, "input": arguments}


def plus(new: str, **changes: Any) -> ReplaceExpression:
    """Return the edit that puts another operator in place of the `+`."""
    return replace(ReplaceExpression(PATH, 2, 13, "+", new), **changes)


def propose(*edits: Edit, rationale: str = "It is the wrong operator.", call_id: str = "") -> Block:
    return call("propose_patch", {"rationale": rationale, "edits": [encode(edit) for edit in edits]}, call_id)


def give_up(reason: str = "The tests contradict each other.") -> Block:
    return call("give_up", {"reason": reason})


def reply(*blocks: Block, ending: Ending | None = None, detail: str = "") -> ModelReply:
    calls = any(block.get("type") == "tool_use" for block in blocks)
    return ModelReply(blocks, ending or ("tool_use" if calls else "end_turn"), USAGE, "claude-test", detail)


# -- the model -------------------------------------------------------------------------------------------------------


class ScriptedModel:
    """Implements `core.ports.Model`; checks each request against the API's rules before it answers."""

    def __init__(self, *script: Any, limits: ModelLimits | None = None, name: str = "claude-test") -> None:
        self.name = name
        self.requests: list[ModelRequest] = []
        self._limits = limits or ModelLimits()
        self._script = list(script)
        self._paused = False

    def limits(self) -> ModelLimits:
        return self._limits

    def count(self, request: ModelRequest) -> int:
        return 10

    def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
        check(request, paused=self._paused)
        attempt = on_attempt()
        self.requests.append(request)
        if not self._script:
            raise ProposerError("the script is at its end")
        step = self._script.pop(0)
        if isinstance(step, Exception):
            attempt.refused()
            raise step
        answer: ModelReply = step(request) if callable(step) else step
        attempt.used(answer.usage)
        self._paused = answer.ending == "pause_turn"
        return answer

    @property
    def left(self) -> int:
        return len(self._script)

    def heard(self, number: int = -1) -> str:
        """Return the text of the last message of a request."""
        return said(self.requests[number].messages[-1])


def said(message: Message) -> str:
    return "\n".join(str(block.get("content") or block.get("text") or "") for block in message.content)


# -- the judge -------------------------------------------------------------------------------------------------------


def failing(value: str, *, nodeid: str = TEST, line: int = 5, exception: str = "AssertionError") -> Failure:
    frame = Frame(nodeid.partition("::")[0], line, "test_it", {}, "assert f(3) == 2")
    message = f"assert {value} == 2"
    return Failure(nodeid, Phase.CALL, exception, message, (frame,), left=value, operator="==", right="2")


def subject(*tried: Trial) -> RepairTask:
    """Return the task of `f`, which should subtract."""
    return replace(task(SOURCE, failing("4")), tried=tried)


def judge(patch: Patch, subject_task: RepairTask) -> Trial:
    """Judge by the operator that stands in the function: `-` is right, `**` breaks a test, `*` fails differently."""
    applied = apply(patch, subject_task.sources.get)
    if isinstance(applied, Unapplicable):
        return Trial(patch, Verdict.UNAPPLICABLE, applied.reason)
    done = Trial(patch, Verdict.FAILED, fingerprint=applied.fingerprint)
    new = applied.files.get(PATH, b"").decode()
    if "a - 1" in new or "a - True" in new:
        return replace(done, verdict=Verdict.PLAUSIBLE, passed=(TEST,))
    if "-1 + a" in new:
        return replace(done, verdict=Verdict.PLAUSIBLE, passed=(TEST,), warnings=("literal.copied",))
    if "**" in new:
        other = "tests/test_subject.py::test_other"
        return replace(
            done, verdict=Verdict.BROKE, passed=(TEST,), broke=(other,), failures=(failing("9", nodeid=other),)
        )
    if "exec" in new:
        return replace(done, verdict=Verdict.REFUSED, reason="calls.exec: new code calls exec")
    value = "3" if "*" in new else "4"
    return replace(done, failures=(failing(value),), reason=f"now: AssertionError: assert {value} == 2")


# -- the loop --------------------------------------------------------------------------------------------------------


class PlainBriefing:
    """Says little: the prompts are another part's."""

    def system(self) -> tuple[Block, ...]:
        return (text("You repair."),)

    def opening(self, task: RepairTask) -> tuple[Block, ...]:
        return (text(f"opening of {task.key}"),)

    def summary(self, task: RepairTask, trials: Sequence[Trial]) -> tuple[Block, ...]:
        return (text(f"summary of {len(trials)} trials of {task.key}"),)


@dataclass
class Played:
    """What came of a dialogue."""

    batches: list[tuple[Patch, ...]]
    trials: list[Trial]
    stop: StopReason | None
    events: list[Event]
    error: str = ""

    @property
    def turns(self) -> list[Turn]:
        return [event for event in self.events if isinstance(event, Turn)]

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]


@dataclass
class Loop:
    """Drives a proposer as the solver does."""

    task: RepairTask = field(default_factory=subject)
    toolbox: Toolbox = field(default_factory=NoTools)
    options: DialogueOptions = field(default_factory=DialogueOptions)
    judge: Callable[[Patch, RepairTask], Trial] = judge
    budget: Budget = field(default_factory=lambda: Budget(Allowance(usd=None)))
    begin: Callable[[RepairTask], None] = lambda task: None
    name: str = "claude"
    price: Price = CHEAP
    briefing: Briefing = field(default_factory=PlainBriefing)

    def metered(self, model: Any) -> MeteredModel:
        return MeteredModel(model, self.budget, self.price)

    def play(self, model: Any) -> Played:
        events: list[Event] = []
        proposer = ModelProposer(
            self.metered(model),
            self.briefing,
            events.append,
            toolbox=lambda task: self.toolbox,
            options=self.options,
            begin=self.begin,
            name=self.name,
        )
        played = Played([], [], None, events)
        proposals = proposer.propose(self.task)
        trials: tuple[Trial, ...] | None = None
        try:
            while True:
                batch = next(proposals) if trials is None else proposals.send(trials)
                assert batch
                played.batches.append(batch)
                trials = tuple(self.judge(patch, self.task) for patch in batch)
                played.trials += trials
        except StopIteration as end:
            played.stop = end.value
        except ProposerError as problem:
            played.error = str(problem)
        return played


def play(*script: Any, **how: Any) -> tuple[ScriptedModel, Played]:
    """Play a script to its end."""
    model = ScriptedModel(*script)
    return model, Loop(**how).play(model)
