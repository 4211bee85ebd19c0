"""What tests were written, for a terminal: pure rendering, readable at 60 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_codemode.core.written import CoverageOf, CoverReport, PossibleBug, Untested, WrittenTest
from pytest_codemode.report.phrases import count
from pytest_codemode.report.writer import Writer, one_line, paragraph

_SHOWN_TESTS = 12
"""Of one file."""
_SHOWN_BUGS = 10
_SHOWN_UNTESTED = 12
_SHOWN_FILES = 12


def render(report: CoverReport, writer: Writer) -> None:
    """Write the tests, the possible bugs, what is left and why, and the coverage before and after."""
    _tests(report.tests, writer)
    _bugs(report.bugs, writer)
    _untested(report.untested, writer)
    _files(report.files, writer)


def facts(report: CoverReport) -> Iterable[tuple[str, str]]:
    """Yield the lines of the summary: label, text."""
    if report.tests:
        killed = f", which fail on {report.killed:,} of {count(report.mutants, 'mutant')}" if report.mutants else ""
        cases = sum(test.cases for test in report.tests)
        tables = f" ({count(cases, 'case')})" if cases > len(report.tests) else ""
        yield "tests", f"{count(len(report.tests), 'test')}{tables} in {count(len(_paths(report)), 'file')}{killed}"
    if report.proof:
        yield "proof", report.proof
    for reason, number in sorted((report.rejected or {}).items(), key=lambda item: -item[1])[:3]:
        yield "dropped", f"{count(number, 'test')}: {reason}"


def headline(report: CoverReport, *, kept: bool = False) -> str:
    """Return what came of it in a few words; with `kept` the tests are a patch, and in no file."""
    before, after = total(report.files, "missing_before"), total(report.files, "missing_after")
    done = "proven" if kept else "written"
    text = f"{count(len(report.tests), 'test')} {done}" if report.tests else "no test was written"
    if report.files:
        text += f", {percent(report.files, before)} -> {percent(report.files, after)} covered"
    return f"{text}, {count(len(report.bugs), 'possible bug')}" if report.bugs else text


def percent(files: Sequence[CoverageOf], missing: int) -> str:
    """Return the share of statements and branches of all files that is covered when `missing` are not."""
    everything = sum(file.statements + file.branches for file in files)
    return f"{100 * (everything - missing) / everything:.1f}%" if everything else "100%"


def total(files: Sequence[CoverageOf], field: str) -> int:
    """Return the sum of a field over all files."""
    return sum(int(getattr(file, field)) for file in files)


def _paths(report: CoverReport) -> tuple[str, ...]:
    return tuple(dict.fromkeys(test.path for test in report.tests))


def _tests(tests: Sequence[WrittenTest], writer: Writer) -> None:
    for path in dict.fromkeys(test.path for test in tests):
        own = [test for test in tests if test.path == path]
        writer.write("TESTS", bold=True, green=True)
        writer.line(" " + one_line(path, max(writer.fullwidth - 7, 40)))
        for test in own[:_SHOWN_TESTS]:
            paragraph(writer, f"{test.name}{rows(test)}: {takes(test)}", indent="    ", first="  ")
        if len(own) > _SHOWN_TESTS:
            paragraph(writer, f"and {len(own) - _SHOWN_TESTS} more", indent="  ")
        writer.line()


def rows(test: WrittenTest) -> str:
    """Return how many rows the table of a test has, as ` (3 cases)`; nothing for one without a table."""
    return f" ({count(test.cases, 'case')})" if test.cases > 1 else ""


def takes(test: WrittenTest) -> str:
    """Return what a test covers and kills, as `lines 3-5, 1 branch, 4 mutants`."""
    taken = [_lines(test.lines)] if test.lines else []
    taken += [count(test.branches, "branch", "es")] if test.branches else []
    taken += [count(test.killed, "mutant")] if test.killed else []
    return ", ".join(taken) or "an example of the documentation"


def left(one: Untested) -> str:
    """Return what no test executes of a function, and why."""
    found = [_lines(one.missing)] if one.missing else []
    found += [count(one.branches, "branch", "es")] if one.branches else []
    return f"{', '.join(found)}: {one.reason}"


def outcome(bug: PossibleBug) -> str:
    """Return what the call of a possible bug comes to."""
    return f"gives {bug.actual}" if bug.kind != "exception" else bug.actual


def _lines(lines: Sequence[int]) -> str:
    """Return as `lines 3-5, 9`."""
    groups: list[list[int]] = []
    for line in lines:
        if groups and line == groups[-1][1] + 1:
            groups[-1][1] = line
        else:
            groups.append([line, line])
    text = ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in groups[:6])
    return f"line{'s' if len(lines) > 1 else ''} {text}" + (", ..." if len(groups) > 6 else "")


def _bugs(bugs: Sequence[PossibleBug], writer: Writer) -> None:
    for bug in bugs[:_SHOWN_BUGS]:
        writer.write("POSSIBLE BUG", bold=True, yellow=True)
        writer.line(" " + one_line(f"{bug.path}:{bug.line} {bug.function}", max(writer.fullwidth - 14, 40)))
        for line in bug.call.splitlines():
            paragraph(writer, line, indent="      ", first="    ")
        paragraph(writer, outcome(bug), indent="  ")
        paragraph(writer, f"expected: {bug.expected}", indent="  ")
        writer.line()
    if len(bugs) > _SHOWN_BUGS:
        paragraph(writer, f"and {len(bugs) - _SHOWN_BUGS} more possible bugs, see a report")
        writer.line()


def _untested(untested: Sequence[Untested], writer: Writer) -> None:
    for one in untested[:_SHOWN_UNTESTED]:
        writer.write("NOT COVERED", bold=True)
        writer.line(" " + one_line(f"{one.path}:{one.line} {one.function}", max(writer.fullwidth - 13, 40)))
        paragraph(writer, left(one), indent="  ")
        if one.nearest:
            paragraph(writer, f"nearest: {one_line(one.nearest, 200)}", indent="    ")
    if len(untested) > _SHOWN_UNTESTED:
        paragraph(writer, f"and {len(untested) - _SHOWN_UNTESTED} more functions, see a report")
    if untested:
        writer.line()


def _files(files: Sequence[CoverageOf], writer: Writer) -> None:
    changed = [file for file in files if file.missing_after != file.missing_before]
    for file in (changed or list(files))[:_SHOWN_FILES]:
        text = f"{file.before:5.1f}% -> {file.after:5.1f}%  {file.path}"
        writer.line(f"  {one_line(text, max(writer.fullwidth - 3, 40))}")
    if changed:
        writer.line()
