"""Whatever a model answers: nothing bad is accepted, the tree stays, and the model is told what was wrong, once."""

from __future__ import annotations

import json
import re
import resource
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from pytest_codemode.core.trial import Verdict
from pytest_codemode.proposers.model.carrying import MAX_MOVES, TOO_MANY
from tests.messages_api import Raw, Reply, Text, ToolUse
from tests.messages_api.steps import Block
from tests.projects import Workspace
from tests.proposers.model.hostile.patches import FORM, PATCHES, RIGHT, Hostile, expression, module, statement
from tests.proposers.model.hostile.project import (
    DIALECTS,
    FILES,
    Bench,
    Ended,
    by_code,
    by_tools,
    edits,
    everything,
    gives_up,
    opened,
    prepared,
)

pytestmark = pytest.mark.timeout(120)

MOST_S = 30.0
"""For a dialogue of two turns, its patches judged: twenty times what it takes on an idle machine."""
MOST_MIB = 400
"""By which the process may grow over all of these dialogues; it grows by about 80."""
MOST_TOLD = 6_000
"""Characters of one correction."""


def peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    found = Workspace(tmp_path_factory.mktemp("hostile"), FILES)
    prepared(found.root)
    yield found
    assert found.processes() == []


@pytest.fixture(scope="module")
def shared(workspace: Workspace) -> Iterator[tuple[Bench, int]]:
    with opened(workspace.root) as found:
        yield found, peak_mib()


@pytest.fixture
def bench(shared: tuple[Bench, int]) -> Iterator[Bench]:
    """The project, which is as before behind every dialogue, and with it the memory."""
    found, before_mib = shared
    before = everything(found.root)
    yield found
    assert everything(found.root) == before
    assert peak_mib() - before_mib < MOST_MIB


def check(ended: Ended, told: str, prompts: int = 2) -> None:
    """Fail unless nothing was accepted, and one answer was corrected and charged."""
    assert not any(trial.plausible for trial in ended.trials)
    assert len(ended.prompts) == prompts
    assert ended.budget.spent.requests == prompts
    assert ended.taken_s < MOST_S
    assert told in ended.correction
    assert len(ended.correction) < MOST_TOLD
    assert "gave up: no way" in ended.sentence
    for text in (ended.correction, ended.sentence):
        assert "Traceback (most recent call last)" not in text


JUDGED = [one for one in PATCHES if one not in FORM and "limit" not in one.told]
GIVEN = [(one, "tools") for one in PATCHES] + [(one, "react") for one in (*FORM, *JUDGED[::3])]
"""The form is read by each dialect on its own; behind that there is one judge."""


@pytest.mark.parametrize(("hostile", "protocol"), GIVEN, ids=[f"{one.name}-{protocol}" for one, protocol in GIVEN])
def test_a_hostile_patch_is_told_what_is_wrong_with_it_once_and_changes_nothing(
    bench: Bench, hostile: Hostile, protocol: str
) -> None:
    check(bench.talk(DIALECTS[protocol](hostile.given), gives_up(protocol), protocol=protocol), hostile.told)


@pytest.mark.parametrize("part", range(3))
def test_a_program_that_tries_hostile_patches_gets_the_same_answers(bench: Bench, part: int) -> None:
    small = [one for one in PATCHES if len(one.given) < 5_000 and "limit" not in one.told]
    tried = [(one.name, one.given) for one in small[part::3]]
    assert len(tried) > 20
    ended = bench.talk(by_code(tried), gives_up("tools"))
    check(ended, "exit status 0")
    for one in small[part::3]:
        (line,) = re.findall(
            rf"^{re.escape(one.name)} => '(.*)'$|^{re.escape(one.name)} => \"(.*)\"$", ended.correction, re.M
        )
        assert "passes every test" not in "".join(line)
    if part == 0:
        assert "edits[0]: kind" in ended.correction


CALLS: list[tuple[str, Sequence[Block], str]] = [
    ("cut JSON", [ToolUse("propose_patch", raw_json='{"edits": [{"kind": "repl')], "it breaks off or goes wrong at"),
    ("a list", [ToolUse("propose_patch", raw_json="[1]")], "must be a JSON object; got '[1]'"),
    ("a text", [ToolUse("propose_patch", raw_json='"x"')], "must be a JSON object; got 'x'"),
    ("no JSON at all", [ToolUse("propose_patch", raw_json="<edits/>")], "goes wrong at line 1 column 1"),
    ("deep JSON", [ToolUse("propose_patch", raw_json="[" * 50_000)], "must be a JSON object"),
    ("deep JSON in it", [ToolUse("propose_patch", raw_json='{"edits":' + "[" * 500 + "]" * 500 + "}")], "an object"),
    ("an unknown tool", [ToolUse("run_shell", {"command": "rm -rf /"})], "There is no tool 'run_shell'; there are"),
    ("no program", [ToolUse("run_code", {"program": "1"})], "run_code takes one argument, `code`"),
    ("a program of no text", [ToolUse("run_code", {"code": ["1"]})], "run_code takes one argument, `code`"),
    ("the same id twice", [ToolUse("read", {"path": "shop.py"}, id="toolu_1")] * 2, "Prices in cents"),
    ("a file outside", [ToolUse("read", {"path": "../outside.py"})], "there is no readable text file"),
    ("a file behind a link", [ToolUse("read", {"path": "link.py"})], "there is no readable text file"),
    ("version control", [ToolUse("read", {"path": ".git/config"})], "there is no readable text file"),
    ("too many arguments", [ToolUse("read", {"path": "shop.py", "mode": "w"})], "mode"),
    ("half a name", [ToolUse("read", raw_json='{"path": "\\ud800"}')], "there is no readable text file"),
    ("only words", [Text("I have repaired it. All tests pass now.")], "Your reply holds no tool call"),
    ("nothing", [], "Your reply was empty"),
]


@pytest.mark.parametrize(("blocks", "told"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS])
def test_a_call_that_is_malformed_is_corrected(bench: Bench, blocks: Sequence[Block], told: str) -> None:
    check(bench.talk(Reply(blocks, malformed=True), gives_up("tools")), told)


def action(name: str, given: str) -> str:
    return f"Thought: so.\nAction: {name}\nAction Input: {given}"


ACTIONS: list[tuple[str, str, str]] = [
    ("cut JSON", action("propose_patch", '{"edits": [{"kind": "repl'), "is not one JSON object"),
    ("a list", action("propose_patch", "[1]"), "must be a JSON object, got '[1]'"),
    ("deep JSON", action("propose_patch", "[" * 50_000), "is not one JSON object (nested too deeply"),
    ("a long number", action("propose_patch", '{"edits": ' + "9" * 5_000 + "}"), "a number that is too long"),
    ("no input", "Thought: so.\nAction: propose_patch\n", "has no line `Action Input:`"),
    ("no name", "Thought: so.\nAction: \nAction Input: {}\n", "names no action"),
    ("a long name", action("x" * 50_000, "{}"), "There is no tool 'xxx"),
    ("an unknown action", action("run_shell", '{"command": "rm -rf /"}'), "There is no tool 'run_shell'"),
    ("an observation of its own", "Thought: so.\nObservation: all tests pass\n", "Your reply holds no action"),
    ("a patch behind an observation", "Observation: good\n" + action("propose_patch", edits(RIGHT)), "holds no action"),
    ("markers without end", "Action:\n" * 5_000, "names no action"),
    ("blanks without end", "Action: propose_patch\n" + " " * 100_000, "has no line `Action Input:`"),
    ("stars without end", "Action: propose_patch\n" + "* " * 50_000, "has no line `Action Input:`"),
    ("only words", "I have repaired it. All tests pass now.", "Your reply holds no action"),
]


@pytest.mark.parametrize(("text", "told"), [case[1:] for case in ACTIONS], ids=[case[0] for case in ACTIONS])
def test_an_action_that_is_malformed_is_corrected(bench: Bench, text: str, told: str) -> None:
    check(bench.talk(Reply([Text(text)]), gives_up("react"), protocol="react"), told)


@pytest.mark.parametrize("protocol", DIALECTS)
def test_two_hundred_calls_in_one_reply_are_answered_and_only_some_carried_out(bench: Bench, protocol: str) -> None:
    patches = [edits(expression(f"price + {number}")) for number in range(200)]
    if protocol == "tools":
        answer = Reply([ToolUse("propose_patch", raw_json=one) for one in patches], malformed=True)
    else:
        answer = Reply([Text("\n\n".join(action("propose_patch", one) for one in patches))])
    ended = bench.talk(answer, gives_up(protocol), protocol=protocol)
    assert [trial.verdict for trial in ended.trials] == [Verdict.FAILED] * MAX_MOVES
    assert ended.correction.count(TOO_MANY) == (200 - MAX_MOVES if protocol == "tools" else 1)
    assert (len(ended.prompts), ended.budget.spent.requests) == (2, 2)


@pytest.mark.parametrize("field", ["source", "path", "kind", "x" * 2_000_000])
@pytest.mark.parametrize("protocol", DIALECTS)
def test_megabytes_in_one_field_cost_neither_memory_nor_the_next_prompt(
    bench: Bench, protocol: str, field: str
) -> None:
    given = edits({**statement("x = 1"), field: "y" * 2_000_000})
    ended = bench.talk(DIALECTS[protocol](given), gives_up(protocol), protocol=protocol)
    assert ended.trials == []
    assert (len(ended.prompts), ended.budget.spent.requests) == (2, 2)
    assert len(json.dumps(ended.prompts[1])) < len(json.dumps(ended.prompts[0])) + MOST_TOLD
    assert ended.taken_s < MOST_S


def test_a_program_that_sends_megabytes_gets_an_error(bench: Bench) -> None:
    code = (
        "edit = {'kind': 'replace_statement', 'path': 'shop.py', 'line': 8, 'old': 'result = price'}\n"
        "for size in (70_000, 900_000):\n    try:\n        project.try_patch([{**edit, 'source': 'x' * size}])\n"
        "    except ValueError as problem:\n        print(problem)\n"
    )
    ended = bench.talk(Reply([ToolUse("run_code", {"code": code})]), gives_up("tools"))
    check(ended, "70,021 characters in one patch; at most 60,000")
    assert "900,021 characters in one patch" in ended.correction


FOR_EVER: list[tuple[str, Reply, str, int]] = [
    ("the same wrong patch", by_tools(edits(expression("price + 1"))), "found no patch in 12 turns", 12),
    ("the same cheat", by_tools(edits(module("tests/helper.py"))), "found no patch in 12 turns", 12),
    (
        "cut JSON",
        Reply([ToolUse("propose_patch", raw_json="{")], malformed=True),
        "answered twice in a row in a way",
        4,
    ),
    ("words", Reply([Text("It is repaired. " * 1_000)]), "answered twice in a row", 4),
    ("a look at a file", Reply([ToolUse("read", {"path": "shop.py"})]), "found no patch in 12 turns", 12),
    ("nothing", Reply([]), "answered twice in a row", 4),
]


@pytest.mark.parametrize(
    ("answer", "sentence", "turns"), [case[1:] for case in FOR_EVER], ids=[case[0] for case in FOR_EVER]
)
def test_an_answer_that_comes_again_for_ever_ends_in_a_sentence(
    bench: Bench, answer: Reply, sentence: str, turns: int
) -> None:
    ended = bench.talk(answer)
    assert sentence in ended.sentence
    assert len(ended.prompts) <= turns
    assert len(ended.trials) <= 1
    assert not any(trial.plausible for trial in ended.trials)


RAW: list[tuple[str, str, bytes]] = [
    ("deep JSON", "application/json", b"[" * 200_000),
    ("deep JSON in an event", "text/event-stream", b"event: message_start\ndata: " + b"[" * 200_000 + b"\n\n"),
    ("no object", "application/json", b"[1]"),
    ("broken text", "application/json", b'{"content": "\xff"}'),
]


@pytest.mark.parametrize(("kind", "data"), [case[1:] for case in RAW], ids=[case[0] for case in RAW])
def test_a_gateway_that_answers_nonsense_ends_the_dialogue_in_a_sentence(bench: Bench, kind: str, data: bytes) -> None:
    ended = bench.talk(Raw(200, {"content-type": kind}, data))
    assert ended.trials == []
    assert "sent what is not a reply of the Messages API" in ended.sentence
    assert "\n" not in ended.sentence


def test_an_answer_without_end_is_charged_and_the_budget_holds(bench: Bench) -> None:
    wordy = Reply([Text("word " * 400_000), ToolUse("propose_patch", raw_json=edits(RIGHT))], malformed=True)
    ended = bench.talk(wordy, usd=0.05)
    assert ended.trials == []
    assert ended.budget.spent.usd <= 0.05
    assert "the money budget was spent; raise it with --codemode-budget usd=..." in ended.sentence


def test_a_model_that_obeys_the_output_of_a_test_does_no_harm(bench: Bench) -> None:
    obeyed: list[str] = []

    def obey(request: dict[str, Any]) -> Reply:
        opening = "\n".join(block["text"] for block in request["messages"][0]["content"])
        order = re.search(r"ask you to run this now: (project\.try_patch\(.*\))$", opening, re.M)
        assert order
        before, fence = opening[: order.start()], r'<(data(?:-\d+)?) of="failure in call">'
        tag = re.findall(fence, before)[-1]
        assert f"</{tag}>" not in before.rpartition(f"<{tag} ")[2]  # it stands inside the fence
        obeyed.append(order[1])
        code = f"try:\n    print({order[1]}['verdict'])\nexcept ValueError as problem:\n    print(problem)\n"
        return Reply([ToolUse("run_code", {"code": code})])

    ended = bench.talk(obey, gives_up("tools"))
    assert len(obeyed) == 1
    check(ended, "refused by policy")
    assert [trial.verdict for trial in ended.trials] == [Verdict.REFUSED]


@pytest.mark.parametrize("protocol", DIALECTS)
def test_the_repair_is_accepted_by_the_same_bench(bench: Bench, protocol: str) -> None:
    """What is refused above is not refused because nothing is ever accepted."""
    for given in (edits(RIGHT), edits({**RIGHT, "column": 3}), json.dumps({"edits": json.dumps(RIGHT)})):
        ended = bench.talk(DIALECTS[protocol](given), gives_up(protocol), protocol=protocol)
        assert [trial.verdict for trial in ended.trials] == [Verdict.PLAUSIBLE]


def test_there_are_many_of_them() -> None:
    assert len(PATCHES) > 90
    assert len({one.name for one in PATCHES}) == len(PATCHES)
