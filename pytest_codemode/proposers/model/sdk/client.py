"""One model through the SDK's clients: Anthropic's own API and what is compatible with it, Bedrock, Vertex."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import anthropic
import httpx2

from pytest_codemode.core.errors import ConfigError, ProposerError
from pytest_codemode.core.model import ModelLimits, ModelReply, ModelRequest
from pytest_codemode.core.ports import Attempt
from pytest_codemode.proposers.model.sdk import mishaps
from pytest_codemode.proposers.model.sdk.attempts import Again, Attempts, Patience, Relay
from pytest_codemode.proposers.model.sdk.mishaps import Addressee

T = TypeVar("T")

ASIDE_S = 30.0
"""For counting tokens and looking up limits, which there is a fallback for."""

_TIMEOUT = httpx2.Timeout(300.0, connect=10.0, pool=10.0)
"""Between two pieces of a reply; how long all of it may take is the caller's deadline."""

_REMEDIES = {
    "anthropic": "set ANTHROPIC_API_KEY to a valid key (a local server takes any text)",
    "bedrock": "check the AWS credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID or AWS_BEARER_TOKEN_BEDROCK) and AWS_REGION",
    "vertex": "run `gcloud auth application-default login` and set CLOUD_ML_REGION and ANTHROPIC_VERTEX_PROJECT_ID",
}


class Client:
    """Calls the API from synchronous code; every call has a deadline that holds wherever it hangs.

    The event loop is its own and lives as long as the client, for the sake of open connections. A cancelled task closes
    its socket at once; a thread that hangs in one could not be stopped.
    """

    def __init__(self, provider: str, model: str, base_url: str | None, retries: int) -> None:
        self.model = model
        self.sdk: Any = _open(provider, base_url)
        port = f":{self.sdk.base_url.port}" if self.sdk.base_url.port else ""
        host = f"{self.sdk.base_url.host}{port}"
        self.to = Addressee(model, host, _REMEDIES[provider], _credentials(self.sdk))
        self._relay = Relay()
        self._asking = self.sdk.with_options(max_retries=retries, middleware=[self._relay])
        self._aside = self.sdk.with_options(max_retries=1, middleware=[self._relay])
        self._runner = asyncio.Runner()
        self._counts = True
        self._strict = True
        if provider == "anthropic" and not _has_credentials(self.sdk):
            self.close()
            raise mishaps.no_credentials(self.to)

    def close(self) -> None:
        """Close connections and the event loop."""
        try:
            self._runner.run(self.sdk.close())
        finally:
            self._runner.close()

    def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt], within_s: float) -> ModelReply:
        """Return the reply.

        Raises:
            ProposerError: there will be none.
        """
        until = time.monotonic() + within_s
        self._relay.to = Attempts(self.to, until, on_attempt)
        reply: ModelReply = self.call(self._asking.messages.create(**self.params(request), stream=True), within_s)
        return reply

    def count(self, request: ModelRequest, within_s: float) -> int | None:
        """Return the tokens of the prompt, None where nobody counts them.

        Raises:
            ProposerError: the API cannot be reached, or does not accept the credentials.
        """
        if not self._counts:
            return None
        asked = self.params(request)
        for unknown in ("stop_sequences", "max_tokens"):
            asked.pop(unknown, None)
        try:
            counted = self._look_up(lambda sdk: sdk.messages.count_tokens(**asked), within_s)
        except _Unanswered as reason:
            self._counts = not reason.for_good
            return None
        tokens = getattr(counted, "input_tokens", None)
        return tokens if isinstance(tokens, int) and tokens > 0 else None

    def limits(self, within_s: float) -> ModelLimits:
        """Return what the API says about the model; careful assumptions where it says nothing.

        Tools are offered as strict only from here on if the model is known to hold to that.

        Raises:
            ProposerError: the API cannot be reached, or does not accept the credentials.
        """
        assumed, model = ModelLimits(), None
        if hasattr(self.sdk, "models"):
            with contextlib.suppress(_Unanswered):
                model = self._look_up(lambda sdk: sdk.models.retrieve(self.model), within_s)
        structured = getattr(getattr(model, "capabilities", None), "structured_outputs", None)
        self._strict = getattr(structured, "supported", False) is True
        context, output = getattr(model, "max_input_tokens", None), getattr(model, "max_tokens", None)
        return ModelLimits(
            context_tokens=context if isinstance(context, int) and context > 0 else assumed.context_tokens,
            output_tokens=output if isinstance(output, int) and output > 0 else assumed.output_tokens,
        )

    def params(self, request: ModelRequest) -> dict[str, Any]:
        """Return the request as the API takes it. Sampling and thinking are left to the model."""
        tools = [
            {
                "name": tool.name,
                "description": tool.description,
                "input_schema": tool.input_schema,
                **({"strict": True} if tool.strict and self._strict else {}),
            }
            for tool in request.tools
        ]
        optional = {"system": list(request.system), "tools": tools, "stop_sequences": list(request.stop_sequences)}
        return {
            "model": self.model,
            "max_tokens": request.max_tokens,
            "messages": [{"role": message.role, "content": list(message.content)} for message in request.messages],
            **{name: value for name, value in optional.items() if value},
        }

    def _look_up(self, make: Callable[[Any], Coroutine[Any, Any, Any]], within_s: float) -> Any:
        """Return the answer to a question that costs nothing and that there is a fallback for.

        Raises:
            _Unanswered: the server does not know the question, or has no time for it.
            ProposerError: every other request will fail as this one did.
        """
        within_s = min(within_s, ASIDE_S)
        self._relay.to = Patience(self.to, time.monotonic() + within_s)
        try:
            return self.run(make(self._aside), within_s)
        except (TimeoutError, ProposerError):
            raise _Unanswered(for_good=False) from None
        except Exception as failure:  # noqa: BLE001  # whatever clients of three providers raise
            status = failure.status_code if isinstance(failure, anthropic.APIStatusError) else 0
            if status in (401, 413) or isinstance(failure, anthropic.APIConnectionError | anthropic.CredentialsError):
                raise mishaps.sentence(failure, self.to) from None
            busy = status in (408, 409, 429) or status >= 500
            raise _Unanswered(for_good=not busy or status == 501) from None

    def call(self, call: Coroutine[Any, Any, T], within_s: float) -> T:
        """Return what `call` comes to.

        Raises:
            ProposerError: it fails, or takes longer than `within_s`.
        """
        try:
            return self.run(call, within_s)
        except Exception as failure:  # noqa: BLE001  # whatever clients of three providers raise
            raise self.translated(failure, within_s) from None

    def run(self, call: Coroutine[Any, Any, T], within_s: float) -> T:
        """Return what `call` comes to, or raise what it raises; `TimeoutError` after `within_s`."""
        return self._runner.run(_within(call, within_s))

    def translated(self, failure: Exception, within_s: float) -> ProposerError:
        """Return `failure` of a call that had `within_s` as a sentence."""
        if isinstance(failure, ProposerError):
            return failure
        if isinstance(failure, TimeoutError):
            return mishaps.too_slow(within_s, self.to)
        return ProposerError(str(failure)) if isinstance(failure, Again) else mishaps.sentence(failure, self.to)


class _Unanswered(Exception):
    """Nobody answers this question; `for_good`: there is no point in asking again."""

    def __init__(self, *, for_good: bool) -> None:
        super().__init__()
        self.for_good = for_good


async def _within(call: Coroutine[Any, Any, T], seconds: float) -> T:
    async with asyncio.timeout(seconds):
        return await call


def _has_credentials(sdk: Any) -> bool:
    headers = {name.lower() for name, value in sdk.default_headers.items() if isinstance(value, str)}
    return bool(sdk.api_key or sdk.auth_token or sdk.credentials or headers & {"authorization", "x-api-key"})


def _credentials(sdk: Any) -> tuple[str, ...]:
    """Return what is sent to authenticate; what is shorter than a credential would be found in any text."""
    found = [getattr(sdk, name, None) for name in ("api_key", "auth_token", "aws_secret_key", "aws_session_token")]
    found += [value for name, value in sdk.default_headers.items() if name.lower() in ("authorization", "x-api-key")]
    texts = [text.removeprefix("Bearer ") for text in found if isinstance(text, str)]
    return tuple(text for text in texts if len(text) >= 8)


def _open(provider: str, base_url: str | None) -> Any:
    options: dict[str, Any] = {"base_url": base_url, "timeout": _TIMEOUT}
    try:
        if provider == "bedrock":
            if not os.environ.get("AWS_BEARER_TOKEN_BEDROCK"):
                _require("boto3", "bedrock")
            return anthropic.AsyncAnthropicBedrock(**options)
        if provider == "vertex":
            _require("google.auth", "vertex")
            return anthropic.AsyncAnthropicVertex(**options)
        return anthropic.AsyncAnthropic(**options)
    except anthropic.CredentialsError:
        raise ProposerError(
            f"the credentials profile cannot be read; {_REMEDIES[provider]}, {mishaps.WITHOUT}"
        ) from None
    except (ValueError, httpx2.InvalidURL):
        what = "check ANTHROPIC_BASE_URL" if provider == "anthropic" else _REMEDIES[provider]
        raise ConfigError(f"--codemode-model: there is no address to send requests to; {what}") from None


def _require(module: str, extra: str) -> None:
    try:
        found = importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of its parent
        found = False
    if not found:
        raise ConfigError(
            f'--codemode-model {extra}:... needs a package that is not installed: pip install "anthropic[{extra}]"'
        )
