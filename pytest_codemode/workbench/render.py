"""Results of the workbench as text for a reader, be it a model or a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import SandboxInfo
from pytest_codemode.workbench.api import Excerpt, Hit, Judged, TestReport
from pytest_codemode.workbench.excerpt import Span, numbered
from pytest_codemode.workbench.index import Place


def render(result: Any) -> str:
    """Return a result of any of the workbench's methods as text."""
    if isinstance(result, tuple):
        return "\n".join(map(render, result)) or "(nothing)"
    if isinstance(result, dict):
        return "\n".join(f"{path}: {ranges(lines)}" for path, lines in result.items()) or "(nothing)"
    renderers: dict[type, Callable[[Any], str]] = {
        Excerpt: excerpt,
        Hit: lambda hit: f"{hit.path}:{hit.line}: {hit.text}",
        Place: lambda place: f"{place.path}:{place.line} in {place.qualname or '<module>'}: {place.text}",
        TestReport: test,
        Judged: judged,
        SandboxInfo: environment,
    }
    return renderers[type(result)](result)


def excerpt(part: Excerpt) -> str:
    """Return the lines with their numbers under a head that names the file."""
    end = part.start + len(part.lines) - 1
    before = [""] * (part.start - 1)
    return f"{part.path}, lines {part.start}-{end} of {part.total}\n" + numbered(
        [*before, *part.lines], Span(part.start, end)
    )


def test(report: TestReport) -> str:
    """Return how a test ended, with its failures."""
    return "\n".join([f"{report.nodeid}: {report.outcome}", *map(failure, report.failures)])


def failure(one: Failure) -> str:
    """Return a failure with its whole traceback, without local variables."""
    frames = [f"    {frame.path}:{frame.line} in {frame.function}: {frame.source}" for frame in one.frames]
    return "\n".join([f"  {one.when.value}: {one.exception}: {one.message}", *frames])


def judged(result: Judged) -> str:
    """Return what came of a patch."""
    parts = [f"{result.verdict}. {result.reason}".strip()]
    for title, names in (("passes now", result.passed), ("broke", result.broke), ("doubtful", result.warnings)):
        if names:
            parts.append(f"{title}: {', '.join(names)}")
    return "\n".join([*parts, *map(failure, result.failures)])


def environment(info: SandboxInfo) -> str:
    """Return the interpreter and the level of isolation."""
    return "\n".join([f"Python {info.python}, sandbox level {info.level}", *info.notes])


def ranges(lines: Sequence[int]) -> str:
    """Return line numbers as ranges, as `1-4, 9`."""
    found: list[list[int]] = []
    for line in sorted(lines):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)
