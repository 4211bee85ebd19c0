"""Message Batches through the SDK."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import anthropic

from pytest_codemode.core.model import ModelRequest
from pytest_codemode.proposers.model.batches import BatchGone, BatchResult
from pytest_codemode.proposers.model.sdk import mishaps
from pytest_codemode.proposers.model.sdk.assembling import Malformed, whole
from pytest_codemode.proposers.model.sdk.attempts import retry_after, surely_refused
from pytest_codemode.proposers.model.sdk.client import Client

CALL_S = 120.0
"""For submitting, polling, and reading results."""

TRIES = 4
_PASSING = frozenset({"api_error", "overloaded_error", "timeout_error", "rate_limit_error"})


def submit(client: Client, requests: Mapping[str, ModelRequest], on_refused: Callable[[], None]) -> str:
    """Return the id of a new batch; see `Batching.submit`.

    Tried again only where the first try surely made no batch: a second one would cost as much as the first.
    """
    until = time.monotonic() + CALL_S
    body = [{"custom_id": name, "params": client.params(request)} for name, request in requests.items()]
    sdk = client.sdk.with_options(max_retries=0)
    for left in range(TRIES - 1, -1, -1):
        try:
            batch = client.run(sdk.messages.batches.create(requests=body), until - time.monotonic())
            return str(batch.id)
        except Exception as failure:  # noqa: BLE001  # translated below
            refused = _surely_refused(failure)
            wait_s = _wait_s(failure, TRIES - left)
            if not (refused and left and _may_pass(failure) and time.monotonic() + wait_s < until):
                if refused:
                    on_refused()
                raise client.translated(failure, CALL_S) from None
            time.sleep(wait_s)
    raise AssertionError("the last try returns or raises")


def ended(client: Client, batch: str) -> bool | None:
    """Return whether all of the batch is processed, None where it cannot be told now."""
    try:
        state = client.run(client.sdk.messages.batches.retrieve(batch), CALL_S)
    except anthropic.NotFoundError:
        raise BatchGone(f"{client.to.host} does not know the batch {batch}") from None
    except Exception as failure:  # noqa: BLE001  # translated below
        if _may_pass(failure) or isinstance(failure, TimeoutError):
            return None
        raise client.translated(failure, CALL_S) from None
    return bool(getattr(state, "processing_status", "") == "ended")


def results(client: Client, batch: str) -> dict[str, BatchResult]:
    """Return what came of each request of a batch that has ended, by custom id."""
    lines = client.call(_lines(client.sdk, batch), CALL_S)
    try:
        return {str(line["custom_id"]): _result(line["result"], client.to) for line in lines}
    except (KeyError, TypeError, AttributeError):
        raise mishaps.malformed("a line of a batch's results without its fields", client.to) from None


async def _lines(sdk: Any, batch: str) -> list[dict[str, Any]]:
    return [line.to_dict(warnings=False) async for line in await sdk.messages.batches.results(batch)]


def _result(result: Mapping[str, Any], to: mishaps.Addressee) -> BatchResult:
    kind = result["type"]
    if kind == "succeeded":
        try:
            reply, usage = whole(result["message"])
        except Malformed as problem:
            return BatchResult(problem=str(mishaps.malformed(problem, to)), billed=True)
        return BatchResult(reply, usage)
    if kind == "errored":
        error = result["error"]["error"]
        said = mishaps.cleaned(str(error.get("message", "")), to)
        refusal = f"{to.host} refused a request of the batch ({error['type']}){said}"
        return BatchResult(problem=f"{refusal}; check that {to.model} is its model", passing=error["type"] in _PASSING)
    return BatchResult(problem=f"the request of the batch was {kind}; run again", passing=kind == "expired")


def _surely_refused(failure: Exception) -> bool:
    if isinstance(failure, anthropic.APIStatusError):
        return surely_refused(failure.status_code)
    if isinstance(failure, anthropic.APIConnectionError):
        return mishaps.never_sent(failure)
    return not isinstance(failure, TimeoutError)


def _may_pass(failure: Exception) -> bool:
    if isinstance(failure, anthropic.APIStatusError):
        return failure.status_code in (408, 409, 429) or failure.status_code >= 500
    return isinstance(failure, anthropic.APIConnectionError)


def _wait_s(failure: Exception, tried: int) -> float:
    asked = retry_after(failure.response.headers) if isinstance(failure, anthropic.APIStatusError) else 0.0
    return asked or 0.5 * 2.0**tried
