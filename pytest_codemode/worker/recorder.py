"""Live exceptions to `core.failure.Failure`: used in workers and, as it needs only pytest, in the user's own run."""

from __future__ import annotations

import functools
import linecache
import os
import sys
import traceback
from collections.abc import Generator
from dataclasses import replace
from pathlib import PurePath
from types import CodeType, FrameType, TracebackType
from typing import Any

import pytest

from pytest_codemode.core.codec import encode
from pytest_codemode.core.failure import MAX_MESSAGE, Failure, Frame, Phase
from pytest_codemode.worker.reprs import bounded_repr, cut, guarded_text, within
from pytest_codemode.worker.timelimit import Timeout

MAX_FRAMES = 60
"""Frames kept of a deep traceback: a third from the outside, the rest from the inside."""
FRAMES_WITH_LOCALS = 5
MAX_LOCALS = 20
MAX_LOCAL_CHARS = 200
MAX_OPERAND_CHARS = 4_000
MAX_OUTPUT_CHARS = 20_000
MAX_CAUSES = 5
MAX_CAUSE_CHARS = 400
REPR_SECONDS = 0.5
"""For all the locals of one failure together: a foreign `__repr__` may hang."""

_MACHINERY = ("_pytest", "pluggy", "pytest_codemode")
_UNITTEST_OPERATORS = {
    "assertEqual": "==",
    "assertNotEqual": "!=",
    "assertIs": "is",
    "assertIsNot": "is not",
    "assertIn": "in",
    "assertNotIn": "not in",
    "assertGreater": ">",
    "assertGreaterEqual": ">=",
    "assertLess": "<",
    "assertLessEqual": "<=",
    "assertAlmostEqual": "==",
}


class Comparisons:
    """The operands of the comparison that failed last, and where."""

    def __init__(self) -> None:
        self._place: tuple[CodeType, int] | None = None
        self._operands = ("", "", "")

    def forget(self) -> None:
        """Start a new phase: an older comparison says nothing about it."""
        self._place = None

    def note(self, operator: str, left: object, right: object, frame: FrameType | None) -> None:
        """Keep the operands' reprs together with the line of the assertion, found from `frame` outwards."""
        while frame is not None and _is_machinery(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is not None:
            self._place = (frame.f_code, frame.f_lineno)
            sides = bounded_repr(left, MAX_OPERAND_CHARS), bounded_repr(right, MAX_OPERAND_CHARS)
            self._operands = (sides[0], operator, sides[1])

    def of(self, entries: list[tuple[FrameType, int]]) -> tuple[str, str, str]:
        """Return (left, operator, right) if the innermost frame is the assertion noted; else three empty texts."""
        if entries and self._place is not None:
            frame, line = entries[-1]
            if (frame.f_code, line) == self._place:
                return self._operands
        return _unittest_operands(entries)


class CollectionRecorder:
    """pytest plugin: attach `report.codemode_failures`, a list of `Failure`s as JSON types, to failed collections."""

    def __init__(self, rootdir: str) -> None:
        self.rootdir = rootdir

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Attach the failure of a collector that could not be collected."""
        report = yield
        call = getattr(report, "call", None)
        if report.failed and call is not None and call.excinfo is not None:
            failure = collection_failure(report.nodeid, call.excinfo.value, self.rootdir)
            report.codemode_failures = [encode(failure)]  # type: ignore[attr-defined]
        return report


class FailureRecorder(CollectionRecorder):
    """pytest plugin: attach `report.codemode_failures` to every failed report, those of tests included."""

    def __init__(self, rootdir: str) -> None:
        super().__init__(rootdir)
        self.active = True
        """Whether to record anything."""
        self._comparisons = Comparisons()

    @pytest.hookimpl(tryfirst=True)
    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        """Note the operands; say nothing, so that the other implementations explain."""
        if self.active:
            self._comparisons.note(op, left, right, sys._getframe(1))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the failures of one phase (outermost wrapper: xfail and unittest have had their say)."""
        report = yield
        if not self.active:
            return report
        failures = failures_of(report, call.excinfo, self.rootdir, self._comparisons)
        self._comparisons.forget()
        if failures:
            report.codemode_failures = [encode(failure) for failure in failures]  # type: ignore[attr-defined]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Complete a failing subtest's failures: only now is it known which subtest it was."""
        context = getattr(report, "context", None)
        if context is not None:
            for failure in getattr(report, "codemode_failures", ()):
                failure["subtest"] = _subtest_name(context)
                failure["output"] = output_of(report)


def failures_of(
    report: pytest.TestReport,
    excinfo: pytest.ExceptionInfo[BaseException] | None,
    rootdir: str,
    comparisons: Comparisons | None = None,
) -> list[Failure]:
    """Return what failed in the phase of `report`; empty unless it failed (an expected failure did not)."""
    if not report.failed:
        return []
    if excinfo is None:  # as an xfail(strict) test that passes
        message = cut(str(report.longrepr), MAX_MESSAGE)
        bare = Failure(report.nodeid, Phase(report.when), "Failed", message, duration_s=report.duration)
        return [replace(bare, output=output_of(report))]
    failure = failure_of(excinfo.value, report.nodeid, Phase(report.when), rootdir, comparisons)
    return [replace(failure, output=output_of(report), duration_s=report.duration)]


def collection_failure(nodeid: str, problem: BaseException, rootdir: str) -> Failure:
    """Return why a collector failed; pytest's wrapping exceptions give way to their cause."""
    wrapped = isinstance(problem, pytest.Collector.CollectError) or type(problem).__name__ == "ConftestImportFailure"
    cause = problem.__cause__ or getattr(problem, "cause", None)
    return failure_of(cause if wrapped and cause is not None else problem, nodeid, Phase.COLLECT, rootdir)


def failure_of(
    problem: BaseException, nodeid: str, when: Phase, rootdir: str, comparisons: Comparisons | None = None
) -> Failure:
    """Return `problem` as plain data."""
    entries = entries_of(problem.__traceback__)
    frames = [_frame(frame, line, rootdir) for frame, line in entries]
    _add_locals(frames, [frame for frame, _ in entries], rootdir)
    if isinstance(problem, SyntaxError) and problem.filename:
        place = relative(problem.filename, rootdir)
        frames.append(Frame(place, problem.lineno or 0, "<module>", {}, (problem.text or "").strip()[:MAX_LOCAL_CHARS]))
    message = guarded_text(problem, MAX_MESSAGE)
    timed_out = is_timeout(problem, message)
    left, operator, right = (comparisons or Comparisons()).of(entries)
    return Failure(
        nodeid=nodeid,
        when=when,
        exception="Timeout" if timed_out else type(problem).__name__,
        message=message,
        frames=tuple(_trimmed(frames)),
        left=left,
        operator=operator,
        right=right,
        timed_out=timed_out,
        causes=causes_of(problem),
    )


def causes_of(problem: BaseException) -> tuple[str, ...]:
    """Return `Failure.causes`; `raise ... from None` hides a cause from readers, it is one all the same."""
    found: list[BaseException] = []
    below = problem.__cause__ or problem.__context__
    while below is not None and below not in found and len(found) < MAX_CAUSES:
        found.append(below)
        below = below.__cause__ or below.__context__
    return tuple(f"{type(one).__name__}: {guarded_text(one, MAX_CAUSE_CHARS)}" for one in found)


def is_timeout(problem: BaseException, message: str) -> bool:
    """Whether a time limit (ours or pytest-timeout's) ended the test."""
    return isinstance(problem, Timeout) or (type(problem).__name__ == "Failed" and message.startswith("Timeout ("))


def relative(path: str, rootdir: str) -> str:
    """Return `path` posix and relative to `rootdir`; absolute if it lies outside, as it stands if it is no path."""
    if path.startswith("<"):
        return path
    absolute = os.path.realpath(path) if not path.startswith(rootdir + os.sep) else path
    if absolute.startswith(rootdir + os.sep):
        absolute = os.path.relpath(absolute, rootdir)
    return PurePath(absolute).as_posix()


def entries_of(tb: TracebackType | None) -> list[tuple[FrameType, int]]:
    """Return (frame, line) outermost first, without pytest's own machinery and ours."""
    return [(frame, line) for frame, line in traceback.walk_tb(tb) if not _is_machinery(frame.f_code.co_filename)]


@functools.cache
def _is_machinery(filename: str) -> bool:
    return any(part in _MACHINERY for part in PurePath(filename).parts[-4:-1])


def _frame(frame: FrameType, line: int | None, rootdir: str) -> Frame:
    code = frame.f_code
    source = linecache.getline(code.co_filename, line or 0, frame.f_globals).strip()[:MAX_LOCAL_CHARS]
    return Frame(relative(code.co_filename, rootdir), line or 0, code.co_qualname, {}, source)


def _add_locals(frames: list[Frame], live: list[FrameType], rootdir: str) -> None:
    """Put locals into the innermost project frames, as many as the time allows."""
    inside = [index for index, frame in enumerate(frames) if not frame.path.startswith(("/", "<"))]

    def show() -> None:
        for index in reversed(inside[-FRAMES_WITH_LOCALS:]):
            shown: dict[str, str] = {}
            frames[index] = replace(frames[index], locals=shown)
            for name, value in list(live[index].f_locals.items()):
                if len(shown) == MAX_LOCALS:
                    break
                if not name.startswith("@py_"):  # temporaries of pytest's assertion rewriting
                    shown[name] = bounded_repr(value, MAX_LOCAL_CHARS)

    within(REPR_SECONDS, show)


def _trimmed(frames: list[Frame]) -> list[Frame]:
    if len(frames) <= MAX_FRAMES:
        return frames
    head = MAX_FRAMES // 3
    return frames[:head] + frames[head - MAX_FRAMES :]


def _unittest_operands(entries: list[tuple[FrameType, int]]) -> tuple[str, str, str]:
    """Return the operands of the outermost `TestCase.assert...` call that failed."""
    for frame, _line in entries:
        operator = _UNITTEST_OPERATORS.get(frame.f_code.co_name)
        if operator and frame.f_globals.get("__unittest"):
            first, second = ("member", "container") if operator in ("in", "not in") else _operand_names(frame)
            sides = [bounded_repr(frame.f_locals.get(name), MAX_OPERAND_CHARS) for name in (first, second)]
            return sides[0], operator, sides[1]
    return "", "", ""


def _operand_names(frame: FrameType) -> tuple[str, str]:
    names = frame.f_code.co_varnames
    return names[1], names[2]  # after `self`: first/second, a/b, expr1/expr2


def output_of(report: Any, when: str = "") -> str:
    """Return what was captured up to the end of the report's phase, or in the phase `when` alone; bounded."""
    sections = [section for section in getattr(report, "sections", ()) if section[0].endswith(when)]
    parts = [f"{title}:\n{cut(text, MAX_OUTPUT_CHARS)}" for title, text in sections if text]
    return cut("\n".join(parts), MAX_OUTPUT_CHARS)


def _subtest_name(context: Any) -> str:
    named = [str(context.msg)] if context.msg is not None else []
    return " ".join([*named, *(f"{key}={value}" for key, value in dict(context.kwargs).items())]) or "<subtest>"
