"""From what a run found out to what the user is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_codemode.core.budget import Budget, StopReason
from pytest_codemode.core.patch import Applied, Files
from pytest_codemode.core.report import Alternative, Behaviour, Cost, NearMiss, RunReport, TaskReport
from pytest_codemode.core.request import EngineRequest
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.describe import describe
from pytest_codemode.repair.accepted import Accepted
from pytest_codemode.repair.choosing.solution import Solution
from pytest_codemode.repair.confirm import CONFIRM_RUNS_TEXT, Confirmation
from pytest_codemode.repair.excerpts import changed_lines, excerpts
from pytest_codemode.repair.loop import Result
from pytest_codemode.repair.record.history import History

KEPT_SUSPECTS, SHOWN_NEAR_MISSES, SHOWN_ALTERNATIVES = 40, 3, 4

Diff = Callable[[str, bytes, bytes], bytes]
"""(path, old, new) -> unified diff; empty `old` for a new file."""


def summarise(
    result: Result, request: EngineRequest, budget: Budget, run_id: str, diff: Diff, *, history: History
) -> RunReport:
    """Return the report of a run whose patches are not written yet (`green` and `written` are the writer's)."""
    accepted = {one.solution.task.key: one for one in result.accepted}
    covered = {target for one in result.accepted for target in one.targets}
    tasks = [
        replace(
            _fixed(accepted[s.task.key], result.confirmation, diff)
            if s.task.key in accepted
            else _unfixed(s, result.dropped.get(s.task.key, ""), covered, diff),
            tried=history.tried(s.task.key),
        )
        for index, s in enumerate(result.solutions)
        if s.task.key in accepted or not _superseded(s, result.solutions[index + 1 :], covered)
    ]
    return RunReport(
        run_id=run_id,
        stop=_stop(result).value,
        green=False,
        tasks=tuple(tasks),
        unrepaired=tuple(result.unrepaired),
        guards=_guards(result.confirmation, request),
        cost=cost_of(budget),
        timeline=history.timeline(),
    )


def cost_of(budget: Budget) -> Cost:
    """Return what was used so far."""
    spent = budget.spent
    return Cost(
        time_s=spent.time_s,
        candidates=spent.candidates,
        requests=spent.requests,
        tokens=spent.tokens,
        usd=spent.usd,
        usage=spent.usage,
        assumed_usd=spent.assumed_usd,
        unpriced_tokens=spent.unpriced_tokens,
    )


def _superseded(solution: Solution, later: list[Solution], covered: set[str]) -> bool:
    nodeids = set(solution.task.nodeids)
    return nodeids <= covered or any(nodeids <= set(other.task.nodeids) for other in later)


def _stop(result: Result) -> StopReason:
    if result.stop is not StopReason.EXHAUSTED:
        return result.stop
    return next((s.stop for s in result.solutions if not s.chosen and s.stop is not result.stop), result.stop)


def _fixed(one: Accepted, confirmation: Confirmation | None, diff: Diff) -> TaskReport:
    solution, task = one.solution, one.solution.task
    text = b"".join(diff(path, one.before.get(path, b""), one.after[path]) for path in sorted(one.after))
    others = [trial for trial in solution.plausible if trial.patch != one.patch]
    chosen = next((t for t in (*solution.plausible, solution.partial) if t and t.patch == one.patch), None)
    return TaskReport(
        key=task.key,
        cause=task.cause,
        nodeids=one.targets,
        fixed=True,
        diff=text.decode("utf-8", "replace"),
        rationale=one.patch.rationale,
        proposer=one.patch.proposer,
        template=one.patch.template,
        warnings=chosen.warnings if chosen else (),
        turned_green=one.targets,
        checked=confirmation.guards if confirmation else 0,
        candidates=solution.candidates,
        duration_s=solution.duration_s,
        suspects=task.suspects[:KEPT_SUSPECTS],
        excerpts=excerpts({**task.sources, **one.before}, task.suspects, changed_lines(one.before, one.after)),
        alternatives=tuple(_alternative(trial, one.before, diff, solution) for trial in others[:SHOWN_ALTERNATIVES]),
        passing=len(solution.plausible),
        behaviour=_behaviour(solution, chosen),
        held_out=tuple(nodeid for nodeid in solution.held_out if nodeid in one.targets),
        overfit=solution.verdicts[Verdict.OVERFIT],
        failures=task.failures,
    )


def _behaviour(solution: Solution, chosen: Trial | None) -> Behaviour | None:
    compared = solution.comparison
    return None if compared is None or chosen is None else compared.behaviour(chosen.fingerprint)


def _alternative(trial: Trial, before: Files, diff: Diff, solution: Solution) -> Alternative:
    # The files around the chosen patch are at hand; another patch of the task may touch others.
    applied = apply(trial.patch, before.get)
    best, compared = solution.chosen, solution.comparison
    differs = compared.difference(best.fingerprint, trial.fingerprint) if best and compared and best != trial else None
    changes = applied.files if isinstance(applied, Applied) else {}
    text = b"".join(diff(path, before.get(path, b""), changes[path]) for path in sorted(changes))
    rationale = trial.patch.rationale or describe(trial.patch)
    return Alternative(text.decode("utf-8", "replace"), rationale, trial.warnings, differs)


def _unfixed(solution: Solution, dropped: str, covered: set[str], diff: Diff) -> TaskReport:
    task = solution.task
    unproven = [trial for trial in (*solution.plausible, solution.partial) if trial is not None]
    return TaskReport(
        key=task.key,
        cause=task.cause,
        nodeids=tuple(n for n in task.nodeids if n not in covered),
        fixed=False,
        why_not=dropped or _why_not(solution),
        candidates=solution.candidates,
        duration_s=solution.duration_s,
        suspects=task.suspects[:KEPT_SUSPECTS],
        excerpts=excerpts(task.sources, task.suspects),
        near_misses=tuple(_near_miss(trial) for trial in _nearest(solution)),
        alternatives=tuple(_alternative(t, task.sources, diff, solution) for t in unproven[:SHOWN_ALTERNATIVES]),
        passing=len(solution.plausible),
        held_out=solution.held_out,
        overfit=solution.verdicts[Verdict.OVERFIT],
        failures=task.failures,
    )


def _why_not(solution: Solution) -> str:
    if not solution.task.suspects:
        return (
            "no line of an editable file is known to run in the failing tests; if the code to repair lies elsewhere, "
            "allow it with --codemode-editable, or install the project with `pip install -e .`"
        )
    if solution.broke:
        test, count = solution.broke.most_common(1)[0]
        total = sum(1 for trial in solution.near if trial.broke)
        if count == total:
            return (
                f"every patch that passes {solution.task.nodeids[0]} ({count} of {solution.candidates} tried) breaks "
                f"{test}: the two may contradict each other"
            )
    tried = f"none of {solution.candidates} candidates turned the failing tests green"
    if solution.plausible:
        count = len(solution.plausible)
        passes = "1 patch passes and is" if count == 1 else f"{count} patches pass and are"
        return f"{passes} not proven: {solution.stop.value}"
    if count := solution.verdicts[Verdict.OVERFIT]:
        fitted = next(trial for trial in solution.near if trial.verdict is Verdict.OVERFIT)
        tried += f"; {count} {Verdict.OVERFIT.value} ({fitted.reason})"
    rejected = [
        f"{solution.verdicts[verdict]} {verdict.value} ({reason})"
        for verdict, reason in solution.rejected.items()
        if not solution.candidates or verdict is Verdict.REFUSED
    ]
    return "; ".join([tried, *rejected, *solution.problems, solution.stop.value])


def _nearest(solution: Solution) -> list[Trial]:
    ranked = sorted(solution.near, key=lambda trial: (-len(trial.passed), len(trial.broke)))
    return ranked[:SHOWN_NEAR_MISSES]


def _near_miss(trial: Trial) -> NearMiss:
    edit = trial.patch.edits[0]
    return NearMiss(f"{edit.path}:{getattr(edit, 'line', 1)}", describe(trial.patch), trial.verdict.value, trial.reason)


def _guards(confirmation: Confirmation | None, request: EngineRequest) -> str:
    if confirmation is None:
        return ""
    what = "1 test that passed before still passes" if confirmation.guards == 1 else ""
    text = f"{what or f'{confirmation.guards} tests that passed before still pass'} ({CONFIRM_RUNS_TEXT})"
    if confirmation.flaky:
        text += f"; flaky, so that they prove nothing: {len(confirmation.flaky)}"
    if request.narrowed:
        text += "; tests outside your selection were not run"
    return text
