"""Thinking must come back as it was: each test changes one thing in a conversation that is valid otherwise."""

from collections.abc import Iterator
from typing import Any

import pytest

from . import MessagesServer, RedactedThinking, Reply, Text, Thinking, ToolUse
from .asking import assistant, refusal, request, result, send, text, tool, user

EPHEMERAL = {"cache_control": {"type": "ephemeral"}}
TOOLS = {"tools": [tool()]}


@pytest.fixture(scope="module")
def server() -> Iterator[MessagesServer]:
    first = Reply([Thinking("one"), RedactedThinking("r"), Text("let me"), ToolUse("read_file", {"path": "a"}, "t1")])
    second = Reply([Thinking("two"), ToolUse("read_file", {"path": "b"}, "t2")])
    with MessagesServer([first, second, Reply([Text("ok")])], repeat_last=True) as running:
        yield running


@pytest.fixture(scope="module")
def conversation(server: MessagesServer) -> dict[str, Any]:
    """Play two turns; what comes next is the valid third request."""
    ask = request(user("go"), system="be brief", thinking={"type": "adaptive", "display": "summarized"}, **TOOLS)
    for name in ("t1", "t2"):
        _, answer = send(server, ask)
        ask = {**ask, "messages": [*ask["messages"], assistant(answer["content"]), user([result(name)])]}
    assert send(server, ask)[0] == 200
    return ask


def edited(conversation: dict[str, Any], index: int, content: Any) -> dict[str, Any]:
    messages = list(conversation["messages"])
    messages[index] = {**messages[index], "content": content}
    return {**conversation, "messages": messages}


def test_thinking_is_refused_with_other_words(server: MessagesServer, conversation: dict[str, Any]) -> None:
    block, *rest = conversation["messages"][3]["content"]
    told = refusal(server, edited(conversation, 3, [{**block, "thinking": "too"}, *rest]))
    assert told == "messages.3.content.0: Invalid `signature` in `thinking` block"


def test_thinking_is_refused_with_another_signature(server: MessagesServer, conversation: dict[str, Any]) -> None:
    block, *rest = conversation["messages"][3]["content"]
    other = conversation["messages"][1]["content"][0]["signature"]
    assert "Invalid `signature`" in refusal(server, edited(conversation, 3, [{**block, "signature": other}, *rest]))


def test_thinking_is_refused_with_other_redacted_data(server: MessagesServer, conversation: dict[str, Any]) -> None:
    first, redacted, *rest = conversation["messages"][1]["content"]
    body = edited(conversation, 1, [first, {**redacted, "data": redacted["data"][::-1]}, *rest])
    assert "messages.1.content.1: Invalid `data`" in refusal(server, body)


def test_thinking_is_refused_under_another_system_prompt(server: MessagesServer, conversation: dict[str, Any]) -> None:
    told = refusal(server, {**conversation, "system": "be long"})
    assert "bound to a different conversation" in told
    assert "The `system` prompt differs" in told


def test_thinking_is_refused_with_other_tools(server: MessagesServer, conversation: dict[str, Any]) -> None:
    assert "The `tools` differ" in refusal(server, {**conversation, "tools": [tool(), tool("more")]})


def test_thinking_is_refused_after_another_beginning(server: MessagesServer, conversation: dict[str, Any]) -> None:
    assert "The messages before it differ" in refusal(server, edited(conversation, 0, "went"))


def test_thinking_is_refused_after_a_shortened_result(server: MessagesServer, conversation: dict[str, Any]) -> None:
    assert "messages.3.content.0" in refusal(server, edited(conversation, 2, [result("t1", "cut")]))


def test_thinking_is_refused_for_another_model(server: MessagesServer, conversation: dict[str, Any]) -> None:
    assert "bound to a different model" in refusal(server, {**conversation, "model": "claude-sonnet-5-5"})


def test_thinking_is_refused_with_a_block_between_left_out(
    server: MessagesServer, conversation: dict[str, Any]
) -> None:
    first, _, *rest = conversation["messages"][1]["content"]
    assert "The thinking before it differs" in refusal(server, edited(conversation, 1, [first, *rest]))


def test_thinking_is_refused_left_out_before_open_calls(server: MessagesServer, conversation: dict[str, Any]) -> None:
    _, *rest = conversation["messages"][3]["content"]
    assert "must be passed back unchanged" in refusal(server, edited(conversation, 3, rest))


def test_the_oldest_thinking_may_be_left_out(server: MessagesServer, conversation: dict[str, Any]) -> None:
    _, _, *rest = conversation["messages"][1]["content"]
    assert send(server, edited(conversation, 1, rest))[0] == 200


def test_moved_breakpoints_change_nothing(server: MessagesServer, conversation: dict[str, Any]) -> None:
    last = {**conversation["messages"][-1]["content"][0], **EPHEMERAL}
    body = edited(conversation, -1, [last])
    body["system"] = [text("be brief", **EPHEMERAL)]
    assert send(server, body)[0] == 200


def test_another_model_takes_it_without_thinking(server: MessagesServer, conversation: dict[str, Any]) -> None:
    body = {**conversation, "model": "claude-sonnet-5-5"}
    for index in (1, 3):
        kept = [block for block in conversation["messages"][index]["content"] if "thinking" not in block["type"]]
        body = edited(body, index, kept)
    assert send(server, body)[0] == 200
