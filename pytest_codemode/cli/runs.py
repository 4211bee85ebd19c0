"""`codemode runs`: what earlier runs found, as reports too, patches applied or taken back, and runs resumed."""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser
from pathlib import Path

from pytest_codemode.cli.checkout import folder_of
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.events import Notice
from pytest_codemode.repair.record.resume import can_resume
from pytest_codemode.report import files, terminal
from pytest_codemode.report.writer import PlainWriter, harmless
from pytest_codemode.report.written import headline
from pytest_codemode.worktree.store import StoredRun, find, list_runs
from pytest_codemode.worktree.tree import Contents, TreeChanged, check_editable, lock, write


def run(rootdir: Path, arguments: argparse.Namespace) -> int:
    """Do one action and return the exit status."""
    if arguments.action == "list":
        return _list(rootdir)
    stored = find(rootdir, arguments.id)
    if arguments.action == "resume":
        if stored.writes == "tests":
            raise ConfigError(
                f"run {stored.run_id} wrote tests, which is not resumed; a new run with pytest --codemode-cover begins "
                "where the coverage is now"
            )
        from pytest_codemode.cli.resume import run as resume  # noqa: PLC0415  # imports the engine, which takes a second

        return resume(stored, arguments.budget)
    if arguments.action == "report":
        return _report(stored, arguments.output, show=arguments.open)
    if arguments.action in ("show", "diff"):
        return _show(stored) if arguments.action == "show" else _diff(stored)
    patch = stored.patch()
    check_editable(rootdir, {**patch.old, **patch.new}, tests=stored.writes == "tests")
    if arguments.action == "apply":
        terminal.diff(patch.diff().decode("utf-8", "surrogateescape"), PlainWriter())
        return _write(rootdir, stored, patch.old, patch.new)
    return _write(rootdir, stored, patch.new, patch.old)


def _list(rootdir: Path) -> int:
    found = list_runs(rootdir)
    if not found:
        print(f"no runs are kept in {rootdir}")
    for stored in found:
        foreign = "" if stored.own else " (not sealed by your codemode)"
        print(f"{stored.run_id}  {_outcome(stored)}{foreign}")
        _warn(stored)
    return 0


def _outcome(stored: StoredRun) -> str:
    report = stored.report
    if report is None:
        how = f"; `codemode runs resume {stored.run_id}` goes on" if can_resume(stored) else ""
        return f"did not come to its end{how}"
    if report.cover is not None:
        kept = ", kept as a patch" if report.diff and not report.written else ""
        return harmless(f"{headline(report.cover, kept=bool(kept))}{kept}: {report.stop}")
    fixed = sum(task.fixed for task in report.tasks)
    state = "written" if report.written else "patch kept" if report.diff else "nothing written"
    return harmless(f"{fixed} of {len(report.tasks)} fixed, {state}: {report.stop}")


def _show(stored: StoredRun) -> int:
    writer = PlainWriter()
    writer.line(f"run {stored.run_id}, started {stored.started or 'at an unknown time'}")
    for event in stored.events:
        if isinstance(event, Notice):
            writer.line(harmless(f"{event.level}: {event.text}"))
    if stored.report is None:
        writer.line("it did not come to its end")
    else:
        terminal.render(stored.report, writer, resumable=can_resume(stored))
    _warn(stored)
    return 0


def _report(stored: StoredRun, output: str | None, *, show: bool) -> int:
    if stored.report is None:
        how = f"; `codemode runs resume {stored.run_id}` goes on with it" if can_resume(stored) else ""
        raise ConfigError(f"run {stored.run_id} did not come to its end, so that there is no report{how}")
    if output is None and not stored.own:
        raise ConfigError(
            f"run {stored.run_id} is not sealed by your codemode; name a place for its report with --output"
        )
    path = Path(output) if output is not None else stored.folder / "report.html"
    files.write(stored.report, str(path), option="--output", folder=folder_of(stored.rootdir, os.environ))
    print(harmless(str(path)))
    _warn(stored)
    if show and not webbrowser.open(path.resolve().as_uri()):
        print("codemode: no browser was found; open the file yourself, or name one in BROWSER", file=sys.stderr)
    return 0


def _diff(stored: StoredRun) -> int:
    diff = stored.diff()
    if not diff:
        raise ConfigError(f"run {stored.run_id} kept no patch: it confirmed none")
    if sys.stdout.isatty():
        sys.stdout.write(harmless(diff.decode("utf-8", "surrogateescape")))
        return 0
    # Bytes, not text: the files may be in any encoding.
    sys.stdout.flush()
    sys.stdout.buffer.write(diff)
    sys.stdout.buffer.flush()
    return 0


def _write(rootdir: Path, stored: StoredRun, before: Contents, after: Contents) -> int:
    try:
        with lock(rootdir):
            baseline = {path: before.get(path) for path in after}
            written = write(rootdir, baseline, after, tests=stored.writes == "tests")
    except TreeChanged as problem:
        files = ", ".join(problem.paths)
        raise ConfigError(
            f"{files} changed since run {stored.run_id}, or the patch is there (or gone) already; nothing was written. "
            f"`git apply --3way {stored.folder / 'patch.diff'}` (-R to revert) may merge it"
        ) from problem
    for path in written:
        print(f"{'removed' if after[path] is None else 'written'}: {harmless(path)}")
    return 0


def _warn(stored: StoredRun) -> None:
    for sentence in stored.damaged:
        print(f"codemode: {stored.run_id}: damaged record skipped: {harmless(sentence)}", file=sys.stderr)
