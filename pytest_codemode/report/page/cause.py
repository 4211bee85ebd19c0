"""One cause: its failures, its patch with the proof, or why there is none and how far the search came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pytest_codemode.core.report import RunReport, TaskReport
from pytest_codemode.report.page import failures, heat, proof, searched, sidebyside, states
from pytest_codemode.report.page.markup import Html, code, join, prose, shortened, tag
from pytest_codemode.report.phrases import count
from pytest_codemode.report.terminal import duration

_FEW = 3
"""Causes of a report up to which the pictures of repaired ones are unfolded too."""
_LARGEST = 600_000
"""Characters of one cause; an ordinary one has a twentieth of it."""
_WORDS, _FEW_WORDS = 2_000, 200
"""Characters of what the patch does, and of why there is none; the second where there is no room for more."""


def render(task: TaskReport, number: int, report: RunReport, room: int) -> Html:
    """Return everything about one cause that there is room for.

    Args:
        task: the cause.
        number: its place in the report, from 1.
        report: which it is part of.
        room: characters that its parts may have together; what does not fit is named.
    """
    words = _WORDS if room > 0 else _FEW_WORDS
    return _article(task, number, words, *_fitting(_parts(task, number, report), min(room, _LARGEST)))


def _parts(task: TaskReport, number: int, report: RunReport) -> Iterator[tuple[str, Callable[[], Html]]]:
    """Yield the parts of a cause by their names, to be made where there is room."""
    open_ = not task.fixed or len(report.tasks) <= _FEW
    yield "the failure", lambda: _part("The failure", failures.render(task))
    if task.diff:
        yield "the patch", lambda: _part("The patch", sidebyside.render(task.diff))
    if task.diff and task.fixed:
        yield "the proof", lambda: _part("The proof", proof.render(task))
    if task.alternatives and not task.fixed:
        yield "patches that pass", lambda: _part("Patches that pass", proof.alternatives(task))
    if task.near_misses and not task.fixed:
        yield "nearest misses", lambda: _part("Nearest misses", proof.misses(task))
    if task.suspects:
        yield "suspicious lines", lambda: _folded("Suspicious lines", heat.render(task), open_=open_)
    yield "the search", lambda: _search(task, number, open_=open_)


def _search(task: TaskReport, number: int, *, open_: bool) -> Html:
    if not task.tried:
        return tag("p", "The record does not say which candidates were tried.", class_="rest")
    return _folded("The search", searched.render(task.tried, number, task.excerpts), open_=open_)


def _fitting(parts: Iterable[tuple[str, Callable[[], Html]]], room: int) -> Iterator[Html]:
    left: list[str] = []
    for name, make in parts:
        part = make() if room > 0 else None
        if part is None or len(part) > room:
            left.append(name)
        else:
            room -= len(part)
            yield part
    if left:
        what = f"Left out to keep this page small: {', '.join(left)}. The JSON report has more."
        yield tag("p", what, class_="rest")


def _article(task: TaskReport, number: int, words: int, *parts: Html) -> Html:
    name = f"cause-{number}"
    title = join(states.badge(states.of_task(task)), f" Cause {number}: ", code(shortened(task.cause, 300)))
    heading = tag("h3", title, id=f"{name}-title")
    told = heading, _meta(task), *_words(task, words), *parts
    return tag("article", *told, class_="cause", id=name, aria_labelledby=f"{name}-title")


def _meta(task: TaskReport) -> Html:
    facts = [count(len(task.nodeids), "failing test"), count(task.candidates, "candidate"), duration(task.duration_s)]
    origin = " ".join(part for part in (task.proposer, task.template) if part)
    if origin:
        facts.insert(0, f"patch by {shortened(origin, 80)}")
    if task.overfit:
        facts.append(f"{count(task.overfit, 'patch', 'es')} rejected for learning the cases")
    return tag("p", " \u00b7 ".join(facts), class_="meta")


def _words(task: TaskReport, most: int) -> tuple[Html, ...]:
    why = tag("p", tag("strong", "Why not: "), prose(task.why_not, most), class_="why") if task.why_not else Html()
    return (tag("p", prose(task.rationale, most), class_="prose") if task.rationale else Html()), why


def _part(title: str, content: Html) -> Html:
    return join(tag("h4", title), content) if content else Html()


def _folded(title: str, content: Html, *, open_: bool) -> Html:
    if not content:
        return Html()
    return tag("details", tag("summary", tag("h4", title)), content, open=open_, class_="part")
