"""What a GitHub runner is told of a run: annotations, outputs, the step's summary. Pure rendering.

Everything in a report is foreign text. In a command it is escaped as the runner's own toolkit does it, in an
environment file it stands between random delimiters, in the summary it is Markdown's `markdown.render`.
Source: actions/toolkit, `packages/core/src/command.ts` and `file-command.ts`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.report import RunReport, TaskReport, Unrepaired
from pytest_codemode.report import escapes, markdown
from pytest_codemode.report.blocks import first_lines
from pytest_codemode.report.terminal import counts
from pytest_codemode.report.writer import harmless, one_line

SHOWN = 10
"""Of each kind of annotation a runner shows that many a step, and drops the rest without a word."""
MAX_MESSAGE_CHARS = 4_000
MAX_TITLE_CHARS = 200
"""The interface for checks admits 64 KB and 255 characters; a diff of more than a page is better read elsewhere."""
MAX_SUMMARY_BYTES = 900_000
"""A summary of more than 1 MiB is refused as a whole."""
MAX_OUTPUT_BYTES = 60_000
"""Of one output: the next step may get it in an environment variable, of which Linux admits 128 KiB."""

Kind = Literal["error", "warning", "notice"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message at a line of a file."""

    kind: Kind
    title: str
    message: str
    path: str = ""
    """Relative to the root of the repository; empty for none."""
    line: int = 0
    """1-based; 0 for none."""

    def command(self) -> str:
        """Return the workflow command."""
        properties = {"file": self.path, "line": str(self.line) if self.path and self.line else "", "title": self.title}
        given = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
        return f"::{self.kind} {given}::{_data(harmless(self.message))}"


def remarks(report: RunReport, folder: str = ".") -> tuple[Annotation, ...]:
    """Return what to say at which line, the most important of each kind first, no more than a runner shows.

    Args:
        report: of the run.
        folder: the project's root, relative to that of the repository.
    """
    broken = [task for task in report.tasks if not task.fixed]
    fixed = [task for task in report.tasks if task.fixed]
    errors = [_failing(task, folder) for task in (*broken, *fixed)]
    warnings = [_unrepaired(test, folder) for test in report.unrepaired]
    notices = [_proposal(task, folder) for task in fixed]
    if report.error:
        errors.insert(0, Annotation("error", "codemode", _cut(report.stop)))
    return tuple(one for group in (errors, warnings, notices) for one in group[:SHOWN])


def _failing(task: TaskReport, folder: str) -> Annotation:
    path, line = _place(task.failures, task.nodeids)
    rest = f" and {len(task.nodeids) - 1} more" if len(task.nodeids) > 1 else ""
    if task.fixed:
        what = "codemode proposes a patch for it, see the notices and the summary"
    else:
        what = f"no patch: {task.why_not}" if task.why_not else "no patch"
    title = f"{task.nodeids[0] if task.nodeids else task.key}{rest}"
    return Annotation("error", _title(title), _cut(f"{task.cause}\n{what}"), _within(folder, path), line)


def _proposal(task: TaskReport, folder: str) -> Annotation:
    path, line = next(iter(first_lines(task.diff)), ("", 0))
    green = len(task.turned_green)
    proof = f"turns green: {green}; passed before and still pass: {task.checked}"
    doubt = f"\nlook twice: {', '.join(task.warnings)}" if task.warnings else ""
    message = f"{task.rationale}\n{proof}{doubt}\n\n{task.diff}".strip()
    return Annotation("notice", "codemode proposes a patch", _cut(message), _within(folder, path), line)


def _unrepaired(test: Unrepaired, folder: str) -> Annotation:
    path = test.nodeid.partition("::")[0]
    return Annotation("warning", _title(f"{test.kind}: {test.nodeid}"), _cut(test.detail), _within(folder, path))


def _place(failures: tuple[Failure, ...], nodeids: tuple[str, ...]) -> tuple[str, int]:
    """Return the innermost line of the project's that a failure went through, else the file of the test."""
    for failure in failures:
        for frame in reversed(failure.frames):
            if not frame.path.startswith(("/", "<")):
                return frame.path, frame.line
    return (nodeids[0].partition("::")[0] if nodeids else ""), 0


def _within(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path)) if path else ""


def _title(text: str) -> str:
    return one_line(text, MAX_TITLE_CHARS)


def _cut(text: str) -> str:
    shown = harmless(text)
    return shown if len(shown) <= MAX_MESSAGE_CHARS else shown[:MAX_MESSAGE_CHARS] + "\n[cut; see the summary]"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(harmless(text)).replace(":", "%3A").replace(",", "%2C")


def outputs(report: RunReport, state: str, *, folder: str, patch_file: str) -> dict[str, str]:
    """Return the outputs of the step.

    Args:
        report: of the run.
        state: what came of it.
        folder: with the reports; empty if none was written.
        patch_file: with the whole patch; empty if there is none.
    """
    fixed, failing = counts(report)
    fits = len(report.diff.encode("utf-8", "replace")) <= MAX_OUTPUT_BYTES
    return {
        "state": state,
        "patch": report.diff if fits else "",
        "patch-file": patch_file,
        "fixed": str(fixed),
        "unfixed": str(failing - fixed),
        "cost-usd": f"{report.cost.usd:.4f}",
        "report": folder,
    }


def environment_file(values: Mapping[str, str], delimiter: str) -> str:
    """Return the lines for `GITHUB_OUTPUT`.

    Args:
        values: by name.
        delimiter: random, so that no value can end itself and set another one.

    Raises:
        ValueError: the delimiter occurs in a value.
    """
    if any(delimiter in value for value in values.values()):
        raise ValueError("the delimiter occurs in a value")
    return "".join(f"{name}<<{delimiter}\n{_text(value)}\n{delimiter}\n" for name, value in values.items())


def _text(value: str) -> str:
    """Return what can be encoded; what cannot stands in the patch file."""
    return value.encode("utf-8", "replace").decode("utf-8")


def summary(report: RunReport, state: str) -> str:
    """Return the step's summary: the report as Markdown, as long as a runner takes it."""
    text = "\n".join(_summary(report, state)) + "\n"
    return bounded(text, MAX_SUMMARY_BYTES)


def bounded(text: str, max_bytes: int) -> str:
    """Return Markdown of not much more than `max_bytes`; where it is cut, it says so, and no code is left open."""
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= max_bytes:
        return data.decode("utf-8")
    head = data[:max_bytes].decode("utf-8", "ignore").rpartition("\n")[0]
    return f"{head}\n{_open_fence(head)}\n\nThe rest is cut; report.md in the artefact has all.\n"


def _open_fence(text: str) -> str:
    """Return what ends the block of code that `text` leaves open, empty if it leaves none."""
    fence = ""
    for line in text.split("\n"):
        run = line[: len(line) - len(line.lstrip("`"))]
        if not fence and len(run) >= 3:
            fence = run
        elif fence and line == run and len(run) >= len(fence):
            fence = ""
    return fence


def _summary(report: RunReport, state: str) -> Iterator[str]:
    if state in ("passed", "skipped"):
        yield f"# codemode: {'no test fails' if state == 'passed' else 'nothing to do'}"
        yield ""
        yield escapes.text(report.stop)
        return
    yield markdown.render(report).rstrip("\n")
