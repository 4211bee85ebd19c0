"""Arguments with which calls take too long: one such call costs as much time as hundreds of others."""

from __future__ import annotations

from collections import Counter

from pytest_codemode.core.exploring import Observation
from pytest_codemode.testgen.inputs.guided import parts
from pytest_codemode.testgen.inputs.plans import Plan

_SLOW = 2
"""Calls that ran out of time with an argument, after which it is not passed any more, if none came back."""
_MOST = 40
"""Calls of one target that may run out of time before every argument that ever did is left out."""


class Pace:
    """Which arguments are worth their time."""

    def __init__(self) -> None:
        self._over: Counter[tuple[str, str]] = Counter()
        self._came_back: Counter[tuple[str, str]] = Counter()
        self._lost = 0

    def note(self, plan: Plan, observation: Observation) -> None:
        """Take in whether a call came back."""
        over = observation.outcome == "timeout"
        self._lost += over
        (self._over if over else self._came_back).update((name, value.text) for name, value in parts(plan))

    def is_slow(self, plan: Plan) -> bool:
        """Whether a plan passes something that most likely takes too long."""
        if not self._over:
            return False
        return any(self._is_slow((name, value.text)) for name, value in parts(plan))

    def _is_slow(self, argument: tuple[str, str]) -> bool:
        over, back = self._over[argument], self._came_back[argument]
        if self._lost >= _MOST:
            return over > 0 and over >= back
        return over >= _SLOW and over > back
