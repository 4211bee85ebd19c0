"""One cause: its failures, its patch with the proof, or why there is none and how far the search came."""

from __future__ import annotations

from pytest_codemode.core.report import RunReport, TaskReport
from pytest_codemode.report.page import failures, heat, proof, searched, sidebyside, states
from pytest_codemode.report.page.markup import Html, code, count, join, prose, shortened, tag
from pytest_codemode.report.terminal import duration

_FEW = 3
"""Causes of a report up to which the pictures of repaired ones are unfolded too."""


def render(task: TaskReport, number: int, report: RunReport) -> Html:
    """Return everything about one cause.

    Args:
        task: the cause.
        number: its place in the report, from 1.
        report: which it is part of.
    """
    open_ = not task.fixed or len(report.tasks) <= _FEW
    return _article(
        task,
        number,
        _part("The failure", failures.render(task)),
        _patch(task),
        _part("Patches that pass", proof.alternatives(task)) if not task.fixed else None,
        _part("Nearest misses", proof.misses(task)) if not task.fixed else None,
        _folded("Suspicious lines", heat.render(task), open_=open_),
        _folded("The search", searched.render(task.tried, number, task.excerpts), open_=open_),
        None if task.tried else tag("p", "The record does not say which candidates were tried.", class_="rest"),
    )


def brief(task: TaskReport, number: int) -> Html:
    """Return what a page that is large already says of a cause."""
    return _article(task, number, tag("p", "Left out to keep this page small; the JSON report has it.", class_="rest"))


def _article(task: TaskReport, number: int, *parts: Html | None) -> Html:
    name = f"cause-{number}"
    title = join(states.badge(states.of_task(task)), f" Cause {number}: ", code(shortened(task.cause, 300)))
    heading = tag("h3", title, id=f"{name}-title")
    return tag(
        "article", heading, _meta(task), *_words(task), *parts, class_="cause", id=name, aria_labelledby=f"{name}-title"
    )


def _meta(task: TaskReport) -> Html:
    facts = [count(len(task.nodeids), "failing test"), count(task.candidates, "candidate"), duration(task.duration_s)]
    origin = " ".join(part for part in (task.proposer, task.template) if part)
    if origin:
        facts.insert(0, f"patch by {shortened(origin, 80)}")
    if task.overfit:
        facts.append(f"{count(task.overfit, 'patch', 'es')} rejected for learning the cases")
    return tag("p", " \u00b7 ".join(facts), class_="meta")


def _words(task: TaskReport) -> tuple[Html, ...]:
    why = tag("p", tag("strong", "Why not: "), prose(task.why_not), class_="why") if task.why_not else Html()
    return (tag("p", prose(task.rationale), class_="prose") if task.rationale else Html()), why


def _patch(task: TaskReport) -> Html:
    if not task.diff:
        return Html()
    shown = _part("The patch", sidebyside.render(task.diff))
    return join(shown, _part("The proof", proof.render(task)) if task.fixed else None)


def _part(title: str, content: Html) -> Html:
    return join(tag("h4", title), content) if content else Html()


def _folded(title: str, content: Html, *, open_: bool) -> Html:
    if not content:
        return Html()
    return tag("details", tag("summary", tag("h4", title)), content, open=open_, class_="part")
