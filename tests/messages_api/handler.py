"""HTTP around the API: routes, headers, credentials, and the ways an answer can fail to arrive."""

import hmac
import json
import select
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .errors import ApiError, invalid
from .routes import answer_get, answer_post
from .server import MessagesServer, RecordedRequest
from .service import Answered
from .sse import events, frame
from .steps import Answer, Drop, Failure, Html, Raw, Silence

MAX_BODY_BYTES = 32 * 1024 * 1024
DRAIN_BYTES = 256 * 1024 * 1024
VERSIONS = {"2023-06-01", "2026-10-21"}
CREDENTIALS = {"authorization", "x-api-key", "proxy-authorization", "cookie"}
SILENCE_POLL_S = 0.05


class Dropped(Exception):
    """The script wants the connection closed here."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "messages-api-test"
    disable_nagle_algorithm = True
    timeout = 60
    server: MessagesServer
    record: RecordedRequest

    def log_message(self, *_: Any) -> None:
        """Print nothing: requests are recorded."""

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def _handle(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in CREDENTIALS}
        self.record = RecordedRequest(self.command, self.path, headers, None)
        self.server.requests.append(self.record)
        self.request_id = self.server.service.new_id("req_")
        try:
            self._send_answer(self._answer())
        except ApiError as error:
            self._send_error(error)
        except Dropped:
            self._break_off()

    def _answer(self) -> Any:
        raw = self._read_body()
        self._check_headers()
        if self.command == "POST":
            self.record.body = self._parsed(raw)
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        if self.command == "POST":
            return answer_post(self.server, url.path, self.record.body)
        return answer_get(self.server, self.command, url.path, query)

    def _read_body(self) -> bytes:
        if self.headers.get("transfer-encoding"):
            self.close_connection = True
            raise ApiError(411, "A request needs a content-length")
        length = self._content_length()
        if length > MAX_BODY_BYTES:
            self._drain(length)
            raise ApiError(413, "Request exceeds the maximum size")
        return self.rfile.read(length)

    def _content_length(self) -> int:
        told = self.headers.get("content-length") or "0"
        if not told.isdigit():
            self.close_connection = True
            raise invalid("content-length", "Input should be a valid integer")
        return int(told)

    def _drain(self, length: int) -> None:
        """Read what is too much and forget it: a client that still writes would not see the answer."""
        left = min(length, DRAIN_BYTES)
        while left > 0 and (piece := self.rfile.read(min(left, 1 << 20))):
            left -= len(piece)
        self.close_connection = self.close_connection or length > DRAIN_BYTES

    def _check_headers(self) -> None:
        bearer = self.headers.get("authorization", "")
        scheme, _, token = bearer.partition(" ")
        key = self.headers.get("x-api-key") or (token if scheme.lower() == "bearer" else "")
        if not key:
            raise ApiError(401, "x-api-key header is required")
        if not hmac.compare_digest(key.encode(), self.server.api_key.encode()):
            raise ApiError(401, "invalid x-api-key")
        version = self.headers.get("anthropic-version")
        if version is None:
            raise invalid("anthropic-version", "header is required")
        if version not in VERSIONS:
            raise invalid("anthropic-version", f'"{version}" is not a valid version')

    def _parsed(self, raw: bytes) -> Any:
        if not raw and self.path.split("?")[0].endswith("/cancel"):
            return None
        if self.headers.get_content_type() != "application/json":
            raise invalid("content-type", "should be application/json")
        if self.headers.get("content-encoding", "identity") != "identity":
            raise invalid("content-encoding", "is not supported")
        try:
            body = json.loads(raw, parse_constant=_refuse_constant)
            json.dumps(body, ensure_ascii=False).encode()  # half of a surrogate pair is no text
        except (ValueError, RecursionError) as error:
            raise ApiError(400, f"The request body is not valid JSON: {error}") from None
        return body

    def _send_answer(self, answer: Any) -> None:
        """Send what a route gave: JSON, JSON lines, or a step of the script."""
        if isinstance(answer, bytes):
            self._send(200, {"content-type": "application/x-jsonl"}, answer)
        elif isinstance(answer, dict):
            self._send_json(200, answer)
        elif isinstance(answer, Answered):
            self._send_message(answer)
        else:
            self._send_step(answer)

    def _send_step(self, step: Answer) -> None:
        if isinstance(step, Failure):
            raise ApiError(step.status, step.message, step.type, dict(step.headers))
        if isinstance(step, Html):
            self._send(step.status, {"content-type": "text/html; charset=utf-8"}, step.body.encode())
        elif isinstance(step, Raw):
            self._send(step.status, step.headers, step.body)
        elif isinstance(step, Silence):
            self._wait_for_the_end()
        elif isinstance(step, Drop):
            raise Dropped
        else:
            raise ApiError(500, f"{type(step).__name__} has no meaning outside a batch")

    def _send_message(self, answered: Answered) -> None:
        reply = answered.reply
        if reply.delay_s and self.server.closing.wait(reply.delay_s):
            raise Dropped
        if not (self.record.body or {}).get("stream"):
            body = json.dumps(answered.message, ensure_ascii=False).encode()[: reply.truncate_to_bytes]
            self._begin(200, {"content-type": "application/json", "content-length": str(len(body))})
            self._write(answered, [body], chunked=False)
            return
        error = None
        if reply.error_after is not None:
            wrong = ApiError(reply.error_after.status, reply.error_after.message, reply.error_after.type)
            error = wrong.body(self.request_id)
        frames = [frame(event) for event in events(answered.message, answered.blocks, error)]
        if reply.truncate_to_bytes is not None:
            frames = [b"".join(frames)[: reply.truncate_to_bytes]]
        self._begin(
            200,
            {
                "content-type": "text/event-stream; charset=utf-8",
                "cache-control": "no-cache",
                "transfer-encoding": "chunked",
            },
        )
        self._write(answered, frames, chunked=True)

    def _write(self, answered: Answered, parts: Iterable[bytes], chunked: bool) -> None:
        """Send a body as the reply says: whole, in a trickle, or up to where the connection drops."""
        reply = answered.reply
        left = reply.cut_after_bytes
        for part in self._paced(parts, reply.trickle_s, reply.trickle_bytes):
            piece = part if left is None else part[:left]
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if left is not None:
                left -= len(piece)
                if left <= 0:
                    raise Dropped
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _paced(self, parts: Iterable[bytes], pause_s: float, size: int) -> Iterator[bytes]:
        for part in parts:
            for start in range(0, len(part), size) if pause_s else (0,):
                if pause_s and self.server.closing.wait(pause_s):
                    raise Dropped
                yield part[start : start + size] if pause_s else part

    def _send_error(self, error: ApiError) -> None:
        self.record.error = error.message
        self._send_json(error.status, error.body(self.request_id), error.headers)

    def _send_json(self, status: int, value: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(value, ensure_ascii=False).encode()
        self._send(status, {"content-type": "application/json", **(headers or {})}, body)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self._begin(status, {**headers, "content-length": str(len(body))})
        self.wfile.write(body)

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.record.status = status
        self.send_response(status)
        for name, value in {"request-id": self.request_id, **headers}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()

    def _wait_for_the_end(self) -> None:
        """Say nothing until the client hangs up or the server closes."""
        while not self.server.closing.wait(SILENCE_POLL_S):
            if select.select([self.connection], [], [], 0)[0] and not self._peek():
                break
        self.close_connection = True

    def _peek(self) -> bytes:
        try:
            return bytes(self.connection.recv(1, socket.MSG_PEEK))
        except OSError:
            return b""

    def _break_off(self) -> None:
        """Close in the middle; with a reset when nothing was sent, which would otherwise eat what was."""
        self.close_connection = True
        if self.record.status is None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
