"""What is not worth its time: arguments with which calls take too long, objects and steps whose setup fails.

One call that runs out of time costs as much as hundreds of others; one whose setup fails says nothing at all.
"""

from __future__ import annotations

from collections import Counter

from pytest_codemode.core.exploring import Observation
from pytest_codemode.testgen.inputs.guided import parts
from pytest_codemode.testgen.inputs.plans import Plan

_SLOW = 2
"""Calls that ran out of time with an argument, after which it is not passed any more, if none came back."""
_MOST = 40
"""Calls of one target that may run out of time before every argument that ever did is left out."""
_VOID = 3
"""Setups that failed with an object or a step in it, after which it is left out, if none succeeded."""


class Pace:
    """Which arguments are worth their time, and which objects and steps."""

    def __init__(self) -> None:
        self._over: Counter[tuple[str, str]] = Counter()
        self._came_back: Counter[tuple[str, str]] = Counter()
        self._lost = 0
        self._failed: Counter[str] = Counter()
        self._succeeded: set[str] = set()
        self._void: set[str] = set()

    def note(self, plan: Plan, observation: Observation) -> None:
        """Take in whether a call came back, and whether it was made at all."""
        over = observation.outcome == "timeout"
        self._lost += over
        (self._over if over else self._came_back).update((name, value.text) for name, value in parts(plan))
        for text in _made(plan):
            if observation.outcome != "invalid":
                self._succeeded.add(text)
                self._void.discard(text)
            elif text not in self._succeeded:
                self._failed[text] += 1
                if self._failed[text] >= _VOID:
                    self._void.add(text)

    def is_waste(self, plan: Plan) -> bool:
        """Whether a plan passes something that most likely takes too long, or its setup most likely fails."""
        if self._void and not self._void.isdisjoint(_made(plan)):
            return True
        return bool(self._over) and any(self._is_slow((name, value.text)) for name, value in parts(plan))

    def _is_slow(self, argument: tuple[str, str]) -> bool:
        over, back = self._over[argument], self._came_back[argument]
        if self._lost >= _MOST:
            return over > 0 and over >= back
        return over >= _SLOW and over > back


def _made(plan: Plan) -> list[str]:
    """Return what the setup of a plan does: it makes the object, then takes the steps."""
    steps = [text for _, text in plan.steps]
    return steps if plan.receiver is None else [plan.receiver.text, *steps]
