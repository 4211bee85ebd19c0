"""What tests were written, as parts of the Markdown report: pure rendering."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_codemode.core.written import CoverageOf, CoverReport, PossibleBug, Untested, WrittenTest
from pytest_codemode.report.escapes import block, cell, code, text
from pytest_codemode.report.phrases import clipped, count
from pytest_codemode.report.writer import one_line
from pytest_codemode.report.written import facts, left, outcome, rows, takes

_MOST_FILES, _MOST_TESTS, _MOST_UNTESTED = 50, 100, 100
_CELL, _CALL, _LONG = 100, 4_000, 1_000


def head(cover: CoverReport) -> Iterator[str]:
    """Yield the table of the files, and what the tests are worth in a few words."""
    if cover.files:
        yield "| file | before | after | left |"
        yield "| --- | ---: | ---: | ---: |"
        yield from map(_row, cover.files[:_MOST_FILES])
        if len(cover.files) > _MOST_FILES:
            yield f"| and {len(cover.files) - _MOST_FILES:,} more | | | |"
        yield ""
    for label, said in facts(cover):
        yield f"- {label}: {text(said)}"


def _row(file: CoverageOf) -> str:
    path = cell(one_line(file.path, _CELL))
    return f"| {path} | {file.before:.1f}% | {file.after:.1f}% | {file.missing_after:,} |"


def sections(cover: CoverReport) -> Iterator[Iterator[str]]:
    """Yield the lines of each section: every possible bug, the tests of every file, what is left."""
    yield from map(_bug, cover.bugs)
    for path in dict.fromkeys(test.path for test in cover.tests):
        yield _tests(path, [test for test in cover.tests if test.path == path])
    if cover.untested:
        yield _untested(cover.untested)


def _bug(bug: PossibleBug) -> Iterator[str]:
    yield f"## Possible bug: {code(one_line(bug.function, _CELL))} in {code(f'{bug.path}:{bug.line}')}"
    yield ""
    yield from block(clipped(bug.call, _CALL), "python")
    yield ""
    yield f"- {_told(outcome(bug))}"
    yield f"- expected: {_told(bug.expected)}"


def _told(foreign: str) -> str:
    return text(one_line(foreign, _LONG))


def _tests(path: str, tests: Sequence[WrittenTest]) -> Iterator[str]:
    yield f"## {count(len(tests), 'test')} in {code(path)}"
    yield ""
    for test in tests[:_MOST_TESTS]:
        of = code(one_line(test.function, _CELL))
        yield f"- {code(one_line(test.name, _CELL))}{rows(test)} of {of}: {takes(test)}"
    if len(tests) > _MOST_TESTS:
        yield f"- and {count(len(tests) - _MOST_TESTS, 'more test')}"


def _untested(untested: Sequence[Untested]) -> Iterator[str]:
    yield "## Not covered"
    yield ""
    for one in untested[:_MOST_UNTESTED]:
        nearest = f"; nearest: {code(one_line(one.nearest, 200))}" if one.nearest else ""
        where = code(f"{one.path}:{one.line}")
        yield f"- {where} {code(one_line(one.function, _CELL))}: {_told(left(one))}{nearest}"
    if len(untested) > _MOST_UNTESTED:
        yield f"- and {count(len(untested) - _MOST_UNTESTED, 'more function')}"
