"""The page as a whole: head with its policy, navigation, sections, and how much of it all fits."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.resources import files

from pytest_codemode.core.report import RunReport
from pytest_codemode.report.page import cause, coverage, states, summary, timeline, written
from pytest_codemode.report.page.markup import Html, code, join, left_out, tag
from pytest_codemode.report.phrases import clipped

_FULL = 1_500_000
"""Characters of all causes, their titles not counted; from then on they are told in brief."""
_LEAST = 40_000
"""What an ordinary cause takes, about."""
_MOST_CAUSES, _MOST_TESTS = 400, 200


def render(report: RunReport) -> str:
    """Return `report` as one HTML page that needs nothing else."""
    style = _style()
    title = join("codemode: ", summary.headline(report), " (UNPROTECTED)" if summary.unprotected(report) else "")
    head = tag("head", *_meta(style), tag("title", title), tag("style", Html(style)))
    body = tag("body", *_body(report))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en', dir='ltr')}\n"


def _style() -> str:
    return files(__package__).joinpath("style.css").read_text("utf-8")


def _meta(style: str) -> Iterator[Html]:
    yield tag("meta", charset="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    # First of all that could load anything: a policy holds for what follows it.
    yield tag("meta", http_equiv="Content-Security-Policy", content=policy)
    yield tag("meta", name="viewport", content="width=device-width, initial-scale=1")
    yield tag("meta", name="color-scheme", content="light dark")
    yield tag("meta", name="referrer", content="no-referrer")


def _body(report: RunReport) -> Iterator[Html]:
    shown = [section for section in _sections(report) if section[2]]
    yield tag("a", "Skip to the report", href="#report", class_="skip")
    kind = "a repair run" if report.cover is None else "a run that writes tests"
    lead = tag("p", f"pytest-codemode \u00b7 report of {kind}", class_="meta")
    yield tag("header", lead, tag("h1", summary.headline(report)), summary.unprotected(report))
    yield tag(
        "nav",
        tag("ul", *(tag("li", tag("a", title, href=f"#{name}")) for name, title, _ in shown)),
        aria_label="Sections",
    )
    yield tag("main", *(_section(*section) for section in shown), id="report", tabindex=-1)
    yield tag("footer", tag("p", f"Report schema {report.schema}. This page needs no network and runs no script."))


def _sections(report: RunReport) -> Iterator[tuple[str, str, Html]]:
    yield "outcome", "Outcome", summary.render(report)
    if report.cover is not None:
        yield from written.sections(report, report.cover)
        return
    yield "overview", "Causes", summary.causes(report)
    yield "time", "Over time", timeline.render(report)
    yield "causes", "Cause by cause", _causes(report)
    yield "others", "Tests that never became a cause", _others(report)
    yield "coverage", "Coverage before and after", coverage.render(report)


def _section(name: str, title: str, content: Html) -> Html:
    return tag("section", tag("h2", title, id=f"{name}-title"), content, id=name, aria_labelledby=f"{name}-title")


def _causes(report: RunReport) -> Html:
    parts: list[Html] = []
    room = _FULL
    for number, task in enumerate(report.tasks[:_MOST_CAUSES], start=1):
        # No part is made just to find that it does not fit.
        parts.append(cause.render(task, number, report, room if room > _LEAST else 0))
        room -= len(parts[-1])
    return join(*parts, left_out(len(report.tasks) - _MOST_CAUSES, "cause"))


def _others(report: RunReport) -> Html:
    if not report.unrepaired:
        return Html()
    shown = report.unrepaired[:_MOST_TESTS]
    entries = (
        tag("li", states.badge(test.kind), " ", code(test.nodeid, 400), tag("p", clipped(test.detail, 1_000)))
        for test in shown
    )
    listing = tag("ul", *entries, class_="others")
    return join(listing, left_out(len(report.unrepaired) - len(shown), "test"))
