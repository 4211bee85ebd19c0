"""What came of a CI run, to everybody who has to know: files, the runner, the log, the exit status."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from pytest_codemode.cli.ci.first_run import FirstRun
from pytest_codemode.cli.ci.output import PATCH, STATE, SUMMARY, TESTS, Output, safe_place
from pytest_codemode.cli.ci.runner import Runner
from pytest_codemode.core.budget import StopReason
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.report import RunReport
from pytest_codemode.report import github, suite_xml, terminal
from pytest_codemode.report.files import write as write_report
from pytest_codemode.report.joblog import JobLog
from pytest_codemode.report.writer import paragraph
from pytest_codemode.worktree.untrusted import read_file

State = Literal["skipped", "passed", "proposed", "failed", "error", "interrupted"]
STATUS: dict[State, int] = {"skipped": 0, "passed": 0, "proposed": 1, "failed": 1, "error": 2, "interrupted": 130}
"""The exit status of each."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What came of it."""

    state: State
    report: RunReport
    rootdir: Path
    first: FirstRun | None = None
    """None where the tests did not run to their end."""

    def noting(self, notices: tuple[str, ...]) -> Conclusion:
        """Return it with more for the reports to note."""
        return replace(self, report=replace(self.report, notices=(*self.report.notices, *notices)))

    def diff(self) -> bytes:
        """Return the patch byte for byte; in the report it is text."""
        if not self.report.diff_path:
            return b""
        try:
            return read_file(self.rootdir / self.report.diff_path, own=True)
        except (FileNotFoundError, ValueError):
            return self.report.diff.encode("utf-8", "surrogateescape")


def deliver(conclusion: Conclusion, output: Output | None, reports: tuple[str, ...], runner: Runner) -> State:
    """Write the files, the summary, the outputs and the annotations, each although another cannot be written.

    Args:
        conclusion: what to tell.
        output: the folder for files; None if it could not be made.
        reports: paths of further reports.
        runner: of the job.

    Returns:
        What came of it in the end: `error` also where something could not be written.
    """
    report = conclusion.report
    problems: list[str] = []
    summary = github.summary(report, conclusion.state)
    place = runner.folder(conclusion.rootdir)
    for path in reports:
        _try(partial(_report, report, path, runner.checkout(conclusion.rootdir), place), problems)
    _try(partial(runner.summarise, summary), problems)
    # Behind those, as it names the state that what comes after goes by.
    folder, patch_file = _written(conclusion, summary, output, place, problems)
    outputs = github.outputs(report, _ended(conclusion, problems), folder=folder, patch_file=patch_file)
    _try(partial(runner.output, outputs), problems)
    runner.annotate(report, conclusion.rootdir)
    with runner.deaf():
        _say(conclusion, folder, runner.log)
        for problem in problems:
            paragraph(runner.log, f"error: {problem}")
        runner.log.flush()
    return _ended(conclusion, problems)


def _ended(conclusion: Conclusion, problems: list[str]) -> State:
    return "error" if problems and conclusion.state != "interrupted" else conclusion.state


def _report(report: RunReport, path: str, checkout: Path, folder: str) -> None:
    write_report(report, str(safe_place(checkout, Path(path))), option="--report", folder=folder)


def _written(
    conclusion: Conclusion, summary: str, output: Output | None, place: str, problems: list[str]
) -> tuple[str, str]:
    """Write the files and return the paths of the folder and of the patch, empty for what there is not."""
    if output is None or conclusion.state == "skipped":
        return "", ""
    diff = conclusion.diff()
    texts = {SUMMARY: summary.encode("utf-8", "backslashreplace")} | ({PATCH: diff} if diff else {})
    if conclusion.first is not None:
        result = conclusion.first.result
        told = suite_xml.render(result.results, result.collection_errors)
        texts[TESTS] = told.encode("utf-8", "xmlcharrefreplace")
    # The last one: whoever publishes asks it first, as a patch may also be there where the run broke off.
    texts[STATE] = f"{_ended(conclusion, problems)}\n".encode("ascii")
    if not _try(partial(output.write, conclusion.report, texts, place), problems):
        return "", ""
    return str(output.folder), str(output.folder / PATCH) if diff else ""


def _try(action: Callable[[], None], problems: list[str]) -> bool:
    try:
        action()
    except (CodemodeError, OSError) as problem:
        problems.append(str(problem))
        return False
    return True


def _say(conclusion: Conclusion, folder: str, log: JobLog) -> None:
    report, state = conclusion.report, conclusion.state
    if state in ("proposed", "failed"):
        fixed, failing = terminal.counts(report)
        what = f"patch proposed for {fixed} of {failing} failing tests" if fixed else f"{failing} failing, no patch"
        paragraph(log, f"codemode: {what}; nothing was written to the tree")
    elif report.stop == StopReason.INTERRUPTED.value:
        # Reports were written, perhaps a patch: what it speaks of is the tree.
        paragraph(log, "codemode: interrupted; nothing was written to the tree")
    else:
        paragraph(log, f"codemode: {state}: {report.stop}")
    if folder:
        paragraph(log, f"codemode: patch and reports in {folder}")
