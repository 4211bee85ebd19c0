"""Coverage of the changed files before and after, as numbers, as a strip of lines, and as the lines that differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_codemode.core.report import FileCoverage, LineCoverage, RunReport
from pytest_codemode.report.blocks import FileDiff, readable, renumbered
from pytest_codemode.report.page.markup import Html, Value, code, join, left_out, shortened, table, tag
from pytest_codemode.report.phrases import count

_MOST_FILES, _MOST_RANGES = 60, 12
_WIDTH, _HEIGHT = 320, 10
_NONE = LineCoverage((), ())


def render(report: RunReport) -> Html:
    """Return the table of the changed files; a sentence where coverage was not measured."""
    if not report.coverage:
        return tag("p", "Coverage was not measured in this run.", class_="rest")
    changes = {file.path: file for file in readable(report.diff)}
    rows = (_row(file, changes.get(file.path)) for file in report.coverage[:_MOST_FILES])
    heads = ("File", "Before", "After", "Lines, before over after", "Newly executed", "No longer executed", "Tests")
    listing = table("Lines executed in each changed file", heads, rows, numeric=frozenset({1, 2, 6}))
    return join(_legend(), listing, left_out(len(report.coverage) - _MOST_FILES, "file"))


def _row(file: FileCoverage, change: FileDiff | None) -> tuple[str, ...]:
    before = file.before or _NONE
    moved = renumbered(change or FileDiff(file.path, "changed"), before.executed, replaced=True)
    newly = {*file.after.executed} - {*moved.values()}
    missing = {*file.after.missing}
    lost = {old for old, new in moved.items() if new in missing}
    return (
        code(file.path, 200),
        "new file" if file.before is None else _share(before),
        _share(file.after),
        _strips(file),
        code(ranges(newly)) if newly else "\u2013",
        code(ranges(lost)) if lost else "\u2013",
        f"{file.tests:,}",
    )


def _share(lines: LineCoverage) -> str:
    total = len(lines.executed) + len(lines.missing)
    return f"{len(lines.executed):,} of {total:,} ({len(lines.executed) / total:.0%})" if total else "no lines"


def ranges(lines: Iterable[int]) -> str:
    """Return line numbers as `3, 5-9`; of very many ranges the first."""
    runs = list(_runs(lines))
    text = ", ".join(str(first) if first == last else f"{first}\u2013{last}" for first, last in runs[:_MOST_RANGES])
    return text if len(runs) <= _MOST_RANGES else f"{text} and {count(len(runs) - _MOST_RANGES, 'more range')}"


def _runs(lines: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for line in sorted(lines):
        if first is None or last is None:
            first = last = line
        elif line > last + 1:
            yield first, last
            first = last = line
        else:
            last = line
    if first is not None and last is not None:
        yield first, last


def _strips(file: FileCoverage) -> Html:
    """Return one strip of lines for each side: the file from its first executable line to its last, left to right."""
    sides = [side for side in (file.before, file.after) if side is not None]
    numbers = [line for side in sides for line in (*side.executed, *side.missing)]
    if not numbers:
        return Html("\u2013")
    first, last = min(numbers), max(numbers)
    width = _WIDTH / (last - first + 1)
    bars = (bar for at, side in enumerate(sides) for bar in _strip(side, first, width, (_HEIGHT + 3) * at))
    height = (_HEIGHT + 3) * len(sides) - 3
    told = [f"{name} {_share(side)}" for name, side in zip(("before", "after")[-len(sides) :], sides, strict=True)]
    label = f"{shortened(file.path, 80)}: {', '.join(told)}"
    size: dict[str, Value] = {
        "width": _WIDTH,
        "height": height,
        "viewBox": f"0 0 {_WIDTH} {height}",
        "preserveAspectRatio": "none",
    }
    return tag("svg", *bars, class_="strip", role="img", aria_label=label, **size)


def _strip(side: LineCoverage, first: int, width: float, top: float) -> Iterator[Html]:
    yield tag("rect", x=0, y=top, width=_WIDTH, height=_HEIGHT, class_="empty")
    for kind, lines in (("executed", side.executed), ("missing", side.missing)):
        # What is missing is lower too: the colour alone would not tell.
        high = _HEIGHT if kind == "executed" else _HEIGHT / 2
        for left, wide in _bars(lines, first, width):
            yield tag("rect", x=left, y=top + _HEIGHT - high, width=wide, height=high, class_=kind)


def _bars(lines: Iterable[int], first: int, width: float) -> Iterator[tuple[float, float]]:
    """Yield (left, width) for each run of lines; where a line is thinner than a pixel, runs of pixels."""
    if width < 1:
        pixels = {int((line - first) * width) for line in lines}
        yield from ((begin, end - begin + 1) for begin, end in _runs(pixels))
        return
    yield from (((begin - first) * width, (end - begin + 1) * width) for begin, end in _runs(lines))


def _legend() -> Html:
    entries = []
    for kind, high, text in (("executed", 10, "executed"), ("missing", 5, "not executed")):
        bar = tag("rect", x=0, y=10 - high, width=12, height=high, class_=kind)
        entries.append(tag("li", tag("svg", bar, width=12, height=10, class_="strip", aria_hidden="true"), text))
    return tag("ul", *entries, class_="legend")
