"""A dialogue from `run.jsonl`: the same again without a model; files that are damaged or hostile."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_codemode.core.budget import Allowance, Budget
from pytest_codemode.core.errors import ProposerError
from pytest_codemode.core.events import Event, Notice, TrialDone, Turn, to_line
from pytest_codemode.core.model import ModelLimits, Price
from pytest_codemode.core.trial import Verdict
from pytest_codemode.proposers.model import recording
from pytest_codemode.proposers.model.dialogue import DialogueOptions
from pytest_codemode.proposers.model.exchange import digest
from pytest_codemode.proposers.model.recording import RecordedModel
from tests.proposers.model.scripted import (
    TEST,
    Loop,
    Played,
    ScriptedModel,
    failing,
    play,
    plus,
    propose,
    reply,
    subject,
    text,
    thinking,
)

OTHER = TrialDone("t1", "search", "", "failed", "", "a.py:1")


def recorded(tmp_path: Path, *events: Event, name: str = "run.jsonl", raw: bytes = b"") -> Path:
    path = tmp_path / name
    path.write_bytes("".join(to_line(event) + "\n" for event in events).encode() + raw)
    return path


def replayed(*paths: Path, **how: Any) -> tuple[Played, list[str]]:
    told: list[Event] = []
    model = RecordedModel(*paths, emit=told.append)
    played = Loop(begin=lambda task: model.follow(task.nodeids), name=model.name, **how).play(model)
    return played, [event.text for event in told if isinstance(event, Notice)]


def dialogue() -> Played:
    script = (reply(thinking(), propose(plus("*"), call_id="c1")), reply(text("hm")), reply(propose(plus("-"))))
    return play(*script)[1]


def test_recorded_dialogue_is_played_again_without_a_model(tmp_path: Path) -> None:
    first = dialogue()
    budget = Budget(Allowance(usd=0.001))
    again, told = replayed(recorded(tmp_path, OTHER, *first.events), budget=budget, price=Price(0.0, 0.0))
    assert [[patch.edits for patch in batch] for batch in again.batches] == [
        [patch.edits for patch in batch] for batch in first.batches
    ]
    assert [trial.verdict for trial in again.trials] == [Verdict.FAILED, Verdict.PLAUSIBLE]
    assert [turn.request_digest for turn in again.turns] == [turn.request_digest for turn in first.turns]
    assert {patch.proposer for batch in again.batches for patch in batch} == {"replay"}
    assert told == []
    assert (budget.spent.usd, budget.spent.tokens, budget.spent.requests) == (0.0, 0, 3)


def test_question_that_differs_is_told_once_and_answered_all_the_same(tmp_path: Path) -> None:
    turns = [replace(turn, request_digest="other") for turn in dialogue().turns]
    again, told = replayed(recorded(tmp_path, *turns))
    assert again.trials[-1].plausible
    assert len(told) == 1
    assert "turn 1 answered another question" in told[0]


def test_recording_that_is_shorter_than_the_dialogue_ends_in_a_sentence(tmp_path: Path) -> None:
    again, _ = replayed(recorded(tmp_path, dialogue().turns[0]))
    assert "it ends after 1 turns; record the dialogue anew" in again.error
    assert len(again.batches) == 1


def test_task_that_was_taken_up_twice_is_answered_by_its_second_dialogue(tmp_path: Path) -> None:
    first, second = dialogue(), play(reply(propose(plus("-"))))[1]
    model = RecordedModel(recorded(tmp_path, *first.turns, *second.turns), emit=lambda event: None)
    loop = Loop(begin=lambda task: model.follow(task.nodeids))
    assert [len(loop.play(model).batches) for _ in range(2)] == [2, 1]
    assert "nothing was said about these tests" in loop.play(model).error


def test_task_with_other_tests_gets_the_dialogue_about_the_most_of_them(tmp_path: Path) -> None:
    path = recorded(tmp_path, *dialogue().turns)
    both = replace(subject(), failures=(failing("4"), failing("4", nodeid="tests/test_subject.py::test_new")))
    again, told = replayed(path, task=both)
    assert again.trials[-1].plausible
    assert "the recorded task had other failing tests (tests/test_subject.py::test_it)" in told[0]
    stranger = replace(subject(), failures=(failing("4", nodeid="tests/test_subject.py::test_stranger"),))
    assert "nothing was said about these tests" in replayed(path, task=stranger)[0].error


def test_several_recordings_are_one(tmp_path: Path) -> None:
    turns = dialogue().turns
    moved = [replace(turn, nodeids=("tests/test_b.py::test_b",)) for turn in turns]
    model = RecordedModel(
        recorded(tmp_path, *moved, name="a.jsonl"), recorded(tmp_path, *turns, name="b.jsonl"), emit=lambda event: None
    )
    assert Loop(begin=lambda task: model.follow((TEST,))).play(model).trials[-1].plausible


def test_protocol_is_that_of_the_recording(tmp_path: Path) -> None:
    step = 'Action: propose_patch\nAction Input: {"edits": [], "rationale": ""}'
    scripted = ScriptedModel(reply(text(step)), limits=ModelLimits(tools=False))
    first = Loop(options=DialogueOptions(turns=1)).play(scripted)
    again, told = replayed(recorded(tmp_path, *first.turns), options=DialogueOptions(turns=1))
    assert [turn.protocol for turn in again.turns] == ["react"]
    assert told == []


def test_recording_knows_whether_two_models_took_part(tmp_path: Path) -> None:
    turns = dialogue().turns
    both = (turns[0], replace(turns[1], model="strong"))
    assert not RecordedModel(recorded(tmp_path, *turns, name="a"), emit=lambda event: None).escalates
    assert RecordedModel(recorded(tmp_path, *both, name="b"), emit=lambda event: None).escalates


def test_dialogue_with_two_models_is_played_again(tmp_path: Path) -> None:
    loop = Loop()
    strong = ScriptedModel(replace(reply(propose(plus("-"))), model="strong"), name="strong")
    loop.options = DialogueOptions(patience=2, escalate_to=loop.metered(strong))
    first = loop.play(ScriptedModel(reply(propose(plus("*"))), reply(propose(plus("/")))))
    told: list[Event] = []
    model = RecordedModel(recorded(tmp_path, *first.turns), emit=told.append)
    assert model.escalates
    loop = Loop(begin=lambda task: model.follow(task.nodeids))
    loop.options = DialogueOptions(patience=2, escalate_to=loop.metered(model))
    again = loop.play(model)
    assert [[patch.edits for patch in batch] for batch in again.batches] == [
        [patch.edits for patch in batch] for batch in first.batches
    ]
    assert told == []


def test_length_of_the_reply_is_no_part_of_the_question() -> None:
    model, _ = play(reply(propose(plus("*"))), reply(propose(plus("-"))))
    first, second = model.requests
    assert digest(first) == digest(replace(first, max_tokens=1))
    assert digest(first) != digest(second)
    assert digest(first) != digest(replace(first, tools=()))


# -- files that are damaged or hostile -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        b'{"kind": "turn", "task"',
        b"\xff\xfe\n",
        b"[1]",
        b'"turn"',
        b'{"kind":"turn"}',
        b"[" * 100_000,
        b'{"kind":"turn","x":' + b"9" * 5_000 + b"}",
    ],
)
def test_damaged_line_is_skipped_and_named(tmp_path: Path, damage: bytes) -> None:
    path = recorded(tmp_path, OTHER, *dialogue().turns, raw=damage)
    again, told = replayed(path)
    assert again.trials[-1].plausible
    assert len(told) == 1
    assert f"{path}: cannot be read and skipped: line 5 (" in told[0]


@pytest.mark.parametrize("change", [{"number": 0}, {"nodeids": []}, {"number": "1"}, {"reply": 3}, {"extra": 1}])
def test_turn_that_makes_no_sense_is_damage(tmp_path: Path, change: dict[str, Any]) -> None:
    first, *rest = dialogue().turns
    line = json.dumps({**json.loads(to_line(first)), **change}).encode()
    _, told = replayed(recorded(tmp_path, *rest, raw=line))
    assert "line 3 (" in told[0]


def test_only_the_first_damaged_lines_are_named(tmp_path: Path) -> None:
    _, told = replayed(recorded(tmp_path, *dialogue().turns, raw=b"{\n" * 9))
    assert "line 4 (" in told[0]
    assert told[0].endswith("and 6 more")


def test_file_without_a_turn_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ProposerError, match="no turn with a model is recorded there; record one with --codemode-model"):
        replayed(recorded(tmp_path, OTHER))


def test_file_that_is_none_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, why in (
        (tmp_path, "is no regular file"),
        (tmp_path / "pipe", "is no regular"),
        (tmp_path / "x", "No su"),
    ):
        with pytest.raises(ProposerError, match=why):
            replayed(path)


def test_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with path.open("wb") as file:
        file.truncate(recording.MAX_BYTES + 1)
    with pytest.raises(ProposerError, match="larger than 64 MiB"):
        replayed(path)


def test_line_that_is_too_long_is_damage(tmp_path: Path) -> None:
    path = recorded(tmp_path, *dialogue().turns, raw=b'{"a": "' + b"x" * recording.MAX_LINE_BYTES + b'"}')
    assert "line 4 (more than 8 MiB)" in replayed(path)[1][0]


def test_hostile_blocks_of_a_recording_end_in_a_sentence(tmp_path: Path) -> None:
    first = dialogue().turns[0]
    blocks = ({"type": ["tool_use"]}, {"type": "tool_use", "id": 1, "name": "give_up", "input": {}}, {}, {"type": None})
    turns: list[Turn] = [
        replace(first, number=number, reply=replace(first.reply, content=blocks)) for number in range(1, 6)
    ]
    assert "cannot be carried out" in replayed(recorded(tmp_path, *turns))[0].error
