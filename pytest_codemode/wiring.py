"""The composition root: the only module that knows every concrete class."""

from __future__ import annotations

import dataclasses
import datetime
import sysconfig
from collections.abc import Callable
from pathlib import Path

from pytest_codemode.core.budget import Budget, StopReason, parse_allowance
from pytest_codemode.core.errors import CodemodeError, ConfigError
from pytest_codemode.core.events import Event, Notice, Progress, RunDone, RunStarted
from pytest_codemode.core.patch import Files
from pytest_codemode.core.ports import EventSink, Proposer
from pytest_codemode.core.report import RunReport
from pytest_codemode.core.request import EngineOptions, EngineRequest
from pytest_codemode.proposers.replay import ReplayProposer
from pytest_codemode.proposers.search.engine import SearchProposer
from pytest_codemode.repair.editable import EditableSet, test_files
from pytest_codemode.repair.installed import refuse_installed_copy
from pytest_codemode.repair.loop import RepairLoop, Result
from pytest_codemode.repair.sources import SourceTree
from pytest_codemode.repair.store import RunStore, unified_diff
from pytest_codemode.repair.summary import cost_of, summarise
from pytest_codemode.repair.tree import lock, recover, write
from pytest_codemode.repair.unguarded import sentence, unguarded
from pytest_codemode.repair.vetting import Vetting, switched_off
from pytest_codemode.sandbox.client import SandboxClient


def proposers(options: EngineOptions, read: Callable[[str], bytes | None]) -> tuple[Proposer, ...]:
    """Return the proposers that the user named, in order; `read` returns a file of the tree.

    Raises:
        ConfigError: a name is none of ours, or needs what is not there.
    """
    made: dict[str, Proposer] = {}
    for name in options.proposers:
        if name in ("auto", "search"):
            made.setdefault("search", SearchProposer())
        elif name.startswith("replay:"):
            made[name] = ReplayProposer(Path(name.removeprefix("replay:")), read)
        else:
            raise ConfigError(f"--codemode-proposer: there is no proposer {name!r}; use auto, search or replay:FILE")
    return tuple(made.values())


def repair(request: EngineRequest, emit: EventSink) -> RunReport:
    """Do one whole run: recover, lock, repair, prove, write, report.

    Raises:
        ConfigError: the run cannot start; once it has, whatever ends it is in the report.
    """
    rootdir = Path(request.project.rootdir)
    tree = SourceTree(rootdir)
    chosen = proposers(request.options, tree.read)
    if recovered := recover(rootdir):
        emit(Notice("warning", recovered))
    with lock(rootdir):
        started = datetime.datetime.now(datetime.UTC).astimezone()
        store = RunStore.create(rootdir, started)

        def tell(event: Event) -> None:
            emit(event)
            if not isinstance(event, Progress):
                store.append(event)

        failing = tuple(dict.fromkeys(failure.nodeid for failure in request.failures))
        tell(RunStarted(store.run_id, started.isoformat(), failing, tuple(p.name for p in chosen)))
        budget = Budget(parse_allowance(request.options.budget))
        try:
            report = _repaired(request, chosen, tree=tree, budget=budget, store=store, tell=tell)
        except CodemodeError as problem:
            report = RunReport(store.run_id, str(problem), green=False, error=True, cost=cost_of(budget))
        except KeyboardInterrupt:
            stop = StopReason.INTERRUPTED.value
            report = RunReport(store.run_id, stop, green=False, error=True, cost=cost_of(budget))
        store.append(RunDone(report))
        return report


def _repaired(
    request: EngineRequest,
    chosen: tuple[Proposer, ...],
    *,
    tree: SourceTree,
    budget: Budget,
    store: RunStore,
    tell: EventSink,
) -> RunReport:
    options, rootdir = request.options, Path(request.project.rootdir)
    refuse_installed_copy(request)
    editable = EditableSet(rootdir, options.editable, test_files(request.selected), _own_prefixes(request))
    vetting = Vetting(request.project, tree, editable, options.editable, switched_off(options.allow))
    with SandboxClient(request.project) as sandbox:
        loop = RepairLoop(
            request,
            sandbox=sandbox,
            tree=tree,
            editable=editable,
            budget=budget,
            proposers=chosen,
            vetoes=vetting.vetoes,
            emit=tell,
        )
        result = loop.run()
        info = sandbox.info()
    report = summarise(result, request, budget, store.run_id, _diff)
    return dataclasses.replace(_finish(report, result, request, tree, store), sandbox=info)


def _finish(report: RunReport, result: Result, request: EngineRequest, tree: SourceTree, store: RunStore) -> RunReport:
    """Keep the patch, write it unless told not to, and say whether the tree is green now."""
    baseline, changes = tree.changes() if result.files else ({}, {})
    if not changes:
        return report
    if loose := unguarded(result.confirmation, request.passed) if result.confirmation else ():
        report = dataclasses.replace(report, notices=(*report.notices, sentence(loose)))
    old: Files = {path: data for path, data in baseline.items() if data is not None}
    diff = b"".join(_diff(path, old.get(path, b""), data) for path, data in sorted(changes.items()))
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


def _own_prefixes(request: EngineRequest) -> tuple[str, ...]:
    """Return the folders of the interpreter that runs the tests, and of the one that runs this."""
    python = Path(request.project.python)
    return (str(python.parent.parent), *{sysconfig.get_paths()[name] for name in ("purelib", "platlib")})
