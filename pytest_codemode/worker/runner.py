"""pytest plugin that runs the items a plan names and reports each result at once."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import pytest
from _pytest.assertion import util
from _pytest.runner import runtestprotocol

from pytest_codemode.core.codec import encode
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.worker.observer import Observer
from pytest_codemode.worker.plan import Plan, Say
from pytest_codemode.worker.results import phases_of, result_of
from pytest_codemode.worker.sampling import StackSampler
from pytest_codemode.worker.shortcut import Comparison, may_be_quiet
from pytest_codemode.worker.timelimit import TimeLimit, Timeout


class Runner:
    """Takes over pytest's loop over the collected items."""

    def __init__(self, plan: Plan, say: Say, rootdir: str, limit: TimeLimit) -> None:
        self.plan = plan
        self.rootdir = rootdir
        self._say = say
        self._limit = limit
        self._reports: list[pytest.TestReport] = []
        self._errors: list[Any] = []
        self._missing: list[TestResult] = []
        self._quiet = False
        """Whether the protocol of a test is to tell nobody."""
        self.at_end: Callable[[], None] = _nothing
        """Called when the last test has ended, before that is told."""
        self.comparison: Comparison | None = None
        """What explained failed comparisons of the test that was judged last."""
        self._observer = Observer(plan, rootdir)
        self._sampler = StackSampler(rootdir)

    def begin(self, plan: Plan, say: Say) -> None:
        """Take up another plan."""
        self.plan = plan
        self._say = say
        self._observer = Observer(plan, self.rootdir)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """In place of pytest's own, which tells those who print what a test came out with: a third of its time."""
        if not self._quiet:
            return None
        self.comparison = util._reprcompare
        self._reports += runtestprotocol(item, log=False, nextitem=nextitem)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the reports of the running test."""
        self._reports.append(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what could not be collected."""
        self._errors += getattr(report, "codemode_failures", ())

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self) -> Generator[None, None, None]:
        """Observe what fixtures execute; `trylast` makes this wrapper the innermost, within pytest's own."""
        with self._observer:
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """Observe what the test executes."""
        with self._observer:
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_teardown(self) -> Generator[None, None, None]:
        """Observe what fixtures execute at their end."""
        with self._observer.ending():
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_post_finalizer(self, fixturedef: pytest.FixtureDef[Any]) -> None:
        """Observe the end of each fixture apart."""
        self._observer.fixture_ended(fixturedef)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """Observe apart what a fixture executes that several tests share: only one of them sets it up."""
        with self._observer.fixture(fixturedef):
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Run what the plan names; the process ends here."""
        self.run(self.select(session.items))
        self.at_end()
        self.finish()
        # What a session does at its end (summaries, reports) is for a user to read and takes longer than many tests.
        os._exit(0)

    def select(self, collected: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Return the items to run, in order, each node id once; tell them, and those that do not exist."""
        items = self._selected(collected)
        self._say({"say": "collected", "errors": self._errors, "nodeids": [item.nodeid for item in items]})
        for result in self._missing:
            self._say_result(result)
        return items

    def _selected(self, collected: Sequence[pytest.Item]) -> list[pytest.Item]:
        plan = self.plan
        done = frozenset(plan.done)
        self._missing = []
        wanted = collected if plan.nodeids is None else self._named(plan.nodeids, collected, done)
        once = {item.nodeid: item for item in reversed(wanted)}
        items = [item for item in reversed(once.values()) if item.nodeid not in done]
        if plan.order_seed is not None:
            items = shuffled(items, plan.order_seed)
        return self._with_canary(items, collected) if plan.canary else items

    def _named(
        self, nodeids: Sequence[str], collected: Sequence[pytest.Item], done: frozenset[str]
    ) -> Sequence[pytest.Item]:
        """Return the items of `nodeids`; a collector's id (a file, a class) stands for everything in it."""
        by_id = {item.nodeid: item for item in reversed(collected)}
        found: dict[str, pytest.Item] = {}
        for nodeid in dict.fromkeys(nodeids):
            inside = [nodeid] if nodeid in by_id else [n for n in by_id if n.startswith((f"{nodeid}::", f"{nodeid}/"))]
            if not inside and nodeid not in done:
                self._missing.append(TestResult(nodeid, Outcome.MISSING, failures=self._why_missing(nodeid)))
            found.update((name, by_id[name]) for name in inside)
        return tuple(found.values()) if self.plan.as_given else [item for item in collected if item.nodeid in found]

    def run(self, items: Sequence[pytest.Item]) -> None:
        """Run `items` in order, each with pytest's whole protocol."""
        for item in items[:1]:
            between_tests(item.config)
        following = [*items[1:], None]
        for index, item in enumerate(items):
            result = self._run_one(item, following[index])
            self._say_result(result)
            if self._is_enough(result.outcome) and item.name != self.plan.canary:
                break

    def finish(self) -> None:
        """Tell that everything was run: without this message the last result does not count."""
        sys.stdout.flush()
        sys.stderr.flush()
        self._say({"say": "end"})

    def _run_one(self, item: pytest.Item, following: pytest.Item | None) -> TestResult:
        nodeid = item.nodeid  # as it was told: some plugins change it while the test runs
        self._say({"say": "start", "nodeid": nodeid, "limit_s": self._limit.seconds_for(item)})
        self._reports.clear()
        self._quiet = self.plan.slim and may_be_quiet(item.config)
        started = time.perf_counter()
        self._observer.start(item)
        if not self.plan.slim:
            self._sampler.start(self._limit.seconds_for(item))
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        except Timeout as problem:  # it hit pytest's own code between two phases
            failure = Failure(nodeid, Phase.CALL, "Timeout", str(problem), timed_out=True)
            return TestResult(nodeid, Outcome.TIMEOUT, time.perf_counter() - started, (failure,))
        finally:
            samples = self._sampler.stop()
            seen = self._observer.stop()
        result = result_of(nodeid, self._reports, time.perf_counter() - started)
        if self.plan.slim:
            return result
        if samples is not None and result.outcome is Outcome.TIMEOUT:
            result = replace(result, failures=tuple(replace(one, samples=samples) for one in result.failures))
        phases = phases_of(self._reports, output=self.plan.output)
        return replace(
            result,
            functions=seen.functions,
            lines=seen.lines,
            ends=seen.ends,
            phases=phases,
            values=seen.values,
            calls=seen.calls,
        )

    def judge(self, item: pytest.Item) -> TestResult:
        """Run `item` alone with pytest's whole protocol and tell nobody."""
        self._reports.clear()
        self._quiet = may_be_quiet(item.config)
        started = time.perf_counter()
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        except Timeout as problem:  # as above
            failure = Failure(item.nodeid, Phase.CALL, "Timeout", str(problem), timed_out=True)
            return TestResult(item.nodeid, Outcome.TIMEOUT, time.perf_counter() - started, (failure,))
        return result_of(item.nodeid, self._reports, time.perf_counter() - started)

    def _is_enough(self, outcome: Outcome) -> bool:
        """Whether the rest need not run: a candidate must be green on every test, a run may skip some."""
        if not self.plan.stop_at_failure:
            return False
        return not outcome.green if self.plan.as_given else outcome in (Outcome.FAILED, Outcome.TIMEOUT)

    def _say_result(self, result: TestResult) -> None:
        self._say({"say": "result", "result": encode(result)})

    def _why_missing(self, nodeid: str) -> tuple[Failure, ...]:
        path = nodeid.partition("::")[0]
        return tuple(
            Failure(nodeid, Phase.COLLECT, error["exception"], error["message"][:400])
            for error in self._errors
            if error["nodeid"] == path
        )

    def _with_canary(self, items: list[pytest.Item], collected: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Add the canary at the end, where it sees whatever a test before it did to those who judge."""
        if not collected:
            return items
        last = (items or collected)[-1]
        return [*items, _canary(last.getparent(pytest.Module) or last.session, self.plan.canary)]


def _nothing() -> None:
    """Do nothing."""


def between_tests(config: pytest.Config) -> None:
    """Let nothing be captured between tests, as in a plain run: the first one would get what pytest prints there."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=False)


class Canary(pytest.Item):
    """A test that must fail, for suites whose items are no Python functions."""

    def runtest(self) -> None:
        """Fail."""
        _failing(self.name)()


def _canary(parent: pytest.Collector, name: str) -> pytest.Item:
    if isinstance(parent, pytest.Module):
        item: pytest.Item = pytest.Function.from_parent(parent, name=name, callobj=_failing(name))
        return item
    canary: pytest.Item = Canary.from_parent(parent, name=name)
    return canary


def _failing(name: str) -> Callable[[], None]:
    def fail() -> None:
        raise AssertionError(f"{name} fails, as it must")

    return fail


def shuffled(items: Sequence[pytest.Item], seed: int) -> list[pytest.Item]:
    """Return `items` in an order drawn from `seed`: files shuffled, then tests within each file.

    Source: pytest-randomly does the same; a full shuffle would set up module fixtures again and again.
    """
    draw = random.Random(seed)
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    groups = list(files.values())
    draw.shuffle(groups)
    for group in groups:
        draw.shuffle(group)
    return [item for group in groups for item in group]
