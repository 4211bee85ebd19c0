"""A run that wrote tests: the tests and what they hold, possible bugs, what is left and why, coverage by file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_codemode.core.report import RunReport
from pytest_codemode.core.written import CoverageOf, CoverReport, PossibleBug, Untested, WrittenTest
from pytest_codemode.report import written
from pytest_codemode.report.page import sidebyside
from pytest_codemode.report.page.coverage import ranges
from pytest_codemode.report.page.markup import (
    Html,
    Value,
    code,
    folded,
    join,
    left_out,
    prose,
    shortened,
    table,
    tag,
)
from pytest_codemode.report.phrases import capitalised, clipped, count

Section = tuple[str, str, Html]
"""Its name in addresses, its title, and what it holds."""

_MOST_TESTS, _MOST_BUGS, _MOST_UNTESTED, _MOST_FILES = 800, 100, 500, 200
_CALL, _TEXT, _NAME = 2_000, 1_000, 160
_WIDTH, _HEIGHT = 200, 10


def sections(report: RunReport, cover: CoverReport) -> Iterator[Section]:
    """Yield the sections of such a run, those that hold nothing too."""
    yield "bugs", "Possible bugs", _bugs(cover.bugs)
    yield "tests", "Tests", _tests(cover.tests, report.diff)
    yield "left", "Not covered", _untested(cover.untested)
    yield "coverage", "Coverage before and after", _coverage(cover.files)


def facts(cover: CoverReport) -> Iterator[tuple[str, str]]:
    """Yield what goes to the top of the page: name, text."""
    for name, text in written.facts(cover):
        yield capitalised(name), clipped(text, _TEXT)


def _bugs(bugs: Sequence[PossibleBug]) -> Html:
    if not bugs:
        return Html()
    lead = tag("p", "No test asserts what these calls do. Each is for you to judge.", class_="rest")
    shown = (_bug(bug, number) for number, bug in enumerate(bugs[:_MOST_BUGS], start=1))
    return join(lead, *shown, left_out(len(bugs) - _MOST_BUGS, "possible bug"))


def _bug(bug: PossibleBug, number: int) -> Html:
    name = f"bug-{number}"
    badge = tag("span", "! possible bug", class_="state doubt")
    title = tag("h3", badge, f" {number}: ", code(bug.function, _NAME), id=f"{name}-title")
    call = tag(
        "pre", clipped(bug.call, _CALL), class_="raw", tabindex=0, role="group", aria_label="A call that shows it"
    )
    outcome, expected = clipped(capitalised(written.outcome(bug)), _TEXT), clipped(bug.expected, _TEXT)
    told = ("Outcome", outcome), ("Expected", expected), ("Where", code(f"{bug.path}:{bug.line}", _NAME))
    listing = tag("dl", *(part for term, text in told for part in (tag("dt", term), tag("dd", text))), class_="facts")
    return tag("article", title, call, listing, class_="cause", id=name, aria_labelledby=f"{name}-title")


def _tests(tests: Sequence[WrittenTest], diff: str) -> Html:
    if not tests:
        return tag("p", "No test was written.", class_="rest")
    shown = tests[:_MOST_TESTS]
    heads = ("Test", "Cases", "Of", "Covers", "Mutants", "Inputs from")
    listings = []
    for path in dict.fromkeys(test.path for test in shown):
        rows = (_test(test) for test in shown if test.path == path)
        caption = f"Tests in {shortened(path, _NAME)}"
        listings += [tag("h3", code(path, _NAME)), table(caption, heads, rows, numeric=frozenset({1, 4}))]
    source = folded("The tests as a diff", sidebyside.render(diff)) if diff else Html()
    return join(*listings, left_out(len(tests) - len(shown), "test"), source)


def _test(test: WrittenTest) -> tuple[str, ...]:
    return (
        code(test.name, _NAME),
        f"{test.cases:,}",
        code(test.function.rpartition("::")[2], _NAME),
        _ways(test.lines, test.branches) or "an example of the documentation",
        f"{test.killed:,}",
        ", ".join(test.origins[:10]),
    )


def _ways(lines: Sequence[int], branches: int) -> Html:
    found = join("line " if len(lines) == 1 else "lines ", code(ranges(lines))) if lines else Html()
    return join(found, count(branches, "branch", "es") if branches else None, by=", ")


def _untested(untested: Sequence[Untested]) -> Html:
    if not untested:
        return Html()
    heads = ("Function", "Where", "Without a test", "Why", "The call that came nearest")
    rows = (_gap(one) for one in untested[:_MOST_UNTESTED])
    listing = table("What no test covers", heads, rows, numeric=frozenset())
    return join(listing, left_out(len(untested) - _MOST_UNTESTED, "function"))


def _gap(one: Untested) -> tuple[str, ...]:
    return (
        code(one.function, _NAME),
        code(f"{one.path}:{one.line}", _NAME),
        _ways(one.missing, one.branches),
        prose(one.reason, _TEXT),
        code(one.nearest, 300) if one.nearest else "\u2013",
    )


def _coverage(files: Sequence[CoverageOf]) -> Html:
    if not files:
        return Html()
    heads = ("File", "Before", "After", "Before over after", "Statements", "Branches", "Left")
    rows = map(_file, files[:_MOST_FILES])
    listing = table("Statements and branches that the tests execute", heads, rows, numeric=frozenset({1, 2, 4, 5, 6}))
    return join(listing, left_out(len(files) - _MOST_FILES, "file"))


def _file(file: CoverageOf) -> tuple[str, ...]:
    return (
        code(file.path, _NAME),
        f"{file.before:.1f}%",
        f"{file.after:.1f}%",
        _bars(file),
        f"{file.statements:,}",
        f"{file.branches:,}",
        f"{file.missing_after:,}",
    )


def _bars(file: CoverageOf) -> Html:
    parts = []
    for at, percent in enumerate((file.before, file.after)):
        top, share = (_HEIGHT + 3) * at, min(max(percent, 0.0), 100.0) / 100
        parts.append(tag("rect", x=0, y=top, width=_WIDTH, height=_HEIGHT, class_="empty"))
        parts.append(tag("rect", x=0, y=top, width=_WIDTH * share, height=_HEIGHT, class_="executed"))
    height = 2 * _HEIGHT + 3
    size: dict[str, Value] = {"width": _WIDTH, "height": height, "viewBox": f"0 0 {_WIDTH} {height}"}
    label = f"{shortened(file.path, 80)}: before {file.before:.1f}%, after {file.after:.1f}%"
    return tag("svg", *parts, class_="strip", role="img", aria_label=label, **size)
