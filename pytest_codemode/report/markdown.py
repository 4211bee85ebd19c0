"""The report of a run as Markdown, for a pull request or a job summary: pure rendering, never too long for either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from pytest_codemode.core.report import FileCoverage, LineCoverage, RunReport, TaskReport, Unrepaired
from pytest_codemode.report import markdown_written, written
from pytest_codemode.report.escapes import block, cell, code, text
from pytest_codemode.report.live import sandbox_level
from pytest_codemode.report.phrases import count
from pytest_codemode.report.terminal import behaviour, cost, counts, difference, duration, held_back
from pytest_codemode.report.writer import one_line

MAX_BYTES = 900_000
"""GitHub refuses the summary of a step above 1 MiB, all that the step has to say taken together."""
_MOST_ROWS, _MOST_TESTS, _MOST_MISSES, _MOST_SUSPECTS = 50, 20, 3, 3
_MOST_DIFF_LINES, _MOST_DIFF_CHARS = 400, 40_000
_CAUSE, _CELL = 200, 100


def render(report: RunReport) -> str:
    """Return `report` as Markdown; what there is no room for is said to be left out."""
    sections = [_joined(lines) for lines in _written(report)]
    sections += [_joined(_section(task, report)) for task in report.tasks]
    sections += [_joined(_unrepaired(test)) for test in report.unrepaired]
    parts = [_joined(_head(report))]
    room = MAX_BYTES - _size(parts[0]) - 1_000
    left_out = 0
    for section in sections:
        fits = _size(section) <= room
        room -= _size(section) if fits else 0
        left_out += not fits
        parts += [section] if fits else []
    if left_out:
        parts.append(
            f"{left_out:,} of {len(sections):,} sections are left out: a summary on GitHub holds no more than 1 MiB. "
            "The report as JSON has all of them.\n"
        )
    return "\n".join(parts)


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _size(part: str) -> int:
    return len(part.encode("utf-8", "backslashreplace")) + 1


def _head(report: RunReport) -> Iterator[str]:
    yield f"# codemode: {_headline(report)}"
    yield ""
    yield from _table(report)
    if report.cover is not None:
        yield from markdown_written.head(report.cover)
    yield f"- {'error' if report.error else 'stopped'}: {text(report.stop)}"
    if report.guards:
        yield f"- guards: {text(report.guards)}"
    if report.sandbox is not None:
        yield f"- sandbox: {text(sandbox_level(report.sandbox))}"
    yield f"- cost: {text(cost(report.cost, 'candidate' if report.cover is None else 'call'))}"
    if report.written:
        yield f"- written: {_codes(report.written)}"
    elif report.diff and report.diff_path:
        yield f"- {'patch' if report.cover is None else 'tests'}, not written to the tree: {code(report.diff_path)}"
    for file in report.coverage[:_MOST_TESTS]:
        yield f"- coverage of {code(file.path)} by {count(file.tests, 'test')}: {_coverage(file)}"
    for notice in report.notices[:_MOST_TESTS]:
        yield f"- note: {text(notice)}"
    yield from _rest(len(report.notices) - _MOST_TESTS, "note")


def _headline(report: RunReport) -> str:
    if report.cover is not None:
        told = written.headline(report.cover, kept=not report.written)
        return f"{told}, nothing written" if report.cover.tests and not report.written else told
    fixed, failing = counts(report)
    return f"fixed {fixed} of {failing} failing tests" if failing else "nothing was fixed"


def _written(report: RunReport) -> Iterator[Iterator[str]]:
    """Yield the sections of a run that wrote tests, the tests as a diff last."""
    if report.cover is None:
        return
    yield from markdown_written.sections(report.cover)
    if report.diff:
        yield chain(("## The tests", ""), _diff(report.diff, report.diff_path))


def _table(report: RunReport) -> Iterator[str]:
    rows = [*map(_row, report.tasks), *((test.nodeid, 1, test.kind, test.detail) for test in report.unrepaired)]
    if not rows:
        return
    yield "| cause | tests | result | how, or why not |"
    yield "| --- | ---: | --- | --- |"
    for cause, tests, result, why in rows[:_MOST_ROWS]:
        yield f"| {cell(one_line(cause, _CELL))} | {tests} | {result} | {text(one_line(why, _CELL))} |"
    if len(rows) > _MOST_ROWS:
        yield f"| and {len(rows) - _MOST_ROWS:,} more | | | |"
    yield ""


def _row(task: TaskReport) -> tuple[str, int, str, str]:
    result, why = ("fixed", task.rationale) if task.fixed else ("not fixed", task.why_not)
    return task.cause, len(task.nodeids), result, why


def _coverage(file: FileCoverage) -> str:
    before = "new file" if file.before is None else f"{_share(file.before)} before"
    return f"{before}, {_share(file.after)} now"


def _share(lines: LineCoverage) -> str:
    return f"{len(lines.executed)} of {len(lines.executed) + len(lines.missing)} lines"


def _section(task: TaskReport, report: RunReport) -> Iterator[str]:
    yield f"## {'Fixed' if task.fixed else 'Not fixed'}: {code(one_line(task.cause, _CAUSE))}"
    yield ""
    yield from _fixed(task, report) if task.fixed else _unfixed(task)
    yield f"- took {duration(task.duration_s)}, {count(task.candidates, 'candidate')}"


def _fixed(task: TaskReport, report: RunReport) -> Iterator[str]:
    if task.rationale:
        yield text(task.rationale)
        yield ""
    yield from _diff(task.diff, report.diff_path)
    yield ""
    yield from _tests("turned green", task.turned_green)
    yield f"- tests that passed before and still pass: {task.checked}"
    if task.warnings:
        yield f"- look twice: {text(', '.join(task.warnings))}"
    if task.behaviour is not None:
        yield f"- {text(behaviour(task.behaviour))}"
    if task.held_out:
        yield f"- {text(held_back(task))}"
    for other in task.alternatives:
        doubt = f" (look twice: {', '.join(other.warnings)})" if other.warnings else ""
        where = f"; {difference(other.difference)}" if other.difference is not None else ""
        yield f"- another patch that passes: {text(f'{other.rationale}{doubt}{where}')}"


def _diff(diff: str, path: str) -> Iterator[str]:
    lines = diff[:_MOST_DIFF_CHARS].split("\n")[:_MOST_DIFF_LINES]
    shown = "\n".join(lines)
    yield from block(shown, "diff")
    if len(shown) < len(diff.rstrip("\n")):
        whole = f"; {code(path)} has the rest" if path else ""
        yield ""
        yield f"The diff is cut here, after {len(shown):,} of {len(diff):,} characters{whole}."


def _unfixed(task: TaskReport) -> Iterator[str]:
    if task.why_not:
        yield text(task.why_not)
        yield ""
    yield from _tests("fails", task.nodeids)
    for suspect in task.suspects[:_MOST_SUSPECTS]:
        why = f", {text(suspect.why)}" if suspect.why else ""
        yield f"- suspicious: {code(f'{suspect.path}:{suspect.line}')} ({suspect.score:.2f}{why})"
    for miss in task.near_misses[:_MOST_MISSES]:
        reason = f": {text(one_line(miss.reason, _CAUSE))}" if miss.reason else ""
        yield f"- nearest miss: {code(miss.where)} {code(miss.summary)} {text(miss.verdict)}{reason}"
    for other in task.alternatives:
        yield f"- passes, not proven: {text(other.rationale)}"


def _tests(label: str, nodeids: tuple[str, ...]) -> Iterator[str]:
    for nodeid in nodeids[:_MOST_TESTS]:
        yield f"- {label}: {code(nodeid)}"
    yield from _rest(len(nodeids) - _MOST_TESTS, "test")


def _unrepaired(test: Unrepaired) -> Iterator[str]:
    yield f"## {test.kind.capitalize()}: {code(test.nodeid)}"
    yield ""
    yield text(test.detail)


def _rest(number: int, noun: str) -> Iterator[str]:
    if number > 0:
        yield f"- and {count(number, f'more {noun}')}"


def _codes(paths: tuple[str, ...]) -> str:
    rest = f" and {len(paths) - _MOST_TESTS:,} more" if len(paths) > _MOST_TESTS else ""
    return ", ".join(map(code, paths[:_MOST_TESTS])) + rest
