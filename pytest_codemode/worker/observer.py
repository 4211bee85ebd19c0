"""What a test executes, as far as the plan asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any

import pytest

from pytest_codemode.core.calls import CallSeen
from pytest_codemode.core.observed import Values
from pytest_codemode.worker.call_recorder import CallRecorder
from pytest_codemode.worker.executed import ProjectFunctions, recorder
from pytest_codemode.worker.plan import Plan
from pytest_codemode.worker.values import ValueRecorder


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of one test; see `core.outcome.TestResult`."""

    functions: tuple[str, ...]
    lines: dict[str, tuple[int, ...]]
    ends: dict[str, tuple[str, ...]]
    values: Values | None = None
    calls: tuple[CallSeen, ...] = ()


class Observer:
    """Functions are recorded only within `with`, a phase of the test.

    What pytest itself runs between the phases, several times the calls of a small test, costs nothing then.
    """

    def __init__(self, plan: Plan, rootdir: str) -> None:
        self._functions = ProjectFunctions(rootdir)
        self._executed = recorder() if plan.record == "functions" else None
        self._only = None if plan.record_for is None else frozenset(plan.record_for)
        self._on = False
        """Whether the running test is to be recorded."""
        self._depth = 0
        """How many fixtures are being set up, each for the one before."""
        self._shared: dict[pytest.FixtureDef[Any], list[CodeType]] = {}
        """What fixtures of a wider scope than a test executed when they were set up last."""
        self._used: list[pytest.FixtureDef[Any]] = []
        self._own: list[CodeType] = []
        """What the running test executed, its own end included."""
        self._ends: dict[str, tuple[str, ...]] = {}
        self._mark: Any = None
        self._values = ValueRecorder(rootdir, plan.watch) if plan.record == "values" else None
        self._calls = CallRecorder(rootdir, plan.watch) if plan.record == "calls" else None
        self._lines: Any = None
        if plan.record == "lines":
            from pytest_codemode.worker.mapping import LineMap  # noqa: PLC0415  # coverage is wanted only here

            self._lines = LineMap(rootdir, plan.line_paths)

    def start(self, item: pytest.Item) -> None:
        """Begin a test."""
        wanted = self._only is None or item.nodeid in self._only
        self._on = wanted
        if self._executed is not None and self._on:
            self._used = list(_wide_fixtures(item))
            self._own, self._ends = [], {}
            self._executed.start()
            self._executed.pause()
        if self._lines is not None and wanted:
            self._lines.start()
        if self._values is not None and wanted:
            self._values.start(item)
        if self._calls is not None and wanted:
            self._calls.start()

    def __enter__(self) -> None:
        if self._executed is not None and self._on:
            self._executed.resume()
        if self._values is not None and self._on:
            self._values.resume()
        if self._calls is not None and self._on:
            self._calls.resume()
        if self._lines is not None and self._on:
            self._lines.resume()

    def __exit__(self, *_exc: object) -> None:
        if self._executed is not None and self._on:
            self._executed.pause()
        if self._values is not None and self._on:
            self._values.pause()
        if self._calls is not None and self._on:
            self._calls.pause()
        if self._lines is not None and self._on:
            self._lines.pause()

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Tear down: what the end of a shared fixture executes does not belong to the test that happened to be last."""
        executed = self._executed
        if self._lines is not None:
            with self:
                yield
            return
        if executed is None or not (self._on or self._shared):
            yield
            return
        if self._on:
            executed.resume()
        else:
            executed.start()
            self._own, self._ends = [], {}
        self._mark = executed.mark()
        self._own += executed.until(self._mark)
        try:
            yield
        finally:
            self._own += executed.since(self._mark)
            self._mark = None
            if self._on:
                executed.pause()
            else:
                executed.stop()

    def fixture_ended(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """Take what was executed since the last fixture has ended."""
        if self._executed is None or self._mark is None:
            return
        executed = self._executed.since(self._mark)
        self._mark = self._executed.mark()
        name = self._name_of(fixturedef) if fixturedef.scope != "function" else ""
        if name and executed:
            self._ends[name] = self._functions.names(executed)
        else:
            self._own += executed

    def _name_of(self, fixturedef: pytest.FixtureDef[Any]) -> str:
        """Return the fixture as `path::qualname`; empty for those that pytest makes itself, as of `setup_module`."""
        code = getattr(fixturedef.func, "__code__", None)
        return next(iter(self._functions.names([code])), "") if code is not None else ""

    @contextmanager
    def fixture(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Set up a fixture: what it executes belongs to every test that uses it."""
        executed = self._executed
        if executed is None or fixturedef.scope == "function":
            yield
            return
        alone = not self._on and self._depth == 0
        if alone:
            executed.start()
        self._depth += 1
        before = executed.mark()
        try:
            yield
        finally:
            self._shared[fixturedef] = executed.since(before)
            self._depth -= 1
            if alone:
                executed.stop()

    def stop(self) -> Observed:
        """End the test."""
        lines = self._lines.stop() if self._lines is not None and self._on else {}
        values = self._values.stop() if self._values is not None and self._on else None
        calls = self._calls.stop() if self._calls is not None and self._on else ()
        ends, self._ends = self._ends, {}
        if self._executed is None or not self._on:
            return Observed((), lines, ends, values, calls)
        executed = self._executed.stop()
        own = self._own or executed  # nothing: it never came to its end
        shared = (code for fixturedef in self._used for code in self._shared.get(fixturedef, ()))
        return Observed(self._functions.names((*own, *shared)), lines, ends)


def _wide_fixtures(item: pytest.Item) -> Iterator[pytest.FixtureDef[Any]]:
    """Yield the fixtures that `item` shares with other tests, overridden ones too: they may ask for each other."""
    info = getattr(item, "_fixtureinfo", None)  # items that are no functions have none
    for definitions in dict(getattr(info, "name2fixturedefs", {})).values():
        for fixturedef in definitions:
            if fixturedef.scope != "function":
                yield fixturedef
