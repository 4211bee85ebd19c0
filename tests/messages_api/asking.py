"""What the tests of the server send to it: small valid requests, and raw HTTP to break the rules with."""

import http.client
import json
from typing import Any

from . import MessagesServer

MODEL = "claude-opus-5-5"
HEADERS = {"anthropic-version": "2026-10-21", "authorization": "Bearer test", "content-type": "application/json"}
TIMEOUT_S = 10.0


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def call(name: str = "t1") -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": "read_file", "input": {"path": "a.py"}}


def result(name: str = "t1", content: Any = "text of a.py") -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": name, "content": content}


def tool(name: str = "read_file", **more: Any) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
        "additionalProperties": False,
    }
    return {"name": name, "description": "Read a file.", "input_schema": schema, **more}


def request(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "max_tokens": 1000, "messages": list(messages) or [user("hello")], **more}


def send(
    server: MessagesServer,
    body: Any,
    path: str = "/v1/messages",
    headers: dict[str, str] | None = None,
    method: str = "POST",
) -> tuple[int, dict[str, Any]]:
    """Send a body as it is, JSON or bytes, and read the JSON answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=TIMEOUT_S)
    try:
        connection.request(method, path, raw, HEADERS if headers is None else headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def refusal(server: MessagesServer, body: Any, **how: Any) -> str:
    """Send a request that must be refused as invalid; return the message."""
    status, answer = send(server, body, **how)
    assert (status, answer["type"], answer["error"]["type"]) == (400, "error", "invalid_request_error"), answer
    return str(answer["error"]["message"])
