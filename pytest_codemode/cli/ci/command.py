"""`codemode ci`: the tests of a change in the sandbox, patches proposed for what fails, and everybody told."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_codemode.cli.checkout import checkout_of
from pytest_codemode.cli.ci.arguments import Wanted
from pytest_codemode.cli.ci.backstop import Backstop
from pytest_codemode.cli.ci.change import Filter, exposed, nothing_to_do, of_environment, privileged
from pytest_codemode.cli.ci.delivery import STATUS, Conclusion, State, deliver
from pytest_codemode.cli.ci.first_run import FirstRun, first_run, project_of
from pytest_codemode.cli.ci.git import Git
from pytest_codemode.cli.ci.ours import environment_for_ours, isolated, leading_into
from pytest_codemode.cli.ci.output import Output, safe_place
from pytest_codemode.cli.ci.runner import Runner
from pytest_codemode.cli.root import find_root
from pytest_codemode.core.budget import StopReason, parse_allowance
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.report import RunReport
from pytest_codemode.core.request import to_json
from pytest_codemode.launch.engine import Ending, Engine, engine_command
from pytest_codemode.report import terminal
from pytest_codemode.report.joblog import JobLog
from pytest_codemode.report.live import LiveReport, sandbox_level
from pytest_codemode.report.progress import ProgressLine
from pytest_codemode.report.writer import harmless, paragraph

_SHOWN_TESTS = 20
_LEAST_REPAIR_S = 1.0


def run(wanted: Wanted) -> int:
    """Do it all and return the exit status."""
    runner = Runner(os.environ, JobLog())
    course = _Course(wanted, runner.log)

    def give_up() -> None:
        runner.hear()
        deliver(course.interrupted(), course.output, wanted.reports, runner)

    backstop = Backstop(give_up, STATUS["interrupted"])
    with runner.deaf(), _interruptible(backstop):
        conclusion = course.conclusion()
    if not backstop.settle():
        threading.Event().wait()  # it is being told already, and this process ends with that
    with _uninterrupted():
        status = STATUS[deliver(conclusion, course.output, wanted.reports, runner)]
    return 0 if status == 1 and wanted.exit_zero else status


def refused(sentence: str) -> int:
    """Tell everybody who has to know that a call of `codemode ci` cannot be understood; return the exit status."""
    runner = Runner(os.environ, JobLog())
    return STATUS[deliver(_broken("error", sentence, Path.cwd(), None), None, (), runner)]


class _Course:
    """How far one run has come."""

    def __init__(self, wanted: Wanted, log: JobLog) -> None:
        self._wanted = wanted
        self._log = log
        self._rootdir = Path.cwd()
        self._first: FirstRun | None = None
        self.output: Output | None = None
        """The folder for files, once it could be made."""

    def conclusion(self) -> Conclusion:
        """Do it, and return what came of it."""
        try:
            return self._concluded()
        except CodemodeError as problem:
            return _broken("error", str(problem), self._rootdir, self._first)
        except KeyboardInterrupt:
            return self.interrupted()

    def interrupted(self) -> Conclusion:
        """Return what there is to tell of a run that ends now."""
        return _broken("interrupted", StopReason.INTERRUPTED.value, self._rootdir, self._first)

    def _concluded(self) -> Conclusion:
        wanted, log = self._wanted, self._log
        rootdir = self._rootdir = find_root(wanted.rootdir)
        checkout = checkout_of(rootdir, os.environ)
        self.output = Output(rootdir, checkout, wanted.output)
        for path in wanted.reports:
            safe_place(checkout, Path(path))
        job = _Job(wanted, rootdir, checkout, log)
        if reason := job.nothing_to_do():
            return Conclusion("skipped", RunReport("", reason, green=False), rootdir)
        notices = job.notices()
        first = self._first = job.first_run()
        if not first.failing:
            return Conclusion("passed", _passed(first), rootdir, first).noting(notices)
        return _told(job.repair(first), first, log, rootdir).noting(notices)


class _Job:
    """One run, within its time limit."""

    def __init__(self, wanted: Wanted, rootdir: Path, checkout: Path, log: JobLog) -> None:
        self._wanted = wanted
        self._rootdir = rootdir
        self._checkout = checkout
        self._log = log
        limit_s = wanted.time_limit_s
        self._deadline = None if limit_s is None else time.monotonic() + limit_s

    def nothing_to_do(self) -> str:
        wanted = self._wanted
        chosen = Filter(wanted.since, wanted.only, wanted.labels)
        return nothing_to_do(of_environment(os.environ), chosen, Git(self._rootdir))

    def notices(self) -> tuple[str, ...]:
        found = (exposed(Git(self._rootdir)), privileged(os.environ), self._importing())
        warnings = tuple(filter(None, found))
        for warning in warnings:
            paragraph(self._log, f"warning: {warning}")
        return warnings

    def _importing(self) -> str:
        """Return a warning if this very process could import modules of the change."""
        if sys.flags.ignore_environment or not leading_into(self._checkout, os.environ):
            return ""
        return (
            "PYTHONPATH leads into the checkout, so that modules of the change may have run outside the sandbox; start "
            "codemode with `python -I -m pytest_codemode.cli.main ci`, and give the tests their path behind --, as "
            "`-o pythonpath=.`"
        )

    def first_run(self) -> FirstRun:
        paragraph(self._log, "running the tests in the sandbox")
        self._log.flush()
        started = time.monotonic()
        first = first_run(project_of(self._rootdir, self._wanted), self._left())
        took = terminal.duration(time.monotonic() - started)
        where = f"in the sandbox ({sandbox_level(first.sandbox)}), {took}"
        paragraph(self._log, f"{len(first.failing)} failing of {len(first.selected)} tests {where}")
        for nodeid in first.failing[:_SHOWN_TESTS]:
            self._log.line(f"  {harmless(nodeid)}")
        if len(first.failing) > _SHOWN_TESTS:
            self._log.line(f"  and {len(first.failing) - _SHOWN_TESTS} more")
        if first.result.status == "killed":
            paragraph(self._log, f"warning: the tests did not come to their end: {first.result.reason}")
        self._log.flush()
        return first

    def repair(self, first: FirstRun) -> Ending:
        options = replace(self._wanted.options, budget=self._budget())
        limit_s = parse_allowance(options.budget).time_s
        project = first.project
        engine = Engine(
            isolated(engine_command(sys.executable)),
            cwd=project.invocation_dir,
            env=environment_for_ours(self._checkout, os.environ),
            # The engine keeps its own time; this is the backstop that ends a run whose engine does not.
            limit_s=None if limit_s is None else limit_s * 1.25 + 60,
        )
        progress = ProgressLine(self._log, interactive=False)
        live = LiveReport(self._log, progress)
        try:
            return engine.run(to_json(first.request(options)), live)
        finally:
            live.close()

    def _budget(self) -> str:
        """Return the budget, its time cut down to what is left of the limit."""
        left, spec = self._left(), self._wanted.options.budget
        given = parse_allowance(spec).time_s
        if left is None or (given is not None and given <= left):
            return spec
        return ",".join(filter(None, (spec, f"time={max(left, _LEAST_REPAIR_S):.0f}s")))

    def _left(self) -> float | None:
        return None if self._deadline is None else max(self._deadline - time.monotonic(), _LEAST_REPAIR_S)


def _passed(first: FirstRun) -> RunReport:
    count = len(first.selected)
    tests = "1 test" if count == 1 else f"{count} tests"
    return RunReport("", f"no test fails: {tests} ran in the sandbox", green=True, sandbox=first.sandbox)


def _told(ending: Ending, first: FirstRun, log: JobLog, rootdir: Path) -> Conclusion:
    """Print how the repair ended, and return what came of it."""
    report = ending.report
    if report is None:
        for line in harmless(ending.log).splitlines():
            log.line(f"  {line}")
        return _broken("interrupted" if ending.interrupted else "error", ending.trouble, rootdir, first)
    report = _complete(report, first)
    terminal.render(report, log, root=os.path.relpath(rootdir))
    log.flush()
    if ending.interrupted:
        return Conclusion("interrupted", report, rootdir, first)
    if report.error:
        return Conclusion("error", report, rootdir, first)
    return Conclusion("proposed" if report.diff else "failed", report, rootdir, first)


def _complete(report: RunReport, first: FirstRun) -> RunReport:
    """Return the report with what the first run has seen, where the repair has ended before it looked at that."""
    if not report.error and report.stop != StopReason.INTERRUPTED.value:
        return replace(report, sandbox=report.sandbox or first.sandbox)
    known = {nodeid for task in report.tasks for nodeid in task.nodeids} | {one.nodeid for one in report.unrepaired}
    missing = tuple(task for task in first.unrepaired(report.stop) if task.key not in known)
    return replace(report, tasks=(*report.tasks, *missing), sandbox=report.sandbox or first.sandbox)


def _broken(state: State, sentence: str, rootdir: Path, first: FirstRun | None) -> Conclusion:
    report = RunReport("", sentence, green=False, error=True)
    if first is not None:
        report = _complete(report, first)
    return Conclusion(state, report, rootdir, first)


@contextmanager
def _interruptible(backstop: Backstop) -> Iterator[None]:
    """Take SIGTERM for Ctrl-C; a runner that cancels a job sends the one, and the other when it has waited."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        backstop.arm()
        signal.default_int_handler(signum, frame)

    def terminate(_signum: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)  # the engine's caller listens to that one

    # Explicitly for SIGINT too: where a script starts us in the background it is inherited as ignored.
    with _handled({signal.SIGINT: interrupt, signal.SIGTERM: terminate}):
        yield


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let what there is be written; it takes milliseconds, and a runner that is in a hurry kills."""
    with _handled({signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_IGN}):
        yield


@contextmanager
def _handled(handlers: dict[signal.Signals, Any]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
