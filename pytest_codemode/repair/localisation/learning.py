"""What candidates have taught about the places they changed: the input of `core.suspicion.reranked`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_codemode.core.failure import Failure, moved
from pytest_codemode.core.suspicion import Attempts, Location
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict


def attempts(task: RepairTask, trials: Iterable[Trial]) -> dict[Location, Attempts]:
    """Return for each line that edits of `trials` begin at: how many left the failure as it was, how many did not.

    What could not be judged, hung, crashed or fails only because the candidate is nonsense counts for neither.
    """
    before = {failure.nodeid: failure for failure in task.failures}
    same: dict[Location, int] = {}
    changed: dict[Location, int] = {}
    for trial in trials:
        other = _moved(before, trial)
        if other is None:
            continue
        counts = changed if other else same
        for location in _locations(trial):
            counts[location] = counts.get(location, 0) + 1
    return {at: Attempts(same.get(at, 0), changed.get(at, 0)) for at in (*same, *changed)}


def added(known: Mapping[Location, Attempts], more: Mapping[Location, Attempts]) -> dict[Location, Attempts]:
    """Return both counts together."""
    none = Attempts()
    pairs = {at: (known.get(at, none), more.get(at, none)) for at in (*known, *more)}
    return {at: Attempts(a.same + b.same, a.changed + b.changed) for at, (a, b) in pairs.items()}


def moves(task: RepairTask, trial: Trial) -> bool:
    """Return whether the tests still fail with the patch, and one of them not as it did without."""
    before = {failure.nodeid: failure for failure in task.failures}
    after = (failure for failure in trial.failures if failure.nodeid in before)
    return trial.verdict is Verdict.FAILED and any(moved(before[one.nodeid], one) for one in after)


def _moved(before: dict[str, Failure], trial: Trial) -> bool | None:
    """Return whether the failure has changed; None if the trial does not say."""
    if trial.verdict in (Verdict.PLAUSIBLE, Verdict.BROKE) or trial.passed:
        return True
    if trial.verdict is not Verdict.FAILED:
        return None
    told = {moved(before[one.nodeid], one) for one in trial.failures if one.nodeid in before}
    if True in told:
        return True
    return False if told == {False} else None


def _locations(trial: Trial) -> set[Location]:
    """Return where the edits begin; whole definitions have no line that could be blamed."""
    return {(edit.path, line) for edit in trial.patch.edits if (line := getattr(edit, "line", 0))}
