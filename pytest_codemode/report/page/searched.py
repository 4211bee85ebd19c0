"""The search of one cause as a picture: lines down, operators across, and how far the candidates there got."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TypeVar

from pytest_codemode.core.report import Excerpt, Tried
from pytest_codemode.core.suspicion import Location
from pytest_codemode.report.page.markup import (
    Html,
    code,
    folded,
    join,
    left_out,
    scrolled,
    shortened,
    table,
    tag,
)
from pytest_codemode.report.phrases import count

STEPS = {
    "refused": "refused by the policy, or did not fit",
    "unchanged": "tests fail as before",
    "moved": "tests fail in another way",
    "partly": "some failing tests pass",
    "broke": "failing tests pass, others break",
    "passed": "passes all it was tried on",
}
"""How far a candidate can get, from the start to the end; the fields of `Tried`."""
_NAMES = tuple(STEPS)
_CELL, _BAR = 22, 18
"""Pixels of a cell, and of what is drawn in it."""
_LEFT, _COUNT, _SOURCE = 150, 52, 450
"""Pixels for the lines' names, for the counts, and for the source beside them."""
_MOST_ROWS, _MOST_COLUMNS, _MOST_LISTED = 40, 40, 120
_NAME, _OPERATOR, _TEXT = 22, 27, 60
"""Characters of a line's name, of an operator's, and of the source."""

Key = TypeVar("Key", bound=Hashable)


def render(tried: Sequence[Tried], number: int, excerpts: Sequence[Excerpt] = ()) -> Html:
    """Return picture, legend and table of what was tried; nothing if nothing was.

    Args:
        tried: for one cause.
        number: of the cause.
        excerpts: the source that is written beside the lines, as far as it is there.
    """
    if not tried:
        return Html()
    operators, places = _first(tried, lambda one: one.operator), _first(tried, _place)
    source = {(part.path, part.first + at): text for part in excerpts for at, text in enumerate(part.lines)}
    picture = _picture(tried, operators[:_MOST_COLUMNS], sorted(places[:_MOST_ROWS]), number, source)
    return join(
        _legend(tried),
        scrolled(f"The search of cause {number} as a picture", picture),
        left_out(len(places) - _MOST_ROWS, "line", of="picture"),
        left_out(len(operators) - _MOST_COLUMNS, "operator", of="picture"),
        folded("The search as a table", _listing(tried)),
    )


def furthest(one: Tried) -> int:
    """Return the index of the last step that one of the candidates reached."""
    return max((at for at, name in enumerate(_NAMES) if getattr(one, name)), default=0)


def _place(one: Tried) -> Location:
    return one.path, one.line


def _first(tried: Iterable[Tried], key: Callable[[Tried], Key]) -> list[Key]:
    """Return the keys, those first whose candidates got furthest."""
    reached: dict[Key, int] = {}
    for one in tried:
        reached[key(one)] = max(reached.get(key(one), 0), furthest(one))
    return sorted(reached, key=lambda found: -reached[found])


def _picture(
    tried: Sequence[Tried], operators: list[str], places: list[Location], number: int, source: Mapping[Location, str]
) -> Html:
    names = {operator: shortened(operator, _OPERATOR) for operator in operators}
    # Names lean out over the cells: at 52 degrees, 6.5 pixels a letter.
    top = 20 + math.ceil(5.2 * max(map(len, names.values())))
    right, height = _LEFT + _CELL * len(operators), top + _CELL * len(places) + 8
    width = right + max(_COUNT + (_SOURCE if source else 0), top)
    columns = {operator: _LEFT + _CELL * at for at, operator in enumerate(operators)}
    rows = {place: top + _CELL * at for at, place in enumerate(places)}
    # Ties are drawn over one another from the least to the furthest, so that what got furthest is seen.
    shown = [one for one in sorted(tried, key=furthest) if one.operator in columns and _place(one) in rows]
    totals = Counter[Location]()
    for one in tried:
        totals[_place(one)] += one.total
    return tag(
        "svg",
        tag("title", f"What was tried for cause {number}", id=f"search-{number}-title"),
        tag("desc", _said(tried), id=f"search-{number}-text"),
        _grid(len(columns), len(rows), top),
        *(_column(operator, names[operator], x, top) for operator, x in columns.items()),
        *(_row(place, y, totals[place], right, source.get(place, "")) for place, y in rows.items()),
        *(_cell(one, columns[one.operator], rows[_place(one)]) for one in shown),
        class_="search",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_labelledby=f"search-{number}-title search-{number}-text",
    )


def _grid(columns: int, rows: int, top: int) -> Html:
    right, bottom = _LEFT + _CELL * columns, top + _CELL * rows
    down = "".join(f"M{_LEFT + _CELL * at} {top}V{bottom}" for at in range(columns + 1))
    across = "".join(f"M{_LEFT} {top + _CELL * at}H{right}" for at in range(rows + 1))
    return tag("path", d=down + across, class_="grid")


def _column(operator: str, name: str, x: int, top: int) -> Html:
    return tag("text", tag("title", operator), name, transform=f"translate({x + 14} {top - 6}) rotate(-52)")


def _row(place: Location, y: int, total: int, right: int, source: str) -> Html:
    path, line = place
    middle = y + 15
    name = f"{shortened(PurePosixPath(path).name, _NAME - 6)}:{line}"
    label = tag("text", tag("title", f"{path}:{line}"), name, x=_LEFT - 8, y=middle, text_anchor="end")
    number = tag("text", f"{total:,}", x=right + _COUNT - 14, y=middle, text_anchor="end", class_="faint")
    text = tag("text", shortened(source, _TEXT), x=right + _COUNT, y=middle, class_="code") if source.strip() else None
    return join(label, number, text)


def _cell(one: Tried, x: int, y: int) -> Html:
    step = furthest(one)
    gap, high = (_CELL - _BAR) // 2, 3 * (step + 1)
    told = tag("title", f"{one.operator} at {one.path}:{one.line}: {_counts(one)}")
    bar = tag("rect", told, x=x + gap, y=y + gap + _BAR - high, width=_BAR, height=high, class_=f"step-{_NAMES[step]}")
    if _NAMES[step] != "passed":
        return bar
    return join(bar, tag("path", d=f"M{x + gap + 4} {y + 11}l4 4l6 -8", class_="tick"))


def _counts(one: Tried) -> str:
    parts = (f"{getattr(one, name):,} {name}" for name in _NAMES if getattr(one, name))
    return f"{count(one.total, 'candidate')} ({', '.join(parts)})"


def _totals(tried: Iterable[Tried]) -> dict[str, int]:
    totals = dict.fromkeys(_NAMES, 0)
    for one in tried:
        for name in _NAMES:
            totals[name] += getattr(one, name)
    return totals


def _said(tried: Sequence[Tried]) -> str:
    """Return what the picture shows, for those who do not see it."""
    totals = {name: number for name, number in _totals(tried).items() if number}
    places, operators = len({_place(one) for one in tried}), len({one.operator for one in tried})
    ends = ", ".join(f"{number:,}: {STEPS[name]}" for name, number in totals.items())
    best = max(tried, key=furthest)
    what = f"{count(sum(totals.values()), 'candidate')} of {count(operators, 'operator')} at {count(places, 'line')}"
    return f"{what}: {ends}. The furthest was {shortened(best.operator, 60)} at {shortened(best.path, 80)}:{best.line}."


def _legend(tried: Sequence[Tried]) -> Html:
    totals = _totals(tried)
    entries = []
    for at, name in enumerate(_NAMES):
        high = 2 * (at + 1)
        bar = tag("rect", x=0, y=12 - high, width=12, height=high, class_=f"step-{name}")
        swatch = tag("svg", bar, width=12, height=12, aria_hidden="true")
        entries.append(tag("li", swatch, tag("b", f"{totals[name]:,}"), " ", STEPS[name]))
    return tag("ul", *entries, class_="legend")


def _listing(tried: Sequence[Tried]) -> Html:
    best = sorted(tried, key=lambda one: (-furthest(one), one.path, one.line, one.operator))
    rows = ((one.operator, f"{one.path}:{one.line}", *_numbers(one)) for one in best[:_MOST_LISTED])
    cells = ((code(operator, 100), code(place, 200), *numbers) for operator, place, *numbers in rows)
    heads = ("Operator", "Line", *(name.capitalize() for name in _NAMES))
    caption = "Candidates by operator and line, and how far they got"
    return join(
        table(caption, heads, cells, numeric=frozenset(range(2, 2 + len(_NAMES)))),
        left_out(len(tried) - _MOST_LISTED, "row", of="table"),
    )


def _numbers(one: Tried) -> tuple[str, ...]:
    return tuple(f"{getattr(one, name):,}" if getattr(one, name) else "\u2013" for name in _NAMES)
