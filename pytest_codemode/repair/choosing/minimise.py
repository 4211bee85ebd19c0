"""Drop every edit of a patch that it does not need."""

from __future__ import annotations

from dataclasses import replace

from pytest_codemode.core.patch import Patch
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.repair.judge import Judge


def minimise(judge: Judge, task: RepairTask, trial: Trial) -> Trial:
    """Return a plausible trial whose patch is 1-minimal: dropping any single edit makes a test fail.

    The patch that came has passed its check from disk; it stays as it is if the smaller one does not.

    Source: the last stage of ddmin; Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002.
    Patches here have few edits, so that halving first would cost more trials than it saves.
    """
    current, index = trial, 0
    while index < len(current.patch.edits) and len(current.patch.edits) > 1:
        smaller = _without(current.patch, index)
        (judged,) = judge.judge(task, (smaller,))
        known = judge.earlier(judged) if judged.verdict is Verdict.DUPLICATE else judged
        if known is not None and known.plausible and set(known.passed) >= set(task.nodeids):
            current = known
        else:
            index += 1
    if current is trial:
        return trial
    checked = judge.check(task, current)
    return checked if checked.plausible else trial


def _without(patch: Patch, index: int) -> Patch:
    return replace(patch, edits=patch.edits[:index] + patch.edits[index + 1 :])
