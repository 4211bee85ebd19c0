"""The attempts over time: what had been used by when, which cause was worked on, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pytest_codemode.core.report import Moment, RunReport
from pytest_codemode.report.page import states
from pytest_codemode.report.page.markup import (
    Html,
    Value,
    folded,
    join,
    left_out,
    scrolled,
    shortened,
    table,
    tag,
)
from pytest_codemode.report.page.scale import Scale, plain
from pytest_codemode.report.phrases import count
from pytest_codemode.report.terminal import duration

_WIDTH, _LEFT, _RIGHT = 1180, 224, 16
_CURVE, _LANE, _HEAD = 96, 22, 38
"""Heights in pixels: of a curve, of a cause's lane, of the stages' names."""
_GAP = 18
_MOST_MOMENTS, _MOST_LANES, _MOST_LISTED = 600, 30, 300
_LABEL = 30
_WHAT = {"stage": "stage", "tried": "tried", "nearer": "got nearer", "patch": "a patch passes"}


@dataclass(frozen=True, slots=True)
class Lane:
    """One cause on the picture."""

    key: str
    label: str
    top: float


def render(report: RunReport) -> Html:
    """Return the timeline with its table; a sentence where the record has none."""
    moments = _thinned(sorted(report.timeline, key=lambda one: one.time_s))
    if len(moments) < 2:
        return tag("p", "The record of this run does not say when what was tried.", class_="rest")
    worked = {one.task for one in moments}
    causes = [(at, task) for at, task in enumerate(report.tasks, start=1) if task.key in worked]
    shown = causes[:_MOST_LANES]
    names = {task.key: f"{states.SIGNS[states.of_task(task)]} {at} {task.cause}" for at, task in shown}
    return join(
        _legend(),
        scrolled("The timeline as a picture", _picture(moments, names)),
        left_out(len(causes) - _MOST_LANES, "cause", of="picture"),
        left_out(len(report.timeline) - len(moments), "moment"),
        folded("The timeline as a table", _listing(moments, {task.key: at for at, task in causes})),
    )


def _thinned(moments: Sequence[Moment]) -> Sequence[Moment]:
    """Return at most about as many moments as a picture shows, every so manyth of them and the last."""
    step = -(-len(moments) // _MOST_MOMENTS)
    return moments if step <= 1 else (*moments[:-1:step], moments[-1])


def _picture(moments: Sequence[Moment], names: Mapping[str, str]) -> Html:
    time = Scale(max(one.time_s for one in moments), _LEFT, _WIDTH - _RIGHT)
    curves = [("candidates", [float(one.candidates) for one in moments])]
    if any(one.usd > 0 for one in moments):
        curves.append(("US dollars", [one.usd for one in moments]))
    below = _HEAD + len(curves) * (_CURVE + _GAP)
    lanes = [Lane(key, label, below + _LANE * at) for at, (key, label) in enumerate(names.items())]
    bottom = below + _LANE * len(lanes) + 4
    tops = [_HEAD + at * (_CURVE + _GAP) for at in range(len(curves))]
    return tag(
        "svg",
        tag("title", "What the run used over time", id="timeline-title"),
        tag("desc", _said(moments), id="timeline-text"),
        *_stages(moments, time, bottom),
        *_time_axis(time, bottom),
        *(_curve(moments, time, top, name, values) for top, (name, values) in zip(tops, curves, strict=True)),
        *(_lane(lane, moments, time) for lane in lanes),
        class_="timeline",
        width=_WIDTH,
        height=bottom + 34,
        viewBox=f"0 0 {_WIDTH} {bottom + 34}",
        role="img",
        aria_labelledby="timeline-title timeline-text",
    )


def _stages(moments: Sequence[Moment], time: Scale, bottom: float) -> Iterator[Html]:
    """Yield a band for each stage with its name above, where there is room for it."""
    begun = [one for one in moments if one.what == "stage"]
    free = [0.0, 0.0]
    for at, (one, following) in enumerate(pairwise(begun)):
        left, right = time.at(one.time_s), time.at(following.time_s)
        told = tag("title", f"{one.text}: {duration(following.time_s - one.time_s)}")
        size = {"x": left, "y": _HEAD - 4, "width": right - left, "height": bottom - _HEAD + 4}
        yield tag("rect", told, class_=f"band-{at % 2}", **size)
        name = shortened(one.text, 24)
        row = next((row for row in (1, 0) if left >= free[row]), None)
        if row is not None and left < _WIDTH - 60:
            yield tag("text", name, x=left + 2, y=12 + 15 * row, class_="faint")
            free[row] = left + 7 * len(name) + 8


def _time_axis(time: Scale, bottom: float) -> Iterator[Html]:
    yield tag("path", d=f"M{time.start} {bottom}H{time.end}", class_="axis")
    for value in time.ticks(8):
        x = time.at(value)
        yield tag("path", d=f"M{x} {bottom}v4", class_="axis")
        yield tag("text", f"{plain(value)} s", x=x, y=bottom + 18, text_anchor="middle", class_="faint")


def _curve(moments: Sequence[Moment], time: Scale, top: float, name: str, values: Sequence[float]) -> Html:
    scale = Scale(max(values) or 1.0, top + _CURVE, top + 6)
    money = name != "candidates"
    grid, labels = [], []
    for value in scale.ticks(3):
        grid.append(f"M{_LEFT} {scale.at(value)}H{time.end}")
        text = f"${plain(value)}" if money else plain(value)
        labels.append(tag("text", text, x=_LEFT - 8, y=scale.at(value) + 4, text_anchor="end", class_="faint"))
    points = [(time.at(one.time_s), scale.at(value)) for one, value in zip(moments, values, strict=True)]
    line = f"M{time.start} {scale.start}" + "".join(f"L{x} {y}" for x, y in points)
    area = f"{line}V{scale.start}Z"
    colour = "dollars" if money else "candidates"
    return join(
        tag("path", d="".join(grid), class_="grid"),
        *labels,
        tag("text", name, x=8, y=top + 18, class_="strong"),
        tag("path", d=area, class_=f"area {colour}"),
        tag("path", d=line, class_=f"curve {colour}"),
    )


def _lane(lane: Lane, moments: Sequence[Moment], time: Scale) -> Html:
    middle = lane.top + _LANE / 2
    parts = [
        tag("text", tag("title", lane.label[:300]), shortened(lane.label, _LABEL), x=8, y=middle + 4),
        tag("path", d=f"M{_LEFT} {middle}H{time.end}", class_="grid"),
    ]
    for begin, end in _worked(lane.key, moments):
        left, right = time.at(begin), time.at(end)
        parts.append(tag("rect", x=left, y=middle - 3, width=max(right - left, 1.5), height=6, class_="work"))
    own = [one for one in moments if one.task == lane.key and one.what in ("nearer", "patch")]
    return join(*parts, *(_mark(one, time.at(one.time_s), middle) for one in own))


def _worked(key: str, moments: Sequence[Moment]) -> Iterator[tuple[float, float]]:
    """Yield the stretches that a cause was worked on: up to each of its moments, from whatever was before."""
    begin: float | None = None
    for before, one in pairwise(moments):
        if one.task == key and begin is None:
            begin = before.time_s
        elif one.task != key and begin is not None:
            yield begin, before.time_s
            begin = None
    if begin is not None:
        yield begin, moments[-1].time_s


def _mark(one: Moment, x: float, y: float) -> Html:
    told = tag("title", f"{_WHAT[one.what]} after {duration(one.time_s)}: {shortened(one.text, 200)}")
    return tag("path", told, d=_shape(one.what, x, y), class_=f"mark-{one.what}")


def _shape(what: str, x: float, y: float) -> str:
    if what == "patch":
        return f"M{x} {y - 7}l7 7l-7 7l-7 -7Z"
    return f"M{x} {y - 6}l6 11h-12Z"


def _legend() -> Html:
    def entry(text: str, name: str, **attributes: Value) -> Html:
        return tag("li", tag("svg", tag(name, **attributes), width=16, height=16, aria_hidden="true"), text)

    return tag(
        "ul",
        entry("worked on", "rect", x=1, y=5, width=14, height=6, class_="work"),
        entry("a candidate got nearer", "path", d=_shape("nearer", 8, 9), class_="mark-nearer"),
        entry("a patch passes", "path", d=_shape("patch", 8, 8), class_="mark-patch"),
        class_="legend",
    )


def _said(moments: Sequence[Moment]) -> str:
    """Return what the picture shows, for those who do not see it."""
    last = moments[-1]
    patches, nearer = (sum(one.what == what for one in moments) for what in ("patch", "nearer"))
    stages = [f"{one.text} at {duration(one.time_s)}" for one in moments if one.what == "stage"]
    money = f" and ${last.usd:.2f}" if last.usd else ""
    return (
        f"{count(last.candidates, 'candidate')}{money} in {duration(last.time_s)}; {count(nearer, 'time')} a candidate "
        f"got nearer, {count(patches, 'time')} a patch passed. Stages: {', '.join(stages[:20]) or 'none recorded'}."
    )


def _listing(moments: Sequence[Moment], numbers: dict[str, int]) -> Html:
    money = any(one.usd for one in moments)
    heads = ("Time", "Candidates", *(("US dollars",) if money else ()), "Cause", "What", "Where")
    kept = list(_telling(moments))
    rows = (_listed(one, numbers, money=money) for one in kept[:_MOST_LISTED])
    numeric = frozenset({0, 1, 2, 3} if money else {0, 1, 2})
    listing = table("What happened when, and what had been used by then", heads, rows, numeric=numeric)
    return join(listing, left_out(len(kept) - _MOST_LISTED, "moment", of="table"))


def _telling(moments: Sequence[Moment]) -> Iterable[Moment]:
    """Return all moments, or where they are very many those that tell more than the use."""
    return moments if len(moments) <= _MOST_LISTED else [one for one in moments if one.what != "tried"]


def _listed(one: Moment, numbers: dict[str, int], *, money: bool) -> tuple[str, ...]:
    cause = str(numbers.get(one.task, "\u2013"))
    dollars = (f"{one.usd:.4f}",) if money else ()
    return f"{one.time_s:.1f} s", f"{one.candidates:,}", *dollars, cause, _WHAT[one.what], shortened(one.text, 200)
