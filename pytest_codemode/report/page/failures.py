"""The failing tests of one cause: exception, operands, frames, what was printed."""

from __future__ import annotations

from pytest_codemode.core.failure import Failure, Frame, Samples
from pytest_codemode.core.report import TaskReport
from pytest_codemode.report.page.markup import Html, code, folded, items, join, left_out, shortened, tag
from pytest_codemode.report.phrases import clipped, count

_MOST_FAILURES, _MOST_FRAMES, _MOST_LOCALS, _MOST_TESTS, _MOST_CAUSES = 4, 12, 20, 40, 5
_MESSAGE, _OUTPUT, _VALUE = 3_000, 3_000, 200


def render(task: TaskReport) -> Html:
    """Return the failures of a cause: the first one open, the others folded."""
    shown = task.failures[:_MOST_FAILURES]
    told = {one.nodeid for one in shown}
    others = [nodeid for nodeid in task.nodeids if nodeid not in told]
    return join(
        *(_failure(one, open_=at == 0) for at, one in enumerate(shown)),
        _tests("Fails by the same cause", others, alone=not shown),
        left_out(len(task.failures) - _MOST_FAILURES, "failure"),
    )


def _tests(label: str, nodeids: list[str], *, alone: bool) -> Html:
    if not nodeids:
        return Html()
    listing = items((code(nodeid, 400) for nodeid in nodeids[:_MOST_TESTS]), class_="tests")
    rest = left_out(len(nodeids) - _MOST_TESTS, "test")
    return folded(f"{'Fails' if alone else label}: {count(len(nodeids), 'test')}", listing, rest, open_=alone)


def _failure(failure: Failure, *, open_: bool) -> Html:
    subtest = f" [{failure.subtest}]" if failure.subtest else ""
    title = join(code(f"{failure.nodeid}{subtest}", 400), tag("span", failure.when.value, class_="badge"))
    return folded(
        title,
        tag("pre", f"{failure.exception}: {clipped(failure.message, _MESSAGE)}", class_="exception", tabindex=0),
        _operands(failure),
        _notes(failure),
        _samples(failure.samples),
        _frames(failure.frames),
        _output(failure.output),
        open_=open_,
    )


def _operands(failure: Failure) -> Html:
    if not (failure.left or failure.right):
        return Html()
    rows = (
        ("Got", failure.left),
        (f"Expected ({failure.operator})" if failure.operator else "Expected", failure.right),
    )
    parts = (part for name, text in rows if text for part in (tag("dt", name), tag("dd", code(text, _VALUE * 3))))
    return tag("dl", *parts, class_="facts")


def _notes(failure: Failure) -> Html:
    limit = f"Most likely from the sandbox's {failure.limit}." if failure.limit else ""
    ended = "Ended by the time limit." if failure.timed_out else ""
    causes = (f"Raised from {shortened(cause, 300)}" for cause in failure.causes[:_MOST_CAUSES])
    return items(note for note in (ended, limit, *causes) if note)


def _samples(samples: Samples | None) -> Html:
    if samples is None:
        return Html()
    shown = sorted(samples.frames, key=lambda one: -one.count)[:_MOST_FRAMES]
    where = (
        join(
            code(f"{one.path}:{one.line}", 300),
            " in ",
            code(one.function, 120),
            f": {one.count:,} of {samples.taken:,}",
        )
        for one in shown
    )
    return folded(f"Where it was in {count(samples.taken, 'sample')} of its stack", items(where))


def _frames(frames: tuple[Frame, ...]) -> Html:
    if not frames:
        return Html()
    shown = frames[-_MOST_FRAMES:]
    skipped = left_out(len(frames) - _MOST_FRAMES, "outer frame")
    return join(skipped, tag("ol", *(tag("li", *_frame(one)) for one in shown), class_="frames"))


def _frame(frame: Frame) -> tuple[Html, ...]:
    place = code(f"{frame.path}:{frame.line}" if frame.line else frame.path, 300)
    head = join(place, " in ", code(frame.function, 120))
    source = tag("pre", frame.source[:300], class_="source") if frame.source else Html()
    names = list(frame.locals.items())
    values = (part for name, text in names[:_MOST_LOCALS] for part in _value(name, text))
    rest = left_out(len(names) - _MOST_LOCALS, "name")
    local = folded(count(len(names), "local name"), tag("dl", *values, class_="facts"), rest) if names else Html()
    return tag("div", head), source, local


def _value(name: str, text: str) -> tuple[Html, Html]:
    return tag("dt", code(name, 60)), tag("dd", code(text, _VALUE))


def _output(text: str) -> Html:
    if not text.strip():
        return Html()
    return folded("What it printed", tag("pre", clipped(text, _OUTPUT), class_="raw", tabindex=0))
