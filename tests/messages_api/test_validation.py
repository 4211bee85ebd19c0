"""Every rule with a request that breaks it, and the requests next to them that do not."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from . import Limits, MessagesServer, Reply, Text, ToolUse
from .asking import HEADERS, MODEL, assistant, call, refusal, request, result, send, text, tool, user
from .conftest import Connect
from .conversation import check_messages
from .errors import ApiError

EPHEMERAL = {"cache_control": {"type": "ephemeral"}}
TOOLS = {"tools": [tool()]}


@pytest.fixture(scope="module")
def server() -> Iterator[MessagesServer]:
    with MessagesServer([Reply([Text("fine")])], repeat_last=True) as running:
        yield running
        assert not running.service.script_errors


def called(*then: Any) -> dict[str, Any]:
    """A conversation whose assistant called a tool, continued with what comes next."""
    return request(user("hello"), assistant([text("I read"), call()]), *then, **TOOLS)


ACCEPTED = {
    "a string": request(),
    "blocks": request(user([text("a"), text("b", **EPHEMERAL)])),
    "two user messages in a row": request(user("a"), user("b")),
    "two assistant messages in a row": request(user("a"), assistant("b"), assistant("c"), user("d")),
    "system as a string": request(system="be brief"),
    "system as blocks": request(system=[text("be brief", **EPHEMERAL)]),
    "a result": called(user([result()])),
    "a result and a text": called(user([result(), text("go on")])),
    "a result, and a text in the next message": called(user([result()]), user("go on")),
    "a result without text": called(user([{"type": "tool_result", "tool_use_id": "t1"}])),
    "a result of blocks": called(user([result(content=[text("a"), text("b")])])),
    "an error as result": called(user([{**result(), "is_error": True}])),
    "what the SDK adds to a call": request(
        user("a"),
        assistant([{**call(), "caller": {"type": "direct"}, "toolset_name": None}]),
        user([result()]),
        **TOOLS,
    ),
    "citations that are null": request(user("a"), assistant([text("b", citations=None)]), user("c")),
    "four breakpoints": request(user([text(c, **EPHEMERAL) for c in "abcd"])),
    "long-lived before short-lived": request(
        user([text("a", cache_control={"type": "ephemeral", "ttl": "1h"}), text("b", **EPHEMERAL)])
    ),
    "automatic caching": request(**EPHEMERAL),
    "a choice": request(**TOOLS, tool_choice={"type": "auto", "disable_parallel_tool_use": True}),
    "adaptive thinking": request(thinking={"type": "adaptive", "display": "summarized"}),
    "effort": request(output_config={"effort": "low"}),
    "metadata": request(metadata={"user_id": "u"}, service_tier="auto", stop_sequences=["\nEnd"], stream=False),
    "the largest max_tokens": {**request(), "max_tokens": 128_000},
    "no thinking on sonnet": {**request(thinking={"type": "disabled"}), "model": "claude-sonnet-5-5"},
    "128 letters of a tool's name": request(tools=[tool("a" * 128)]),
}


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_valid_request_is_accepted(server: MessagesServer, body: dict[str, Any]) -> None:
    status, answer = send(server, body)
    assert status == 200, answer


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in request().items() if key != name}


REFUSED = {
    "no model": (without("model"), "model: Field required"),
    "no messages": (without("messages"), "messages: Field required"),
    "no max_tokens": (without("max_tokens"), "max_tokens: Field required"),
    "a list as body": ([], "valid dictionary"),
    "an unknown field": (request(max_output_tokens=3), "max_output_tokens: Extra inputs are not permitted"),
    "temperature": (request(temperature=1.0), "temperature: Extra inputs are not permitted"),
    "top_p": (request(top_p=1.0), "top_p: Extra inputs are not permitted"),
    "top_k": (request(top_k=1), "top_k: Extra inputs are not permitted"),
    "a server-held thread": (request(thread={}), "thread: Extra inputs are not permitted"),
    "max_tokens zero": ({**request(), "max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
    "max_tokens as text": ({**request(), "max_tokens": "5"}, "max_tokens: Input should be a valid integer"),
    "max_tokens true": ({**request(), "max_tokens": True}, "max_tokens: Input should be a valid integer"),
    "max_tokens too large": ({**request(), "max_tokens": 128_001}, "128001 > 128000"),
    "model as a number": ({**request(), "model": 5}, "model: Input should be a valid string"),
    "stream as text": (request(stream="yes"), "stream: Input should be a valid boolean"),
    "an empty stop sequence": (request(stop_sequences=["\n"]), "stop_sequences.0"),
    "a stop sequence outside a list": (request(stop_sequences="x"), "stop_sequences: Input should be a valid list"),
    "unknown metadata": (request(metadata={"run": "1"}), "metadata.run: Extra inputs"),
    "an unknown tier": (request(service_tier="fast"), "service_tier: Input should be 'auto'"),
    "unknown effort": (request(output_config={"effort": "huge"}), "output_config.effort"),
    "a format that is not strict": (
        request(output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}}),
        "output_config.format.schema: For 'object' type, 'additionalProperties'",
    ),
    "system as a number": (request(system=3), "system: Input should be a valid list"),
    "an empty system block": (request(system=[text("")]), "system: text content blocks must be non-empty"),
    "an image as system": (request(system=[{"type": "image"}]), "system.0: Input tag 'image'"),
    # messages
    "no message at all": ({**request(), "messages": []}, "messages: at least one message is required"),
    "messages as an object": ({**request(), "messages": {}}, "messages: Input should be a valid list"),
    "the assistant first": (request(assistant("a"), user("b")), 'first message must use the "user" role'),
    "the assistant last": (request(user("a"), assistant("b")), "does not support assistant message prefill"),
    "a system message": (request(user("a"), {"role": "system", "content": "b"}), "messages.1.role"),
    "a message with more": (request({**user("a"), "name": "n"}), "messages.0.name: Extra inputs"),
    "a message without content": (request({"role": "user"}), "messages.0.content: Field required"),
    "content as a number": (request(user(5)), "messages.0.content: Input should be a valid string or list"),
    "empty content": (request(user("")), "messages.0: all messages must have non-empty content"),
    "no block": (request(user([])), "messages.0: all messages must have non-empty content"),
    "an empty block": (request(user([text("")])), "messages: text content blocks must be non-empty"),
    "a blank block": (request(user([text(" \n")])), "messages: text content blocks must contain non-whitespace text"),
    "a blank string": (request(user("  ")), "messages: text content blocks must contain non-whitespace text"),
    "an empty block from the assistant": (
        request(user("a"), assistant([text("")]), user("b")),
        "messages: text content blocks must be non-empty",
    ),
    "a block without type": (request(user([{"text": "a"}])), "messages.0.content.0.type: Field required"),
    "an unknown block": (request(user([{"type": "txt"}])), "messages.0.content.0: Input tag 'txt'"),
    "a call from the user": (request(user([call()]), **TOOLS), "messages.0.content.0: Input tag 'tool_use'"),
    "a block with more": (request(user([text("a", id="x")])), "messages.0.content.0.id: Extra inputs"),
    "citations from the user": (
        request(user([text("a", citations=[{"type": "char_location"}])])),
        "messages.0.content.0.citations: Extra inputs",
    ),
    "a parsed reply's field": (
        request(user("a"), assistant([text("b", parsed_output=None)]), user("c")),
        "messages.1.content.0.parsed_output: Extra inputs",
    ),
    # tool calls and results
    "a call without result": (called(user("go on")), "messages.1: `tool_use` ids were found without `tool_result`"),
    "a call at the end": (called(), "without `tool_result` blocks immediately after: t1"),
    "a result one turn late": (
        called(user("wait"), assistant("yes"), user([result()])),
        "messages.1: `tool_use` ids were found without",
    ),
    "another call's result": (
        called(user([result(), result("t2")])),
        "unexpected `tool_use_id` found in `tool_result` blocks: t2",
    ),
    "a result without call": (request(user([result()]), **TOOLS), "unexpected `tool_use_id`"),
    "a result of an old call": (
        called(user([result()]), assistant("fine"), user([result()])),
        "messages.4.content.0: unexpected `tool_use_id`",
    ),
    "two results of one call": (called(user([result(), result()])), "each tool_use must have a single result"),
    "a text before the result": (called(user([text("so"), result()])), "must come before any other content"),
    "one of two results": (
        request(user("a"), assistant([call("t1"), call("t2")]), user([result("t1")]), **TOOLS),
        "without `tool_result` blocks immediately after: t2",
    ),
    "one id for two calls": (
        request(user("a"), assistant([call(), call()]), user([result()]), **TOOLS),
        "`tool_use` ids must be unique",
    ),
    "an id used again": (
        called(user([result()]), assistant([call()]), user([result()])),
        "messages.3: `tool_use` ids must be unique",
    ),
    "an id with a space": (
        request(user("a"), assistant([call("t 1")]), user([result("t 1")]), **TOOLS),
        "messages.1.content.0.id: String should match pattern",
    ),
    "input as text": (
        request(user("a"), assistant([{**call(), "input": "{}"}]), user([result()]), **TOOLS),
        "messages.1.content.0.input: Input should be a valid dictionary",
    ),
    "calls without tools": (
        {k: v for k, v in called(user([result()])).items() if k != "tools"},
        "tools: Requests which include",
    ),
    "an empty error": (
        called(user([{**result(content=""), "is_error": True}])),
        "content cannot be empty if `is_error` is true",
    ),
    "an empty text in a result": (called(user([result(content=[text("")])])), "text content blocks must be non-empty"),
    "a result as an object": (
        called(user([result(content={"a": 1})])),
        "content.0.content: Input should be a valid list",
    ),
    # caching
    "five breakpoints": (
        request(user([text(c, **EPHEMERAL) for c in "abcde"])),
        "A maximum of 4 blocks with cache_control",
    ),
    "five breakpoints over all sections": (
        request(
            user([text("a", **EPHEMERAL), text("b", **EPHEMERAL)]),
            system=[text("s", **EPHEMERAL)],
            tools=[tool(**EPHEMERAL)],
            **EPHEMERAL,
        ),
        "Found 5",
    ),
    "five breakpoints, some in results": (
        called(user([{**result(content=[text(c, **EPHEMERAL) for c in "abcd"]), **EPHEMERAL}])),
        "Found 5",
    ),
    "short-lived before long-lived": (
        request(user([text("a", **EPHEMERAL), text("b", cache_control={"type": "ephemeral", "ttl": "1h"})])),
        "must not come after a ttl='5m'",
    ),
    "an unknown life": (
        request(user([text("a", cache_control={"type": "ephemeral", "ttl": "1d"})])),
        "cache_control.ttl",
    ),
    "an unknown kind of cache": (request(user([text("a", cache_control={"type": "forever"})])), "cache_control"),
    "a breakpoint on an empty block": (
        request(user([text("a"), text("", **EPHEMERAL)])),
        "messages.0.content.1.text: cache_control cannot be set for empty text blocks",
    ),
    # tools
    "two tools of one name": (request(tools=[tool(), tool()]), "tools: Tool names must be unique"),
    "a tool's name with a dot": (request(tools=[tool("a.b")]), "tools.0.custom.name: String should match pattern"),
    "an empty tool's name": (request(tools=[tool("")]), "tools.0.custom.name"),
    "129 letters of a tool's name": (request(tools=[tool("a" * 129)]), "tools.0.custom.name"),
    "a tool's name with a line end": (request(tools=[tool("a\n")]), "tools.0.custom.name"),
    "a tool without schema": (request(tools=[{"name": "a"}]), "tools.0.custom.input_schema: Field required"),
    "OpenAI's form of a tool": (
        request(tools=[{"type": "function", "function": {"name": "a", "parameters": {}}}]),
        "tools.0.custom",
    ),
    "parameters in place of input_schema": (
        request(tools=[{**tool(), "parameters": {}}]),
        "tools.0.custom.parameters: Extra inputs",
    ),
    "a schema of a list": (
        request(tools=[{**tool(), "input_schema": {"type": "array"}}]),
        "tools.0.custom.input_schema.type: Input should be 'object'",
    ),
    "a schema without type": (
        request(tools=[{**tool(), "input_schema": {"properties": {}}}]),
        "tools.0.custom.input_schema.type: Field required",
    ),
    "a schema that is none": (
        request(tools=[{**tool(), "input_schema": {"type": "object", "required": "path"}}]),
        "JSON schema is invalid",
    ),
    "a union on top": (
        request(tools=[{**tool(), "input_schema": {"type": "object", "anyOf": [{"type": "object"}]}}]),
        "does not support oneOf, allOf, or anyOf at the top level",
    ),
    "a property with a space": (
        request(tools=[{**tool(), "input_schema": {"type": "object", "properties": {"a b": {}}}}]),
        "Property keys should match pattern",
    ),
    "a choice without tools": (request(tool_choice={"type": "auto"}), "while providing tools"),
    "an unknown choice": (request(**TOOLS, tool_choice={"type": "required"}), "tool_choice: Input tag 'required'"),
    "a choice as text": (request(**TOOLS, tool_choice="auto"), "tool_choice: Input should be a valid dictionary"),
    "any tool forced on opus": (request(**TOOLS, tool_choice={"type": "any"}), "not supported for this model"),
    "one tool forced on opus": (
        request(**TOOLS, tool_choice={"type": "tool", "name": "read_file"}),
        "not supported for this model",
    ),
    "a missing tool forced on sonnet": (
        {**request(**TOOLS, tool_choice={"type": "tool", "name": "nope"}), "model": "claude-sonnet-5-5"},
        "not found in provided tools",
    ),
    "forced while thinking on sonnet": (
        {**request(**TOOLS, tool_choice={"type": "any"}, thinking={"type": "adaptive"}), "model": "claude-sonnet-5-5"},
        "Thinking may not be enabled when tool_choice forces tool use",
    ),
    # thinking
    "thinking disabled on opus": (request(thinking={"type": "disabled"}), '"thinking.type.disabled" is not supported'),
    "a thinking budget": (
        request(thinking={"type": "enabled", "budget_tokens": 2000}),
        '"thinking.type.enabled" is not supported',
    ),
    "thinking as a boolean": (request(thinking=True), "thinking: Input should be a valid dictionary"),
    "an unknown display": (request(thinking={"type": "adaptive", "display": "full"}), "thinking.display"),
    "thinking that was made up": (
        request(
            user("a"), assistant([{"type": "thinking", "thinking": "x", "signature": "c2ln"}, text("b")]), user("c")
        ),
        "messages.1.content.0: Invalid `signature` in `thinking` block",
    ),
    "thinking without signature": (
        request(user("a"), assistant([{"type": "thinking", "thinking": "x"}, text("b")]), user("c")),
        "messages.1.content.0.signature: Field required",
    ),
    "thinking at the end of a message": (
        request(user("a"), assistant([{"type": "redacted_thinking", "data": "x"}]), user("c")),
        "The final block in an assistant message cannot be `thinking`",
    ),
}


@pytest.mark.parametrize(("body", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_a_broken_rule_is_refused_by_name(server: MessagesServer, body: Any, told: str) -> None:
    assert told in refusal(server, body)


@pytest.mark.parametrize("model", ["claude-sonnet-5-5", "claude-haiku-5-5"])
def test_a_tool_can_be_forced_where_thinking_is_not_always_on(connect: Connect, model: str) -> None:
    choice = {"type": "tool", "name": "read_file"}
    with MessagesServer([Reply([ToolUse("read_file", {"path": "a"})])]) as server:
        message = connect(server).messages.create(**{**request(**TOOLS, tool_choice=choice), "model": model})
    assert message.stop_reason == "tool_use"


@pytest.mark.parametrize(
    ("headers", "status", "told"),
    [
        ({"anthropic-version": None}, 400, "anthropic-version: header is required"),
        ({"anthropic-version": "2027-01-01"}, 400, "not a valid version"),
        ({"authorization": None}, 401, "header is required"),
        ({"authorization": "Bearer wrong"}, 401, "invalid x-api-key"),
        ({"authorization": "test"}, 401, "header is required"),
        ({"authorization": None, "x-api-key": "wrong"}, 401, "invalid x-api-key"),
        ({"x-api-key": "wrong"}, 401, "invalid x-api-key"),
        ({"content-type": "text/plain"}, 400, "content-type"),
        ({"content-encoding": "gzip"}, 400, "content-encoding"),
    ],
)
def test_headers_are_checked(server: MessagesServer, headers: dict, status: int, told: str) -> None:
    sent = {name: value for name, value in {**HEADERS, **headers}.items() if value is not None}
    got, answer = send(server, request(), headers=sent)
    assert (got, told in answer["error"]["message"]) == (status, True), answer


def test_either_way_to_send_the_key_is_accepted(server: MessagesServer) -> None:
    by_key = {**HEADERS, "x-api-key": "test"}
    del by_key["authorization"]
    assert send(server, request(), headers=by_key)[0] == 200
    assert send(server, request(), headers={**by_key, "anthropic-version": "2023-06-01"})[0] == 200


@pytest.mark.parametrize(
    "raw", [b"", b"{", b'{"model": NaN}', b"\xff\xfe", b'"text"', b'{"model": "\\ud800"}', b"[" * 100_000]
)
def test_a_body_that_is_no_json_object_is_refused(server: MessagesServer, raw: bytes) -> None:
    assert refusal(server, raw)


def test_a_body_over_32_mb_is_refused_as_too_large(server: MessagesServer) -> None:
    status, answer = send(server, request(user("x" * (32 * 1024 * 1024))))
    assert (status, answer["error"]["type"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/v1/complete", 404), ("GET", "/v1/messages", 405), ("GET", "/", 404), ("POST", "/v1/models", 404)],
)
def test_other_paths_are_not_there(server: MessagesServer, method: str, path: str, status: int) -> None:
    assert send(server, request(), path=path, method=method)[0] == status


def test_a_model_that_is_not_there_is_404(server: MessagesServer) -> None:
    status, answer = send(server, {**request(), "model": "claude-opus-9"})
    assert (status, answer["error"]) == (404, {"type": "not_found_error", "message": "model: claude-opus-9"})


def test_a_prompt_longer_than_the_window_is_refused(connect: Connect) -> None:
    with MessagesServer(models={MODEL: Limits(100, 50)}) as server:
        with pytest.raises(anthropic.BadRequestError, match=r"prompt is too long: \d+ tokens > 100 maximum"):
            connect(server).messages.create(**{**request(user("x" * 1000)), "max_tokens": 10})
        assert connect(server).messages.count_tokens(model=MODEL, messages=[user("x" * 1000)]).input_tokens > 100


def test_100_001_messages_are_too_many() -> None:
    with pytest.raises(ApiError, match="at most 100000 items"):
        check_messages("messages", [user("a")] * 100_001)


def test_a_refused_request_takes_no_step(connect: Connect) -> None:
    with MessagesServer([Reply([Text("kept")])]) as server:
        refusal(server, request(temperature=0))
        assert connect(server).messages.create(**request()).content[0].text == "kept"


@pytest.mark.parametrize("name", ["max_tokens", "stream", "metadata", "stop_sequences"])
def test_counting_takes_the_prompt_and_nothing_else(server: MessagesServer, name: str) -> None:
    values: dict[str, Any] = {"max_tokens": 5, "stream": False, "metadata": {}, "stop_sequences": []}
    body = {"model": MODEL, "messages": [user("a")], name: values[name]}
    assert f"{name}: Extra inputs" in refusal(server, body, path="/v1/messages/count_tokens")


def test_counting_checks_the_conversation_as_sending_does(server: MessagesServer) -> None:
    body = {name: value for name, value in called(user("go on")).items() if name != "max_tokens"}
    assert "without `tool_result` blocks" in refusal(server, body, path="/v1/messages/count_tokens")


def test_counting_counts_tools_and_system_too(server: MessagesServer) -> None:
    def count(**more: Any) -> int:
        body = {"model": MODEL, "messages": [user("a")], **more}
        return int(send(server, body, path="/v1/messages/count_tokens")[1]["input_tokens"])

    assert count() < count(system="x") < count(system="x" * 100) < count(system="x" * 100, tools=[tool()])
    assert count(system="é" * 70) - count(system="e" * 70) == 20
