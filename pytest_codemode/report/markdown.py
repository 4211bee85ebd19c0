"""The report of a run as Markdown, for a pull request or a job summary: pure rendering."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_codemode.core.report import RunReport, TaskReport
from pytest_codemode.report.live import sandbox_level
from pytest_codemode.report.terminal import behaviour, cost, counts, difference, held_back
from pytest_codemode.report.writer import harmless, one_line

_SHOWN_MISSES = 3


def render(report: RunReport) -> str:
    """Return `report` as Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: RunReport) -> Iterator[str]:
    fixed, failing = counts(report)
    yield f"# codemode: fixed {fixed} of {failing} failing tests" if failing else "# codemode: nothing was fixed"
    yield ""
    yield f"- {'error' if report.error else 'stopped'}: {_text(report.stop)}"
    if report.guards:
        yield f"- guards: {_text(report.guards)}"
    if report.sandbox is not None:
        yield f"- sandbox: {_text(sandbox_level(report.sandbox))}"
    yield f"- cost: {_text(cost(report.cost))}"
    if report.written:
        yield f"- written: {', '.join(_code(path) for path in report.written)}"
    for notice in report.notices:
        yield f"- note: {_text(notice)}"
    for task in report.tasks:
        yield ""
        yield from _fixed(task) if task.fixed else _unfixed(task)
    for test in report.unrepaired:
        yield ""
        yield f"## {test.kind.capitalize()}: {_code(test.nodeid)}"
        yield ""
        yield _text(test.detail)


def _fixed(task: TaskReport) -> Iterator[str]:
    yield f"## Fixed: {_code(one_line(task.cause, 200))}"
    yield ""
    if task.rationale:
        yield _text(task.rationale)
        yield ""
    yield from _fenced(task.diff, "diff")
    yield ""
    for nodeid in task.turned_green:
        yield f"- turned green: {_code(nodeid)}"
    yield f"- tests that passed before and still pass: {task.checked}"
    if task.warnings:
        yield f"- look twice: {_text(', '.join(task.warnings))}"
    if task.behaviour is not None:
        yield f"- {_text(behaviour(task.behaviour))}"
    if task.held_out:
        yield f"- {_text(held_back(task))}"
    yield from _alternatives(task)


def _alternatives(task: TaskReport) -> Iterator[str]:
    for other in task.alternatives:
        doubt = f" (look twice: {', '.join(other.warnings)})" if other.warnings else ""
        where = f"; {difference(other.difference)}" if other.difference is not None else ""
        yield f"- another patch that passes: {_text(f'{other.rationale}{doubt}{where}')}"


def _unfixed(task: TaskReport) -> Iterator[str]:
    yield f"## Not fixed: {_code(one_line(task.cause, 200))}"
    yield ""
    if task.why_not:
        yield _text(task.why_not)
        yield ""
    for nodeid in task.nodeids:
        yield f"- fails: {_code(nodeid)}"
    for suspect in task.suspects[:3]:
        yield f"- suspicious: {_code(f'{suspect.path}:{suspect.line}')} ({suspect.score:.2f})"
    for miss in task.near_misses[:_SHOWN_MISSES]:
        yield f"- nearest miss: {_code(miss.where)} {_code(miss.summary)} {_text(miss.verdict)}"
    for other in task.alternatives:
        yield f"- passes, not proven: {_text(other.rationale)}"


def _text(text: str) -> str:
    """Return foreign text on one line with Markdown's and HTML's special characters taken literally."""
    flat = " ".join(harmless(text).split())
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", flat)


def _code(text: str) -> str:
    """Return foreign text as a code span, whatever backticks it holds."""
    flat = " ".join(harmless(text).split())
    fence = "`" * (_longest_run(flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def _fenced(text: str, language: str) -> Iterator[str]:
    fence = "`" * max(3, _longest_run(text) + 1)
    yield fence + language
    yield harmless(text).rstrip("\n")
    yield fence


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
