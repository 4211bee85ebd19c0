"""The top of the page: what came of the run, at what cost, how well it was fenced in, and what to do next."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterator
from dataclasses import fields

from pytest_codemode.core.budget import SPENT, StopReason
from pytest_codemode.core.model import Usage
from pytest_codemode.core.outcome import Capabilities, SandboxInfo
from pytest_codemode.core.report import RunReport
from pytest_codemode.report import written
from pytest_codemode.report.live import sandbox_level
from pytest_codemode.report.page import states
from pytest_codemode.report.page import written as page_written
from pytest_codemode.report.page.markup import (
    Html,
    code,
    folded,
    items,
    join,
    left_out,
    shortened,
    table,
    tag,
)
from pytest_codemode.report.phrases import capitalised, clipped, count
from pytest_codemode.report.terminal import cost, counts, duration

_MOST_NOTICES, _MOST_FILES, _MOST_CAUSES = 40, 60, 400
_TEXT = 1_000
_SPENT = frozenset(reason.value for reason in SPENT)


def headline(report: RunReport) -> str:
    """Return what came of the run in one line."""
    if report.cover is not None:
        told = (
            f"{capitalised(written.headline(report.cover, kept=not report.written))}, in {duration(report.cost.time_s)}"
        )
        return f"{told}, nothing written" if report.cover.tests and not report.written else told
    fixed, failing = counts(report)
    text = f"Fixed {fixed:,} of {count(failing, 'failing test')}" if failing else "Nothing was fixed"
    text += f" in {duration(report.cost.time_s)}"
    return f"{text}, nothing written" if fixed and not report.written else text


def unprotected(report: RunReport) -> Html:
    """Return the alarm of a run whose patched code nothing fenced in; nothing for every other run."""
    if report.sandbox is None or report.sandbox.level != "none":
        return Html()
    text = " The sandbox level was none: the patched code ran with the rights of the user who started the run."
    return tag("p", tag("strong", "UNPROTECTED."), text, class_="alarm")


def render(report: RunReport) -> Html:
    """Return state, facts, notices and commands."""
    facts = (part for name, value in _facts(report) for part in (tag("dt", name), tag("dd", value)))
    kind = "alarm" if report.error else "stop"
    stop = tag("p", tag("strong", "Error: " if report.error else "Stopped: "), clipped(report.stop, _TEXT), class_=kind)
    what = tag("div", tag("dl", *facts, class_="facts"))
    return join(_tally(report), stop, _notices(report), tag("div", what, _next(report), class_="halves"))


def _tally(report: RunReport) -> Html:
    numbers = states.tests(report)
    if not numbers:
        return Html()
    total, left = sum(numbers.values()), 0
    bars, entries = [], []
    for state, number in numbers.items():
        bars.append(tag("rect", x=left, y=0, width=number, height=1, class_=f"fill-{states.kind(state)}"))
        entries.append(tag("li", states.badge(state), " ", count(number, "test")))
        left += number
    size = {"viewBox": f"0 0 {total} 1", "preserveAspectRatio": "none"}
    picture = tag("svg", *bars, class_="tally", aria_hidden="true", **size)
    return join(picture, tag("ul", *entries, class_="legend"))


def _facts(report: RunReport) -> Iterator[tuple[str, str]]:
    if report.green:
        yield "Tree", "The selection passes as the tree is on disk now."
    if report.guards:
        yield "Guards", clipped(report.guards, _TEXT)
    if report.cover is not None:
        yield from page_written.facts(report.cover)
    if report.sandbox is not None:
        yield "Sandbox", _sandbox(report.sandbox)
    yield "Cost", _cost(report)
    if report.started:
        yield "Started", _moment(report.started)
    if report.run_id:
        yield "Run", code(report.run_id, 100)
    if report.written:
        names = join(*(code(path, 200) for path in report.written[:_MOST_FILES]), by=", ")
        yield "Written", join(names, left_out(len(report.written) - _MOST_FILES, "file"))
    elif report.diff_path:
        yield "Patch kept" if report.cover is None else "Tests kept", code(report.diff_path, 400)


def _moment(text: str) -> str:
    """Return an ISO moment as people read it; what is none as it stands."""
    try:
        return datetime.datetime.fromisoformat(text).isoformat(" ", "seconds")
    except ValueError:
        return shortened(text, 60)


def _cost(report: RunReport) -> Html:
    spent = report.cost
    notes = []
    if spent.assumed_usd:
        notes.append(f"${spent.assumed_usd:.4f} of it is the worst case of requests whose use nobody has told.")
    if spent.unpriced_tokens:
        notes.append(f"{spent.unpriced_tokens:,} tokens are of models whose price nobody knows.")
    used = cost(spent, "candidate" if report.cover is None else "call")
    if not spent.tokens:
        return join(used, items(notes))
    rows = ((field.name.replace("_", " "), f"{getattr(spent.usage, field.name):,}") for field in fields(Usage))
    listing = table("Tokens by kind", ("Kind", "Tokens"), rows, numeric=frozenset({1}))
    return join(used, items(notes), folded("Tokens by kind", listing))


def _sandbox(info: SandboxInfo) -> Html:
    rows = (
        (field.name.replace("_", " "), "\u2713 yes" if getattr(info.capabilities, field.name) else "\u2717 no")
        for field in fields(Capabilities)
    )
    listing = table(
        "What the sandbox enforced, shown by a canary each", ("Protection", "In force"), rows, numeric=frozenset()
    )
    python = f", Python {shortened(info.python, 40)}" if info.python else ""
    notes = items(clipped(note, _TEXT) for note in info.notes[:_MOST_NOTICES])
    return join(f"{sandbox_level(info)}{python}", notes, folded("Protections", listing))


def _notices(report: RunReport) -> Html:
    notes = items((clipped(one, _TEXT) for one in report.notices[:_MOST_NOTICES]), class_="notices")
    return join(notes, left_out(len(report.notices) - _MOST_NOTICES, "notice"))


def _next(report: RunReport) -> Html:
    """Return the commands that apply, take back or go on with this run, as the terminal's report names them."""
    commands = [join(tag("dt", name), tag("dd", code(text, 500))) for name, text in _commands(report)]
    return tag("div", tag("h3", "What to do next"), tag("dl", *commands, class_="facts")) if commands else Html()


def _commands(report: RunReport) -> Iterator[tuple[str, str]]:
    # Quoted, for they are copied into a shell, and a record may come with a checkout.
    run, kept = shlex.quote(report.run_id) if report.run_id else "", bool(report.diff and report.diff_path)
    if report.written:
        yield "Take it back", f"codemode runs revert {run}"
    elif kept and report.stop != StopReason.INTERRUPTED.value:
        yield "Apply it", f"codemode runs apply {run}"
        yield "Or with git", f"git apply {shlex.quote(report.diff_path)}"
    unfinished = report.stop in _SPENT or report.stop == StopReason.INTERRUPTED.value
    if run and unfinished and not report.written and report.cover is None:
        more = " --budget SPEC" if report.stop in _SPENT else ""
        yield "Go on", f"codemode runs resume {run}{more}"
    if run and (report.tasks or report.cover is not None):
        yield "In the terminal", f"codemode runs show {run}"


def causes(report: RunReport) -> Html:
    """Return the table of all causes and of the tests that never became one."""
    rows = [_cause(report, at) for at in range(len(report.tasks[:_MOST_CAUSES]))]
    if not rows:
        return tag("p", "No failing test became a cause to repair.", class_="rest")
    heads = ("Cause", "State", "Failure", "Tests", "Patch by", "Candidates", "Time")
    listing = table("Causes of the failing tests", heads, rows, numeric=frozenset({0, 3, 5, 6}))
    return join(listing, left_out(len(report.tasks) - _MOST_CAUSES, "cause"))


def _cause(report: RunReport, at: int) -> tuple[str, ...]:
    task = report.tasks[at]
    return (
        str(at + 1),
        states.badge(states.of_task(task)),
        tag("a", code(shortened(task.cause, 110)), href=f"#cause-{at + 1}"),
        f"{len(task.nodeids):,}",
        shortened(" ".join(part for part in (task.proposer, task.template) if part), 60) or "\u2013",
        f"{task.candidates:,}",
        duration(task.duration_s),
    )
