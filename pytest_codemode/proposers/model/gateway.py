"""A model behind the Messages API. The SDK is imported with the first request: it costs two seconds of CPU time."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_codemode.core.errors import ConfigError, ProposerError
from pytest_codemode.core.model import ModelLimits, ModelReply, ModelRequest
from pytest_codemode.core.ports import Attempt
from pytest_codemode.proposers.model.batches import BatchResult

if TYPE_CHECKING:
    from pytest_codemode.proposers.model.sdk.client import Client

RETRIES = 3

REPLY_S = 600.0
"""For one reply, retries and their waits included."""

_PROVIDERS = ("bedrock", "vertex")

_OVERHEAD_TOKENS = 1_000
"""What the API adds to a prompt: the roles of messages, and the instructions for tools (under 700 tokens)."""


class ClaudeModel:
    """Asks a model; use it as a context manager, or close it.

    Args:
        name: of the model; `bedrock:NAME` and `vertex:NAME` go through these providers.
        base_url: of a gateway or a local server; None: ANTHROPIC_BASE_URL, else Anthropic's own.
        remaining_s: seconds that the run has left; no reply is waited for longer.
        reply_s: seconds that one reply may take.
        retries: attempts after the first that fails; each is charged. The SDK waits 0.5 to 8 s between them, or as
            long as the server says.

    Raises:
        ConfigError: `name` or `base_url` cannot be right.
    """

    def __init__(
        self,
        name: str,
        *,
        base_url: str | None = None,
        remaining_s: Callable[[], float] = lambda: float("inf"),
        reply_s: float = REPLY_S,
        retries: int = RETRIES,
    ) -> None:
        prefix, colon, rest = name.partition(":")
        self._provider = prefix if colon and prefix in _PROVIDERS else "anthropic"
        self._model = rest if self._provider != "anthropic" else name
        if not self._model.strip():
            raise ConfigError("--codemode-model: a name is missing; write for example claude-sonnet-5-5")
        if base_url is not None and not _is_address(base_url):
            raise ConfigError("the address of the model's API must have the form https://host or http://host:port/path")
        self._name = name
        self._base_url = base_url
        self._remaining_s = remaining_s
        self._reply_s = reply_s
        self._retries = retries
        self._client: Client | None = None
        self._limits: ModelLimits | None = None

    @property
    def name(self) -> str:
        """As the user selects it."""
        return self._name

    def limits(self) -> ModelLimits:
        """Return what the API says about the model, asked once; careful assumptions where it says nothing.

        Raises:
            ProposerError: the API cannot be reached, or does not accept the credentials.
        """
        if self._limits is None:
            self._limits = self._open().limits(self._within_s())
        return self._limits

    def count(self, request: ModelRequest) -> int:
        """Return the tokens of the prompt as the API counts them, an upper bound where it does not.

        Raises:
            ProposerError: the API cannot be reached, or does not accept the credentials.
        """
        counted = self._open().count(request, self._within_s())
        return estimate(request) if counted is None else counted

    def ask(self, request: ModelRequest, on_attempt: Callable[[], Attempt]) -> ModelReply:
        """Send the request, again where that helps, and return the whole reply.

        Raises:
            ProposerError: there will be no reply; one sentence with the remedy.
        """
        return self._open().ask(request, on_attempt, self._within_s())

    # -- batches: see `proposers.model.batches` ------------------------------------------------------------------

    def remaining_s(self) -> float:
        """Return the seconds that the run has left."""
        return self._remaining_s()

    def submit(self, requests: dict[str, ModelRequest], on_refused: Callable[[], None]) -> str:
        """Return the id of a new batch; see `Batching`."""
        if self._provider != "anthropic":
            on_refused()
            raise ProposerError(
                f"{self._provider} has no Message Batches; run without --codemode-batch, or use Anthropic's own API"
            )
        from pytest_codemode.proposers.model.sdk.batching import submit  # noqa: PLC0415  # two seconds

        return submit(self._open(), requests, on_refused)

    def ended(self, batch: str) -> bool | None:
        """Return whether a batch is processed; see `Batching`."""
        from pytest_codemode.proposers.model.sdk.batching import ended  # noqa: PLC0415  # two seconds

        return ended(self._open(), batch)

    def results(self, batch: str) -> dict[str, BatchResult]:
        """Return what came of a batch's requests; see `Batching`."""
        from pytest_codemode.proposers.model.sdk.batching import results  # noqa: PLC0415  # two seconds

        return results(self._open(), batch)

    # -- connections ---------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close connections; the next request would open them again."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def __enter__(self) -> ClaudeModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _within_s(self) -> float:
        within_s = min(self._reply_s, self._remaining_s())
        if within_s <= 0:
            raise ProposerError("the time of the run is over; give it more with --codemode-budget time=...")
        return within_s

    def _open(self) -> Client:
        if self._client is None:
            from pytest_codemode.proposers.model.sdk.client import Client  # noqa: PLC0415  # two seconds

            self._client = Client(self._provider, self._model, self._base_url, self._retries)
        return self._client


def estimate(request: ModelRequest) -> int:
    """Return an upper bound for the tokens of the prompt: no tokenizer over bytes makes more tokens than bytes."""
    said = (
        request.system,
        [message.content for message in request.messages],
        [(tool.name, tool.description, tool.input_schema) for tool in request.tools],
    )
    return len(json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")) + _OVERHEAD_TOKENS


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
