"""Dialogues over the wire, against a server as strict as the API: signed thinking, cut calls, long histories."""

from __future__ import annotations

from typing import Any

from pytest_codemode.core.codec import encode
from pytest_codemode.core.model import ToolAnswer, ToolSpec
from pytest_codemode.proposers.model.dialogue import DialogueOptions
from pytest_codemode.proposers.model.gateway import ClaudeModel
from pytest_codemode.proposers.model.prompt import Prompt
from tests.messages_api import Limits, MessagesServer, Reply, Text, Thinking, ToolUse
from tests.proposers.model.scripted import Loop, Played, plus

MODEL = "claude-opus-5-5"
READ = ToolUse("read", {"path": "pkg/subject.py"})


class Reading:
    """A tool with long answers."""

    def specs(self) -> tuple[ToolSpec, ...]:
        return (ToolSpec("read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}}),)

    def call(self, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        return ToolAnswer("line of text\n" * 500)


def propose(new: str) -> ToolUse:
    return ToolUse("propose_patch", {"rationale": "Minus.", "edits": [encode(plus(new))]})


def played(*steps: Any, limits: Limits | None = None, **options: Any) -> tuple[Played, MessagesServer]:
    with (
        MessagesServer(steps, models={MODEL: limits or Limits(200_000, 64_000)}) as server,
        ClaudeModel(MODEL, base_url=server.url) as model,
    ):
        result = Loop(toolbox=Reading(), briefing=Prompt(), options=DialogueOptions(**options)).play(model)
    assert [(request.path, request.error) for request in server.requests if request.status != 200] == []
    return result, server


def test_thinking_calls_and_patches_go_round() -> None:
    result, server = played(
        Reply([Thinking("where?"), Text("Let me look."), READ, READ]),
        Reply([Thinking("what?"), propose("*"), READ]),
        Reply([Text("So it is not that.")]),
        Reply([Thinking("minus!"), propose("-")]),
    )
    assert result.error == ""
    assert [trial.plausible for trial in result.trials] == [False, True]
    assert server.steps_left == 0


def test_call_cut_in_its_json_is_corrected() -> None:
    cut = ToolUse("propose_patch", raw_json='{"rationale": "Minus.", "edits": [{"kind": "repl')
    result, server = played(
        Reply([Thinking("hm"), Text("Now."), cut], stop_reason="max_tokens", malformed=True), Reply([propose("-")])
    )
    assert result.error == ""
    assert [trial.plausible for trial in result.trials] == [True]
    assert "cut before this call was complete" in str(server.prompts[1]["messages"][-1])


def test_reply_cut_while_thinking_is_corrected() -> None:
    result, _ = played(Reply([Thinking("long")], stop_reason="max_tokens"), Reply([propose("-")]))
    assert [trial.plausible for trial in result.trials] == [True]


def test_paused_and_empty_replies_go_on() -> None:
    result, _ = played(
        Reply([Thinking("a"), Text("wait")], stop_reason="pause_turn"), Reply([]), Reply([Thinking("b"), propose("-")])
    )
    assert [trial.plausible for trial in result.trials] == [True]


def test_long_history_with_thinking_starts_afresh_and_without_is_shortened() -> None:
    for thought in ([Thinking("hm")], []):
        steps = [Reply([*thought, propose("*")]), *(Reply([*thought, READ]) for _ in range(6)), Reply([propose("-")])]
        result, server = played(*steps, history_tokens=8_000)
        assert [trial.plausible for trial in result.trials] == [False, True]
        last = str(server.prompts[-1]["messages"])
        assert ("look for another cause" in last, "left out to save room" in last) == (bool(thought), not thought)


def test_window_of_the_model_is_kept() -> None:
    steps = [Reply([Thinking("hm"), READ]) for _ in range(5)]
    result, _ = played(*steps, Reply([propose("-")]), limits=Limits(max_input_tokens=16_000, max_tokens=2_000))
    assert result.error == ""
    assert [trial.plausible for trial in result.trials] == [True]


def test_text_protocol_over_the_wire() -> None:
    step = 'Thought: x\nAction: read\nAction Input: {"path": "a"}\nObservation: I made this up'
    given = str(encode(plus("-"))).replace("'", '"')
    last = f'Action: propose_patch\nAction Input: {{"rationale": "Minus.", "edits": [{given}]}}'
    result, server = played(
        Reply([Thinking("hm"), Text(step)]), Reply([Thinking("so"), Text(last)]), protocol="react"
    )  # fmt: skip
    assert [trial.plausible for trial in result.trials] == [True]
    assert "made this up" not in str(server.prompts[1]["messages"])
    assert "tools" not in server.prompts[0]
