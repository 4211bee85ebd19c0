"""What the user's own run showed: failures, passes and the selection, gathered where all reports come together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from pytest_codemode.core.codec import decode
from pytest_codemode.core.failure import MAX_MESSAGE, Failure, Phase


class PlainRun:
    """pytest plugin of the controlling process: gathers; decides nothing."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.interrupted = False
        """Whether a person (or `pytest.exit`) ended the run."""
        self._selected: dict[str, None] = {}
        self._outcomes: dict[str, bool] = {}
        self._begun: set[str] = set()

    @property
    def selected(self) -> tuple[str, ...]:
        """Every node id of the collection, in its order."""
        return tuple(self._selected)

    @property
    def passed(self) -> tuple[str, ...]:
        """Node ids whose call passed and none of whose phases failed."""
        return tuple(nodeid for nodeid, passed in self._outcomes.items() if passed)

    @property
    def not_run(self) -> tuple[str, ...]:
        """Node ids of the selection of which nothing ran, not even a skip: `-x` or the like ended the run before."""
        return tuple(nodeid for nodeid in self._selected if nodeid not in self._begun)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the selection (not called where xdist distributes)."""
        self._select(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Iterable[str]) -> None:
        """Note the selection of an xdist worker; all workers' are the same."""
        self._select(ids)

    def _select(self, nodeids: Iterable[str]) -> None:
        self._selected.update(dict.fromkeys(nodeids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how one phase ended."""
        self._begun.add(report.nodeid)
        if report.failed:
            self._outcomes[report.nodeid] = False
            self.failures.extend(failures_in(report))
        elif report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            self._outcomes.setdefault(report.nodeid, True)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a collection error; xdist workers tell the same one each."""
        known = {failure.nodeid for failure in self.failures if failure.when is Phase.COLLECT}
        if report.failed and report.nodeid not in known:
            self.failures.extend(failures_in(report))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note an interruption by a person; pytest and xdist also end runs by subclasses of KeyboardInterrupt."""
        self.interrupted = excinfo.type is KeyboardInterrupt or isinstance(excinfo.value, pytest.exit.Exception)


def failures_in(report: pytest.TestReport | pytest.CollectReport) -> list[Failure]:
    """Return what the recorder attached; where it could attach nothing (a crashed xdist worker), what pytest says."""
    attached: Any = getattr(report, "codemode_failures", None)
    if attached:
        return [decode(Failure, data, "failure") for data in attached]
    when = {"setup": Phase.SETUP, "teardown": Phase.TEARDOWN, "collect": Phase.COLLECT}.get(
        str(report.when), Phase.CALL
    )
    return [Failure(report.nodeid, when, "Failed", report.longreprtext[:MAX_MESSAGE])]
