import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pytest_codemode.core.budget import Allowance, Budget, StopReason
from pytest_codemode.core.events import Event, Notice
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest, RunResult
from pytest_codemode.core.patch import Applied, Edit, Files, InsertStatement, Patch, ReplaceExpression
from pytest_codemode.core.ports import Proposals
from pytest_codemode.core.project import Project
from pytest_codemode.core.report import TaskReport
from pytest_codemode.core.request import EngineOptions, EngineRequest
from pytest_codemode.core.task import RepairTask
from pytest_codemode.proposers.model.rounds import Rounds
from pytest_codemode.repair.judge import Veto
from pytest_codemode.repair.loop import RepairLoop, Result, Together
from pytest_codemode.repair.summary import summarise
from pytest_codemode.worktree.editable import EditableSet
from pytest_codemode.worktree.sources import SourceTree
from tests.repair.sandbox import Behaviour, ScriptedSandbox, failure, uncollectable
from tests.repair.world import Clock, no_veto

F, G, H = "t.py::f", "t.py::g", "t.py::h"
OF_F, OF_G = "t.py::of_f", "t.py::of_g"
"""Tests that pass unpatched and execute `f` (or `g`)."""
LINES = {"f": 2, "g": 6, "h": 10}
SOURCE = b"\n\n".join(b"def %b():\n    return 1\n" % name.encode() for name in LINES)


def value(name: str, files: Files) -> str:
    """Return what the function `name` of m.py returns in this tree, as text."""
    found = re.search(rf"def {name}\(\):\n(?:    \w = 0\n)?    return (.*)\n", files["m.py"].decode())
    assert found
    return found[1]


Wants = Callable[[Files], bool]


def is_(name: str, *wanted: str) -> Wants:
    return lambda files: value(name, files) in wanted


def behaviour(wants: Mapping[str, Wants], hangs: frozenset[str]) -> Behaviour:
    """Return a behaviour in which tests fail in the function of their name unless the tree is what they want."""

    def behaves(nodeid: str, files: Files) -> Outcome | Failure:
        if nodeid not in wants or wants[nodeid](files):
            return Outcome.PASSED
        line = LINES[nodeid.partition("::")[2][0]]
        return failure(nodeid, "not wanted", ("t.py", 3), ("m.py", line), timed_out=nodeid in hangs)

    return behaves


@dataclass
class Steps:
    """Proposes for a failing test the steps whose old value stands in the tree; calls `before` at each task."""

    steps: Mapping[str, tuple[tuple[str, str, str], ...]]
    """Node id -> (function, old value, new value)."""
    before: Callable[[RepairTask], None] = lambda task: None
    asked: list[tuple[str, ...]] = field(default_factory=list)
    name: str = "steps"

    def propose(self, task: RepairTask) -> Proposals:
        self.asked.append(task.nodeids)
        self.before(task)
        for function, old, new in self.steps.get(task.nodeids[0], ()):
            if value(function, task.sources) == old:
                yield (changed(function, old, new),)


def changed(function: str, old: str, new: str, *more: Edit) -> Patch:
    return Patch((ReplaceExpression("m.py", LINES[function], 11, old, new), *more), "steps")


def one(function: str, new: str) -> tuple[tuple[str, str, str], ...]:
    return ((function, "1", new),)


FIXES = {F: one("f", "2"), G: one("g", "2")}
WANT_TWO = {F: is_("f", "2"), G: is_("g", "2")}


def allow(task: RepairTask) -> tuple[Veto, Veto]:
    return no_veto, no_veto


@dataclass
class Run:
    """One run of the loop on `m.py` in `root`; the failing tests are those that fail unpatched, unless given."""

    root: Path
    wants: Mapping[str, Wants]
    proposer: Steps
    green: tuple[str, ...] = (OF_F, OF_G)
    reported: tuple[Failure, ...] | None = None
    allowance: Allowance = field(default_factory=Allowance)
    options: EngineOptions = field(default_factory=EngineOptions)
    interferes: Callable[[RunRequest, RunResult], RunResult] = lambda request, result: result
    clock: Clock = field(default_factory=Clock)
    hangs: frozenset[str] = frozenset()
    """Tests that hang where others fail."""
    vetoes: Callable[[RepairTask], tuple[Veto, Veto]] = allow
    not_run: tuple[str, ...] = ()
    together: Together | None = None
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.root / "m.py").write_bytes(SOURCE)
        behaves = behaviour(self.wants, self.hangs)
        nodeids = (*self.wants, *self.green)
        functions = {n: (f"m.py::{n.rpartition('_')[2][-1]}",) for n in nodeids if n.startswith("t.py")}
        self.sandbox = ScriptedSandbox(
            nodeids, behaves, files={"m.py": SOURCE}, interferes=self.interferes, functions=functions
        )
        ends = [behaves(nodeid, {"m.py": SOURCE}) for nodeid in nodeids]
        failing = self.reported or tuple(end for end in ends if isinstance(end, Failure))
        root = str(self.root)
        self.request = EngineRequest(
            Project(root, root, "/usr/bin/python3"), failing, nodeids, (), self.not_run, options=self.options
        )
        self.tree = SourceTree(self.root)
        self.budget = Budget(self.allowance, self.clock)
        self.loop = RepairLoop(
            self.request,
            sandbox=self.sandbox,
            tree=self.tree,
            editable=EditableSet(self.root, (), frozenset({"t.py", "u.py"})),
            budget=self.budget,
            proposers=(self.proposer,),
            vetoes=self.vetoes,
            emit=self.events.append,
            together=self.together,
        )

    def result(self) -> Result:
        return self.loop.run()

    def reports(self, result: Result) -> dict[tuple[str, ...], TaskReport]:
        report = summarise(
            result, self.request, self.budget, "r1", lambda path, old, new: new, history=self.loop.history
        )
        return {task.nodeids: task for task in report.tasks}


def values(result: Result) -> dict[str, str]:
    return {name: value(name, result.files) for name in LINES} if result.files else {}


def targets(result: Result) -> list[tuple[str, ...]]:
    return [accepted.targets for accepted in result.accepted]


def test_two_tasks_in_one_file_are_repaired_together_and_proven_once(tmp_path: Path) -> None:
    run = Run(tmp_path, WANT_TWO, Steps(FIXES))
    result = run.result()
    assert values(result) == {"f": "2", "g": "2", "h": "1"}
    assert targets(result) == [(F,), (G,)]
    assert result.stop is StopReason.GREEN
    cold = [request for request in run.sandbox.runs if request.mode is Mode.COLD]
    assert [bool(request.files) for request in cold].count(True) == 2
    assert (tmp_path / "m.py").read_bytes() == SOURCE
    assert run.tree.changes() == ({"m.py": SOURCE}, result.files)


def test_tasks_that_are_solved_side_by_side_are_settled_in_order(tmp_path: Path) -> None:
    begun: list[int] = []

    def together(jobs: Sequence[Callable[[], Any]]) -> list[Any]:
        begun.append(len(jobs))
        return [job() for job in reversed(jobs)][::-1]

    run = Run(tmp_path, WANT_TWO, Steps(FIXES), together=together)
    result = run.result()
    assert begun == [2]
    assert [solution.task.nodeids for solution in result.solutions] == [(F,), (G,)]
    assert run.proposer.asked == [(G,), (F,)]
    assert result.green


def test_a_bug_behind_a_bug_is_repaired_in_a_second_round(tmp_path: Path) -> None:
    behind = "t.py::f_too"
    steps = Steps({F: (("f", "1", "2"),), behind: (("f", "2", "3"),)})
    run = Run(tmp_path, {F: is_("f", "2", "3"), behind: is_("f", "3")}, steps)
    result = run.result()
    assert values(result)["f"] == "3"
    assert [(a.targets, a.round_number) for a in result.accepted] == [((F,), 1), ((behind,), 2)]
    assert result.stop is StopReason.GREEN
    assert set(run.reports(result)) == {(F,), (behind,)}


def test_the_second_of_two_conflicting_patches_is_looked_for_again_on_top_of_the_first(tmp_path: Path) -> None:
    steps = Steps({F: one("f", "2"), G: (("f", "1", "3"), ("f", "2", "4"))})
    run = Run(tmp_path, {F: is_("f", "2", "4"), G: is_("f", "3", "4")}, steps)
    result = run.result()
    assert values(result)["f"] == "4"
    assert [(a.targets, a.round_number) for a in result.accepted] == [((F,), 1), ((G,), 2)]
    assert result.stop is StopReason.GREEN
    assert all(report.fixed for report in run.reports(result).values())


def test_a_conflicting_patch_of_a_test_that_hangs_is_looked_for_again_too(tmp_path: Path) -> None:
    steps = Steps({F: one("f", "2"), G: (("f", "1", "3"), ("f", "2", "4"))})
    run = Run(tmp_path, {F: is_("f", "2", "4"), G: is_("f", "3", "4")}, steps, hangs=frozenset({G}))
    result = run.result()
    assert values(result)["f"] == "4"
    assert targets(result) == [(F,), (G,)]
    maps = [request.nodeids for request in run.sandbox.runs if request.record == "functions"]
    assert [nodeids is None or G in nodeids for nodeids in maps] == [False, False]


def test_a_conflict_for_which_there_is_no_time_is_the_reason_that_is_told(tmp_path: Path) -> None:
    clock = Clock()

    def vetoes(task: RepairTask) -> tuple[Veto, Veto]:
        return (late(clock) if task.nodeids == (G,) else no_veto), no_veto

    steps = Steps({F: one("f", "2"), G: one("f", "3")})
    run = Run(tmp_path, {F: is_("f", "2"), G: is_("f", "3")}, steps, clock=clock, vetoes=vetoes)
    result = run.result()
    assert targets(result) == [(F,)]
    assert run.reports(result)[(G,)].why_not.startswith("a patch was found, but it changes the same lines")


def only_in_the_proof(nodeid: str, spoils: Wants) -> Callable[[RunRequest, RunResult], RunResult]:
    """Let `nodeid` fail in cold runs of a tree that `spoils` it."""

    def interferes(request: RunRequest, result: RunResult) -> RunResult:
        if request.mode is not Mode.COLD or not request.files or not spoils(request.files):
            return result
        ends = (replace(r, outcome=Outcome.FAILED) if r.nodeid == nodeid else r for r in result.results)
        return replace(result, results=tuple(ends))

    return interferes


def test_a_patch_that_only_fails_in_the_confirmation_is_dropped_and_the_others_survive(tmp_path: Path) -> None:
    run = Run(tmp_path, WANT_TWO, Steps(FIXES), interferes=only_in_the_proof(OF_G, is_("f", "2")))
    result = run.result()
    assert values(result) == {"f": "1", "g": "2", "h": "1"}
    assert targets(result) == [(G,)]
    assert result.confirmation is not None
    assert result.confirmation.ok
    assert result.stop is not StopReason.GREEN
    assert run.reports(result)[(F,)].why_not == f"the patch breaks {OF_G} in the confirmation"


def test_a_patch_that_cheats_the_canary_takes_no_other_patch_with_it(tmp_path: Path) -> None:
    def cheats(request: RunRequest, result: RunResult) -> RunResult:
        cheated = bool(request.canary) and bool(request.files) and value("f", request.files) == "2"
        return replace(result, canary_failed=False) if cheated else result

    run = Run(tmp_path, WANT_TWO, Steps(FIXES), interferes=cheats)
    result = run.result()
    assert values(result) == {"f": "1", "g": "2", "h": "1"}
    assert "cannot be trusted" in run.reports(result)[(F,)].why_not


def test_without_time_for_more_proofs_patches_whose_proof_was_killed_are_all_dropped(tmp_path: Path) -> None:
    clock = Clock()

    def kills(request: RunRequest, result: RunResult) -> RunResult:
        if request.mode is not Mode.COLD or not request.files:
            return result
        clock.now = 1e6
        return replace(result, status="killed", reason="killed: time limit of the run")

    run = Run(tmp_path, WANT_TWO, Steps(FIXES), interferes=kills, clock=clock)
    result = run.result()
    assert (result.files, result.accepted, result.confirmation) == ({}, [], None)
    assert run.tree.overlay == {}
    assert sum(bool(request.files) for request in run.sandbox.runs if request.mode is Mode.COLD) == 1
    assert {"killed" in report.why_not for report in run.reports(result).values()} == {True}


def test_if_patches_only_fail_together_one_of_them_goes(tmp_path: Path) -> None:
    together: Wants = lambda files: value("f", files) == value("g", files) == "2"  # noqa: E731
    run = Run(tmp_path, WANT_TWO, Steps(FIXES), interferes=only_in_the_proof(OF_G, together))
    result = run.result()
    assert targets(result) == [(F,)]
    assert values(result) == {"f": "2", "g": "1", "h": "1"}


def test_a_patch_made_on_top_of_a_dropped_one_is_dropped_with_it(tmp_path: Path) -> None:
    steps = Steps({F: one("f", "2"), G: (("f", "1", "3"), ("f", "2", "4"))})
    wants = {F: is_("f", "2", "4"), G: is_("f", "3", "4"), H: is_("h", "2")}
    steps.steps = {**steps.steps, H: one("h", "2")}
    run = Run(tmp_path, wants, steps, interferes=only_in_the_proof(OF_F, is_("f", "2", "4")))
    result = run.result()
    assert targets(result) == [(H,)]
    assert values(result) == {"f": "1", "g": "1", "h": "2"}
    assert {n for nodeids, report in run.reports(result).items() if not report.fixed for n in nodeids} == {F, G}


def fails_once_in_a_check(run: Run) -> None:
    """Let the guard of `f` fail once with the patch, in the judge's first look at it."""
    usual, left = run.sandbox.behaves, [failure(OF_F)]

    def behaves(nodeid: str, files: Files) -> Outcome | Failure | None:
        return left.pop() if nodeid == OF_F and left and value("f", files) == "2" else usual(nodeid, files)

    run.sandbox.behaves = behaves


def further_runs(patched: bool, *failing: int) -> Callable[[RunRequest, RunResult], RunResult]:
    """Let the guard of `f` fail in some of the runs that it gets alone, counted from 1."""
    seen: list[RunRequest] = []

    def interferes(request: RunRequest, result: RunResult) -> RunResult:
        concerned = bool(request.files) is patched and (not patched or value("f", request.files) == "2")
        if not concerned or request.nodeids != (OF_F,) or request.mode is not (Mode.COLD if patched else Mode.WARM):
            return result
        seen.append(request)
        ends = (replace(r, outcome=Outcome.FAILED) for r in result.results)
        return replace(result, results=tuple(ends)) if len(seen) in failing else result

    return interferes


@pytest.mark.parametrize("failing", [(3,), (3, 7)], ids=["when together", "also when alone"])
def test_a_test_that_is_flaky_only_with_the_patch_does_not_pass_unnoticed(
    tmp_path: Path, failing: tuple[int, ...]
) -> None:
    run = Run(tmp_path, WANT_TWO, Steps(FIXES), interferes=further_runs(True, *failing))
    run.sandbox.unfaithful = True
    fails_once_in_a_check(run)
    result = run.result()
    assert targets(result) == [(G,)]
    assert run.reports(result)[(F,)].why_not == f"the patch breaks {OF_F} in the confirmation"


def test_a_test_that_is_flaky_without_the_patch_too_does_not_cost_it(tmp_path: Path) -> None:
    both = further_runs(True, 3), further_runs(False, 2)
    run = Run(
        tmp_path, WANT_TWO, Steps(FIXES), interferes=lambda request, result: both[0](request, both[1](request, result))
    )
    run.sandbox.unfaithful = True
    fails_once_in_a_check(run)
    result = run.result()
    assert targets(result) == [(F,), (G,)]
    assert result.confirmation is not None
    assert result.confirmation.flaky == {OF_F}


def test_a_test_that_failed_once_with_the_patch_and_is_steady_in_further_runs_costs_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path, WANT_TWO, Steps(FIXES))
    run.sandbox.unfaithful = True
    fails_once_in_a_check(run)
    result = run.result()
    assert targets(result) == [(F,), (G,)]
    assert result.stop is StopReason.GREEN


def test_a_test_that_fails_in_the_look_after_a_round_only_is_not_repaired_but_looked_at_again(tmp_path: Path) -> None:
    broken = further_runs(True, 3, 7)
    run: Run

    def interferes(request: RunRequest, result: RunResult) -> RunResult:
        look = request.nodeids is None and request.mode is Mode.WARM
        if look and value("f", run.sandbox.base) == "2":
            ends = (
                replace(r, outcome=Outcome.FAILED, failures=(failure(OF_F),)) if r.nodeid == OF_F else r
                for r in result.results
            )
            return replace(result, results=tuple(ends))
        return broken(request, result)

    run = Run(tmp_path, WANT_TWO, Steps(FIXES), interferes=interferes)
    result = run.result()
    assert run.proposer.asked == [(F,), (G,)]
    assert targets(result) == [(G,)]


def edits_the_tree(root: Path) -> None:
    (root / "other.py").write_text("x = 1\n")


def test_a_tree_that_changes_during_the_search_ends_before_the_proof_with_nothing_to_write(tmp_path: Path) -> None:
    run = Run(tmp_path, WANT_TWO, Steps(FIXES, before=lambda task: edits_the_tree(tmp_path)))
    result = run.result()
    assert (result.stop, result.files, result.accepted) == (StopReason.TREE_CHANGED, {}, [])
    assert all(request.mode is not Mode.COLD for request in run.sandbox.runs)
    assert {"have changed" in report.why_not for report in run.reports(result).values()} == {True}
    assert any("other.py" in event.text for event in run.events if isinstance(event, Notice))


def test_a_tree_that_changes_during_the_proof_ends_with_nothing_to_write(tmp_path: Path) -> None:
    def interferes(request: RunRequest, result: RunResult) -> RunResult:
        if request.mode is Mode.COLD:
            edits_the_tree(tmp_path)
        return result

    run = Run(tmp_path, WANT_TWO, Steps(FIXES), interferes=interferes)
    result = run.result()
    assert (result.stop, result.files, result.accepted) == (StopReason.TREE_CHANGED, {}, [])
    assert summarise(result, run.request, run.budget, "r1", lambda *a: b"", history=run.loop.history).guards == ""


def interrupted_at(when: Callable[[RunRequest], bool]) -> Callable[[RunRequest, RunResult], RunResult]:
    def interferes(request: RunRequest, result: RunResult) -> RunResult:
        if when(request):
            raise KeyboardInterrupt
        return result

    return interferes


@pytest.mark.parametrize(
    ("when", "listed"),
    [
        (lambda request: True, set()),
        (lambda request: request.record == "functions", set()),
        (lambda request: request.record == "lines", set()),
        (lambda request: request.mode is Mode.RELOAD, {(F,), (G,)}),
        (lambda request: request.mode is Mode.RELOAD and b"2" in request.files.get("m.py", b""), {(F,), (G,)}),
        (lambda request: request.mode is Mode.COLD, {(F,), (G,)}),
        (lambda request: request.mode is Mode.COLD and bool(request.files), {(F,), (G,)}),
    ],
    ids=["reproduce", "map", "localise", "check", "check with the patch", "confirm", "confirm with the patch"],
)
def test_an_interrupt_ends_with_nothing_to_write_and_the_tasks_listed(
    tmp_path: Path, when: Callable[[RunRequest], bool], listed: set[tuple[str, ...]]
) -> None:
    run = Run(tmp_path, WANT_TWO, Steps(FIXES), interferes=interrupted_at(when))
    result = run.result()
    assert (result.stop, result.files, result.accepted) == (StopReason.INTERRUPTED, {}, [])
    reports = run.reports(result)
    assert set(reports) == listed
    assert all("interrupted" in report.why_not for report in reports.values())


def test_an_interrupt_in_the_search_lists_the_tasks_that_were_not_taken_up_yet(tmp_path: Path) -> None:
    def interrupt(task: RepairTask) -> None:
        if task.nodeids == (G,):
            raise KeyboardInterrupt

    run = Run(tmp_path, {**WANT_TWO, H: is_("h", "2")}, Steps(FIXES, before=interrupt))
    result = run.result()
    assert (result.stop, result.files, result.accepted) == (StopReason.INTERRUPTED, {}, [])
    why = {nodeids: report.why_not for nodeids, report in run.reports(result).items()}
    assert set(why) == {(F,), (G,), (H,)}
    assert why[(F,)] == "a patch was found, but the run was interrupted before its proof"
    assert why[(H,)].endswith(StopReason.INTERRUPTED.value)


class InterruptedLater(Steps):
    """Is interrupted after its patches, before they are compared."""

    def propose(self, task: RepairTask) -> Proposals:
        yield from super().propose(task)
        raise KeyboardInterrupt


def test_an_interrupt_keeps_what_was_found_for_the_task_under_way(tmp_path: Path) -> None:
    run = Run(tmp_path, {**WANT_TWO, H: is_("h", "2")}, InterruptedLater({F: (("f", "1", "3"), ("f", "1", "2"))}))
    result = run.result()
    assert (result.stop, result.files, result.accepted) == (StopReason.INTERRUPTED, {}, [])
    reports = run.reports(result)
    assert set(reports) == {(F,), (G,), (H,)}
    assert (reports[(F,)].candidates, reports[(F,)].passing) == (2, 1)
    (unproven,) = reports[(F,)].alternatives
    assert "def f():\n    return 2" in unproven.diff
    assert reports[(F,)].why_not == f"1 patch passes and is not proven: {StopReason.INTERRUPTED.value}"


def test_an_interrupt_while_others_wait_for_a_model_keeps_what_every_task_has_found(tmp_path: Path) -> None:
    def interrupted(questions: Sequence[str]) -> list[str | Exception]:
        raise KeyboardInterrupt

    rounds: Rounds[str, str] = Rounds(interrupted)

    class Asks(Steps):
        def propose(self, task: RepairTask) -> Proposals:
            yield from super().propose(task)
            if task.nodeids != (F,):
                rounds.ask("and what else?")

    steps = Asks({**FIXES, G: one("g", "3")})
    run = Run(tmp_path, {**WANT_TWO, H: is_("h", "2")}, steps, together=rounds.run)
    result = run.result()
    assert (result.stop, result.files, result.accepted) == (StopReason.INTERRUPTED, {}, [])
    reports = run.reports(result)
    found = {nodeids: (report.candidates, report.passing) for nodeids, report in reports.items()}
    assert found == {(F,): (1, 1), (G,): (1, 0), (H,): (0, 0)}
    assert "def f():\n    return 2" in reports[(F,)].alternatives[0].diff
    assert all(report.why_not.endswith(StopReason.INTERRUPTED.value) for report in reports.values())


def test_an_interrupt_in_a_second_round_writes_nothing_of_the_first(tmp_path: Path) -> None:
    run: Run
    interrupt = interrupted_at(lambda request: value("f", run.sandbox.base) == "2")
    run = Run(tmp_path, WANT_TWO, Steps(FIXES), interferes=interrupt)
    result = run.result()
    assert (result.stop, result.files, result.accepted) == (StopReason.INTERRUPTED, {}, [])
    assert set(run.reports(result)) == {(F,), (G,)}


def test_failures_that_cannot_be_reproduced_end_a_run_with_nothing_to_do(tmp_path: Path) -> None:
    run = Run(tmp_path, {}, Steps({}), reported=(failure(OF_F),))
    result = run.result()
    assert (result.stop, result.solutions, result.files) == (StopReason.NOTHING, [], {})
    assert [(u.nodeid, u.kind) for u in result.unrepaired] == [(OF_F, "not reproducible")]
    assert run.proposer.asked == []
    assert all(request.mode is not Mode.COLD for request in run.sandbox.runs)


def test_a_task_that_another_tasks_patch_repairs_is_credited_to_it(tmp_path: Path) -> None:
    run = Run(tmp_path, {F: is_("f", "2"), G: is_("f", "2")}, Steps({F: one("f", "2")}))
    result = run.result()
    assert run.proposer.asked == [(F,)]
    assert targets(result) == [(F, G)]
    assert set(run.reports(result)) == {(F, G)}


def test_a_task_that_was_given_up_and_passes_with_a_later_patch_is_credited_to_that(tmp_path: Path) -> None:
    run = Run(tmp_path, {F: is_("g", "2"), G: is_("g", "2")}, Steps({G: one("g", "2")}))
    result = run.result()
    assert targets(result) == [(G, F)]
    assert [report.fixed for report in run.reports(result).values()] == [True]
    assert result.stop is StopReason.GREEN


def test_a_file_that_another_tasks_patch_makes_collectable_is_credited_to_it(tmp_path: Path) -> None:
    broken = tuple(uncollectable(path, "cannot import name", (path, 1)) for path in ("t.py", "u.py"))
    run = Run(tmp_path, {}, Steps({"t.py": one("f", "2")}), green=(OF_F, "u.py::a"), reported=broken)
    (tmp_path / "t.py").write_text("import m\n")
    (tmp_path / "u.py").write_text("import m\n")
    run.sandbox.cannot_collect = lambda files: broken if value("f", files) == "1" else ()
    result = run.result()
    assert targets(result) == [("t.py", "u.py")]
    assert values(result)["f"] == "2"


def test_failures_that_the_sandbox_alone_shows_are_not_repaired(tmp_path: Path) -> None:
    wants = {F: is_("f", "2"), G: is_("g", "2")}
    reported = (failure(F, "not wanted", ("t.py", 3), ("m.py", 2)),)
    run = Run(tmp_path, wants, Steps({**FIXES, "u.py": one("h", "2")}), reported=reported)
    run.sandbox.cannot_collect = lambda files: (uncollectable("u.py", "no network", ("m.py", 10)),)
    result = run.result()
    assert run.proposer.asked == [(F,)]
    assert values(result) == {"f": "2", "g": "1", "h": "1"}
    assert result.stop is not StopReason.GREEN


def affected(root: Path, wants: Mapping[str, Wants]) -> Run:
    options = EngineOptions(confirm="affected")
    return Run(root, wants, Steps({F: one("f", "2")}), green=(OF_F, OF_G, "u.py::elsewhere"), options=options)


def test_confirming_what_is_affected_leaves_out_tests_of_other_files(tmp_path: Path) -> None:
    run = affected(tmp_path, {F: is_("f", "2")})
    result = run.result()
    asked = {request.nodeids for request in run.sandbox.runs if request.mode is Mode.COLD}
    assert [set(nodeids or ()) for nodeids in asked] == [{F, OF_F, OF_G}]
    assert targets(result) == [(F,)]
    assert result.stop is StopReason.GREEN


def test_confirming_what_is_affected_is_not_cut_at_the_time_of_a_check(tmp_path: Path) -> None:
    run = affected(tmp_path, {F: is_("f", "2")})
    run.sandbox._durations_s = {OF_F: 15.0, OF_G: 15.0}
    run.result()
    asked = {request.nodeids for request in run.sandbox.runs if request.mode is Mode.COLD}
    assert [set(nodeids or ()) for nodeids in asked] == [{F, OF_F, OF_G}]


def test_what_is_affected_being_green_is_not_everything_being_green(tmp_path: Path) -> None:
    result = affected(tmp_path, {F: is_("f", "2"), G: is_("g", "2")}).result()
    assert targets(result) == [(F,)]
    assert result.stop is not StopReason.GREEN


def test_when_the_time_is_spent_the_other_tasks_name_the_option_that_gives_more(tmp_path: Path) -> None:
    clock = Clock()
    run = Run(tmp_path, WANT_TWO, Steps(FIXES), clock=clock, vetoes=lambda task: (late(clock), no_veto))
    result = run.result()
    assert values(result) == {"f": "2", "g": "1", "h": "1"}
    assert result.stop is StopReason.TIME
    assert run.proposer.asked == [(F,)]
    assert "--codemode-budget time=" in run.reports(result)[(G,)].why_not


def late(clock: Clock) -> Veto:
    """Let all the time pass when the first patch is looked at."""

    def veto(applied: Applied) -> tuple[str, tuple[str, ...]]:
        clock.now = 1e6
        return "", ()

    return veto


def test_when_the_time_is_spent_the_tests_that_a_partial_patch_leaves_red_are_listed(tmp_path: Path) -> None:
    clock, behind = Clock(), "t.py::f_too"
    wants = {F: is_("f", "2", "3"), behind: is_("f", "3")}
    run = Run(tmp_path, wants, Steps({F: one("f", "2")}), clock=clock, vetoes=lambda task: (late(clock), no_veto))
    result = run.result()
    reports = run.reports(result)
    assert set(reports) == {(F,), (behind,)}
    assert reports[(F,)].fixed
    assert "--codemode-budget time=" in reports[(behind,)].why_not


class TwoEdits(Steps):
    """Proposes one needed and one needless edit."""

    def propose(self, task: RepairTask) -> Proposals:
        self.asked.append(task.nodeids)
        yield (changed("f", "1", "2", InsertStatement("m.py", 2, "return 1", "before", "x = 0")),)


def test_a_patch_that_was_made_smaller_keeps_the_warnings_of_the_policy(tmp_path: Path) -> None:
    warned: Veto = lambda applied: ("", ("literal-branch",))  # noqa: E731
    run = Run(tmp_path, {F: is_("f", "2")}, TwoEdits({}), vetoes=lambda task: (warned, no_veto))
    result = run.result()
    assert len(result.accepted[0].patch.edits) == 1
    report = run.reports(result)[(F,)]
    assert report.warnings == ("literal-branch",)
    assert report.alternatives == ()


class Whole(Steps):
    """Proposes one patch for the causes of both failing tests, whichever it is asked about."""

    def propose(self, task: RepairTask) -> Proposals:
        self.asked.append(task.nodeids)
        yield (changed("f", "1", "2", ReplaceExpression("m.py", LINES["g"], 11, "1", "2")),)


def test_an_edit_that_only_another_failing_test_needs_is_kept(tmp_path: Path) -> None:
    steps = Whole({})
    run = Run(tmp_path, WANT_TWO, steps)
    result = run.result()
    assert values(result) == {"f": "2", "g": "2", "h": "1"}
    assert targets(result) == [(F, G)]
    assert steps.asked == [(F,)]


def test_what_an_early_end_of_the_plain_run_hid_is_repaired_as_well(tmp_path: Path) -> None:
    reported = (failure(F),)
    run = Run(tmp_path, WANT_TWO, Steps(FIXES), reported=reported, not_run=(G,))
    result = run.result()
    assert targets(result) == [(F,), (G,)]


def test_what_only_the_sandbox_sees_failing_keeps_the_tree_from_being_called_green(tmp_path: Path) -> None:
    run = Run(tmp_path, {F: is_("f", "2")}, Steps({F: one("f", "2")}), reported=(failure(F), failure("t.py::of_h")))
    result = run.result()
    assert targets(result) == [(F,)]
    assert not result.green
    assert result.stop is StopReason.REPAIRED


def test_what_fails_only_after_another_failing_test_is_no_task_and_is_credited_at_the_end(tmp_path: Path) -> None:
    wants = {F: is_("f", "2"), G: is_("f", "2")}  # g fails wherever f has left what it leaves

    def after_f(request: RunRequest, result: RunResult) -> RunResult:
        if request.nodeids is None or F in request.nodeids:
            return result
        free = (replace(r, outcome=Outcome.PASSED, failures=()) if r.nodeid == G else r for r in result.results)
        return replace(result, results=tuple(free))

    steps = Steps({F: one("f", "2"), G: one("g", "7")})
    run = Run(tmp_path, wants, steps, interferes=after_f)
    result = run.result()

    assert steps.asked == [(F,)]
    assert result.unrepaired == []
    assert [one.targets for one in result.accepted] == [(F, G)]
    assert result.green


def test_a_task_whose_first_test_falls_away_is_looked_at_again(tmp_path: Path) -> None:
    wants = {name: is_("f", "2") for name in (F, "t.py::f_too", "t.py::f_last")}

    def first_of_a_run_passes(request: RunRequest, result: RunResult) -> RunResult:
        if request.nodeids is None or F in request.nodeids or request.mode is not Mode.WARM:
            return result
        first, *rest = result.results
        return replace(result, results=(replace(first, outcome=Outcome.PASSED, failures=()), *rest))

    run = Run(tmp_path, wants, Steps({F: one("f", "2")}), interferes=first_of_a_run_passes)
    result = run.result()

    assert run.proposer.asked == [(F,)]
    assert result.unrepaired == []
    assert result.green
