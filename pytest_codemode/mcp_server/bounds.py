"""Keeps an answer below a size that any client can take, whatever the foreign code printed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pytest_codemode.core.codec import encode
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import RunResult, TestResult

FULL_BYTES = 16 * 2**20
"""Results beyond this much JSON come without frames and output, and with short messages."""

MAX_MESSAGE_CHARS = 2_000
"""Characters kept of a message that comes after `FULL_BYTES`."""

CUT = "... (cut: the answer was too large)"


def bounded(result: RunResult, full_bytes: int = FULL_BYTES) -> RunResult:
    """Return `result` with the details of its last failures left out once `full_bytes` are used up.

    No test, outcome or failure is ever dropped: what is cut is only what explains them, and the cut is marked.
    """
    room = full_bytes
    results: list[TestResult] = []
    for test in result.results:
        kept = test if room > 0 else _without_details(test)
        room -= _size(kept.failures) if kept.failures else 0
        room -= sum(len(phase.output) for phase in kept.phases)
        results.append(kept)
    errors = tuple(error if room > 0 else _slim(error) for error in result.collection_errors)
    return replace(result, results=tuple(results), collection_errors=errors)


def _size(value: Any) -> int:
    return len(json.dumps(encode(value)))


def _without_details(test: TestResult) -> TestResult:
    if not test.failures and not any(phase.output for phase in test.phases):
        return test
    phases = tuple(replace(phase, output=CUT if phase.output else "") for phase in test.phases)
    return replace(test, failures=tuple(map(_slim, test.failures)), phases=phases)


def _slim(failure: Failure) -> Failure:
    message = failure.message
    if len(message) > MAX_MESSAGE_CHARS:
        message = message[:MAX_MESSAGE_CHARS] + CUT
    return replace(
        failure,
        message=message,
        frames=tuple(replace(frame, locals={}) for frame in failure.frames[-3:]),
        left=failure.left[:MAX_MESSAGE_CHARS],
        right=failure.right[:MAX_MESSAGE_CHARS],
        output=CUT if failure.output else "",
    )
