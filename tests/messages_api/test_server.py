"""The server as the SDK sees it when nothing goes wrong."""

import json
import math
import threading

import anthropic
import pytest
from anthropic.types import Message

from . import Limits, MessagesServer, RedactedThinking, Reply, ScriptError, Text, Thinking, ToolUse
from .asking import MODEL, request, result, send, tool, user
from .conftest import Connect


def with_result(ask: dict, message: Message, content: str = "ok") -> dict:
    """Continue a conversation with the result of every tool call in the last reply."""
    results = [result(block.id, content) for block in message.content if block.type == "tool_use"]
    return {**ask, "messages": [*ask["messages"], {"role": "assistant", "content": message.content}, user(results)]}


def test_a_message_has_text_a_stop_reason_and_counted_usage(connect: Connect) -> None:
    with MessagesServer([Reply([Text("four words of text")])]) as server:
        client = connect(server)
        message = client.messages.create(**request(user("hello")))
        counted = client.messages.count_tokens(model=MODEL, messages=[user("hello")])
    assert message.content[0].text == "four words of text"
    assert (message.stop_reason, message.model, message.role) == ("end_turn", MODEL, "assistant")
    assert message.usage.input_tokens == counted.input_tokens > 0
    assert message.usage.output_tokens > len("four words of text") / 3.5


def test_responses_satisfy_the_sdk_own_types() -> None:
    with (
        MessagesServer([Reply([Thinking("x"), Text("y"), ToolUse("read_file", {"path": "a"})])]) as server,
        anthropic.Anthropic(base_url=server.url, api_key="test", _strict_response_validation=True) as client,
    ):
        client.messages.create(**request(tools=[tool()]))
        client.models.retrieve(MODEL)
        client.messages.count_tokens(model=MODEL, messages=[user("x")])
        client.messages.batches.create(requests=[{"custom_id": "a", "params": request()}])


def test_a_stream_gathers_to_the_message_that_json_would_be(connect: Connect) -> None:
    blocks = [
        Thinking("let me see"),
        Text("a text long enough to come in several deltas, äöü"),
        ToolUse("read_file", PATH),
    ]
    ask = request(tools=[tool(strict=True)], thinking={"type": "adaptive", "display": "summarized"})
    with MessagesServer([Reply(blocks), Reply(blocks)]) as server:
        client = connect(server)
        whole = client.messages.create(**ask)
        with client.messages.stream(**ask) as stream:
            gathered = stream.get_final_message()
    assert gathered.to_dict()["content"][:2] == whole.to_dict()["content"][:2]
    assert gathered.content[2].input == whole.content[2].input == PATH
    assert gathered.stop_reason == whole.stop_reason == "tool_use"
    assert gathered.usage.output_tokens == whole.usage.output_tokens
    assert gathered.usage.output_tokens_details == whole.usage.output_tokens_details


PATH = {"path": "package/module.py"}


def test_the_events_of_a_stream_come_in_the_api_order(connect: Connect) -> None:
    blocks = [Thinking("hm"), Text("hi"), ToolUse("read_file", {"path": "a.py"})]
    ask = request(tools=[tool()], thinking={"type": "adaptive", "display": "summarized"})
    with MessagesServer([Reply(blocks)]) as server:
        stream = connect(server).messages.create(**ask, stream=True)
        seen = [event for event in stream]  # noqa: C416 - a Stream is iterated to its end
    names = [event.delta.type if event.type == "content_block_delta" else event.type for event in seen]
    start, stop = "content_block_start", "content_block_stop"
    assert names == [
        *("message_start",),
        *(start, "thinking_delta", "signature_delta", stop),
        *(start, "text_delta", stop),
        *(start, "input_json_delta", "input_json_delta", stop),
        *("message_delta", "message_stop"),
    ]
    assert seen[0].message.content == []
    assert seen[0].message.stop_reason is None
    assert seen[-2].delta.stop_reason == "tool_use"


def test_a_stream_holds_a_ping_and_names_every_event_by_its_type() -> None:
    import http.client

    with MessagesServer([Reply([Text("hi")])]) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        headers = {"anthropic-version": "2026-10-21", "x-api-key": "test", "content-type": "application/json"}
        connection.request("POST", "/v1/messages", json.dumps(request(stream=True)), headers)
        answer = connection.getresponse()
        frames = answer.read().decode().split("\n\n")[:-1]
        connection.close()
    assert answer.getheader("content-type", "").startswith("text/event-stream")
    named = [
        (lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: ")))
        for lines in map(str.splitlines, frames)
    ]
    assert all(name == data["type"] for name, data in named)
    assert [name for name, _ in named][:3] == ["message_start", "content_block_start", "ping"]


def test_tool_calls_and_their_results_go_round(connect: Connect) -> None:
    steps = [Reply([ToolUse("read_file", {"path": "a"}), ToolUse("read_file", {"path": "b"})]), Reply([Text("done")])]
    ask = request(tools=[tool(strict=True)])
    with MessagesServer(steps) as server:
        client = connect(server)
        first = client.messages.create(**ask)
        last = client.messages.create(**with_result(ask, first))
    assert [block.input["path"] for block in first.content] == ["a", "b"]
    assert len({block.id for block in first.content}) == 2
    assert last.stop_reason == "end_turn"
    assert server.steps_left == 0


@pytest.mark.parametrize("display", ["omitted", "summarized"])
def test_thinking_passed_back_unchanged_is_accepted(connect: Connect, display: str) -> None:
    steps = [
        Reply([Thinking("first thought"), RedactedThinking("secret"), ToolUse("read_file", {"path": "a"})]),
        Reply([Thinking("second thought"), ToolUse("read_file", {"path": "b"})]),
        Reply([Text("done")]),
    ]
    ask = request(tools=[tool()], system="be brief", thinking={"type": "adaptive", "display": display})
    with MessagesServer(steps) as server:
        client = connect(server)
        first = client.messages.create(**ask)
        second_ask = with_result(ask, first)
        with client.messages.stream(**second_ask) as stream:
            second = stream.get_final_message()
        last = client.messages.create(**with_result(second_ask, second))
    assert first.content[0].thinking == ("first thought" if display == "summarized" else "")
    assert last.content[0].text == "done"


def test_withheld_thinking_still_counts_as_output_and_later_as_input(connect: Connect) -> None:
    thought = "a long thought " * 100
    steps = [Reply([Thinking(thought), ToolUse("read_file", {"path": "a"})]), Reply([Text("done")])]
    ask = request(tools=[tool()])
    with MessagesServer(steps) as server:
        client = connect(server)
        first = client.messages.create(**ask)
        client.messages.create(**with_result(ask, first))
    assert first.content[0].thinking == ""
    assert first.usage.output_tokens_details.thinking_tokens == math.ceil(len(thought) / 3.5)
    assert first.usage.output_tokens > math.ceil(len(thought) / 3.5)
    assert server.usages[1]["input_tokens"] - server.usages[0]["input_tokens"] > math.ceil(len(thought) / 3.5)


def test_max_tokens_cuts_the_reply_where_the_request_says(connect: Connect) -> None:
    with MessagesServer([Reply([Text("word " * 1000), ToolUse("read_file", {"path": "a"})])]) as server:
        message = connect(server).messages.create(**{**request(tools=[tool()]), "max_tokens": 50})
    assert message.stop_reason == "max_tokens"
    assert 45 <= message.usage.output_tokens <= 50
    assert [block.type for block in message.content] == ["text"]


def test_a_tool_call_cut_by_max_tokens_streams_half_its_json(connect: Connect) -> None:
    with MessagesServer([Reply([ToolUse("read_file", {"path": "x" * 500})])]) as server:
        stream = connect(server).messages.create(**{**request(tools=[tool()]), "max_tokens": 50}, stream=True)
        raw = "".join(e.delta.partial_json for e in stream if e.type == "content_block_delta")
    assert raw.startswith('{"path": "xxx')
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw)


def test_a_reply_that_fills_the_window_ends_with_the_window_as_reason(connect: Connect) -> None:
    with MessagesServer([Reply([Text("word " * 1000)])], models={MODEL: Limits(200, 180)}) as server:
        message = connect(server).messages.create(**{**request(user("x" * 350)), "max_tokens": 180})
    assert message.stop_reason == "model_context_window_exceeded"
    assert message.usage.input_tokens + message.usage.output_tokens <= 200


def test_a_stop_sequence_ends_the_text_before_it(connect: Connect) -> None:
    with MessagesServer([Reply([Text("Action: run\nObservation: invented"), Text("more")])]) as server:
        message = connect(server).messages.create(**request(stop_sequences=["never", "\nObservation:"]))
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "\nObservation:")
    assert [block.text for block in message.content] == ["Action: run"]


@pytest.mark.parametrize("reason", ["end_turn", "max_tokens", "tool_use", "pause_turn", "refusal"])
@pytest.mark.parametrize("streamed", [False, True])
def test_any_stop_reason_can_be_scripted(connect: Connect, reason: str, streamed: bool) -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "no"} if reason == "refusal" else None
    with MessagesServer([Reply([Text("x")], stop_reason=reason, stop_details=details)]) as server:
        client = connect(server)
        if streamed:
            with client.messages.stream(**request()) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**request())
    assert message.stop_reason == reason
    assert (message.stop_details.category if message.stop_details else None) == ("cyber" if details else None)


def test_a_paused_turn_is_resumed_by_sending_it_back(connect: Connect) -> None:
    with MessagesServer([Reply([Text("half")], stop_reason="pause_turn"), Reply([Text("whole")])]) as server:
        client = connect(server)
        half = client.messages.create(**request())
        ask = request(user("hello"), {"role": "assistant", "content": half.content})
        assert client.messages.create(**ask).content[0].text == "whole"


def test_a_reply_may_be_empty_or_huge(connect: Connect) -> None:
    with MessagesServer([Reply(), Reply([Text("x" * 400_000)])]) as server:
        client = connect(server)
        assert client.messages.create(**request()).content == []
        with client.messages.stream(**{**request(), "max_tokens": 128_000}) as stream:
            assert len(stream.get_final_text()) == 400_000


def test_a_function_reads_the_prompt_and_answers(connect: Connect) -> None:
    def answer(asked: dict) -> str:
        return f"turn {len(asked['messages'])}"

    with MessagesServer(answer) as server:
        client = connect(server)
        assert client.messages.create(**request()).content[0].text == "turn 1"
        longer = request(user("a"), {"role": "assistant", "content": "b"}, user("c"))
        assert client.messages.create(**longer).content[0].text == "turn 3"


def test_a_function_may_leave_the_answer_to_the_next_step(connect: Connect) -> None:
    with MessagesServer([lambda _: None, Reply([Text("from the list")])]) as server:
        assert connect(server).messages.create(**request()).content[0].text == "from the list"


def test_the_last_step_can_repeat(connect: Connect) -> None:
    with MessagesServer([Reply([Text("a")]), Reply([Text("b")])], repeat_last=True) as server:
        client = connect(server)
        assert [client.messages.create(**request()).content[0].text for _ in range(4)] == ["a", "b", "b", "b"]


@pytest.mark.parametrize(
    ("reply", "more", "told"),
    [
        (None, {}, "no step left"),
        (Reply([ToolUse("delete_file")]), {}, "delete_file"),
        (Reply([ToolUse("read_file", {"path": 3})]), {}, "breaks its schema"),
        (Reply([ToolUse("read_file", {"path": "a", "more": 1})]), {}, "breaks its schema"),
        (Reply([ToolUse("read_file", {"path": "a"})]), {"tool_choice": {"type": "none"}}, "tool_choice is none"),
        (
            Reply([ToolUse("read_file", PATH)] * 2),
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            "parallel",
        ),
        (Reply([ToolUse("read_file", raw_json="{")]), {}, "malformed=True"),
        (Reply([Text("a")], stop_reason="stop_sequence", stop_sequence="b"), {}, "not in the request"),
        (lambda _: 1 / 0, {}, "ZeroDivisionError"),
    ],
)
def test_a_script_that_does_not_fit_is_the_test_failing(connect: Connect, reply: Reply, more: dict, told: str) -> None:
    def run() -> None:
        with MessagesServer([reply] if reply else []) as server, pytest.raises(anthropic.InternalServerError):
            connect(server, max_retries=2).messages.create(**request(tools=[tool(strict=True)], **more))
        assert len(server.requests) == 1

    with pytest.raises(ScriptError, match=told):
        run()


def test_malformed_replies_are_sent_as_they_stand(connect: Connect) -> None:
    reply = Reply([ToolUse("no_such_tool", {"path": 3}), ToolUse("read_file", raw_json='{"path": "a')], malformed=True)
    with MessagesServer([reply]) as server:
        stream = connect(server).messages.create(**request(tools=[tool(strict=True)]), stream=True)
        events = list(stream)
    starts = [event.content_block.name for event in events if event.type == "content_block_start"]
    assert starts == ["no_such_tool", "read_file"]
    parts = [e.delta.partial_json for e in events if e.type == "content_block_delta" and e.index == 1]
    assert "".join(parts) == '{"path": "a'


def test_structured_text_must_fit_the_format_that_was_asked_for(connect: Connect) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    ask = request(output_config={"format": {"type": "json_schema", "schema": schema}, "effort": "low"})
    with MessagesServer([Reply([Text('{"n": 1}')])]) as server:
        assert connect(server).messages.create(**ask).content[0].text == '{"n": 1}'

    def run() -> None:
        with MessagesServer([Reply([Text('{"n": "1"}')])]) as server, pytest.raises(anthropic.APIError):
            connect(server).messages.create(**ask)

    with pytest.raises(ScriptError, match="output format"):
        run()


def test_the_sdk_tool_runner_works_with_the_whole_history(connect: Connect) -> None:
    @anthropic.beta_tool
    def read_file(path: str) -> str:
        """Read a file.

        Args:
            path: which one.
        """
        return f"text of {path}"

    steps = [Reply([Thinking("hm"), ToolUse("read_file", {"path": "a.py"})]), Reply([Text("read it")])]
    with MessagesServer(steps) as server:
        runner = connect(server).beta.messages.tool_runner(
            model=MODEL, max_tokens=500, messages=[user("read")], tools=[read_file], thread=False
        )
        assert runner.until_done().content[0].text == "read it"
    assert server.prompts[1]["messages"][-1]["content"][0]["content"] == "text of a.py"


def test_models_are_described_with_limits_and_capabilities(connect: Connect) -> None:
    with MessagesServer(models={"claude-haiku-5-5": Limits(9000, 500)}) as server:
        client = connect(server)
        opus = client.models.retrieve(MODEL)
        haiku = client.models.retrieve("claude-haiku-5-5")
        listed = [model.id for model in client.models.list(limit=2)]
        with pytest.raises(anthropic.NotFoundError, match="claude-2"):
            client.models.retrieve("claude-2")
    assert (opus.max_input_tokens, opus.max_tokens) == (1_000_000, 128_000)
    assert opus.capabilities is not None
    assert not opus.capabilities.thinking.types.disabled.supported
    assert (haiku.max_input_tokens, haiku.max_tokens) == (9000, 500)
    assert listed == ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"]


def test_requests_are_recorded_without_credentials(connect: Connect) -> None:
    with MessagesServer([Reply([Text("a")])], api_key="sk-very-secret") as server:
        connect(server, api_key="sk-very-secret").messages.create(**request())
        send(server, {"model": 1})
    good, bad = server.requests
    assert (good.method, good.path, good.status, good.error) == ("POST", "/v1/messages", 200, None)
    assert good.headers["anthropic-version"] == "2026-10-21"
    assert good.body == server.prompts[0] == request()
    assert (bad.status, bad.error) == (401, "invalid x-api-key")
    assert "sk-very-secret" not in repr(server.requests)


def test_concurrent_requests_each_take_one_step(connect: Connect) -> None:
    with MessagesServer([Reply([Text(str(n))]) for n in range(12)]) as server:
        client = connect(server)
        got: list[str] = []
        ask = lambda: got.append(client.messages.create(**request()).content[0].text)  # noqa: E731
        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert sorted(got, key=int) == [str(n) for n in range(12)]


def test_leaving_the_block_ends_every_thread_even_with_idle_clients(connect: Connect) -> None:
    before = set(threading.enumerate())
    with MessagesServer([Reply([Text("a")])]) as server:
        connect(server).messages.create(**request())
        assert set(threading.enumerate()) - before
    assert not set(threading.enumerate()) - before


def test_a_script_that_waits_for_ever_does_not_hang_the_test(connect: Connect) -> None:
    for_ever = threading.Event()
    server = MessagesServer(lambda _: for_ever.wait(20))
    server.join_s = 0.1

    def run() -> None:
        with server, pytest.raises(anthropic.APITimeoutError):
            connect(server, timeout=0.1).messages.create(**request())

    with pytest.raises(ScriptError, match="still runs"):
        run()
    for_ever.set()
