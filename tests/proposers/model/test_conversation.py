"""The messages of a conversation: always in the API's form, also when they are shortened."""

from __future__ import annotations

from pytest_codemode.core.model import Block, Message, ModelRequest, ToolSpec
from pytest_codemode.proposers.model.conversation import Conversation
from tests.proposers.model.rules import check
from tests.proposers.model.scripted import text, thinking

TOOLS = (ToolSpec("read", "Read.", {"type": "object"}),)


def use(call_id: str) -> Block:
    return {"type": "tool_use", "id": call_id, "name": "read", "input": {}}


def result(call_id: str, content: str) -> Block:
    return {"type": "tool_result", "tool_use_id": call_id, "content": content}


def grown(turns: int, *, length: int = 3_000, thinks: int = -1) -> Conversation:
    conversation = Conversation([text("opening " * 500)])
    for number in range(turns):
        thought = [thinking(str(number))] if number == thinks else []
        conversation.hear([*thought, use(f"c{number}")], [f"c{number}"])
        conversation.say([result(f"c{number}", "r " * (length // 2)), text("note " * 100)])
    check(ModelRequest((), conversation.messages(), TOOLS))
    return conversation


def left_out(conversation: Conversation) -> list[bool]:
    results = [message.content[0] for message in conversation.messages()[2::2]]
    check(ModelRequest((), conversation.messages(), TOOLS))
    return ["left out" in block["content"] for block in results]


def test_oldest_results_are_left_out_first_and_never_the_last() -> None:
    conversation = grown(4)
    opening = conversation.messages()[0]
    assert conversation.shorten(conversation.tokens - 500)
    assert left_out(conversation) == [True, False, False, False]
    assert conversation.shorten(0)
    assert left_out(conversation) == [True, True, True, False]
    assert not conversation.shorten(0)
    assert conversation.messages()[0] == opening
    assert "[3,000 characters left out" in conversation.messages()[2].content[0]["content"]
    assert conversation.messages()[2].content[1] == text("note " * 100)


def test_conversation_that_is_short_enough_stays_as_it_is() -> None:
    conversation = grown(3)
    before = conversation.messages()
    assert not conversation.shorten(conversation.tokens)
    assert conversation.messages() == before


def test_short_results_stay() -> None:
    assert not grown(3, length=100).shorten(0)


def test_nothing_before_thinking_is_changed() -> None:
    conversation = grown(5, thinks=2)
    assert conversation.shorten(0)
    assert left_out(conversation) == [False, False, True, True, False]
    assert not grown(3, thinks=2).shorten(0)


def test_messages_of_one_role_are_put_together() -> None:
    conversation = Conversation([text("opening")])
    conversation.say([text("correction")])
    conversation.hear([text("first half")])
    conversation.hear([text("second half")])
    conversation.hear([])
    roles = [(message.role, len(message.content)) for message in conversation.messages()]
    assert roles == [("user", 2), ("assistant", 2)]


def test_what_is_new_is_told_once_and_without_marks() -> None:
    conversation = Conversation([text("opening")])
    assert conversation.new() == (Message("user", (text("opening"),)),)
    conversation.sent()
    conversation.hear([text("answer")])
    conversation.say([text("next")])
    conversation.say([text("and")])
    assert conversation.new() == (Message("user", (text("next"),)), Message("user", (text("and"),)))
    conversation.sent()
    assert conversation.new() == ()


def test_ids_of_calls_are_remembered() -> None:
    assert grown(3).calls == {"c0", "c1", "c2"}


def test_characters_that_no_request_can_carry_are_replaced() -> None:
    conversation = Conversation([text("opening \udcff")])
    conversation.hear([use("c1")], ["c1"])
    conversation.say([result("c1", "bytes: \ud800")])
    check(ModelRequest((), conversation.messages(), TOOLS))
    assert conversation.messages()[0].content[0]["text"] == "opening \ufffd"
