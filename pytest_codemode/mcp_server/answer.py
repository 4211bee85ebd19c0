"""What a tool call returns: the encoded dataclass for programs, one line of text for readers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mcp.types import CallToolResult, TextContent

from pytest_codemode.core.codec import encode
from pytest_codemode.core.outcome import Affected, Collection, Execution, RunResult, SandboxInfo, TryResult


def answer(value: Any, summary: str) -> CallToolResult:
    """Return the tool result: the whole `value` as structured content, only `summary` as text.

    The SDK's default sends the JSON a second time as text, which doubles the answer for nothing.
    """
    return CallToolResult(content=[TextContent(type="text", text=summary)], structured_content=encode(value))


def of_run(result: RunResult) -> str:
    """Return a run in one line, as `finished: 2 failed, 64 passed in 1.3 s`."""
    counts = Counter(test.outcome.value for test in result.results)
    parts = [f"{count} {outcome}" for outcome, count in sorted(counts.items())]
    if result.collection_errors:
        parts.append(f"{len(result.collection_errors)} collection errors")
    text = f"{result.status}: {', '.join(parts) or 'no tests'} in {result.duration_s:.1f} s"
    return f"{text}; {result.reason}" if result.reason else text


def of_affected(affected: Affected) -> str:
    """Return the affected tests in one line, as `7 of 66 tests are affected (2 recorded)`, and the first of them."""
    head = f"{len(affected.tests)} of {affected.known} known tests are affected ({affected.recorded} recorded)"
    head = "; ".join(filter(None, (head, affected.reason, *affected.notes)))
    first = [f"{test.nodeid} {test.why} {test.shared}".removesuffix(" 0") for test in affected.tests[:20]]
    more = [f"... and {len(affected.tests) - 20} more"] if len(affected.tests) > 20 else []
    return "\n".join((head, *first, *more))


def of_trials(results: tuple[TryResult, ...]) -> str:
    """Return trials in one line, as `3 candidates: 2 failed, 1 passed`."""
    counts = Counter(result.status for result in results)
    parts = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return f"{len(results)} candidates: {parts or 'none'}"


def of_collection(collection: Collection) -> str:
    """Return a collection in one line, as `66 tests, 1 collection error`."""
    text = f"{len(collection.nodeids)} tests, {len(collection.errors)} collection errors"
    return f"{text}; {collection.status}: {collection.reason}" if collection.reason else text


def of_execution(execution: Execution, max_chars: int = 4_000) -> str:
    """Return how a program ended and the head of what it printed."""
    ended = f"exit status {execution.exit_code}" if execution.status == "finished" else execution.reason
    if execution.status == "finished" and execution.reason:
        ended = f"{ended}; {execution.reason}"
    printed = "\n".join(filter(None, (execution.stdout, execution.stderr)))
    shown = printed if len(printed) <= max_chars else f"{printed[:max_chars]}\n... (all of it is in the result)"
    return f"{ended}\n{shown}" if shown else ended


def of_info(info: SandboxInfo) -> str:
    """Return the sandbox in one line."""
    return "; ".join((f"sandbox level: {info.level}", *info.notes))
