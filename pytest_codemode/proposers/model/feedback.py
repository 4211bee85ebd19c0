"""What a model is told about its patch: how far it got, and the first thing that differs now.

What the project or a tool said is quoted as data, names of tests too. Everything is bounded; lines of a traceback are
left out whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.describe import where
from pytest_codemode.proposers.model.failures import middle_cut
from pytest_codemode.proposers.model.positions import culprit
from pytest_codemode.proposers.model.quoting import quote
from pytest_codemode.proposers.model.standing import line_in_test
from pytest_codemode.proposers.model.tried import Earlier

MAX_MESSAGE, MAX_OPERAND, MAX_OUTPUT = 2_000, 500, 1_000
MAX_FRAMES = 12
"""Innermost frames shown, besides the test's own."""
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")


def feedback(task: RepairTask, trial: Trial, number: int) -> str:
    """Return what to say about the dialogue's patch `number`."""
    doubts = f"\nThe policy finds it doubtful: {', '.join(trial.warnings)}." if trial.warnings else ""
    return f"Patch {number} ({where(trial.patch)}): {trial.verdict.value}.{doubts}\n{_detail(task, trial)}".rstrip()


def repeated(earlier: Earlier) -> str:
    """Return what to say about a patch that does the same as an earlier one."""
    trial = earlier.trial
    whose = f"your patch {earlier.number}" if earlier.number else "a patch that was tried before this conversation"
    doubts = f" The policy finds it doubtful: {', '.join(trial.warnings)}." if trial.warnings else ""
    reason = f"\n{quote(_reason(trial), 'reason')}" if trial.reason else ""
    return (
        f"Not run: it does the same as {whose}, of which is known: {trial.verdict.value}.{doubts}{reason}\n"
        "Propose something that differs in what it does."
    )


def _detail(task: RepairTask, trial: Trial) -> str:
    if trial.verdict is Verdict.UNAPPLICABLE:
        place = culprit(trial.patch, trial.reason, task.sources)
        return f"{f'{place}: ' if place else ''}{quote(_reason(trial), 'why it does not fit')}"
    if trial.verdict is Verdict.FAILED:
        return _still_failing(task, trial)
    if trial.verdict is Verdict.BROKE:
        return _broken(trial)
    return quote(_reason(trial), "reason") if trial.reason else ""


def _reason(trial: Trial) -> str:
    """Return the reason, bounded: it may quote what the patch holds."""
    return middle_cut(trial.reason, MAX_MESSAGE)


def _still_failing(task: RepairTask, trial: Trial) -> str:
    green = [nodeid for nodeid in task.nodeids if nodeid in trial.passed]
    parts = [f"It turns {len(green)} of {len(task.nodeids)} failing tests green."] if green else []
    if not trial.failures:
        return "\n".join([*parts, quote(_reason(trial), "reason")])
    for now in trial.failures:
        was = _original(task, now)
        if was is None or not _same(was, now):
            return "\n".join([*parts, _difference(was, now)])
    first = quote(trial.failures[0].nodeid, "test")
    same = "A test fails exactly as before; what the patch changes makes no difference to it:"
    return "\n".join([*parts, same, first])


def _original(task: RepairTask, now: Failure) -> Failure | None:
    of_test = [failure for failure in task.failures if failure.nodeid == now.nodeid]
    exact = (failure for failure in of_test if (failure.when, failure.subtest) == (now.when, now.subtest))
    return next(exact, of_test[0] if of_test and not now.subtest else None)


def _same(was: Failure, now: Failure) -> bool:
    return _signature(was) == _signature(now)


def _signature(failure: Failure) -> tuple[str, ...]:
    """Return what tells two failures of a test apart; an object's address and shifted lines of the code do not."""
    said = (failure.exception, failure.message, failure.left, failure.operator, failure.right)
    return (*(_ADDRESS.sub("0x", text) for text in said), failure.when.value, str(line_in_test(failure)))


def _difference(was: Failure | None, now: Failure) -> str:
    if was is None:
        return f"A failure that was not there before:\n{quote(_told(now), 'failure')}"
    moved = _place(was) != _place(now)
    lines = [now.nodeid, f"was: {_headline(was)}", *_operands(was), f"is:  {_headline(now)}", *_operands(now)]
    if moved or was.exception != now.exception:
        lines += [f"was at: {_place(was)}", f"is at:  {_place(now)}", *_traceback(now)]
    return "A test fails in another way now:\n" + quote("\n".join(lines), "failure")


def _headline(failure: Failure) -> str:
    message = middle_cut(failure.message.strip(), MAX_MESSAGE)
    return f"{failure.exception}: {message}" if message else failure.exception


def _operands(failure: Failure) -> list[str]:
    if not failure.operator:
        return []
    left, right = (middle_cut(value, MAX_OPERAND) for value in (failure.left, failure.right))
    return [f"     left side of `{failure.operator}`: {left}", f"     right side: {right}"]


def _place(failure: Failure) -> str:
    """Return the assertion or call of the test where it fails, else the innermost frame."""
    path = failure.nodeid.partition("::")[0]
    frame = next((one for one in failure.frames if one.path == path), failure.frames[-1] if failure.frames else None)
    return f"{frame.path}:{frame.line} {frame.source}".rstrip() if frame else "an unknown place"


def _broken(trial: Trial) -> str:
    count = len(trial.broke)
    head = (
        "A test passed before and does not now:" if count < 2 else f"{count} tests passed before and do not now; one:"
    )
    told: Sequence[Failure] = [one for one in trial.failures if one.nodeid in trial.broke] or trial.failures
    return f"{head}\n{quote(_told(told[0]) if told else (trial.reason or ' '.join(trial.broke[:1])), 'failure')}"


def _told(failure: Failure) -> str:
    lines = [failure.nodeid, _headline(failure), *_operands(failure), *_traceback(failure)]
    if failure.limit:
        lines.append(f"most likely the {failure.limit}")
    if failure.output.strip():
        lines.append(f"Captured output:\n{middle_cut(failure.output.strip(), MAX_OUTPUT)}")
    return "\n".join(lines)


def _traceback(failure: Failure) -> list[str]:
    """Return the frames, outermost first: the test's own and the innermost ones, each whole."""
    frames = failure.frames
    if not frames:
        return []
    left_out = max(0, len(frames) - MAX_FRAMES - 1)
    shown = frames if not left_out else (frames[0], *frames[-MAX_FRAMES:])
    lines = [f"  {one.path}:{one.line} in {one.function}" + (f": {one.source}" if one.source else "") for one in shown]
    if left_out:
        lines.insert(1, f"  [{left_out} frames left out]")
    return ["Traceback, outermost call first:", *lines]
