"""Do the written tests fail on mutants of the lines they cover? Each mutant against them, as pytest runs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_codemode.core.outcome import Outcome, TryRequest
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.testgen.mutants import Mutant

AT_A_TIME = 8
"""Mutants of one request: what is done when the time is up counts."""
TEST_S = 1.0
_TOLD = frozenset({Outcome.FAILED, Outcome.TIMEOUT, Outcome.CRASHED})


def held(
    mutants: Sequence[Mutant], nodeids: Sequence[str], sandbox: Sandbox, left_s: Callable[[], float]
) -> tuple[int, int]:
    """Return how many mutants a test fails on, and on how many tests were run.

    Args:
        mutants: of one function.
        nodeids: of its tests.
        sandbox: where they run; the tests stand over its tree.
        left_s: seconds left for this.
    """
    killed = judged = 0
    for at in range(0, len(mutants) if nodeids else 0, AT_A_TIME):
        if left_s() <= 0:
            break
        candidates = tuple(mutant.candidate for mutant in mutants[at : at + AT_A_TIME])
        for tried in sandbox.try_patches(TryRequest(candidates, tuple(nodeids), test_timeout_s=TEST_S)):
            last = tried.results[-1].outcome if tried.results else None
            killed += last in _TOLD
            judged += last in _TOLD or tried.status == "passed"
    return killed, judged
