"""The real SDK against a strict local server: what goes out, what comes back, and every way that it may not."""

from __future__ import annotations

import contextlib
import email.utils
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pytest_codemode.core.errors import ConfigError, ContextExceeded, ProposerError
from pytest_codemode.core.model import UNPARSED, Message, ModelReply, ModelRequest, Usage
from pytest_codemode.core.ports import Attempt
from pytest_codemode.proposers.model.gateway import ClaudeModel, estimate
from tests.messages_api import (
    Drop,
    Failure,
    Html,
    Limits,
    MessagesServer,
    Raw,
    Reply,
    Silence,
    Text,
    Thinking,
    ToolUse,
    forbidden,
    model_missing,
    rate_limited,
)
from tests.proposers.model.asking import ADD, MODEL, Attempts, question

pytestmark = pytest.mark.timeout(120)  # the first test imports the SDK

SOON = {"retry-after-ms": "5"}


def ask(server: MessagesServer, request: ModelRequest | None = None, **options: Any) -> tuple[ModelReply, Attempts]:
    attempts = Attempts()
    with ClaudeModel(MODEL, base_url=server.url, **options) as model:
        return model.ask(request or question(), attempts), attempts


def problem_at(address: str, request: ModelRequest | None = None, **options: Any) -> tuple[ProposerError, Attempts]:
    attempts = Attempts()
    with ClaudeModel(MODEL, base_url=address, **options) as model, pytest.raises(ProposerError) as raised:
        model.ask(request or question(), attempts)
    return raised.value, attempts


def failure(*steps: Any, **options: Any) -> tuple[ProposerError, Attempts]:
    with MessagesServer(list(steps), repeat_last=True) as server:
        return problem_at(server.url, **options)


@contextmanager
def listening(answer: bytes, drops: bytes = b"") -> Iterator[int]:
    """Accept connections, read what comes, send `answer`, then `drops` for as long as they are taken, and close."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.settimeout(10)
                        connection.recv(65_536)
                        connection.sendall(answer)
                        while drops and not done.wait(0.02):
                            connection.sendall(drops)
            except OSError:
                return

        done = threading.Event()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            done.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)


# -- what goes out and comes back --------------------------------------------------------------------------------------


def test_reply_comes_back_with_its_blocks_ending_model_and_usage() -> None:
    with MessagesServer([Reply([Thinking("2 and 2..."), Text("It is "), Text("4.")])]) as server:
        reply, attempts = ask(server)
        counted = server.usages[0]
    assert reply.text == "It is 4."
    assert [block["type"] for block in reply.content] == ["thinking", "text", "text"]
    assert (reply.ending, reply.model) == ("end_turn", MODEL)
    assert (reply.usage.prompt, reply.usage.output_tokens) == (counted["input_tokens"], counted["output_tokens"])
    assert attempts.news == [[reply.usage]]


def test_request_says_what_it_was_given_and_leaves_the_rest_to_the_model() -> None:
    cached = {"type": "text", "text": "Rules. " * 2_000, "cache_control": {"type": "ephemeral"}}
    asked = ModelRequest((cached,), question().messages, (ADD,), 700, ("Observation:",))
    with MessagesServer([Reply([Text("4")]), Reply([Text("4")])]) as server:
        first, _ = ask(server, asked)
        second, _ = ask(server, asked)
        body, headers = server.prompts[0], server.requests[0].headers
    assert set(body) == {"model", "max_tokens", "messages", "system", "tools", "stop_sequences", "stream"}
    assert (body["system"], body["max_tokens"], body["stop_sequences"]) == ([cached], 700, ["Observation:"])
    assert body["tools"] == [
        {"name": "add", "description": ADD.description, "input_schema": ADD.input_schema, "strict": True}
    ]
    assert "anthropic-beta" not in headers
    assert first.usage.cache_write_tokens > 3_000
    assert second.usage.cache_read_tokens == first.usage.cache_write_tokens
    assert second.usage.cached_share > 0.9


def test_large_reply_may_be_asked_for_because_it_is_streamed() -> None:
    with MessagesServer([Reply([Text("4")])]) as server:
        ask(server, question(max_tokens=100_000))
        assert server.prompts[0]["stream"] is True


def test_thinking_and_tool_calls_go_back_unchanged_in_the_next_request() -> None:
    steps = [
        Reply([Thinking("hm"), ToolUse("add", {"a": 2, "b": 2}), ToolUse("add", {"a": 1, "b": 3})]),
        Reply([Text("4")]),
    ]
    with MessagesServer(steps) as server:
        first, _ = ask(server, question(tools=(ADD,)))
        calls = [block for block in first.content if block["type"] == "tool_use"]
        results = tuple({"type": "tool_result", "tool_use_id": call["id"], "content": "4"} for call in calls)
        messages = (*question().messages, Message("assistant", first.content), Message("user", results))
        second, _ = ask(server, ModelRequest(question().system, messages, (ADD,)))
        refused = [request.error for request in server.requests if request.error]
    assert first.ending == "tool_use"
    assert [call["input"] for call in calls] == [{"a": 2, "b": 2}, {"a": 1, "b": 3}]
    assert second.text == "4"
    assert refused == []  # the server compares the thinking blocks with what it signed


def test_arguments_that_were_cut_off_come_back_as_the_text_they_are() -> None:
    with MessagesServer([Reply([ToolUse("add", raw_json='{"a": 2, "b"')], malformed=True)]) as server:
        reply, attempts = ask(server, question(tools=(ADD,)))
    assert reply.content[-1]["input"] == {UNPARSED: '{"a": 2, "b"'}
    assert attempts.news == [[reply.usage]]


@pytest.mark.parametrize("ending", ["max_tokens", "pause_turn", "refusal", "model_context_window_exceeded"])
def test_every_stop_reason_is_a_reply_that_is_paid_for(ending: str) -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "No malware."} if ending == "refusal" else None
    with MessagesServer([Reply([Text("4")], stop_reason=ending, stop_details=details)]) as server:  # type: ignore[arg-type]
        reply, attempts = ask(server)
    assert reply.ending == ending
    assert reply.detail == ("No malware." if details else "")
    assert attempts.news == [[reply.usage]]
    assert reply.usage.output_tokens > 0


def test_reply_without_content_is_a_reply() -> None:
    with MessagesServer([Reply()]) as server:
        reply, _ = ask(server)
    assert (reply.content, reply.text, reply.ending) == ((), "", "end_turn")


def test_gateway_that_does_not_stream_is_understood() -> None:
    message = {
        "type": "message",
        "role": "assistant",
        "model": "local",
        "content": [{"type": "text", "text": "4"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 7, "output_tokens": 3},
    }
    raw = Raw(200, {"content-type": "application/json"}, json.dumps(message).encode())
    with MessagesServer([raw]) as server:
        reply, attempts = ask(server)
    assert (reply.text, reply.usage) == ("4", Usage(input_tokens=7, output_tokens=3))
    assert attempts.news == [[reply.usage]]


def stream(*, usage: bool = True) -> bytes:
    """Return the events of a reply, as bytes."""
    counted = {"usage": {"output_tokens": 3}} if usage else {}
    start = {"model": "local", "content": [], "usage": {"input_tokens": 7, "output_tokens": 1}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "4"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, **counted},
        {"type": "message_stop"},
    ]
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


def test_gateway_that_counts_nothing_leaves_the_attempt_untold_so_that_the_worst_case_is_charged() -> None:
    with MessagesServer([Raw(200, {"content-type": "text/event-stream"}, stream(usage=False))]) as server:
        reply, attempts = ask(server)
    assert reply.text == "4"
    assert attempts.news == [[]]


@pytest.mark.parametrize(
    ("length", "drops"),
    [(b"", b": still here\n\n"), (b"Content-Length: 9999\r\n", b"")],
    ids=["stream-without-an-end", "dropped-after-the-reply"],
)
def test_whole_reply_is_taken_even_if_its_stream_does_not_end_well(length: bytes, drops: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + length + b"\r\n"
    attempts = Attempts()
    with listening(head + stream(), drops) as port, ClaudeModel(MODEL, base_url=f"http://127.0.0.1:{port}") as model:
        assert model.ask(question(), attempts).text == "4"
    assert attempts.news == [[Usage(input_tokens=7, output_tokens=3)]]


# -- limits and counts -------------------------------------------------------------------------------------------------


def test_limits_are_those_of_the_model_and_asked_for_once() -> None:
    with (
        MessagesServer(models={MODEL: Limits(5_000, 1_000)}) as server,
        ClaudeModel(MODEL, base_url=server.url) as model,
    ):
        assert (model.limits().context_tokens, model.limits().output_tokens) == (5_000, 1_000)
        assert len(server.requests) == 1


def test_model_that_the_server_does_not_list_has_careful_limits() -> None:
    with MessagesServer() as server, ClaudeModel("some-local-model", base_url=server.url) as model:
        assert (model.limits().context_tokens, model.limits().output_tokens) == (200_000, 8_192)


@pytest.mark.parametrize(("name", "strict"), [(MODEL, [True]), ("some-local-model", [None])])
def test_tools_are_strict_only_for_a_model_that_is_known_to_hold_to_that(name: str, strict: list[bool | None]) -> None:
    with MessagesServer([Reply([Text("4")])]) as server, ClaudeModel(name, base_url=server.url) as model:
        model.limits()
        with contextlib.suppress(ProposerError):
            model.ask(question(tools=(ADD,)), Attempts())
        assert [tool.get("strict") for tool in server.requests[-1].body["tools"]] == strict


def test_count_is_the_one_of_the_api() -> None:
    asked = ModelRequest(question().system, question("word " * 5_000).messages, (ADD,), 500, ("Observation:",))
    with MessagesServer([Reply([Text("4")])]) as server, ClaudeModel(MODEL, base_url=server.url) as model:
        counted = model.count(asked)
        assert model.ask(asked, Attempts()).usage.prompt == counted
    assert counted < estimate(asked) / 2


def test_server_that_cannot_count_is_asked_once_and_never_undercounted() -> None:
    answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    asked = question("\N{PILE OF POO}" * 100 + "0a1b2c" * 100)
    with listening(answer) as port:
        model = ClaudeModel(MODEL, base_url=f"http://127.0.0.1:{port}")
        assert model.count(asked) == estimate(asked) > len(asked.messages[0].content[0]["text"].encode())
    # Nobody listens any more: only the remembered answer keeps this from failing.
    assert model.count(asked) == estimate(asked)
    model.close()


# -- retries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 529])
def test_refused_attempts_are_made_again_and_cost_nothing(status: int) -> None:
    with MessagesServer([Failure(status, headers=SOON), Failure(status, headers=SOON), Reply([Text("4")])]) as server:
        reply, attempts = ask(server)
    assert reply.text == "4"
    assert attempts.news == [["refused"], ["refused"], [reply.usage]]


def test_server_error_is_made_again_and_its_use_stays_unknown() -> None:
    with MessagesServer([Failure(500, headers=SOON), Reply([Text("4")])]) as server:
        reply, attempts = ask(server)
    assert attempts.news == [[], [reply.usage]]


@pytest.mark.parametrize(
    "cut",
    [Drop(), Reply([Text("4" * 2_000)], cut_after_bytes=600), Reply([Text("4" * 2_000)], truncate_to_bytes=600)],
    ids=["before-a-byte", "in-mid-stream", "body-ends-early"],
)
def test_dropped_connection_is_made_again_and_its_use_stays_unknown(cut: object) -> None:
    with MessagesServer([cut, Reply([Text("4")])]) as server:  # type: ignore[list-item]
        reply, attempts = ask(server)
    assert reply.text == "4"
    assert attempts.news == [[], [reply.usage]]


def test_error_event_in_mid_stream_is_made_again_if_it_may_pass() -> None:
    cut = Reply([Text("4"), Text("5")], error_after=Failure(529, "overloaded_error", "Overloaded"))
    with MessagesServer([cut, Reply([Text("4")])]) as server:
        reply, attempts = ask(server)
    assert reply.text == "4"
    assert attempts.news == [[], [reply.usage]]


def test_attempts_end_with_the_retries() -> None:
    problem, attempts = failure(Failure(529, headers=SOON), retries=2)
    assert attempts.news == [["refused"]] * 3
    assert "is overloaded (529)" in str(problem)
    assert "--codemode-model" in str(problem)


def test_attempt_that_is_not_allowed_does_not_go_out() -> None:
    class Broke(ProposerError):
        pass

    def no_money() -> Attempt:
        raise Broke("nothing left")

    with MessagesServer() as server:
        with ClaudeModel(MODEL, base_url=server.url) as model, pytest.raises(Broke, match="nothing left"):
            model.ask(question(), no_money)
        assert server.requests == []


# -- every way to fail is a sentence -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (forbidden(), ["may not use claude-sonnet-5-5", "403", "--codemode-model"]),
        (model_missing(MODEL), ["has no model 'claude-sonnet-5-5'", "404", "--codemode-model"]),
        (
            Failure(402, "billing_error", "Your credit is used up."),
            ["payment", "credit is used up", "--codemode-proposer search"],
        ),
        (Failure(400, message="Your credit balance is too low"), ["payment", "credit balance", "billing"]),
        (rate_limited(0.01), ["limits the rate", "429", "wait 0.01 s", "run again later"]),
        (Failure(500, headers=SOON), ["fails (500)", "run again later"]),
        (Failure(503, headers=SOON), ["fails (503)", "run again later"]),
        (Failure(400, message="temperature: not allowed"), ["refused the request (400)", "temperature: not allowed"]),
        (Html(200), ["answered 200 with text/html", "ANTHROPIC_BASE_URL", "HTTPS_PROXY"]),
        (Html(403), ["answered 403 with text/html", "ANTHROPIC_BASE_URL", "HTTPS_PROXY"]),
        (Html(502), ["answered 502 with text/html", "ANTHROPIC_BASE_URL", "HTTPS_PROXY"]),
        (Raw(200, {"content-type": "text/plain"}, b"hello"), ["answered 200 with text/plain", "ANTHROPIC_BASE_URL"]),
        (Raw(200, {"content-type": "application/json"}, b'{"type": "mess'), ["broken JSON", "gateway"]),
        (Raw(200, {"content-type": "application/json"}, b'{"choices": []}'), ["JSON that is no message", "gateway"]),
        (Raw(200, {"content-type": "text/event-stream"}, b"event: message_start\ndata: {oops\n\n"), ["broken JSON"]),
        (
            Raw(
                200, {"content-type": "text/event-stream"}, b'event: message_delta\ndata: {"type": "message_delta"}\n\n'
            ),
            ["a message_delta event without its fields"],
        ),
        (Failure(404, "", "nothing here"), ["404"]),
    ],
)
def test_failure_is_one_sentence_that_names_the_remedy(step: object, said: list[str]) -> None:
    problem, attempts = failure(step, retries=1)
    for part in said:
        assert part in str(problem)
    assert "\n" not in str(problem)
    assert attempts.made


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Failure(400), "refused"),
        (Failure(403), "refused"),
        (Failure(413), "refused"),
        (Html(200), "refused"),
        (Html(502), None),
        (Failure(408, headers=SOON), None),
        (Failure(504, headers=SOON), None),
        (Raw(200, {"content-type": "application/json"}, b"{}"), None),
        (Raw(200, {"content-type": "text/event-stream"}, b""), None),
    ],
)
def test_what_may_have_been_read_is_never_called_refused(step: object, expected: str | None) -> None:
    _, attempts = failure(step, retries=0)
    assert attempts.news == [[expected] if expected else []]


@pytest.mark.parametrize(
    "step",
    [
        Failure(413),
        Failure(400, message="prompt is too long: 210000 tokens > 200000 maximum"),
        Failure(400, message="input length and `max_tokens` exceed context limit: 199000 + 8000 > 200000"),
    ],
)
def test_prompt_that_is_too_long_can_be_told_apart(step: Failure) -> None:
    problem, attempts = failure(step)
    assert isinstance(problem, ContextExceeded)
    assert "too long for claude-sonnet-5-5" in str(problem)
    assert attempts.news == [["refused"]]


def test_prompt_that_the_server_itself_finds_too_long_can_be_told_apart() -> None:
    with MessagesServer(models={MODEL: Limits(1_000, 500)}) as server:
        problem, _ = problem_at(server.url, question("word " * 5_000))
    assert isinstance(problem, ContextExceeded)


def test_wrong_key_is_told_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-wrong-0123456789abcdefghij")
    with MessagesServer() as server, ClaudeModel(MODEL, base_url=server.url) as model:
        for call in (model.limits, lambda: model.count(question()), lambda: model.ask(question(), Attempts())):
            with pytest.raises(ProposerError) as raised:
                call()
            assert "does not accept the credentials (401)" in str(raised.value)
            assert "ANTHROPIC_API_KEY" in str(raised.value)
            assert "sk-ant" not in repr(raised.value) + str(raised.value)
            assert raised.value.__cause__ is None


def test_no_credentials_is_told_with_both_remedies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with MessagesServer() as server:
        problem, attempts = problem_at(server.url)
        assert server.requests == []
    assert "no credentials for claude-sonnet-5-5" in str(problem)
    assert "ANTHROPIC_API_KEY" in str(problem)
    assert "--codemode-proposer search" in str(problem)
    assert attempts.made == []


def test_profile_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_PROFILE", "nightly")
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    with pytest.raises(ProposerError, match="profile cannot be read; set ANTHROPIC_API_KEY"):
        ClaudeModel(MODEL).limits()


def test_token_of_a_gateway_is_a_credential_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "test")
    with MessagesServer([Reply([Text("4")])]) as server:
        assert ask(server)[0].text == "4"


def test_what_looks_like_a_credential_in_the_servers_own_words_is_left_out() -> None:
    key = "sk-" + "a1b2" * 8
    problem, _ = failure(Failure(400, message=f"key {key} is not known"))
    assert "key (removed) is not known" in str(problem)


def test_own_credential_in_the_servers_own_words_is_left_out_whatever_it_looks_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "open-sesame")
    with MessagesServer([Failure(403, message="'open-sesame' may not")], api_key="open-sesame") as server:
        problem, _ = problem_at(server.url)
    assert "'(removed)' may not" in str(problem)


def test_credentials_in_an_address_are_left_out() -> None:
    with MessagesServer([Failure(500, headers=SOON)], repeat_last=True) as server:
        problem, _ = problem_at(server.url.replace("http://", "http://user:hunter2@"), retries=0)
    assert "hunter2" not in str(problem)
    assert "127.0.0.1" in str(problem)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_nobody_there_is_told_and_costs_nothing() -> None:
    problem, attempts = problem_at(f"http://127.0.0.1:{closed_port()}", retries=0)
    assert "connection refused; check the address" in str(problem)
    assert attempts.news == [["refused"]]


def test_unknown_host_is_told() -> None:
    problem, _ = problem_at("http://no-such-host.invalid", retries=0)
    assert "no-such-host.invalid" in str(problem)


def test_failed_tls_handshake_is_told() -> None:
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        problem, attempts = problem_at(f"https://127.0.0.1:{port}", retries=0)
    assert "TLS handshake failed" in str(problem)
    assert "SSL_CERT_FILE" in str(problem)
    assert attempts.news == [["refused"]]


@pytest.mark.parametrize("address", ["localhost:8080", "ftp://host", "http://", "http://host:notaport", "", "//host"])
def test_address_that_is_none_is_refused_at_once(address: str) -> None:
    with pytest.raises(ConfigError, match=r"https://host"):
        ClaudeModel(MODEL, base_url=address)


@pytest.mark.parametrize("name", ["", " ", "bedrock:", "vertex: "])
def test_model_without_a_name_is_refused_at_once(name: str) -> None:
    with pytest.raises(ConfigError, match="claude-sonnet-5-5"):
        ClaudeModel(name)


# -- time --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "slow",
    [
        Silence(),
        Reply([Text("4" * 20_000)], trickle_s=0.05, trickle_bytes=16),
    ],
    ids=["silence", "trickle"],
)
def test_reply_that_is_too_slow_ends_at_the_deadline_whatever_keeps_coming(slow: object) -> None:
    started = time.monotonic()
    problem, attempts = failure(slow, reply_s=0.7)
    assert "did not finish its reply within 1 s" in str(problem)
    assert "--codemode-budget time=" in str(problem)
    assert attempts.news == [[]]
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "start",
    [b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b"HTTP/1.1 200 OK\r\n"],
    ids=["comments-without-an-event", "headers-without-an-end"],
)
def test_trickle_that_never_makes_an_event_ends_at_the_deadline_too(start: bytes) -> None:
    with listening(start, b":x: y\r\n") as port:
        problem, attempts = problem_at(f"http://127.0.0.1:{port}", reply_s=0.5)
    assert "did not finish its reply within" in str(problem)
    assert attempts.news == [[]]


def test_runs_own_time_is_a_deadline_too() -> None:
    with MessagesServer([Silence()]) as server:
        slow, attempts = problem_at(server.url, remaining_s=lambda: 0.5)
        over, none = problem_at(server.url, remaining_s=lambda: 0.0)
    assert "did not finish" in str(slow)
    assert "time of the run is over" in str(over)
    assert (len(attempts.made), len(none.made)) == (1, 0)


@pytest.mark.parametrize("kind", ["seconds", "date"])
def test_wait_that_is_longer_than_the_time_left_is_not_begun(kind: str) -> None:
    wait = "3600" if kind == "seconds" else email.utils.formatdate(time.time() + 3_600, usegmt=True)
    started = time.monotonic()
    problem, attempts = failure(Failure(429, headers={"retry-after": wait}), reply_s=30.0)
    assert "limits the rate of requests (429) and asks to wait 3" in str(problem)
    assert "longer than the time left" in str(problem)
    assert attempts.news == [["refused"]]
    assert time.monotonic() - started < 10


def test_model_can_be_asked_again_after_it_was_too_slow() -> None:
    steps = [Silence(), Reply([Text("4")])]
    with MessagesServer(steps) as server, ClaudeModel(MODEL, base_url=server.url, reply_s=2.0) as model:
        with pytest.raises(ProposerError, match="did not finish"):
            model.ask(question(), Attempts())
        assert model.ask(question(), Attempts()).text == "4"


@pytest.mark.timeout(150)  # another process imports the SDK
def test_interrupt_ends_a_request_at_once_and_connections_are_closed() -> None:
    code = (
        "import sys; from tests.proposers.model.asking import *;"
        "from pytest_codemode.proposers.model.gateway import ClaudeModel\n"
        "attempts = Attempts()\n"
        "try:\n"
        "    with ClaudeModel(MODEL, base_url=sys.argv[1]) as model: model.ask(question(), attempts)\n"
        "except KeyboardInterrupt: print('interrupted', attempts.news)\n"
    )
    asked = threading.Event()

    def never(request: dict[str, Any]) -> Silence:
        asked.set()
        return Silence()

    with MessagesServer([never]) as server:
        arguments = [sys.executable, "-W", "error", "-c", code, server.url]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            assert asked.wait(90)
            child.send_signal(signal.SIGINT)
            output, errors = child.communicate(timeout=30)
    assert output == "interrupted [[]]\n"
    assert errors == ""


# -- providers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        pytest.param(name, extra, marks=pytest.mark.skipif(bool(find_spec(module)), reason=f"{module} is installed"))
        for name, extra, module in (("bedrock:m", "bedrock", "boto3"), ("vertex:m", "vertex", "google"))
    ],
)
def test_provider_whose_package_is_missing_is_told_with_the_command(name: str, extra: str) -> None:
    with pytest.raises(ConfigError, match=rf'pip install "anthropic\[{extra}\]"'):
        ClaudeModel(name).limits()


def test_bedrock_is_spoken_to_through_its_own_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "secret-token-of-bedrock")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with MessagesServer() as server:
        model = ClaudeModel("bedrock:anthropic.claude-sonnet-5-5", base_url=server.url)
        assert model.limits().context_tokens == 200_000
        assert model.count(question()) == estimate(question())
        with pytest.raises(ProposerError) as raised:
            model.ask(question(), Attempts())
        model.close()
        assert [request.path for request in server.requests] == [
            "/model/anthropic.claude-sonnet-5-5/invoke-with-response-stream"
        ]
    assert "secret-token" not in str(raised.value)


def test_bedrock_without_a_region_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "token")
    with pytest.raises(ConfigError, match="AWS_REGION"):
        ClaudeModel("bedrock:anthropic.claude-sonnet-5-5").limits()


# -- import time -------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(150)
def test_the_sdk_is_not_imported_before_the_first_request() -> None:
    code = (
        "import sys; from pytest_codemode.proposers.model import gateway, metered, prices;"
        "gateway.ClaudeModel('claude-sonnet-5-5');"
        "print([name for name in ('anthropic', 'httpx2', 'asyncio', 'genai_prices') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"
