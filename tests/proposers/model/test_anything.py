"""Whatever a model, a gateway or a tool says ends in a sentence, and never in a request that the API refuses."""

from __future__ import annotations

import json
import typing
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_codemode.core.codec import encode
from pytest_codemode.core.events import to_line
from pytest_codemode.core.model import Block, Ending, ModelLimits, ModelReply, ToolAnswer, ToolSpec
from pytest_codemode.core.patch import Edit, Patch
from pytest_codemode.proposers.model.dialogue import DialogueOptions
from pytest_codemode.proposers.model.moves import Move, Propose
from pytest_codemode.proposers.model.own_tools import move_of
from pytest_codemode.proposers.model.positions import located
from pytest_codemode.proposers.model.react import ReAct
from pytest_codemode.proposers.model.replies import clean_json, sound
from tests.proposers.model.scripted import USAGE, Loop, Played, ScriptedModel, plus, reply, subject

ENDINGS = typing.get_args(Ending)
TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(["\ud800", "", " ", "\x00", "</data>", "pkg/subject.py"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
EDIT = st.one_of([st.builds(kind) for kind in typing.get_args(Edit)]).map(encode) | st.builds(
    lambda new, line, column: encode(plus(new, line=line, column=column)),
    st.sampled_from(["-", "*", "/", "**", "(", "\ud800", "0" * 5000]),
    st.integers(),
    st.integers(),
)
FITTING = st.sampled_from(["*", "-", "**", "%"]).map(lambda operator: [encode(plus(operator))])
EDITS = FITTING | st.lists(EDIT, min_size=1, max_size=3)
ARGUMENTS = st.fixed_dictionaries({"edits": EDITS | st.lists(EDIT | JSON, max_size=3) | JSON, "rationale": TEXT}) | JSON
NAME = st.sampled_from(["propose_patch", "give_up", "read", "other", "", "no name", None]) | TEXT
IDS = st.integers(1, 9).map("c{}".format)
PROPOSAL = st.builds(
    lambda call, edits: {"type": "tool_use", "id": call, "name": "propose_patch", "input": {"edits": edits}}, IDS, EDITS
)
CALL = st.fixed_dictionaries(
    {"type": st.just("tool_use"), "id": IDS | st.sampled_from(["", "a b", 3]) | TEXT, "name": NAME},
    optional={"input": ARGUMENTS, "caller": JSON},
)
STEP = st.builds(
    lambda name, given: f"Thought: x\nAction: {name}\nAction Input: {json.dumps(given)}",
    st.sampled_from(["propose_patch", "read", "give_up"]),
    EDITS.map(lambda edits: {"edits": edits}) | ARGUMENTS,
)
SPOKEN = st.sampled_from(
    ["Thought: x", "Action: read", "Action: propose_patch", "Action: give_up", "Action Input: {}", "Observation: y"]
)
LINES = st.lists(SPOKEN | STEP | TEXT | ARGUMENTS.map(lambda given: "Action Input: " + json.dumps(given)), max_size=6)
BLOCK = (
    PROPOSAL
    | CALL
    | st.builds(lambda lines: {"type": "text", "text": "\n".join(lines)}, LINES)
    | st.builds(lambda one, two: {"type": "thinking", "thinking": one, "signature": two}, TEXT | JSON, TEXT)
    | st.builds(lambda kind, given: {"type": kind, "x": given}, TEXT | JSON, JSON)
    | st.dictionaries(TEXT, JSON, max_size=3)
)
REPLY = st.builds(
    lambda blocks, ending, detail: ModelReply(tuple(blocks), ending, USAGE, detail, detail),
    st.lists(BLOCK, max_size=4),
    st.sampled_from(ENDINGS),
    TEXT,
)


class Saying:
    """A tool that says what it is told to."""

    def __init__(self, answers: Sequence[tuple[str, bool]]) -> None:
        self._answers = list(answers)

    def specs(self) -> tuple[ToolSpec, ...]:
        return (ToolSpec("read", "Read.", {"type": "object"}), ToolSpec("give_up", "Mine.", {"type": "object"}))

    def call(self, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        json.dumps(arguments, allow_nan=False).encode("utf-8")
        return ToolAnswer(*(self._answers.pop(0) if self._answers else ("", False)))


def allowed(script: Sequence[ModelReply], tools: bool) -> list[Patch]:
    """Return every patch that somebody may read out of the replies."""
    found: list[Patch] = []
    for one in map(sound, script):
        if tools:
            calls = [b for b in one.content if b.get("name") == "propose_patch"]
            moves: Sequence[Move] = [move_of("c", "propose_patch", b.get("input"), "claude") for b in calls]
        else:
            moves = ReAct("claude").read(one, frozenset()).moves
        found += [move.patch for move in moves if isinstance(move, Propose)]
    return [located(patch, subject().sources) for patch in found]


def check_anything(script: Sequence[ModelReply], answers: Sequence[tuple[str, bool]], tools: bool) -> Played:
    """Play the script: the model checks each request (see `rules`), the loop catches `ProposerError` only."""
    model = ScriptedModel(*script, limits=ModelLimits(tools=tools))
    played = Loop(toolbox=Saying(answers), options=DialogueOptions(turns=6, patience=2, alternatives=True)).play(model)
    known = allowed(script, tools)
    assert all(patch in known for batch in played.batches for patch in batch)
    for event in played.events:
        to_line(event).encode("ascii")
    return played


ANSWERS = st.lists(st.tuples(TEXT, st.booleans()), max_size=3)
DEEP: Any = None
for _ in range(400):
    DEEP = [DEEP]


@pytest.mark.parametrize("tools", [True, False])
@settings(deadline=None, max_examples=100)
@given(script=st.lists(REPLY, min_size=1, max_size=6), answers=ANSWERS)
@example([reply({"type": "tool_use", "id": "c1", "name": "read", "input": {"path": DEEP}})], [])
@example([reply({"type": "thinking", "thinking": DEEP, "signature": "x"}, {"type": "odd", "x": DEEP})], [])
def test_anything_that_is_said_ends_in_a_sentence(
    tools: bool, script: list[ModelReply], answers: list[tuple[str, bool]]
) -> None:
    check_anything(script, answers, tools)


def test_deep_recursion_in_a_source_ends_in_a_verdict() -> None:
    nested = plus("(" * 5_000 + "1" + ")" * 5_000, column=15, old="1")
    block = {"type": "tool_use", "id": "c1", "name": "propose_patch"}
    played = check_anything([reply({**block, "input": {"edits": [encode(nested)]}})], [], tools=True)
    assert len(played.trials) == 1


@given(JSON)
@settings(deadline=None, max_examples=100)
def test_clean_json_can_be_sent_and_is_left_alone_the_second_time(value: Any) -> None:
    cleaned = clean_json(value)
    json.dumps(cleaned, allow_nan=False, ensure_ascii=False).encode("utf-8")
    assert clean_json(cleaned) == cleaned


def test_block_of_the_api_passes_through_unchanged() -> None:
    blocks: tuple[Block, ...] = (
        {"type": "thinking", "thinking": "", "signature": "abc"},
        {"type": "text", "text": "a", "citations": None},
        {"type": "server_tool_use", "id": "srv_1", "name": "web", "input": {"q": [1, 2.5, True, None, {"a": "é"}]}},
        {"type": "tool_use", "id": "c1", "name": "read", "input": {"a": 1}, "caller": {"type": "direct"}},
    )
    assert sound(reply(*blocks)).content == blocks
