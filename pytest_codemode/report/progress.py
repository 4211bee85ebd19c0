"""One line that tells what is being tried: rewritten in place on a terminal, printed now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_codemode.core.events import Progress
from pytest_codemode.report.writer import Writer, one_line

_TICKS_APART_S = 0.1
"""A terminal is repainted at most this often: more cannot be read, and costs."""
_LINES_APART_S = 3.0
"""In a log: at most one line in this time, and only where the stage has changed."""
_ERASE_REST = "\x1b[K"


class ProgressLine:
    """The progress of one run."""

    def __init__(self, writer: Writer, *, interactive: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._writer = writer
        self._interactive = interactive
        self._clock = clock
        self._last_time = float("-inf")
        self._last_stage = ""
        self._painted = False

    def update(self, progress: Progress) -> None:
        """Show `progress`, unless something was shown a moment ago."""
        now = self._clock()
        apart = _TICKS_APART_S if self._interactive else _LINES_APART_S
        if now - self._last_time < apart or (not self._interactive and progress.stage == self._last_stage):
            return
        self._last_time, self._last_stage = now, progress.stage
        # One column is left free: a full line would make some terminals go to the next.
        text = one_line(describe(progress), self._writer.fullwidth - 1)
        if self._interactive:
            self._write("\r", text, _ERASE_REST)
            self._painted = True
        else:
            self._writer.line(text)
            self._writer.flush()

    def clear(self) -> None:
        """Take the line away, so that something else can be written."""
        if self._painted:
            self._write("\r", _ERASE_REST)
            self._painted = False

    def _write(self, *parts: str) -> None:
        # One by one: a writer that cannot encode a text escapes it whole, controls included.
        for part in parts:
            self._writer.write(part)
        self._writer.flush()


def describe(progress: Progress) -> str:
    """Return the progress in one line: numbers first, because the end is what a narrow terminal cuts."""
    facts = [f"{progress.elapsed_s:.0f} s"]
    if progress.candidates:
        facts.append(f"{progress.candidates:,} candidates")
    if progress.usd:
        facts.append(f"${progress.usd:.2f}")
    return f"codemode: {progress.stage} [{', '.join(facts)}] {progress.text}".rstrip()
