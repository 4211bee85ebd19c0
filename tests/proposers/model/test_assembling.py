"""Events of a stream, taken one by one."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_codemode.core.model import UNPARSED, Usage
from pytest_codemode.proposers.model.sdk.assembling import Assembler, Malformed, whole

START = {"type": "message_start", "message": {"model": "m", "content": [], "usage": {"input_tokens": 9}}}
CALL = {"type": "tool_use", "id": "t1", "name": "add", "input": {}}


def block(index: int, content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": content}


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def end(reason: str | None, **usage: int) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def assembled(*events: dict[str, Any]) -> Assembler:
    assembler = Assembler()
    for event in events:
        assembler.add(event)
    return assembler


def test_arguments_whose_end_was_never_sent_are_closed_with_the_message() -> None:
    half = assembled(START, block(0, CALL), delta(0, "input_json_delta", partial_json='{"a": '), end("max_tokens"))
    whole_ = assembled(START, block(0, CALL), delta(0, "input_json_delta", partial_json='{"a": 1}'), end("max_tokens"))
    for assembler, arguments in ((half, {UNPARSED: '{"a": '}), (whole_, {"a": 1})):
        reply = assembler.reply()
        assert reply is not None
        assert reply.content == ({**CALL, "input": arguments},)


def test_arguments_that_are_no_object_are_not_taken_for_one() -> None:
    reply = assembled(START, block(0, CALL), delta(0, "input_json_delta", partial_json="[1]"), end("tool_use")).reply()
    assert reply is not None
    assert reply.content[0]["input"] == {UNPARSED: "[1]"}


def test_call_without_arguments_keeps_the_empty_object() -> None:
    events = (START, block(0, CALL), delta(0, "input_json_delta", partial_json=""), end("tool_use"))
    reply = assembled(*events).reply()
    assert reply is not None
    assert reply.content == (CALL,)


def test_thinking_keeps_its_signature_and_unknown_kinds_are_passed_over() -> None:
    reply = assembled(
        START,
        {"type": "ping"},
        {"type": "of_next_year", "x": 1},
        block(0, {"type": "thinking", "thinking": "", "signature": ""}),
        delta(0, "thinking_delta", thinking="a"),
        delta(0, "thinking_delta", thinking="b"),
        delta(0, "signature_delta", signature="s"),
        delta(0, "delta_of_next_year", x=1),
        block(1, {"type": "redacted_thinking", "data": "zzz"}),
        end("end_turn", output_tokens=5),
    ).reply()
    assert reply is not None
    assert reply.content == (
        {"type": "thinking", "thinking": "ab", "signature": "s"},
        {"type": "redacted_thinking", "data": "zzz"},
    )


def test_last_count_is_the_total() -> None:
    assembler = assembled(START, end(None, output_tokens=5), end("end_turn", output_tokens=8, input_tokens=10))
    assert assembler.usage == Usage(input_tokens=10, output_tokens=8)


def test_nothing_is_known_before_the_end() -> None:
    assembler = assembled(START, end(None, output_tokens=5))
    assert (assembler.complete, assembler.usage, assembler.reply()) == (False, None, None)
    assert assembled(end("end_turn", output_tokens=5)).reply() is None  # of what message?


def test_counts_that_cannot_be_are_none() -> None:
    assert assembled(START, end("end_turn", output_tokens=-5)).usage is None


def test_unknown_stop_reason_ends_the_turn_and_is_told() -> None:
    reply = assembled(START, end("of_next_year")).reply()
    assert reply is not None
    assert (reply.ending, reply.detail) == ("end_turn", "stop reason 'of_next_year'")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message_start"},
        {"type": "message_start", "message": 7},
        block(1, CALL),
        {"type": "content_block_start", "index": 0},
        delta(5, "text_delta", text="x"),
        delta(0, "text_delta"),
        {"type": "content_block_delta", "index": 0, "delta": "x"},
        {"type": "message_delta", "delta": None},
    ],
)
def test_event_without_its_form_is_malformed(event: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        assembled(START, block(0, {"type": "text", "text": ""}) if event.get("index") != 1 else {"type": "ping"}, event)


@pytest.mark.parametrize(
    "message",
    [None, [], {}, {"content": []}, {"content": "x", "stop_reason": "end_turn"}, {"content": [1], "stop_reason": "x"}],
)
def test_json_that_is_no_message_is_malformed(message: Any) -> None:
    with pytest.raises(Malformed):
        whole(message)
