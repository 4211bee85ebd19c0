"""The server itself: a thread that accepts, a thread per connection, all ended when the `with` block is left."""

import socket
import socketserver
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any

from .batches import Batches
from .models import Limits
from .service import Script, Service
from .steps import ScriptError, Step


@dataclass
class RecordedRequest:
    """One request as it came in, and what it was answered."""

    method: str
    path: str
    headers: dict[str, str]
    """Lower-case names; credentials are left out."""
    body: Any
    """The parsed JSON, or None."""
    status: int | None = None
    """None while it is not answered."""
    error: str | None = None
    """The message of the refusal, when it was refused."""


class MessagesServer(ThreadingHTTPServer):
    """A Messages API on loopback that plays a script; see the package's documentation."""

    request_queue_size = 64
    join_s = 10.0
    """How long `stop` waits for the threads."""

    def __init__(
        self,
        steps: Sequence[Step] | Callable[[dict[str, Any]], Any] = (),
        *,
        api_key: str = "test",
        models: Mapping[str, Limits] | None = None,
        repeat_last: bool = False,
        batch_polls: int = 1,
        port: int = 0,
    ) -> None:
        from .handler import Handler

        super().__init__(("127.0.0.1", port), Handler)
        self.api_key = api_key
        self.requests: list[RecordedRequest] = []
        self.service = Service(Script(steps, repeat_last), models or {})
        self.batches = Batches(self.service, batch_polls)
        self.closing = threading.Event()
        self.crashes: list[str] = []
        self._connections: set[socket.socket] = set()
        self._handlers: list[threading.Thread] = []
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), name="messages-api")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def prompts(self) -> list[dict[str, Any]]:
        """Bodies of the requests that passed validation, batches' too, in order."""
        return self.service.prompts

    @property
    def usages(self) -> list[dict[str, Any]]:
        """The `usage` of every message sent, in order."""
        return self.service.usages

    @property
    def steps_left(self) -> int:
        return self.service.script.left

    def cache_share(self) -> float:
        """Say what part of all input tokens was read from the cache."""
        parts = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        total = sum(usage[part] for usage in self.usages for part in parts)
        return sum(usage["cache_read_input_tokens"] for usage in self.usages) / total if total else 0.0

    def advance(self, seconds: float) -> None:
        """Let the prompt cache grow older without waiting."""
        self.service.aged_s += seconds

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End every connection and thread; a thread that will not end in time is a crash."""
        self.closing.set()
        self.shutdown()
        self.server_close()
        with self._guard:
            for connection in self._connections:
                close_both_ways(connection)
        deadline = time.monotonic() + self.join_s
        for thread in (self._thread, *self._handlers):
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self.crashes.append(f"{thread.name} still runs: does a function of the script wait for something?")

    def __enter__(self) -> "MessagesServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        problems = [*self.service.script_errors, *self.crashes]
        if problems and error is None:
            raise ScriptError("; ".join(problems))

    def server_bind(self) -> None:
        """Bind without asking the name service who 127.0.0.1 is, as `HTTPServer` does."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread that `stop` can find; the mixin's own are joined without a limit."""
        name = f"messages-api-{client_address[1]}"
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name=name, daemon=True
        )
        with self._guard:
            self._connections.add(request)
        thread.start()
        self._handlers = [*(handler for handler in self._handlers if handler.is_alive()), thread]

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep a crash of the handler for the test; a client that went away is none."""

        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            self.crashes.append(traceback.format_exc())


def close_both_ways(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
