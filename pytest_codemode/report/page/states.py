"""What became of a cause or a test, as a word with a sign and a colour: never by the colour alone."""

from __future__ import annotations

from pytest_codemode.core.report import RunReport, TaskReport, Unrepaired
from pytest_codemode.report.page.markup import Html, tag

SIGNS = {
    "fixed": "\u2713",
    "fixed, look twice": "\u2713",
    "not fixed": "\u2717",
    "flaky": "~",
    "not reproducible": "?",
    "unsupported": "\u2013",
}
"""Every state, the best first."""
_CLASSES = {"fixed": "good", "fixed, look twice": "doubt", "not fixed": "bad"}


def of_task(task: TaskReport) -> str:
    """Return the state of a cause."""
    if not task.fixed:
        return "not fixed"
    return "fixed, look twice" if task.warnings else "fixed"


def badge(state: str) -> Html:
    """Return a state as the page shows it."""
    return tag("span", f"{SIGNS[state]} {state}", class_=f"state {kind(state)}")


def kind(state: str) -> str:
    """Return the class that colours a state."""
    return _CLASSES.get(state, "unclear")


def tests(report: RunReport) -> dict[str, int]:
    """Return how many failing tests are in each state; one with two causes counts for the worse one."""
    states: dict[str, str] = {}
    worst = list(SIGNS)
    for state, nodeids in (*map(_of_tests, report.tasks), *map(_of_test, report.unrepaired)):
        for nodeid in nodeids:
            known = states.setdefault(nodeid, state)
            states[nodeid] = max(known, state, key=worst.index)
    counts = dict.fromkeys(SIGNS, 0)
    for state in states.values():
        counts[state] += 1
    return {state: number for state, number in counts.items() if number}


def _of_tests(task: TaskReport) -> tuple[str, tuple[str, ...]]:
    return of_task(task), task.nodeids


def _of_test(test: Unrepaired) -> tuple[str, tuple[str, ...]]:
    return test.kind, (test.nodeid,)
