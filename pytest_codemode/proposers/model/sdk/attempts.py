"""What happens in each attempt of a request: a middleware, because only there every attempt and its usage are seen.

The SDK runs it inside its retry loop, and takes what it returns as the result of the whole call. It reads the stream to
its end right there, so that a connection dropped in the middle is retried like any other failure.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import anthropic
import httpx2

from pytest_codemode.core.model import ModelReply, Usage
from pytest_codemode.core.ports import Attempt
from pytest_codemode.proposers.model.sdk import mishaps
from pytest_codemode.proposers.model.sdk.assembling import Assembler, Malformed, whole
from pytest_codemode.proposers.model.sdk.mishaps import Addressee

_EVENT_STREAMS = ("text/event-stream", "application/vnd.amazon.eventstream", "")
LINGER_S = 2.0
"""How long a stream may take to end after the reply in it has; read to its end, its connection serves again."""

_MAY_HAVE_RUN = (408, 499)
"""With these, as with 5xx except 529, a proxy may have given up on a model that goes on."""


class Again(anthropic.RetryableError):
    """The attempt failed in a way that another may not; the text is what to say if none is left."""


class Relay(anthropic.Middleware):
    """Stands for the middleware of the call under way, so that one client serves all calls.

    A copy of the client for each call would fetch a new access token for each (Vertex).
    """

    def __init__(self) -> None:
        self.to: anthropic.Middleware = anthropic.Middleware()

    async def handle_async(self, request: anthropic.APIRequest, call_next: anthropic.AsyncCallNext) -> Any:
        """Pass the attempt on."""
        return await self.to.handle_async(request, call_next)


class Patience(anthropic.Middleware):
    """Refuses to wait longer than there is time, where the SDK would sleep as long as it is told to."""

    def __init__(self, to: Addressee, until: float) -> None:
        self._to = to
        self._until = until
        """By `time.monotonic`."""

    async def handle_async(self, request: anthropic.APIRequest, call_next: anthropic.AsyncCallNext) -> Any:
        """Make one attempt.

        Raises:
            ProposerError: the server asks to wait longer than there is time.
        """
        response = await call_next(request)
        await self.check(response)
        return response

    async def check(self, response: Any) -> None:
        """Raise `ProposerError` if `response` asks for a wait that there is no time for."""
        status = response.status_code
        wait = retry_after(response.headers) if status in (408, 409, 429) or status >= 500 else 0.0
        if wait > self._until - time.monotonic():
            await response.http_response.aclose()
            raise mishaps.wait_too_long(status, wait, self._to)


class Attempts(anthropic.Middleware):
    """Announces each attempt, reads its reply, and tells what it has used."""

    def __init__(self, to: Addressee, until: float, on_attempt: Callable[[], Attempt]) -> None:
        self._to = to
        self._patience = Patience(to, until)
        self._on_attempt = on_attempt

    async def handle_async(self, request: anthropic.APIRequest, call_next: anthropic.AsyncCallNext) -> Any:
        """Make one attempt; return the reply, or a response that is an error.

        Raises:
            Again: another attempt may succeed.
            ProposerError: none will.
        """
        attempt = self._on_attempt()
        try:
            response = await call_next(request)
        except anthropic.APIConnectionError as failure:
            if mishaps.never_sent(failure):
                attempt.refused()
            raise
        except Exception:  # before anything was sent: no credentials, no region, a missing package
            attempt.refused()
            raise
        status = response.status_code
        if response.http_response.is_success:
            return await self._read(response, attempt)
        if surely_refused(status):
            attempt.refused()
        await self._patience.check(response)
        return response

    async def _read(self, response: Any, attempt: Attempt) -> ModelReply:
        http: httpx2.Response = response.http_response
        content_type = http.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            if content_type in _EVENT_STREAMS:
                return await self._stream(response, attempt)
            if content_type == "application/json":  # a gateway that does not stream
                reply, usage = whole(json.loads(await http.aread()))
                _tell(attempt, usage)
                return reply
            if mishaps.is_html(content_type):
                attempt.refused()
            raise mishaps.not_the_api(http.status_code, content_type, self._to)
        except (ValueError, RecursionError, Malformed) as problem:
            what = problem if isinstance(problem, Malformed) else "broken JSON"
            raise mishaps.malformed(what, self._to) from None
        except httpx2.HTTPError:
            raise Again(str(mishaps.dropped(self._to))) from None
        finally:
            await http.aclose()

    async def _stream(self, response: Any, attempt: Attempt) -> ModelReply:
        assembler = Assembler()
        try:
            async with asyncio.timeout(None) as lingering:
                async for event in await response.parse():
                    assembler.add(event.to_dict(warnings=False))
                    if assembler.complete:
                        lingering.reschedule(asyncio.get_running_loop().time() + LINGER_S)
        except (httpx2.HTTPError, TimeoutError):
            if not assembler.complete:
                raise
        except anthropic.APIStatusError as failure:  # an `error` event
            problem = mishaps.sentence(failure, self._to)
            if mishaps.retryable_event(failure):
                raise Again(str(problem)) from None
            raise problem from None
        finally:
            _tell(attempt, assembler.usage)
        if reply := assembler.reply():
            return reply
        raise Again(str(mishaps.dropped(self._to)))


def surely_refused(status: int) -> bool:
    """Return whether an error with this status says that nothing of the request was carried out."""
    return status == 529 or (400 <= status < 500 and status not in _MAY_HAVE_RUN)


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that a response asks to wait, 0 if it does not say."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        return seconds if math.isfinite(seconds) else math.inf
    parsed = email.utils.parsedate_tz(headers.get("retry-after", ""))
    return max(0.0, email.utils.mktime_tz(parsed) - time.time()) if parsed else 0.0


def _tell(attempt: Attempt, usage: Usage | None) -> None:
    if usage is not None:
        attempt.used(usage)
