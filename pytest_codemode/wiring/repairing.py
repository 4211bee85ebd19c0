"""One whole repair run: put together, driven, written, reported."""

from __future__ import annotations

import dataclasses
import sysconfig
from contextlib import ExitStack
from pathlib import Path

from pytest_codemode.core.budget import Budget, parse_allowance
from pytest_codemode.core.errors import CodemodeError, ConfigError
from pytest_codemode.core.events import Notice
from pytest_codemode.core.ports import EventSink, Proposer
from pytest_codemode.core.report import FileCoverage, RunReport
from pytest_codemode.core.request import EngineRequest
from pytest_codemode.repair.coverage import covered_lines
from pytest_codemode.repair.installed import refuse_installed_copy
from pytest_codemode.repair.loop import RepairLoop, Result
from pytest_codemode.repair.record.memory import Memory
from pytest_codemode.repair.record.resume import Resumption, keep
from pytest_codemode.repair.summary import summarise
from pytest_codemode.repair.unguarded import sentence, unguarded
from pytest_codemode.repair.vetting import Vetting, switched_off
from pytest_codemode.sandbox.client import SandboxClient
from pytest_codemode.wiring.framing import Run, framed
from pytest_codemode.wiring.proposing import Proposing, named
from pytest_codemode.worktree.editable import EditableSet, test_files
from pytest_codemode.worktree.sources import SourceTree
from pytest_codemode.worktree.store import KeptPatch, RunStore, unified_diff
from pytest_codemode.worktree.tree import write


def repair(
    request: EngineRequest,
    emit: EventSink,
    proposers: tuple[Proposer, ...] = (),
    resumed: Resumption | None = None,
) -> RunReport:
    """Do one whole run: recover, lock, repair, prove, write, report.

    Args:
        request: what to repair.
        emit: hears how it goes.
        proposers: in the place of those that the request's options name.
        resumed: the run to go on with, in the place of a new one.

    Raises:
        ConfigError: the run cannot start; once it has, whatever ends it is in the report.
    """

    def work(run: Run) -> RunReport:
        memory = Memory(resumed.stored.events if resumed else (), run.budget, run.store.append)
        if resumed is not None:
            run.tell(Notice("info", f"run {run.store.run_id} goes on; {len(memory):,} candidates are judged already"))
        elif not proposers:  # what an agent hands in is not kept: there is nothing to go on with
            keep(run.store, request)
        return _repaired(request, proposers, budget=run.budget, store=run.store, tell=run.tell, memory=memory)

    names = tuple(one.name for one in proposers) or named(request.options)
    stored = None if resumed is None else resumed.stored
    return framed(request, emit, names, work, budget=_budget(request, resumed), stored=stored)


def _budget(request: EngineRequest, resumed: Resumption | None) -> Budget:
    """Return the run's budget; what earlier parts have used is gone. Their candidates count as they are recalled."""
    allowance = parse_allowance(request.options.budget)
    if resumed is None:
        return Budget(allowance)
    used = resumed.used
    budget = Budget(allowance, already_s=used.time_s)
    budget.charge(requests=used.requests, tokens=used.tokens, usd=used.usd)
    return budget


def _repaired(
    request: EngineRequest,
    given: tuple[Proposer, ...],
    *,
    budget: Budget,
    store: RunStore,
    tell: EventSink,
    memory: Memory,
) -> RunReport:
    options, rootdir = request.options, Path(request.project.rootdir)
    refuse_installed_copy(request)
    tree = SourceTree(rootdir)
    editable = EditableSet(
        rootdir, options.editable, test_files(request.selected), own_prefixes(request.project.python)
    )
    vetting = Vetting(request.project, tree, editable, options.editable, switched_off(options.allow))
    with ExitStack() as resources:
        started: list[SandboxClient] = []
        proposing = Proposing(
            options, tree=tree, budget=budget, emit=tell, sandbox=lambda: started[0], resources=resources
        )
        proposers = given or proposing.all()  # what is wrong with the options is said before anything is started
        sandbox = resources.enter_context(SandboxClient(request.project))
        started.append(sandbox)
        loop = RepairLoop(
            request,
            sandbox=sandbox,
            tree=tree,
            editable=editable,
            budget=budget,
            proposers=proposers,
            vetoes=vetting.vetoes,
            emit=tell,
            together=proposing.together,
            memory=memory,
        )
        result = loop.run()
        info = sandbox.info()
        covered = _covered(sandbox, tree, result) if options.reports and budget.remaining_s() > 0 else ()
    report = summarise(result, request, budget, store.run_id, _diff, history=loop.history)
    report = dataclasses.replace(report, sandbox=info, coverage=covered)
    return _finish(report, result, request, tree, store)


def _covered(sandbox: SandboxClient, tree: SourceTree, result: Result) -> tuple[FileCoverage, ...]:
    """Return what two more runs tell, for a report that somebody is going to look at; a proven patch is kept anyhow."""
    if not result.files:
        return ()
    repaired = (nodeid for one in result.accepted for nodeid in one.targets)
    try:
        return covered_lines(sandbox, *tree.changes(), also=repaired)
    except (CodemodeError, KeyboardInterrupt):
        return ()


def _finish(report: RunReport, result: Result, request: EngineRequest, tree: SourceTree, store: RunStore) -> RunReport:
    """Keep the patch, write it unless told not to, and say whether the tree is green now."""
    baseline, changes = tree.changes() if result.files else ({}, {})
    if not changes:
        return report
    if loose := unguarded(result.confirmation, request.passed) if result.confirmation else ():
        report = dataclasses.replace(report, notices=(*report.notices, sentence(loose)))
    diff = KeptPatch(baseline, {**changes}).diff()
    kept = store.save_diff(diff)
    store.save_patch(baseline, changes)
    report = dataclasses.replace(report, diff=diff.decode("utf-8", "replace"), diff_path=kept)
    if request.options.diff_only:
        return report
    try:
        written = write(tree.rootdir, baseline, changes)
    except ConfigError as problem:
        # The proof is done and the patch is kept: what cannot be written can still be applied by hand.
        return dataclasses.replace(report, stop=str(problem), error=True)
    return dataclasses.replace(report, written=tuple(written), green=result.green)


def _diff(path: str, old: bytes, new: bytes) -> bytes:
    return unified_diff(path, old or None, new)


def own_prefixes(python: str) -> tuple[str, ...]:
    """Return the folders of the interpreter that runs the tests, and of the one that runs this."""
    return (str(Path(python).parent.parent), *{sysconfig.get_paths()[name] for name in ("purelib", "platlib")})
