"""The report of a finished run for a terminal: pure rendering, readable at 60 columns."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import PurePosixPath

from pytest_codemode.core.budget import SPENT, StopReason
from pytest_codemode.core.report import Behaviour, Cost, Difference, RunReport, TaskReport, Unrepaired
from pytest_codemode.core.written import CoverReport
from pytest_codemode.report import written
from pytest_codemode.report.live import sandbox_level
from pytest_codemode.report.phrases import count
from pytest_codemode.report.writer import Writer, harmless, one_line, paragraph

_SHOWN_SUSPECTS = 3
_SHOWN_MISSES = 3
_SHOWN_ALTERNATIVES = 3
_SHOWN_TESTS = 8
_EDGES = 4
"""Columns that a rule needs around its text."""
_SPENT = frozenset(reason.value for reason in SPENT)
_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def render(report: RunReport, writer: Writer, *, root: str = ".", resumable: bool = True) -> None:
    """Write `report`: each cause, what never became one, and the sum.

    Args:
        report: of the finished run.
        writer: where to.
        root: path of the rootdir as seen from where the user is.
        resumable: whether the run has kept what it takes to go on with it.
    """
    writer.sep("=", "codemode report", bold=True)
    if report.cover is not None:
        written.render(report.cover, writer)
    for task in report.tasks:
        _fixed(task, writer) if task.fixed else _unfixed(task, writer)
        writer.line()
    for test in report.unrepaired:
        _unrepaired(test, writer)
    if report.unrepaired:
        writer.line()
    _summary(report, writer, _facts(report, root, resumable=resumable))
    fixed = report.tasks and all(task.fixed for task in report.tasks) and not report.unrepaired
    green = report.green or bool(fixed) or bool(report.cover and not report.error)
    writer.sep("=", _headline(report, writer.fullwidth - _EDGES), bold=True, **{"green" if green else "red": True})


def _fixed(task: TaskReport, writer: Writer) -> None:
    _title("FIXED", task.cause, writer, green=True)
    origin = " ".join(part for part in (task.proposer, task.template) if part)
    if task.rationale or origin:
        by = f" ({origin})" if task.rationale and origin else origin
        paragraph(writer, f"{task.rationale}{by}", indent="  ")
    diff(task.diff, writer)
    _tests("turned green", task.turned_green, writer)
    if task.checked:
        paragraph(writer, f"{count(task.checked, 'test')} that passed before still pass", indent="  ")
    if task.warnings:
        paragraph(writer, f"look twice: {', '.join(task.warnings)}", indent="  ", yellow=True)
    _alternatives(task, writer)
    _effort(task, writer)


def _alternatives(task: TaskReport, writer: Writer) -> None:
    if task.behaviour is not None:
        paragraph(writer, behaviour(task.behaviour), indent="  ")
    if task.held_out:
        paragraph(writer, held_back(task), indent="  ")
    if task.alternatives:
        number = max(task.passing - 1, len(task.alternatives))
        passes = "other patch that passes" if number == 1 else "other patches that pass"
        what = f"{number:,} {passes}, ranked behind this one:"
        paragraph(writer, what, indent="  ")
    _listed(task, writer, max(task.passing - 1, len(task.alternatives)))


def _listed(task: TaskReport, writer: Writer, number: int) -> None:
    for other in task.alternatives[:_SHOWN_ALTERNATIVES]:
        doubt = f" (look twice: {', '.join(other.warnings)})" if other.warnings else ""
        changed = " / ".join(line[1:].strip() for line in other.diff.splitlines() if _is_added(line))
        paragraph(writer, f"{other.rationale or changed}{doubt}", indent="      ", first="    - ")
        if other.difference is not None:
            paragraph(writer, difference(other.difference), indent="      ")
    _rest(number - _SHOWN_ALTERNATIVES, writer)


def behaviour(seen: Behaviour) -> str:
    """Return what a patch changes that no test looks at, in a sentence."""
    if not seen.observed and not seen.near and not seen.raising:
        return "no call of a passing test could be compared"
    text = (
        f"changes {seen.changed} of {count(seen.observed, 'observed call')} of passing tests, "
        f"{seen.near_changed} of {count(seen.near, 'input')} near them"
    )
    if not seen.raising:
        return text
    return f"{text}, and makes {count(seen.raising, 'call')} raise that did not before"


def held_back(task: TaskReport) -> str:
    """Return how the patch was judged on cases that the search was not shown, in a sentence."""
    text = f"passes {count(len(task.held_out), 'case')} held back from the search"
    return f"{text}, which {count(task.overfit, 'other patch', 'es')} did not" if task.overfit else text


def difference(seen: Difference) -> str:
    """Return where another patch differs, in a sentence."""
    if not seen.count:
        return f"differs on none of {count(seen.of, 'input')}"
    where = f"differs on {seen.count:,} of {count(seen.of, 'input')}"
    return where if not seen.call else f"{where}, as {seen.call}: here {seen.chosen}, there {seen.other}"


def _is_added(line: str) -> bool:
    return line.startswith("+") and not line.startswith("+++ ")


def _unfixed(task: TaskReport, writer: Writer) -> None:
    _title("NOT FIXED", task.cause, writer, red=True)
    _tests("fails", task.nodeids, writer)
    if task.why_not:
        paragraph(writer, f"why: {task.why_not}", indent="  ")
    if task.suspects:
        paragraph(writer, "most suspicious lines:", indent="  ")
    for suspect in task.suspects[:_SHOWN_SUSPECTS]:
        why = f" {suspect.why}" if suspect.why else ""
        paragraph(writer, f"{suspect.path}:{suspect.line} ({suspect.score:.2f}){why}", indent="    ")
    if task.near_misses:
        paragraph(writer, "nearest misses:", indent="  ")
    for miss in task.near_misses[:_SHOWN_MISSES]:
        reason = f": {one_line(miss.reason, 200)}" if miss.reason else ""
        paragraph(writer, f"{miss.where} {miss.summary}: {miss.verdict}{reason}", indent="      ", first="    ")
    if task.alternatives:
        paragraph(writer, "patches that pass and are not proven:", indent="  ")
    _listed(task, writer, len(task.alternatives))
    _effort(task, writer)


def _unrepaired(test: Unrepaired, writer: Writer) -> None:
    _title(test.kind.upper(), test.nodeid, writer, yellow=True)
    if test.detail:
        paragraph(writer, test.detail, indent="  ")


def _title(kind: str, text: str, writer: Writer, **markup: bool) -> None:
    writer.write(kind, bold=True, **markup)
    writer.line(" " + one_line(text, max(writer.fullwidth - len(kind) - 2, 40)))


def diff(text: str, writer: Writer) -> None:
    """Write a unified diff, indented and coloured; its lines are never cut or wrapped."""
    for line in harmless(text).splitlines():
        header = line.startswith(("+++ ", "--- ", "diff "))
        colour = "bold" if header else _DIFF_COLOURS.get(line[:1])
        writer.line(f"    {line}".rstrip(), **({colour: True} if colour else {}))


def _tests(label: str, nodeids: Iterable[str], writer: Writer) -> None:
    ids = list(nodeids)
    if len(ids) == 1:
        paragraph(writer, f"{label}: {ids[0]}", indent="  ")
    elif ids:
        paragraph(writer, f"{label}: {count(len(ids), 'test')}", indent="  ")
        for nodeid in ids[:_SHOWN_TESTS]:
            paragraph(writer, nodeid, indent="    ")
        _rest(len(ids) - _SHOWN_TESTS, writer)


def _rest(count: int, writer: Writer) -> None:
    if count > 0:
        paragraph(writer, f"and {count} more", indent="    ")


def _effort(task: TaskReport, writer: Writer) -> None:
    paragraph(writer, f"took {duration(task.duration_s)}, {count(task.candidates, 'candidate')}", indent="  ")


def _summary(report: RunReport, writer: Writer, facts: Iterable[tuple[str, str]]) -> None:
    for notice in report.notices:
        paragraph(writer, f"note: {notice}", yellow=True)
    for label, text in facts:
        paragraph(writer, text, first=f"{label + ':':<9}", indent=" " * 9, red=label == "error")


def _facts(report: RunReport, root: str, *, resumable: bool) -> Iterable[tuple[str, str]]:
    yield ("error" if report.error else "stopped"), report.stop
    if report.cover is not None:
        yield from written.facts(report.cover)
    if report.guards:
        yield "guards", report.guards
    if report.sandbox is not None:
        yield "sandbox", sandbox_level(report.sandbox)
    yield "cost", cost(report.cost, "call" if report.cover is not None else "candidate")
    there, runs = "", "codemode runs"
    if root != ".":
        # The diff's paths are relative to the rootdir, and the runs are kept there.
        there, runs = f" -C {shlex.quote(root)}", f"codemode runs --rootdir {shlex.quote(root)}"
    resumable = resumable and bool(report.run_id) and report.cover is None
    if report.diff_path:
        yield "diff", str(PurePosixPath(root, report.diff_path))
    if report.written:
        yield "written", ", ".join(report.written)
        yield "revert", f"{runs} revert {report.run_id}"
    elif report.stop == StopReason.INTERRUPTED.value and resumable:
        yield "resume", f"{runs} resume {report.run_id}"
    elif report.diff and report.diff_path:
        yield "apply", f"git{there} apply {report.diff_path} or {runs} apply {report.run_id}"
    elif report.stop in _SPENT and resumable:
        yield "resume", f"{runs} resume {report.run_id} --budget SPEC"


def cost(spent: Cost, unit: str = "candidate") -> str:
    """Return what a run used, as `48 s, 9,120 candidates, no model`; dollars to the cent, upper bounds as such."""
    model = "no model"
    if spent.tokens or spent.usd:
        bound = "up to " if spent.assumed_usd else ""
        cached = f", {spent.usage.cached_share:.0%} from cache" if spent.usage.cached_share else ""
        usage = f"{count(spent.requests, 'request')}, {spent.tokens:,} tokens{cached}"
        price = "price unknown" if spent.unpriced_tokens else f"{bound}${spent.usd:.2f}"
        model = f"{price} ({usage})"
    return f"{duration(spent.time_s)}, {count(spent.candidates, unit)}, {model}"


def duration(seconds: float) -> str:
    """Return a duration as people say it: `0.4 s`, `48 s`, `3 min 5 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def counts(report: RunReport) -> tuple[int, int]:
    """Return how many failing tests have a proven patch, and how many there were."""
    fixed = {nodeid for task in report.tasks if task.fixed for nodeid in task.nodeids}
    failing = {nodeid for task in report.tasks for nodeid in task.nodeids} | {test.nodeid for test in report.unrepaired}
    unfixed = {nodeid for task in report.tasks if not task.fixed for nodeid in task.nodeids}
    return len(fixed - unfixed), len(failing)


def _cover_headline(report: RunReport, cover: CoverReport, width: int) -> str:
    """Return what came of it in as many words as fit; that tests are "proven" says that none is written."""
    brief = written.headline(cover, kept=not report.written)
    took = duration(report.cost.time_s)
    rest = ", nothing written" if cover.tests and not report.written else ""
    bare = brief.replace(" covered", "")
    forms = (f"{brief}, in {took}{rest}", f"{brief}{rest}", f"{bare}, {took}", bare)
    return next((one for one in forms if len(one) <= width), bare)


def _headline(report: RunReport, width: int) -> str:
    if report.cover is not None:
        return _cover_headline(report, report.cover, width)
    fixed, failing = counts(report)
    text = f"fixed {fixed} of {count(failing, 'failing test')}" if failing else "nothing was fixed"
    text += f" in {duration(report.cost.time_s)}"
    if fixed and not report.written:
        text += ", nothing written"
    if report.sandbox is not None and report.sandbox.level == "none":
        text += ", UNPROTECTED"
    return text
