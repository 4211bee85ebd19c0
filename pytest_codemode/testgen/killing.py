"""Which calls come out otherwise under a mutant: a fork each, the mutated function swapped in, no pytest run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_codemode.core.exploring import ExploreRequest, Recipe
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.testgen.mutants import Mutant
from pytest_codemode.testgen.subject import Subject

AT_A_TIME = 16
"""Mutants of one request to the sandbox."""
MUTANT_S = 2.0
"""Wall clock of all calls under one mutant."""
_CUT = ("timeout", "crashed")


def kills(
    subject: Subject,
    recipes: Sequence[Recipe],
    digests: dict[str, str],
    mutants: Sequence[Mutant],
    *,
    sandbox: Sandbox,
    left_s: Callable[[], float],
) -> dict[str, frozenset[str]]:
    """Return recipe key -> keys of the mutants under which that call came out otherwise.

    Args:
        subject: whose calls they are.
        recipes: the calls.
        digests: recipe key -> how it came out without a mutant.
        mutants: each changes a function that the calls execute.
        sandbox: where they run.
        left_s: seconds left for this.
    """
    found: dict[str, set[str]] = {recipe.key: set() for recipe in recipes}
    for at in range(0, len(mutants), AT_A_TIME):
        if left_s() <= 0:
            break
        some = mutants[at : at + AT_A_TIME]
        requests = [
            ExploreRequest(
                subject.path,
                subject.described.module,
                tuple(recipes),
                swaps=mutant.swaps,
                near=subject.near,
                call_s=0.2,
                timeout_s=MUTANT_S,
                known=(),
                full=False,
            )
            for mutant in some
        ]
        for mutant, explored in zip(some, sandbox.explore(requests), strict=True):
            if explored.status == "failed":
                continue  # it cannot be swapped in
            for observation in explored.observations:
                told = observation.outcome in _CUT or (
                    observation.outcome != "not run" and observation.digest != digests[observation.key]
                )
                if told:
                    found[observation.key].add(mutant.key)
    return {key: frozenset(mutants) for key, mutants in found.items()}
