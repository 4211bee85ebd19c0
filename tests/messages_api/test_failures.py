"""Every way a request can fail, as the SDK reports it."""

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import pytest

from . import (
    Drop,
    Failure,
    Html,
    MessagesServer,
    Raw,
    Reply,
    Silence,
    Text,
    ToolUse,
    forbidden,
    model_missing,
    overloaded,
    rate_limited,
    server_error,
)
from .asking import HEADERS, request, tool
from .conftest import Connect

FINE = Reply([Text("fine")])


@pytest.mark.parametrize(
    ("step", "error", "kind"),
    [
        (Failure(400), anthropic.BadRequestError, "invalid_request_error"),
        (Failure(401), anthropic.AuthenticationError, "authentication_error"),
        (Failure(402), anthropic.APIStatusError, "billing_error"),
        (forbidden(), anthropic.PermissionDeniedError, "permission_error"),
        (model_missing(), anthropic.NotFoundError, "not_found_error"),
        (Failure(413), anthropic.APIStatusError, "request_too_large"),
        (rate_limited(), anthropic.RateLimitError, "rate_limit_error"),
        (server_error(), anthropic.InternalServerError, "api_error"),
        (Failure(504), anthropic.InternalServerError, "timeout_error"),
        (overloaded(), anthropic.InternalServerError, "overloaded_error"),
        (Failure(418, type="teapot_error", message="short and stout"), anthropic.APIStatusError, "teapot_error"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_error_has_its_class_type_and_request_id(
    connect: Connect, step: Failure, error: type[Exception], kind: str, stream: bool
) -> None:
    with MessagesServer([step]) as server, pytest.raises(error) as caught:
        connect(server).messages.create(**request(), stream=stream)
    assert isinstance(caught.value, anthropic.APIStatusError)
    assert caught.value.status_code == step.status
    assert caught.value.body["error"] == {"type": kind, "message": step.message}
    assert str(caught.value.request_id).startswith("req_")


@pytest.mark.parametrize("step", [rate_limited(0.01), Failure(529, headers={"retry-after-ms": "1"}), Drop()])
def test_the_sdk_retries_into_the_next_step(connect: Connect, step: Any) -> None:
    with MessagesServer([step, FINE]) as server:
        message = connect(server, max_retries=1).messages.create(**request())
    assert message.content[0].text == "fine"
    assert [r.headers["x-stainless-retry-count"] for r in server.requests] == ["0", "1"]


def test_retry_after_is_sent_as_scripted(connect: Connect) -> None:
    with MessagesServer([rate_limited(7.5)]) as server, pytest.raises(anthropic.RateLimitError) as caught:
        connect(server).messages.create(**request())
    assert caught.value.response.headers["retry-after"] == "7.5"


@pytest.mark.parametrize("stream", [False, True])
def test_a_connection_dropped_before_the_answer(connect: Connect, stream: bool) -> None:
    with MessagesServer([Drop()]) as server, pytest.raises(anthropic.APIConnectionError):
        connect(server).messages.create(**request(), stream=stream)
    assert server.requests[0].status is None


def test_a_connection_dropped_in_the_body(connect: Connect) -> None:
    reply = Reply([Text("x" * 500)], cut_after_bytes=300)
    with MessagesServer([reply]) as server, pytest.raises(anthropic.APIConnectionError):
        connect(server).messages.create(**request())


def streamed(connect: Connect, reply: Any, timeout: float = 10.0) -> Iterator[Any]:
    with MessagesServer([reply]) as server:
        yield from connect(server, timeout=timeout).messages.create(**request(), stream=True)


def test_a_connection_dropped_in_mid_stream_leaves_what_came_before(connect: Connect) -> None:
    events = streamed(connect, Reply([Text("0123456789" * 100)], cut_after_bytes=1500))
    came: list[Any] = []
    # The SDK does not translate this one into its own APIConnectionError.
    with pytest.raises(httpx2.RemoteProtocolError, match="incomplete chunked read"):
        came.extend(iter(lambda: next(events), None))
    said = "".join(event.delta.text for event in came if event.type == "content_block_delta")
    assert 100 < len(said) < 1000
    assert ("0123456789" * 100).startswith(said)


def test_a_stream_that_stalls_is_a_timeout(connect: Connect) -> None:
    with pytest.raises(httpx2.ReadTimeout):
        list(streamed(connect, Reply([Text("x" * 500)], trickle_s=60, trickle_bytes=100), timeout=0.2))


def test_an_error_event_in_mid_stream(connect: Connect) -> None:
    events = streamed(connect, Reply([Text("partly"), Text("never sent")], error_after=overloaded()))
    came: list[Any] = []
    with pytest.raises(anthropic.APIStatusError) as caught:
        came.extend(iter(lambda: next(events), None))
    assert caught.value.body["error"]["type"] == "overloaded_error"
    assert [event.delta.text for event in came if event.type == "content_block_delta"] == ["partly"]


@pytest.mark.parametrize("status", [200, 502])
def test_a_page_from_a_proxy(connect: Connect, status: int) -> None:
    with MessagesServer([Html(status)]) as server:
        client = connect(server)
        if status == 502:
            with pytest.raises(anthropic.InternalServerError, match="<h1>"):
                client.messages.create(**request())
        else:
            answer: Any = client.messages.create(**request())
            assert isinstance(answer, str), "the SDK gives the page in place of a message"
            assert "<h1>" in answer


def test_a_body_that_ends_too_early_is_broken_json(connect: Connect) -> None:
    reply = Reply([Text("x" * 500)], truncate_to_bytes=200)
    with MessagesServer([reply]) as server, pytest.raises(json.JSONDecodeError):
        connect(server).messages.create(**request())


def test_a_stream_that_ends_too_early_has_no_stop_reason_and_raises_nothing(connect: Connect) -> None:
    names = [event.type for event in streamed(connect, Reply([Text("x" * 500)], truncate_to_bytes=900))]
    assert names[:2] == ["message_start", "content_block_start"]
    assert not {"message_delta", "message_stop"} & set(names)


def test_a_trickle_arrives_piece_by_piece(connect: Connect) -> None:
    reply = Reply([Text("slow " * 20)], trickle_s=0.01, trickle_bytes=100)
    with MessagesServer([reply, reply]) as server:
        client = connect(server)
        begun = time.monotonic()
        assert client.messages.create(**request()).content[0].text == "slow " * 20
        plain_s = time.monotonic() - begun
        with client.messages.stream(**request()) as stream:
            assert stream.get_final_text() == "slow " * 20
    assert plain_s > 0.04, "five pieces or more, a hundredth of a second apart"


@pytest.mark.parametrize("step", [Silence(), Reply([Text("late")], delay_s=60), Reply([Text("x")], trickle_s=60)])
def test_no_answer_in_time_is_a_timeout_and_the_server_still_ends(connect: Connect, step: Any) -> None:
    begun = time.monotonic()
    with MessagesServer([step]) as server, pytest.raises(anthropic.APITimeoutError):
        connect(server, timeout=0.2).messages.create(**request())
    assert time.monotonic() - begun < 10


def test_a_delay_comes_before_the_first_byte(connect: Connect) -> None:
    with MessagesServer([Reply([Text("late")], delay_s=0.1)]) as server:
        begun = time.monotonic()
        connect(server).messages.create(**request())
        assert time.monotonic() - begun >= 0.1


def test_any_bytes_can_be_sent(connect: Connect) -> None:
    raw = Raw(200, {"content-type": "application/json", "x-test": "1"}, b'{"unexpected": true}')
    with MessagesServer([raw, Raw(503, {}, b"")]) as server:
        client = connect(server)
        answer = client.messages.with_raw_response.create(**request())
        assert answer.headers["x-test"] == "1"
        assert answer.http_response.json() == {"unexpected": True}
        with pytest.raises(anthropic.InternalServerError):
            client.messages.create(**request())


def test_tool_json_that_is_broken_reaches_the_client(connect: Connect) -> None:
    reply = Reply([ToolUse("read_file", raw_json='{"path": }')], malformed=True)
    with (
        MessagesServer([reply]) as server,
        connect(server).messages.stream(**request(tools=[tool()])) as stream,
        pytest.raises(ValueError, match="Unable to parse tool parameter JSON"),
    ):
        stream.until_done()


def test_a_client_that_goes_away_does_not_hurt_the_server(connect: Connect) -> None:
    with MessagesServer([Reply([Text("x" * 100_000)], trickle_s=0.001, trickle_bytes=10), FINE]) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.request("POST", "/v1/messages", json.dumps({**request(stream=True), "max_tokens": 99_999}), HEADERS)
        connection.getresponse().read(50)
        connection.close()
        assert connect(server).messages.create(**request()).content[0].text == "fine"
    assert not server.crashes


def test_the_script_says_which_key_is_right(connect: Connect) -> None:
    with MessagesServer([FINE], api_key="right") as server:
        with pytest.raises(anthropic.AuthenticationError, match="invalid x-api-key"):
            connect(server, api_key="wrong").messages.create(**request())
        assert connect(server, api_key="right").messages.create(**request()).content[0].text == "fine"
