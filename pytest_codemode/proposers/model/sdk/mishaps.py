"""Every way a request can fail, as one sentence with the remedy.

No sentence holds a credential: of an exception only its type, its status and the API's own message are used, and of an
address only the host.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field

import anthropic
import httpx2

from pytest_codemode.core.credentials import SECRET_VALUE
from pytest_codemode.core.errors import ContextExceeded, ProposerError

WITHOUT = "or use --codemode-proposer search, which needs no model"

_TOO_LONG = re.compile(
    r"prompt is too long|too many (?:input )?tokens|context (?:window|limit|length)|input length|input is too long",
    re.IGNORECASE,
)
"""How the API says that a prompt is too long: it has no code for it (`error_code` of 2026-10-21 names none)."""

_UNPAID = re.compile(r"credit balance|billing", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a request went to, as a sentence may name it."""

    model: str
    host: str
    """`host` or `host:port`."""
    remedy: str
    """What to check where the credentials are not accepted."""
    credentials: tuple[str, ...] = field(default=(), repr=False)
    """Taken out of what the API says, should it repeat them."""


def sentence(failure: BaseException, to: Addressee) -> ProposerError:
    """Return what to tell the user about `failure`."""
    if isinstance(failure, anthropic.APIStatusError):
        return _status(failure, to)
    if isinstance(failure, anthropic.APITimeoutError):
        return ProposerError(f"{to.host} did not answer in time; check the network and try again, {WITHOUT}")
    if isinstance(failure, anthropic.APIConnectionError):
        return ProposerError(_connection(failure, to))
    if isinstance(failure, anthropic.CredentialsError):
        return no_credentials(to)
    kind = type(failure).__name__
    return ProposerError(f"the client for {to.model} cannot send the request ({kind}); {to.remedy}, {WITHOUT}")


def no_credentials(to: Addressee) -> ProposerError:
    """There is nothing to authenticate with."""
    return ProposerError(f"there are no credentials for {to.model}: {to.remedy}, {WITHOUT}")


def not_the_api(status: int, content_type: str, to: Addressee) -> ProposerError:
    """Something else answered."""
    return ProposerError(
        f"{to.host} answered {status} with {content_type or 'no content type'}, which is not the Messages API; check"
        " its address (ANTHROPIC_BASE_URL) and the proxy in between (HTTPS_PROXY, NO_PROXY)"
    )


def malformed(problem: object, to: Addressee) -> ProposerError:
    """The API's form, but not its content."""
    return ProposerError(
        f"{to.host} sent what is not a reply of the Messages API: {problem}; if it is a gateway or a local server,"
        " check that it speaks that API"
    )


def dropped(to: Addressee) -> ProposerError:
    """The connection ended in the middle of a reply."""
    return ProposerError(f"the connection to {to.host} dropped in the middle of the reply, each time; try again later")


def too_slow(seconds: float, to: Addressee) -> ProposerError:
    """The time for one request is over."""
    return ProposerError(
        f"{to.model} did not finish its reply within {seconds:.0f} s; give it more with --codemode-budget time=..."
    )


def wait_too_long(status: int, seconds: float, to: Addressee) -> ProposerError:
    """The API names a wait that is longer than the time left."""
    why = "is overloaded" if status == 529 else "limits the rate of requests"
    return ProposerError(
        f"{to.host} {why} ({status}) and asks to wait {seconds:.0f} s, longer than the time left; run again then"
    )


def retryable_event(failure: anthropic.APIStatusError) -> bool:
    """Return whether an error that came inside a stream may be gone with the next attempt."""
    return failure.type in ("overloaded_error", "api_error", "timeout_error", "rate_limit_error")


def is_html(content_type: str) -> bool:
    """Return whether a page came: the API never sends one."""
    return "html" in content_type


def never_sent(failure: anthropic.APIConnectionError) -> bool:
    """Return whether the connection failed before any of the request can have been read."""
    return any(
        isinstance(
            cause,
            httpx2.ConnectError
            | httpx2.ConnectTimeout
            | httpx2.PoolTimeout
            | httpx2.UnsupportedProtocol
            | httpx2.ProxyError,
        )
        for cause in _causes(failure)
    )


def _status(failure: anthropic.APIStatusError, to: Addressee) -> ProposerError:
    status, said = failure.status_code, _said(failure, to)
    content_type = failure.response.headers.get("content-type", "")
    if is_html(content_type):
        return not_the_api(status, content_type.partition(";")[0], to)
    if status == 413 or (status == 400 and _TOO_LONG.search(failure.api_message or "")):
        return ContextExceeded(
            f"the prompt is too long for {to.model} ({status}){said}; shorten it or choose another model"
        )
    known = {
        400: f"{to.host} refused the request (400){said}; check that {to.model} is a model of this API",
        401: f"{to.host} does not accept the credentials (401); {to.remedy}, {WITHOUT}",
        402: f"{to.host} wants payment first{said}; check the billing of the account, {WITHOUT}",
        403: f"the credentials may not use {to.model} at {to.host} (403){said}; choose another with --codemode-model",
        404: f"{to.host} has no model {to.model!r} (404){said}; check the name given with --codemode-model",
        429: f"{to.host} limits the rate of requests (429){said}{_asked(failure)}; run again later",
        529: f"{to.host} is overloaded (529){_asked(failure)}; run again later or choose another with --codemode-model",
    }
    if status == 400 and _UNPAID.search(failure.api_message or ""):
        status = 402
    if status == 404 and failure.type != "not_found_error":
        return not_the_api(status, content_type.partition(";")[0], to)
    if status == 200:
        return ProposerError(f"{to.host} ended the reply with an error ({failure.type}){said}; run again later")
    if status >= 500:
        return ProposerError(known.get(status, f"{to.host} fails ({status}){said}; run again later, {WITHOUT}"))
    return ProposerError(known.get(status, f"{to.host} refused the request ({status}){said}; {to.remedy}, {WITHOUT}"))


def _said(failure: anthropic.APIStatusError, to: Addressee) -> str:
    return cleaned(failure.api_message, to) if isinstance(failure.api_message, str) else ""


def cleaned(message: str, to: Addressee) -> str:
    """Return the API's words as the second half of a sentence, without what is, or looks like, a credential."""
    words = " ".join(message.split())
    for credential in to.credentials:
        words = words.replace(credential, "(removed)")
    words = SECRET_VALUE.sub("(removed)", words)
    return f": {words[:200].rstrip('.')}" if words else ""


def _asked(failure: anthropic.APIStatusError) -> str:
    wait = failure.response.headers.get("retry-after", "")
    return f" and asks to wait {wait} s" if re.fullmatch(r"\d{1,6}(\.\d+)?", wait) else ""


def _connection(failure: BaseException, to: Addressee) -> str:
    causes = tuple(_causes(failure))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return (
            f"{to.host} cannot be trusted: the TLS handshake failed; check its address, and if a proxy has a"
            " certificate of its own, name it with SSL_CERT_FILE"
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"there is no host {to.host}; check the address (ANTHROPIC_BASE_URL) and the network, {WITHOUT}"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return f"nothing answers at {to.host}: connection refused; check the address (ANTHROPIC_BASE_URL), {WITHOUT}"
    if any(isinstance(cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL) for cause in causes):
        return "the address of the API must begin with https:// or http://; check ANTHROPIC_BASE_URL"
    if any(isinstance(cause, httpx2.ConnectError | httpx2.ProxyError) for cause in causes):
        return f"{to.host} cannot be reached; check the network, its address and HTTPS_PROXY, {WITHOUT}"
    return (
        f"the connection to {to.host} dropped before the reply, each time; check the network and try again, {WITHOUT}"
    )


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """Yield what led to `failure`, whether it was named as the cause or only handled at the time."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [failure]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):  # several addresses of one host were tried
            waiting += one.exceptions
