"""After the search: one function at a time is asked about, and what its calls reach is open no more for the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from pytest_codemode.testgen.inputs.generator import Inputs
from pytest_codemode.testgen.subject import Item, Subject

Ask = Callable[[Subject], Inputs]
"""Returns a dialogue about one function."""
Together = Callable[[Sequence[Callable[[], None]]], object]
"""Runs jobs whose questions wait for each other."""


def ask_about_rest(
    subjects: Sequence[Subject],
    ask: Ask,
    explore: Callable[[Sequence[Subject]], None],
    *,
    left_s: Callable[[], float],
    together: Together | None = None,
) -> None:
    """Ask about every function of which something is open.

    Args:
        subjects: after the search, in the order in which they are asked about.
        ask: makes a dialogue.
        explore: makes the calls of subjects' current sources of inputs; those that were paid for are made even if
            there is no time left to ask on.
        left_s: seconds left for questions.
        together: where several functions are asked about at a time; None: one after the other.
    """

    def job(subject: Subject) -> None:
        if left_s() <= 0 or not subject.open:
            return
        known = len(subject.pool)
        subject.begin(_while_there_is_time(ask(subject), left_s))
        explore([subject])
        reached = frozenset[Item]().union(*(tried.takes for tried in subject.pool[known:]))
        for other in subjects:
            if other.path == subject.path:
                other.reached(reached)

    wanted = [one for one in subjects if one.open and one.target is not None and not one.unfit and not one.trouble]
    jobs = [partial(job, subject) for subject in wanted]
    if together is not None:
        together(jobs)
        return
    for one in jobs:
        one()


def _while_there_is_time(inputs: Inputs, left_s: Callable[[], float]) -> Inputs:
    batch = next(inputs, ())
    while batch:
        observations = yield batch
        if left_s() <= 0:
            inputs.close()
            return
        try:
            batch = inputs.send(observations)
        except StopIteration:
            return
