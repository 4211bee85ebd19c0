"""A run as it goes: events in, lines out."""

from __future__ import annotations

from pytest_codemode.core.events import Event, Notice, Progress, RunDone, RunStarted, SandboxReady, TrialDone
from pytest_codemode.core.outcome import SandboxInfo
from pytest_codemode.report.progress import ProgressLine
from pytest_codemode.report.writer import Writer, paragraph


class LiveReport:
    """Writes what an event has to tell at once; the finished run's report is `terminal.render`'s."""

    def __init__(self, writer: Writer, progress: ProgressLine, *, verbose: bool = False) -> None:
        self._writer = writer
        self._progress = progress
        self._verbose = verbose

    def __call__(self, event: Event) -> None:
        """Show `event`."""
        if isinstance(event, Progress):
            self._progress.update(event)
            return
        if isinstance(event, TrialDone) and not self._verbose:
            return
        self._progress.clear()
        self._say(event)
        self._writer.flush()

    def close(self) -> None:
        """Take the progress line away."""
        self._progress.clear()

    def _say(self, event: Event) -> None:
        match event:
            case RunStarted():
                count = len(event.failing)
                tests = "1 failing test" if count == 1 else f"{count} failing tests"
                what = "tests for uncovered lines" if event.writes == "tests" else f"{tests}, patches"
                paragraph(self._writer, f"run {event.run_id}: {what} by {', '.join(event.proposers)}")
            case SandboxReady():
                self._sandbox(event.info)
            case Notice():
                warning, error = event.level == "warning", event.level == "error"
                paragraph(self._writer, f"{event.level}: {event.text}", yellow=warning, red=error)
            case TrialDone():
                text = f"{event.where} {event.template or event.proposer}: {event.verdict}"
                paragraph(self._writer, f"{text}: {event.reason}" if event.reason else text)
            case RunDone() | Progress():
                return

    def _sandbox(self, info: SandboxInfo) -> None:
        level = sandbox_level(info)
        paragraph(self._writer, f"sandbox: {level}", yellow=info.level == "none")
        for note in info.notes:
            paragraph(self._writer, note, indent="  ")


def sandbox_level(info: SandboxInfo) -> str:
    """Return the level as every summary names it: no protection is never left unsaid."""
    return "none (UNPROTECTED: patched code ran with your rights)" if info.level == "none" else info.level
