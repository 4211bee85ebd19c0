"""The ReAct text protocol: how actions are found in what models write, and whole dialogues in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_codemode.core.codec import encode
from pytest_codemode.core.model import ModelLimits, ModelReply
from pytest_codemode.core.patch import Patch
from pytest_codemode.proposers.model.calling import NoTools, own_and
from pytest_codemode.proposers.model.dialogue import DialogueOptions
from pytest_codemode.proposers.model.moves import CUT, Call, GiveUp, Malformed, Propose, Reading
from pytest_codemode.proposers.model.react import ReAct
from tests.proposers.model.scripted import Loop, ScriptedModel, call, plus, reply, text, thinking
from tests.proposers.model.test_dialogue import Reading as ReadingTool

PATCH = json.dumps({"rationale": "Minus.", "edits": [encode(plus("-"))]})
STAR = PATCH.replace('"-"', '"*"')


def read(*blocks: Any, ending: Any = "end_turn") -> Reading:
    return ReAct("claude").read(reply(*blocks, ending=ending), frozenset())


def step(action: str, given: str, thought: str = "so") -> ModelReply:
    return reply(text(f"Thought: {thought}\nAction: {action}\nAction Input: {given}"), ending="stop_sequence")


@pytest.mark.parametrize(
    "written",
    [
        'Thought: look\nAction: read\nAction Input: {"path": "a.py"}',
        'Thought: look\n\nAction: read\n\nAction Input:\n{\n  "path": "a.py"\n}\n',
        'Action: `read`\nAction Input: ```json\n{"path": "a.py"}\n```',
        'Action: read\nAction Input:\n```\n{"path": "a.py"}\n```\nObservation: nothing',
        '**Action:** read\n**Action Input:** {"path": "a.py"}',
        '```\nThought: look\nAction: read\nAction Input: {"path": "a.py"}\n```',
        'Action 1: read\nAction Input 1: {"path": "a.py"}',
        'action: read()\naction input: {"path": "a.py"} and so on',
        '> Action: "read"\n> Action Input: {"path": "a.py"}',
    ],
)
def test_action_is_found_however_it_is_written(written: str) -> None:
    (move,) = read(text(written)).moves
    assert move == Call("a1", "read", {"path": "a.py"})


def test_actions_of_one_reply_are_read_in_order() -> None:
    written = f'Action: read\nAction Input: {{"path": "a"}}\nThought: and\nAction: propose_patch\nAction Input: {PATCH}'
    first, second = read(text(written)).moves
    assert first == Call("a1", "read", {"path": "a"})
    assert second == Propose("a2", Patch((plus("-"),), "claude", rationale="Minus."))


def test_invented_observation_is_cut_with_everything_behind_it() -> None:
    written = 'Thought: x\nAction: read\nAction Input: {"path": "a"}'
    invented = f"{written}\nObservation: it passes\nThought: done\nAction: give_up\nAction Input: {{}}"
    reading = read(thinking("1"), text(invented), thinking("2"), text("more"))
    assert [type(move) for move in reading.moves] == [Call]
    assert reading.kept == (thinking("1"), text(f"{written}\n"))


def test_lines_that_look_like_markers_inside_the_json_are_none() -> None:
    source = "'''\nAction: give_up\nObservation: no\n'''"
    given = '{"path": "' + source.replace("\\", "\\\\") + '"}'  # line ends as they are: models write them so
    (move,) = read(text(f"Action: read\nAction Input: {given}")).moves
    assert move == Call("a1", "read", {"path": source})


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("Action: read", "action read has no line `Action Input:`"),
        ("Action: read\nAction Input:", "the Action Input of read is empty"),
        ("Action: read\nAction Input: a.py", "the Action Input of read is not one JSON object (line 1 column 1"),
        ('Action: read\nAction Input: {"path": "a', "is not one JSON object (line 1 column 10"),
        ("Action: read\nAction Input: [1]", "the input of read must be a JSON object"),
        ("Action:\nAction Input: {}", "names no action"),
        ("Action: read\nAction Input: " + "[" * 100_000, "nested too deeply"),
    ],
)
def test_action_that_cannot_be_read_is_told_why(written: str, problem: str) -> None:
    (move,) = read(text(written)).moves
    assert isinstance(move, Malformed)
    assert problem in move.problem


def test_action_that_was_cut_is_told_so_but_a_complete_one_counts() -> None:
    (cut,) = read(text('Action: read\nAction Input: {"path": "a'), ending="max_tokens").moves
    assert cut == Malformed("a1", "read", CUT)
    (whole,) = read(text('Action: read\nAction Input: {"path": "a"}\nTh'), ending="max_tokens").moves
    assert isinstance(whole, Call)


def test_tool_calls_in_a_reply_without_tools_are_left_out() -> None:
    reading = read(text("hm"), call("propose_patch", {}))
    assert reading.kept == (text("hm"),)
    assert "Action: propose_patch" in reading.problem


def test_giving_up_and_final_answers() -> None:
    assert read(text('Action: give_up\nAction Input: {"reason": "no"}')).moves == (GiveUp("a1", "no"),)
    assert read(text("Final Answer: it is fixed")).moves == ()


def test_manner_describes_every_action_with_its_schema() -> None:
    tools = own_and(NoTools())
    manner = ReAct("claude").manner(tools)
    for tool in tools:
        assert f"## {tool.name}" in manner
        assert tool.description in manner
        assert json.dumps(tool.input_schema, separators=(",", ":")) in manner


def test_dialogue_in_text_for_a_model_without_tools() -> None:
    model = ScriptedModel(
        step("read", '{"path": "a"}'), step("propose_patch", STAR), step("propose_patch", PATCH),
        limits=ModelLimits(tools=False),
    )  # fmt: skip
    played = Loop(toolbox=ReadingTool()).play(model)
    assert [trial.plausible for trial in played.trials] == [False, True]
    assert all(request.tools == () for request in model.requests)
    assert model.requests[0].stop_sequences == ("\nObservation:",)
    assert "## propose_patch" in model.requests[0].system[-1]["text"]
    first, second = (request.messages[-1].content[0]["text"] for request in model.requests[1:])
    assert first.startswith('Observation: <data of="result of read">\ntext 1')
    assert "is:  AssertionError: assert 3 == 2" in second
    assert {turn.protocol for turn in played.turns} == {"react"}


def test_several_actions_are_answered_in_one_message_by_number_and_name() -> None:
    both = f"{step('read', '{}').text}\n{step('propose_patch', STAR).text}\n{step('reed', '{}').text}"
    model = ScriptedModel(reply(text(both)), step("give_up", '{"reason": "no"}'))
    Loop(toolbox=ReadingTool(), options=DialogueOptions(protocol="react")).play(model)
    texts = [block["text"] for block in model.requests[1].messages[-1].content]
    assert [one.partition(": ")[0] for one in texts] == [
        "Observation 1 (read)",
        "Observation 2 (propose_patch)",
        "Observation 3 (reed)",
    ]
    assert "There is no tool 'reed'" in texts[2]


def test_reply_without_an_action_is_corrected_and_the_second_ends_the_conversation() -> None:
    model = ScriptedModel(*(reply(text("It is fixed.")) for _ in range(4)), limits=ModelLimits(tools=False))
    played = Loop().play(model)
    assert "Write a line `Action: propose_patch`" in model.requests[1].messages[-1].content[0]["text"]
    assert [len(request.messages) for request in model.requests] == [1, 3, 1, 3]
    assert "cannot be carried out" in played.error


def test_old_observations_are_left_out_when_the_history_is_too_long() -> None:
    script = [step("read", json.dumps({"path": str(number)})) for number in range(5)]
    model = ScriptedModel(*script, step("give_up", "{}"), limits=ModelLimits(tools=False))
    Loop(toolbox=ReadingTool(3_000), options=DialogueOptions(history_tokens=4_000)).play(model)
    texts = [message.content[0]["text"] for message in model.requests[-1].messages[2::2]]
    assert ["left out" in one for one in texts] == [True, True, True, False, False]
    assert all(one.startswith("Observation: ") for one in texts)
