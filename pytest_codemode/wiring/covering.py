"""One whole run that writes tests: put together, driven, written, reported."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from pathlib import Path

from pytest_codemode.core.budget import Budget, StopReason, parse_allowance
from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.own_code import is_test, own_code
from pytest_codemode.core.ports import EventSink
from pytest_codemode.core.report import RunReport
from pytest_codemode.core.request import CoverOptions, EngineRequest
from pytest_codemode.repair.summary import cost_of
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.testgen.callers import Callers
from pytest_codemode.testgen.loop import CoverLoop
from pytest_codemode.testgen.recorded import recorded_for
from pytest_codemode.testgen.summary import remaining, summarise
from pytest_codemode.testgen.writing.layout import read_style
from pytest_codemode.wiring.asking import asking
from pytest_codemode.wiring.framing import Run, framed
from pytest_codemode.wiring.models import Models
from pytest_codemode.wiring.proposing import named
from pytest_codemode.worktree.editable import test_files
from pytest_codemode.worktree.snapshot import changed, snapshot
from pytest_codemode.worktree.sources import SourceTree
from pytest_codemode.worktree.store import KeptPatch
from pytest_codemode.worktree.tree import check_editable, write

RECORDING_S = 60.0


def cover(request: EngineRequest, emit: EventSink) -> RunReport:
    """Do one whole run: recover, lock, measure, write tests, prove them, keep them, report.

    Raises:
        ConfigError: the run cannot start; once it has, whatever ends it is in the report.
    """
    allowance = parse_allowance(request.options.budget)
    if "candidates" not in request.options.budget:
        # A call that is tried costs a thousandth of what a patch costs: the default would end a run in seconds.
        allowance = dataclasses.replace(allowance, candidates=None)
    budget = Budget(allowance)
    names = tuple(dict.fromkeys(("search", *named(request.options))))
    return framed(request, emit, names, lambda run: _covered(request, run), budget=budget)


def _covered(request: EngineRequest, run: Run) -> RunReport:
    asked = request.options.cover or CoverOptions()
    rootdir = Path(request.project.rootdir)
    before = snapshot(request.project.rootdir)
    tree = SourceTree(rootdir)
    paths = tuple(path for path in before if path.endswith(".py"))
    tests = frozenset(test_files(request.selected)) | {path for path in paths if is_test(path)}
    style = read_style(tree.read, sorted(paths), sorted(tests), _relative(request.project.inifile, rootdir))
    own = {path: tree.read(path) or b"" for path in own_code(paths)}
    with ExitStack() as resources:
        models = Models(request.options, rootdir=rootdir, budget=run.budget, emit=run.tell, resources=resources)
        ask = asking(request.options, models, tree=tree, paths=tuple(own), emit=run.tell)
        sandbox = resources.enter_context(SandboxClient(request.project))
        info = sandbox.info()
        loop = CoverLoop(
            request,
            sandbox=sandbox,
            tree=tree,
            style=style,
            asked=asked,
            callers=Callers(own),
            recorded=lambda gaps, base: recorded_for(sandbox, gaps, base, _recording_s(run.budget)),
            budget=run.budget,
            emit=run.tell,
            keep=lambda: _keep(run, tree),
            ask=ask,
            together=models.together,
        )
        result = loop.run()
    left = remaining(result, tree.read)
    report = RunReport(
        run.store.run_id,
        result.trouble or result.stop.value,
        error=bool(result.trouble),
        green=bool(result.before) and not result.failing,
        cover=summarise(result, left, tree.original),
        cost=cost_of(run.budget),
        sandbox=info,
        notices=tuple(result.notices),
    )
    others = changed(before, request.project.rootdir)
    return _finish(report, run, tree, others, diff_only=request.options.diff_only)


def _recording_s(budget: Budget) -> float:
    """Return how long one look at what the suite calls functions with may take."""
    return min(max(0.1 * budget.remaining_s(), 1.0), RECORDING_S)


def _keep(run: Run, tree: SourceTree) -> tuple[bytes, str]:
    """Keep what is accepted by now as a patch; return the diff and where it is kept."""
    baseline, changes = tree.changes()
    diff = KeptPatch(baseline, {**changes}).diff()
    run.store.save_patch(baseline, changes)
    return diff, run.store.save_diff(diff)


def _relative(path: str, rootdir: Path) -> str:
    return Path(path).relative_to(rootdir).as_posix() if path and Path(path).is_relative_to(rootdir) else ""


def _finish(report: RunReport, run: Run, tree: SourceTree, others: tuple[str, ...], *, diff_only: bool) -> RunReport:
    """Keep the tests as a patch, and write them unless told not to."""
    baseline, changes = tree.changes()
    if not changes:
        return report
    diff, kept = _keep(run, tree)
    report = dataclasses.replace(report, diff=diff.decode("utf-8", "replace"), diff_path=kept)
    if others:
        names = ", ".join(others[:3])
        notice = f"{names} changed while codemode was running: nothing was written, the tests are kept as a patch"
        stop = StopReason.TREE_CHANGED.value
        return dataclasses.replace(report, stop=stop, error=True, notices=(*report.notices, notice))
    if diff_only:
        return report
    try:
        for path in changes:
            check_editable(tree.rootdir, [path], tests=True)
        written = write(tree.rootdir, baseline, changes, tests=True)
    except ConfigError as problem:
        return dataclasses.replace(report, stop=str(problem), error=True)
    return dataclasses.replace(report, written=tuple(written))
