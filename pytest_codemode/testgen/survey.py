"""One look at what a project's suite leaves out: the suite is measured, and the gaps are told function by function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from pytest_codemode.core.exploring import Measured, MeasureRequest, MeasureResult
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.project import Project
from pytest_codemode.proposers.model.quoting import printable, redact
from pytest_codemode.testgen.changed import changed_since
from pytest_codemode.testgen.gaps import FunctionGap, Target, gaps
from pytest_codemode.testgen.targets import TargetReader
from pytest_codemode.workbench.files import ProjectFiles, behind_link
from pytest_codemode.worktree.editable import test_files
from pytest_codemode.worktree.sources import SourceTree

MAX_FUNCTIONS = 200
MAX_PLACES = 60
"""Lines, and branches, that are shown of one function."""
MAX_TEXT = 160
"""Characters of a source line."""


@dataclass(frozen=True, slots=True)
class MissingLine:
    """The first line of a statement that no test executes."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class MissingBranch:
    """A way out of a line that no test takes."""

    line: int
    to: int
    """1-based line; negative: out of the function."""
    text: str
    """Of `line`."""


@dataclass(frozen=True, slots=True)
class FunctionGaps:
    """One function that is not tested as a whole."""

    path: str
    """Posix, relative to the project's root."""
    function: str
    """As `Cart.total`, or `<module>`."""
    line: int
    """1-based, of its `def`."""
    percent: float
    missing: int
    """Lines and branches that are left out, all of them."""
    lines: tuple[MissingLine, ...]
    branches: tuple[MissingBranch, ...]
    """Without those of lines that are missing themselves."""


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """One file that was asked about."""

    path: str
    percent: float
    """Of statements and branches, as `pytest --cov --cov-branch` tells it."""


@dataclass(frozen=True, slots=True)
class CoverageGaps:
    """What the suite leaves out of what was asked about."""

    status: Literal["finished", "killed", "failed"]
    percent: float
    """Of all the files together."""
    files: tuple[FileCoverage, ...]
    functions: tuple[FunctionGaps, ...]
    """Most left out first."""
    cut: int = 0
    """Functions with gaps that are not shown."""
    notes: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """A measured suite, and what it leaves out."""

    result: MeasureResult
    measured: tuple[Measured, ...]
    """The files that were asked about."""
    gaps: tuple[FunctionGap, ...]
    sources: dict[str, bytes]
    targets: tuple[Target, ...] = ()
    changed: dict[str, frozenset[int]] | None = None
    """Path -> lines that count; None: all."""


def chosen_targets(
    project: Project, tree: SourceTree, given: Sequence[str], tests: frozenset[str]
) -> tuple[Target, ...]:
    """Return what the user asks about; `tests` are files known to hold tests.

    Raises:
        ConfigError: a target matches nothing.
    """
    root = Path(project.rootdir)
    listed = _python_files(root, tree)
    started = Path(project.invocation_dir)
    base = started.relative_to(root).as_posix() if started.is_relative_to(root) else ""
    return TargetReader(listed, tree.read, project.rootdir, base, tests).read(given)


def _python_files(root: Path, tree: SourceTree) -> Iterator[str]:
    """Yield the project's own Python files; a path that a sandbox names may be any."""
    for path in ProjectFiles(root, tree.read).paths():
        if path.endswith(".py") and not behind_link(root, path):
            yield path


def survey(
    project: Project,
    sandbox: Sandbox,
    tree: SourceTree,
    given: Sequence[str],
    since: str,
    *,
    contexts: bool = False,
) -> Survey:
    """Measure the user's selection and return what it leaves out.

    Args:
        project: whose suite it is.
        sandbox: where it runs.
        tree: the project's files.
        given: targets as the user writes them; empty for the project's own code.
        since: git revision: only what has changed since counts; empty for everything.
        contexts: whether the result tells what each test executes.

    Raises:
        ConfigError: a target matches nothing, or git cannot tell what has changed.
    """
    # Before anything runs: it may be misspelt.
    asked = chosen_targets(project, tree, given, frozenset()) if given else ()
    changed = changed_since(Path(project.rootdir), since) if since else None
    # A file that was named is measured in any case; else the project's configuration says what is.
    named = tuple(dict.fromkeys(target.path for target in asked)) if given else ()
    result = sandbox.measure(MeasureRequest(paths=named, contexts=contexts))
    tests = test_files(result.outcomes)
    listed = frozenset(() if given else _python_files(Path(project.rootdir), tree))
    targets = asked or tuple(Target(file.path) for file in result.files if file.path in listed - tests)
    targets = tuple(target for target in targets if changed is None or target.path in changed)
    paths = {target.path for target in targets}
    measured = tuple(file for file in result.files if file.path in paths)
    sources = {file.path: raw for file in measured if (raw := tree.read(file.path)) is not None}
    return Survey(result, measured, gaps(measured, sources, targets, changed), sources, targets, changed)


def told(found: Survey) -> CoverageGaps:
    """Return a survey as a reader wants it, bounded."""
    result = found.result
    total = sum(len(file.statements) + len(file.branches) for file in found.measured)
    missing = sum(len(file.missing) + len(file.missing_branches) for file in found.measured)
    # A credential may go over several lines; redacting the whole keeps their numbers.
    lines = {path: redact(raw.decode("utf-8", "replace")).splitlines() for path, raw in found.sources.items()}
    return CoverageGaps(
        status=result.status,
        percent=round(100.0 * (total - missing) / total, 2) if total else 100.0,
        files=tuple(FileCoverage(file.path, round(file.percent, 2)) for file in found.measured),
        functions=tuple(_shown(gap, lines[gap.path]) for gap in found.gaps[:MAX_FUNCTIONS]),
        cut=max(len(found.gaps) - MAX_FUNCTIONS, 0),
        notes=tuple(redact(printable(note)) for note in result.notes),
        reason=redact(printable(result.reason)),
    )


def _shown(gap: FunctionGap, lines: Sequence[str]) -> FunctionGaps:
    reached = tuple(arc for arc in gap.missing_branches if arc[0] not in gap.missing_lines)
    return FunctionGaps(
        path=gap.path,
        function=gap.qualname,
        line=gap.line,
        percent=round(gap.percent, 2),
        missing=gap.missing,
        lines=tuple(MissingLine(line, _text(lines, line)) for line in gap.missing_lines[:MAX_PLACES]),
        branches=tuple(MissingBranch(line, to, _text(lines, line)) for line, to in reached[:MAX_PLACES]),
    )


def _text(lines: Sequence[str], line: int) -> str:
    text = redact(printable(lines[line - 1].strip())) if 0 < line <= len(lines) else ""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."


def in_words(found: CoverageGaps) -> str:
    """Return the gaps as lines of text."""
    return "\n".join(_lines(found))


def _lines(found: CoverageGaps) -> Iterator[str]:
    if found.status != "finished":
        yield f"The tests could not be measured: {found.reason}"
        return
    yield f"{found.percent:.2f} % of {len(found.files)} files; {len(found.functions) + found.cut} functions have gaps."
    percents = {file.path: file.percent for file in found.files}
    for path, functions in groupby(sorted(found.functions, key=lambda one: one.path), key=lambda one: one.path):
        yield f"{path}: {percents[path]:.2f} %"
        for function in functions:
            yield f"  {function.function} (line {function.line}): {function.missing} missing"
            yield from (f"    {one.line}: {one.text}" for one in function.lines)
            yield from (f"    {one.line} -> {_end(one)}: {one.text}" for one in function.branches)
    if found.cut:
        yield f"... and {found.cut} more functions; ask about fewer targets"
    yield from found.notes


def _end(branch: MissingBranch) -> str:
    return "end" if branch.to < 0 else str(branch.to)
