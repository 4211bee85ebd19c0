"""Which calls come out otherwise under a mutant: many mutants in one fork, swapped in in turn, no pytest run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_codemode.core.exploring import UNSWAPPABLE, Arc, ExploreRequest, Observation, Recipe
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.testgen.mutants import Mutant
from pytest_codemode.testgen.subject import Subject

AT_A_TIME = 24
"""Mutants of one request to a worker, which may need a new process for each of them."""
ALONE = 16
"""Requests of one mutant each that are sent together."""
MUTANT_S = 2.0
"""Wall clock of all calls under one mutant."""
CALL_S = 0.2
_CUT = ("timeout", "crashed")


def kills(
    subject: Subject,
    recipes: Sequence[Recipe],
    digests: Mapping[str, str],
    mutants: Sequence[Mutant],
    *,
    sandbox: Sandbox,
    left_s: Callable[[], float],
    arcs: Mapping[str, Iterable[Arc]] | None = None,
    workers: int = 1,
) -> dict[str, frozenset[str]]:
    """Return recipe key -> keys of the mutants under which that call came out otherwise.

    Args:
        subject: whose calls they are.
        recipes: the calls.
        digests: recipe key -> how it came out without a mutant.
        mutants: each changes a function that the calls execute.
        sandbox: where they run.
        left_s: seconds left for this.
        arcs: recipe key -> what it executed of the file; a call is not made under a mutant that it does not come by.
        workers: requests at a time.
    """
    found: dict[str, set[str]] = {recipe.key: set() for recipe in recipes}
    lines = _lines(subject, arcs) if arcs is not None else {}
    judged = [(mutant, some) for mutant in mutants if (some := _coming_by(mutant, recipes, lines))]
    waiting = [_Chunk(subject, tuple(some)) for some in _spread(judged, workers)]
    while waiting and left_s() > 0:
        number = workers if len(waiting[0].judged) > 1 else ALONE
        turn, waiting = waiting[:number], waiting[number:]
        requests = [chunk.request(left_s()) for chunk in turn]
        for chunk, explored in zip(turn, sandbox.explore(requests), strict=True):
            if explored.status == "failed":
                continue  # the file cannot be imported
            told = dict(zip(chunk.keys(), explored.observations, strict=True))
            if len(chunk.judged) > 1 and _is_changed(told, digests, arcs):
                # Something outlives its call in this process, and may hide mutants or look like one: each gets its own.
                waiting += [_Chunk(subject, (one,)) for one in chunk.judged]
                continue
            for (at, key), one in told.items():
                if at >= 0 and _differs(one, digests[key]):
                    found[key].add(chunk.judged[at][0].key)
    return {key: frozenset(mutants) for key, mutants in found.items()}


def _is_changed(
    told: Mapping[tuple[int, str], Observation],
    digests: Mapping[str, str],
    arcs: Mapping[str, Iterable[Arc]] | None,
) -> bool:
    """Whether the code as it is, called last, comes out otherwise than at first, or by other ways."""
    last = {key: one for (at, key), one in told.items() if at < 0 and one.outcome != "not run"}
    if any(_differs(one, digests[key]) for key, one in last.items()):
        return True
    # What executes nothing that another one has not is told without arcs: all of them together are compared.
    executed = {arc for one in last.values() for arc in one.arcs}
    return arcs is not None and executed != {arc for key in last for arc in arcs[key]}


_Judged = tuple[Mutant, Sequence[Recipe]]
"""A mutant, and the calls that come by it."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Mutants of one request."""

    subject: Subject
    judged: tuple[_Judged, ...]

    def keys(self) -> list[tuple[int, str]]:
        """Return (place of the mutant, recipe key) of each call; the code as it is, place -1, comes last."""
        return [(at, recipe.key) for at, recipe in self._calls()]

    def _calls(self) -> list[tuple[int, Recipe]]:
        under = [(at, recipe) for at, (_, recipes) in enumerate(self.judged) for recipe in recipes]
        used = {recipe.key: recipe for _, recipe in under} if len(self.judged) > 1 else {}
        return [*under, *((-1, recipe) for recipe in used.values())]

    def request(self, left_s: float) -> ExploreRequest:
        """Return the calls under each mutant."""
        subject = self.subject
        return ExploreRequest(
            subject.path,
            subject.described.module,
            tuple(replace(recipe, key=str(place), variant=at) for place, (at, recipe) in enumerate(self._calls())),
            variants=tuple(mutant.swaps for mutant, _ in self.judged),
            stop_at_timeout=True,
            near=subject.near,
            call_s=CALL_S,
            timeout_s=max(min(MUTANT_S * len(self.judged), left_s), MUTANT_S),
        )


def _differs(observation: Observation, digest: str) -> bool:
    """Whether a test would see that; what was not called does not differ."""
    if observation.outcome == "invalid" and observation.raised is not None:
        return observation.raised.type != UNSWAPPABLE
    return observation.outcome in _CUT or (observation.outcome != "not run" and observation.digest != digest)


def _lines(subject: Subject, arcs: Mapping[str, Iterable[Arc]]) -> dict[str, frozenset[int]]:
    """Return the first lines of the statements that each call executes."""
    return {
        key: frozenset(line for arc in subject.number(executed) for line in arc if line > 0)
        for key, executed in arcs.items()
    }


def _coming_by(mutant: Mutant, recipes: Sequence[Recipe], lines: Mapping[str, frozenset[int]]) -> Sequence[Recipe]:
    """Return the calls that execute a mutant's line; if none is known to, those that execute its function."""
    if not lines:
        return recipes
    exact = [recipe for recipe in recipes if mutant.line in lines[recipe.key]]
    return exact or [recipe for recipe in recipes if not lines[recipe.key].isdisjoint(_function_lines(mutant))]


def _function_lines(mutant: Mutant) -> frozenset[int]:
    return frozenset(
        line for swap in mutant.swaps for line in range(swap.line, swap.line + swap.source.count("\n") + 1)
    )


def _spread(judged: Sequence[_Judged], workers: int) -> list[Sequence[_Judged]]:
    """Return the mutants in requests of one size, so that all workers have something to do."""
    number = -(-len(judged) // AT_A_TIME)
    number = -(-number // workers) * workers if len(judged) >= workers * 4 else number
    size = -(-len(judged) // max(number, 1))
    return [judged[at : at + size] for at in range(0, len(judged), max(size, 1))]
