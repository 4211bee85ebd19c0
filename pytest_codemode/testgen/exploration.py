"""Tries inputs on many functions side by side: each worker gets a batch of one function's calls at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_codemode.core.budget import Budget
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.testgen.subject import Subject

BATCH_S = 10.0
"""Wall clock of one batch; one that takes longer is cut off, and the rest of it counts as not run."""


def explore(
    subjects: Sequence[Subject],
    sandbox: Sandbox,
    budget: Budget,
    *,
    workers: int,
    left_s: Callable[[], float],
    say: Callable[[str], None],
) -> None:
    """Try inputs until nothing is left to try or to take.

    Those that lack most come first, and all get their turn: the next round holds those whose last batch brought
    something new before the others.

    Args:
        subjects: with their first batches.
        sandbox: where the calls are made.
        budget: each call is a candidate.
        workers: requests at a time.
        left_s: seconds left for this.
        say: hears what is being tried.
    """
    queue = [subject for subject in subjects if subject.active]
    while queue and left_s() > 0 and budget.exceeded() is None:
        turn, queue = queue[: 2 * workers], queue[2 * workers :]
        say(f"{turn[0].path}: {turn[0].described.qualname}, {len(queue) + len(turn)} functions left")
        before = [(subject.calls, len(subject.open)) for subject in turn]
        requests = [subject.request(max(min(BATCH_S, left_s()), 0.1)) for subject in turn]
        for subject, explored in zip(turn, sandbox.explore(requests), strict=True):
            subject.take(explored)
        budget.charge(candidates=sum(subject.calls - was for subject, (was, _) in zip(turn, before, strict=True)))
        still = [(subject, was) for subject, (_, was) in zip(turn, before, strict=True) if subject.active]
        gained = [subject for subject, was in still if len(subject.open) < was]
        rest = [subject for subject, was in still if len(subject.open) >= was]
        queue = [*gained, *queue, *rest]
