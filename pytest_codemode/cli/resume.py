"""`codemode runs resume`: the repair of an earlier run goes on where it was interrupted, in this process."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from dataclasses import replace

from pytest_codemode.cli.checkout import folder_of
from pytest_codemode.core.budget import parse_allowance
from pytest_codemode.core.errors import CodemodeError, ConfigError
from pytest_codemode.core.report import RunReport
from pytest_codemode.repair.record.resume import Resumption, resumption
from pytest_codemode.report import terminal
from pytest_codemode.report.files import write as write_report
from pytest_codemode.report.live import LiveReport
from pytest_codemode.report.progress import ProgressLine
from pytest_codemode.report.writer import PlainWriter, Writer, is_interactive, paragraph
from pytest_codemode.wiring.repairing import repair
from pytest_codemode.worktree.store import StoredRun


def run(stored: StoredRun, budget: str) -> int:
    """Go on with `stored` and return the exit status: 0 if the tree is green now, as after `pytest --codemode-fix`.

    Args:
        stored: the run.
        budget: what all its parts together may use; empty for what it was given at first.

    Raises:
        ConfigError: it cannot be resumed.
    """
    resumed = _with_budget(resumption(stored, os.environ), budget)
    writer = PlainWriter()
    for name in resumed.missing:
        paragraph(writer, f"warning: {name} was set when the run began and is not now")
    warnings.filterwarnings("ignore", category=SyntaxWarning)  # of the user's code, which is only parsed here
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    live = LiveReport(writer, ProgressLine(writer, interactive=is_interactive(sys.stdout)))
    try:
        report = repair(resumed.request, live, resumed=resumed)
    finally:
        live.close()
    terminal.render(report, writer, root=os.path.relpath(stored.rootdir))
    _write_reports(report, resumed.request.options.reports, folder_of(stored.rootdir, os.environ), writer)
    return 0 if report.green and not resumed.request.options.diff_only else 1


def _with_budget(resumed: Resumption, budget: str) -> Resumption:
    """Return the resumption with another budget; there has to be something left of it."""
    options = resumed.request.options
    spec = budget or options.budget
    limit_s = parse_allowance(spec).time_s
    if limit_s is not None and resumed.used.time_s >= limit_s:
        raise ConfigError(
            f"run {resumed.stored.run_id} has used its time ({resumed.used.time_s:.0f} s of {limit_s:.0f} s); give it "
            "more with --budget time=..."
        )
    return replace(resumed, request=replace(resumed.request, options=replace(options, budget=spec)))


def _write_reports(report: RunReport, paths: tuple[str, ...], folder: str, writer: Writer) -> None:
    for path in paths:
        try:
            write_report(report, path, folder=folder)
        except (CodemodeError, OSError) as problem:
            paragraph(writer, f"error: the report {path} cannot be written: {problem}", red=True)
