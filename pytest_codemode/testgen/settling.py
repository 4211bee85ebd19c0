"""The calls that may become tests, made twice more: in a fresh interpreter, another hash seed, another time zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pytest_codemode.core.exploring import ExploreRequest, Recipe
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.testgen.subject import CALL_S, Subject, Tried

HASH_SEED = 20_011
AT_A_TIME = 400
"""Calls of one request."""
SETTLE_S = 60.0


@dataclass(frozen=True, slots=True)
class Settled:
    """A function's calls that came out the same each time."""

    subject: Subject
    tried: tuple[Tried, ...]
    unsteady: int
    """Calls that did not, those that read something apart."""
    reads: Counter[str] = field(default_factory=Counter)
    """What other calls read that is another thing at another time or in another process -> how many did."""


def settle(subjects: Sequence[Subject], sandbox: Sandbox, timeout_s: float = SETTLE_S) -> tuple[Settled, ...]:
    """Make the finalists' calls again; return those of each subject that came out the same, told in full."""
    plans = [(subject, _keyed(subject, number)) for number, subject in enumerate(subjects)]
    chunks = _chunks([(subject, recipe) for subject, recipes in plans for recipe in recipes])
    requests = [
        ExploreRequest(
            chunk[0][0].path,
            chunk[0][0].described.module,
            tuple(recipe for _, recipe in chunk),
            full=True,
            twice=True,
            near=chunk[0][0].near,
            call_s=CALL_S,
            timeout_s=timeout_s,
            hash_seed=HASH_SEED,
            elsewhere=True,
        )
        for chunk in chunks
    ]
    found: dict[str, Tried] = {}
    reads: dict[str, str] = {}
    for chunk, explored in zip(chunks, sandbox.explore(requests) if requests else (), strict=True):
        for (subject, recipe), observation in zip(chunk, explored.observations, strict=False):
            steady = observation.steady and observation.outcome in ("returned", "raised")
            if observation.reads:
                reads[recipe.key] = observation.reads
            if steady:
                found[recipe.key] = Tried(recipe, observation, subject.takes(observation))
    settled = []
    for subject, recipes in plans:
        first = _first_digests(subject)
        same = [
            again
            for recipe in recipes
            if (again := found.get(recipe.key)) and again.observation.digest == first[recipe.call, recipe.setup]
        ]
        read = Counter(reads[recipe.key] for recipe in recipes if recipe.key in reads)
        settled.append(Settled(subject, tuple(same), len(recipes) - len(same) - read.total(), read))
    return tuple(settled)


def _keyed(subject: Subject, number: int) -> tuple[Recipe, ...]:
    return tuple(replace(recipe, key=f"{number}:{index}") for index, recipe in enumerate(subject.finalists()))


def _first_digests(subject: Subject) -> dict[tuple[str, tuple[tuple[str, str], ...]], str]:
    """Return (call, setup) -> how it came out when it was made first."""
    first = {(recipe.call, recipe.setup): digest for digest, (recipe, _) in subject.others.items()}
    for tried in (*subject.examples, *subject.pool):
        first[tried.recipe.call, tried.recipe.setup] = tried.observation.digest
    return first


def _chunks(calls: Sequence[tuple[Subject, Recipe]]) -> list[list[tuple[Subject, Recipe]]]:
    """Return the calls in groups of one file and one place for fixtures."""
    groups: dict[tuple[str, str], list[tuple[Subject, Recipe]]] = {}
    for subject, recipe in calls:
        groups.setdefault((subject.path, subject.near), []).append((subject, recipe))
    return [group[at : at + AT_A_TIME] for group in groups.values() for at in range(0, len(group), AT_A_TIME)]
