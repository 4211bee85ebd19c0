"""A local HTTP server that speaks the Messages API as strictly as the real one: the model's stand-in in every test.

    with MessagesServer([Reply([Text("hello")])]) as server:
        client = anthropic.Anthropic(base_url=server.url, api_key="test")
        client.messages.create(model="claude-opus-5-5", max_tokens=100, messages=[...])
        assert server.prompts[0]["max_tokens"] == 100

Steps are played in order, one for each *valid* POST /v1/messages (and for each request of a batch); a request that
breaks a rule gets the API's own 400, 401, 404 or 413 and takes no step. A step is one of

- `Reply([Text(...), Thinking(...), ToolUse(name, input)], stop_reason=...)`: JSON, or SSE when the request says
  `stream: true`. Without `stop_reason` it is `tool_use` when a tool is called, else `end_turn`. What the request asks
  for is honoured: `max_tokens`, `stop_sequences`, the context window, `thinking.display` (by default a thinking block
  has a signature and no text). `malformed=True` sends tool calls as they stand (unknown tool, input against the strict
  schema, `ToolUse(name, raw_json='{"path": "a')`). Delivery: `delay_s`, `trickle_s`/`trickle_bytes`, `cut_after_bytes`
  (connection dropped), `truncate_to_bytes` (whole HTTP, broken JSON), `error_after` (an SSE `error` in mid-stream);
- `Failure(status, type, message, headers)`, or `rate_limited(retry_after_s)`, `overloaded()`, `server_error()`,
  `forbidden()`, `model_missing()`;
- `Drop()` (connection closed before a byte), `Html(status)` (a proxy's page), `Silence()` (never answers),
  `Raw(status, headers, body)`, `Expired()` (batches only);
- a function `(request: dict) -> step | str | None`, which reads the prompt; None means "take the next step". A function
  in place of the list answers every request. `MessagesServer(steps, repeat_last=True)` repeats the last step for ever.

A script that asks for the impossible (no step left, a tool that was not offered, input that a strict tool's schema
refuses) is the test's mistake: the client gets a 500 without retry, and leaving the `with` block raises `ScriptError`.

To look at afterwards: `server.requests` (every request: `method`, `path`, `headers` without credentials, `body`,
`status`, `error`), `server.prompts` (bodies of the accepted POST /v1/messages), `server.usages`,
`server.cache_share()`, `server.steps_left`.
Controls: `api_key=`, `models=` (`{"claude-opus-5-5": Limits(max_input_tokens=5_000, max_tokens=1_000)}` for small
windows), `batch_polls=` (how often a batch is seen `in_progress`; default once), `server.advance(seconds)` (ages the
prompt cache).

Thinking is bound, as on the real models, to the model, `system`, `tools` and all messages before it. A client that
edits its history, or goes to another model, must leave the thinking out (all of it, or the oldest blocks).

Stricter than the real API on purpose: tool calls in the history need `tools`; thinking that preceded the open tool
calls must come back; content beyond text, thinking, tool_use and tool_result is refused; `role: "system"` in messages
too; `pattern` and other keywords that the SDK moves into descriptions are refused in strict schemas; `max_tokens: 0`.
Tokens are ceil(UTF-8 bytes / 3.5) a block and a few more a message: deterministic, not the real tokenizer.

What SDK 2.14 makes of failures (asserted in `test_failures.py`): a drop or stall in mid-stream is
`httpx2.RemoteProtocolError` / `httpx2.ReadTimeout`, no `anthropic` error; a stream that just ends raises nothing (no
`message_delta`, `stop_reason` None); an `error` event is `APIStatusError` with status 200; a proxy's page with status
200 is returned as `str` (JSON) or as a stream of no events; broken JSON is `json.JSONDecodeError`.

From a shell: `python -m tests.messages_api --script FILE [--port N]`; the JSON form of a script is in `scripts.py`.
"""

from .models import Limits
from .server import MessagesServer, RecordedRequest
from .steps import (
    Drop,
    Expired,
    Failure,
    Html,
    Raw,
    RedactedThinking,
    Reply,
    ScriptError,
    Silence,
    Step,
    Text,
    Thinking,
    ToolUse,
    forbidden,
    model_missing,
    overloaded,
    rate_limited,
    server_error,
)

__all__ = [
    "Drop",
    "Expired",
    "Failure",
    "Html",
    "Limits",
    "MessagesServer",
    "Raw",
    "RecordedRequest",
    "RedactedThinking",
    "Reply",
    "ScriptError",
    "Silence",
    "Step",
    "Text",
    "Thinking",
    "ToolUse",
    "forbidden",
    "model_missing",
    "overloaded",
    "rate_limited",
    "server_error",
]
