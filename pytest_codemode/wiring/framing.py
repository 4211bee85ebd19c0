"""What every run has around it: recovery, the lock, a record, a budget, and a report whatever ends it."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_codemode.core.budget import Budget, StopReason
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.events import Event, Notice, Progress, RunDone, RunStarted, TrialsJudged, Turn
from pytest_codemode.core.ports import EventSink
from pytest_codemode.core.report import RunReport
from pytest_codemode.core.request import EngineRequest
from pytest_codemode.core.written import CoverReport
from pytest_codemode.repair.redaction import redacted
from pytest_codemode.repair.summary import cost_of
from pytest_codemode.worktree.store import RunStore, StoredRun
from pytest_codemode.worktree.tree import lock, recover


@dataclass(frozen=True, slots=True)
class Run:
    """One run under way."""

    store: RunStore
    budget: Budget
    tell: EventSink
    """Records an event, and passes it on unless it is for the record alone."""


def framed(
    request: EngineRequest,
    emit: EventSink,
    names: tuple[str, ...],
    work: Callable[[Run], RunReport],
    *,
    budget: Budget,
    stored: StoredRun | None = None,
) -> RunReport:
    """Do `work` on a tree that is recovered and locked, and keep its report.

    Args:
        request: what the run is about.
        emit: hears how it goes.
        names: of the proposers.
        work: the run itself; whatever ends it is in the report.
        budget: of the run.
        stored: the run to go on with, in the place of a new one.

    Raises:
        ConfigError: the run cannot start.
    """
    rootdir = Path(request.project.rootdir)
    if recovered := recover(rootdir):
        emit(Notice("warning", recovered))
    with lock(rootdir):
        started = datetime.datetime.now(datetime.UTC).astimezone()
        store = RunStore.create(rootdir, started) if stored is None else RunStore.reopen(stored)

        def tell(event: Event) -> None:
            if not isinstance(event, Turn | TrialsJudged):  # long, and for the record alone
                emit(event)
            if not isinstance(event, Progress):
                store.append(event)

        failing = tuple(dict.fromkeys(failure.nodeid for failure in request.failures))
        writes: Literal["patches", "tests"] = "patches" if request.options.cover is None else "tests"
        tell(RunStarted(store.run_id, started.isoformat(), failing, names, writes))
        try:
            report = work(Run(store, budget, tell))
        except CodemodeError as problem:
            report = _ended(store.run_id, str(problem))
        except KeyboardInterrupt:
            report = _ended(store.run_id, StopReason.INTERRUPTED.value)
        if report.error:
            cover = None if request.options.cover is None else CoverReport()
            report = dataclasses.replace(report, cost=cost_of(budget), cover=report.cover or cover)
        report = redacted(dataclasses.replace(report, started=started.isoformat()))
        store.append(RunDone(report))
        return report


def _ended(run_id: str, why: str) -> RunReport:
    return RunReport(run_id, why, green=False, error=True)
