"""The suspicious lines over their source: the shade says how suspicious, and so do a number and a bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_codemode.core.report import Excerpt, TaskReport
from pytest_codemode.core.suspicion import Location, Suspect
from pytest_codemode.report.blocks import readable
from pytest_codemode.report.page.markup import Html, code, folded, join, left_out, table, tag
from pytest_codemode.report.page.sidebyside import escaped_line
from pytest_codemode.report.phrases import clipped

_SHADES = 9
_MOST_LINES, _MOST_SUSPECTS = 250, 40


def render(task: TaskReport) -> Html:
    """Return the heat map of one cause, and its suspects as a table; nothing where there are none."""
    if not task.suspects:
        return Html()
    scores = {(one.path, one.line): one for one in reversed(task.suspects)}
    changed = changed_lines(task.diff)
    room = _MOST_LINES
    files: dict[str, list[Html]] = {}
    for excerpt in task.excerpts:
        if room > 0:
            files.setdefault(excerpt.path, []).append(_excerpt(excerpt, room, scores, changed))
        room -= len(excerpt.lines)
    without = None if task.excerpts else tag("p", "The record of this run holds no source to show.", class_="rest")
    ranking = _ranking(task.suspects)
    shown = (_file(path, bodies) for path, bodies in files.items())
    return join(*shown, left_out(-room, "source line"), without, folded("Suspicious lines as a table", ranking))


def changed_lines(diff: str) -> frozenset[Location]:
    """Return the old lines that a diff changes or removes."""
    changes = ((file.path, block) for file in readable(diff) for hunk in file.hunks for block in hunk.blocks)
    return frozenset((path, line.number) for path, block in changes if not block.same for line in block.old)


def _file(path: str, bodies: Iterable[Html]) -> Html:
    heads = (("Line", "number"), ("Suspicion", "number"), ("Source", None))
    head = tag("tr", *(tag("th", text, scope="col", class_=kind) for text, kind in heads))
    return tag("table", tag("caption", code(path)), tag("thead", head, class_="unseen"), *bodies, class_="heat")


def _excerpt(excerpt: Excerpt, room: int, scores: Mapping[Location, Suspect], changed: frozenset[Location]) -> Html:
    rows = []
    for number, text in enumerate(excerpt.lines[:room], start=excerpt.first):
        at = (excerpt.path, number)
        rows.append(_line(number, text, scores.get(at), patched=at in changed))
    return tag("tbody", *rows)


def _line(number: int, text: str, suspect: Suspect | None, *, patched: bool) -> Html:
    score = None if suspect is None else min(max(suspect.score, 0.0), 1.0)
    shade = "" if score is None else f"heat-{max(1, round(score * _SHADES))}"
    mark = tag("span", "patched", class_="badge") if patched else None
    return tag(
        "tr",
        tag("td", str(number), class_="number"),
        tag("td", "" if score is None else _score(score), class_="number score"),
        tag("td", tag("code", escaped_line(text)), mark, class_="line"),
        class_=shade or None,
        title=clipped(suspect.why, 300) if suspect is not None and suspect.why else None,
    )


def _score(score: float) -> Html:
    bar = tag("rect", class_="level", x=0, y=0, width=round(28 * score, 1), height=6, rx=1)
    return join(tag("svg", bar, width=28, height=6, aria_hidden="true"), f"{score:.2f}")


def _ranking(suspects: tuple[Suspect, ...]) -> Html:
    rows = (
        (str(at), code(f"{one.path}:{one.line}"), f"{one.score:.2f}", clipped(one.why, 500))
        for at, one in enumerate(suspects[:_MOST_SUSPECTS], start=1)
    )
    heads = ("Rank", "Line", "Suspicion", "What raised it")
    listing = table("Suspicious lines, the most suspicious first", heads, rows, numeric=frozenset({0, 2}))
    return join(listing, left_out(len(suspects) - _MOST_SUSPECTS, "line"))
