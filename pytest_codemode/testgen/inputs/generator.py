"""Proposes calls of one function, best first: examples, recorded calls, constants, types, then guided search."""

from __future__ import annotations

import ast
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from random import Random

from pytest_codemode.core.exploring import Arc, Described, Import, Observation, Recipe
from pytest_codemode.testgen.inputs.binding import of_example, of_recorded, taken_apart
from pytest_codemode.testgen.inputs.calls import identity, rendered
from pytest_codemode.testgen.inputs.combining import Combiner
from pytest_codemode.testgen.inputs.constants import Constants, harvested
from pytest_codemode.testgen.inputs.documentation import shown
from pytest_codemode.testgen.inputs.examples import Example, examples
from pytest_codemode.testgen.inputs.expressions import LONGEST, parsed, quoted
from pytest_codemode.testgen.inputs.guards import Guards
from pytest_codemode.testgen.inputs.guided import Guided
from pytest_codemode.testgen.inputs.mutation import Material
from pytest_codemode.testgen.inputs.names import said_by
from pytest_codemode.testgen.inputs.pace import Pace
from pytest_codemode.testgen.inputs.pairs import nested
from pytest_codemode.testgen.inputs.parameters import Pools
from pytest_codemode.testgen.inputs.plans import Plan, Setup, Value
from pytest_codemode.testgen.inputs.receivers import by_chance, receivers, settings, steps
from pytest_codemode.testgen.inputs.scope import Scope, scope_of
from pytest_codemode.testgen.inputs.unfit import unfit
from pytest_codemode.testgen.recorded import RecordedCall

__all__ = ["Inputs", "Target", "propose", "unfit"]

Inputs = Generator[tuple[Recipe, ...], tuple[Observation, ...], None]

_SIZES = (24, 48, 96)
"""Calls of the first batches after the examples."""
_GUIDED, _REST, _MIXED = 120, 40, 40
"""Calls of one later batch: by what was observed, of values not used yet, of several things varied anew."""
_BARREN = 12
"""Batches without a single new call, after which there are no ideas left."""
_MOST_TEXTS = 200


@dataclass(frozen=True, slots=True)
class Target:
    """One function to be called, and what is known around it."""

    described: Described
    source: str
    """Of its whole file."""
    siblings: tuple[Described, ...]
    """Everything else that is described in the file."""
    recorded: tuple[RecordedCall, ...]
    """Calls that were seen while the existing suite ran."""
    callers: tuple[str, ...] = ()
    """Source text of functions elsewhere in the project that call it."""


def propose(target: Target, wanted: Callable[[], frozenset[Arc]], seed: int = 0) -> Inputs:
    """Yield batches of recipes and receive their observations, in the same order, until out of ideas.

    Args:
        target: What to call.
        wanted: The arcs that are still missing; once there are none, only plain kinds of input are given.
        seed: Same seed and same observations, same recipes.
    """
    if unfit(target.described, target.source):
        return
    campaign = _Campaign(target, wanted, seed)
    if documented := campaign.take(campaign.documented()):
        campaign.note((yield documented))
    plain, sizes = campaign.plain(), iter(_SIZES)
    while batch := campaign.take(plain, next(sizes, _SIZES[-1])):
        campaign.note((yield batch))
    barren = 0
    while barren < _BARREN and wanted():
        batch = campaign.later()
        barren = 0 if batch else barren + 1
        if batch:
            campaign.note((yield batch))


class _Campaign:
    """Everything that is tried on one target."""

    def __init__(self, target: Target, wanted: Callable[[], frozenset[Arc]], seed: int) -> None:
        self._target, self._random = target, Random(f"{target.described.qualname} {seed}")
        described, siblings = target.described, target.siblings
        self._scope = scope_of(described, target.source)
        self._examples = _examples(described, self._scope)
        apart = ((of_example(example), taken_apart(example, described)) for example in self._examples)
        self._apart = {plan: varied for plan, varied in apart if varied is not None}
        constants = harvested(
            self._scope, target.callers, seed, [*_shown(described, self._scope), *_passed(self._examples)]
        )
        shown_texts = [*map(quoted, constants.documented), *said_by(described.qualname)]
        self._documented = [Value(text) for text in dict.fromkeys(shown_texts)]
        self._pools = Pools(self._scope, (*siblings, described), constants)
        made = self._receivers(described)
        on_object = described.kind in ("method", "property")
        done = steps(described, (*siblings, described), self._pools) if on_object else []
        put = settings(described, self._scope) if on_object else []
        everything = (*siblings, described)
        self._combiner = Combiner(
            described,
            self._pools,
            made,
            [*done, *put],
            lambda random: by_chance(described, everything, self._pools, random),
        )
        material = _material(constants)
        self._guided = Guided(self._combiner, material, Guards(self._scope), wanted, self._random)
        self._rest = self._combiner.rest() if self._combiner.possible else iter(())
        self._seen: set[tuple[str, Setup]] = set()
        self._pace = Pace()
        self._plans: list[Plan] = []
        self._count = 0

    def _receivers(self, described: Described) -> tuple[Value, ...]:
        if described.kind not in ("method", "property"):
            return ()
        shown = (plan.receiver for plan in self._apart.values() if plan.receiver is not None)
        made = receivers(described, (*self._target.siblings, described), self._scope, self._pools)
        return tuple(dict.fromkeys((*made[:1], *shown, *made[1:])))

    def take(self, plans: Iterable[Plan], count: int = _SIZES[-1]) -> tuple[Recipe, ...]:
        """Return up to so many plans as recipes, those left out that were there before; remember them for `note`."""
        self._plans = []
        recipes: list[Recipe] = []
        for plan in plans:
            if self._pace.is_waste(plan):
                continue
            recipe = rendered(self._target.described, plan, str(self._count))
            key = identity(recipe)
            if key in self._seen or len(recipe.call) > 2 * LONGEST:
                continue
            self._seen.add(key)
            self._count += 1
            self._plans.append(plan)
            recipes.append(recipe)
            if len(recipes) >= count:
                break
        return tuple(recipes)

    def note(self, observations: tuple[Observation, ...]) -> None:
        """Take in what came of the recipes that were returned last."""
        for plan, observation in zip(self._plans, observations, strict=False):
            self._guided.note(self._apart.get(plan, plan), observation)
            self._pace.note(plan, observation)

    def documented(self) -> Iterator[Plan]:
        """Yield the examples of docstrings, as they stand."""
        return map(of_example, self._examples)

    def plain(self) -> Iterator[Plan]:
        """Yield recorded calls, calls with one thing varied, and calls with what an inverse function gives."""
        described, combiner = self._target.described, self._combiner
        recorded = [combiner.filled(plan) for plan in of_recorded(self._target.recorded, described)]
        yield from recorded
        if combiner.possible:
            yield from combiner.plain(
                next(chain(map(combiner.filled, self._apart.values()), recorded), None), self._documented
            )
            yield from nested(described, self._target.siblings, self._pools)

    def later(self) -> tuple[Recipe, ...]:
        """Return the next batch of those that are steered by what was observed."""
        mixed: Iterable[Plan] = ()
        if self._combiner.possible:
            mixed = self._combiner.mixed(self._random, _MIXED)
        plans = chain(self._guided.batch(_GUIDED), islice(self._rest, _REST), mixed)
        return self.take(plans, _GUIDED + _REST + _MIXED)


def _examples(described: Described, scope: Scope) -> list[Example]:
    owner = described.qualname.rpartition(".")[0]
    return list(examples(described, [described.doc, *_documentation(scope, owner)], _importable(described, scope)))


def _passed(found: list[Example]) -> list[str]:
    """Return the texts that examples pass."""
    trees = [tree for example in found[:20] if (tree := parsed(example.call)) is not None]
    nodes = (node for tree in trees for node in ast.walk(tree))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _shown(described: Described, scope: Scope) -> list[str]:
    """Return the texts that docstrings show; what the functions say that the target calls comes last."""
    owner = described.qualname.rpartition(".")[0]
    called = (text for helper in scope.helpers()[:4] if (text := ast.get_docstring(helper)))
    names = {*scope.functions, *scope.classes, *(parameter.name for parameter in described.parameters)}
    return list(shown([described.doc, *_documentation(scope, owner), *called], names))


def _documentation(scope: Scope, owner: str) -> Iterator[str]:
    """Yield the docstrings of the function, of its class and the class's constructor, and of the module."""
    nodes = [scope.function, scope.classes.get(owner), scope.functions.get(f"{owner}.__init__"), scope.module]
    for node in nodes:
        if node is not None and (text := ast.get_docstring(node)):
            yield text
    for name, other in (*scope.classes.items(), *scope.functions.items()):
        if name.startswith(f"{owner}.") and owner and (text := ast.get_docstring(other)):
            yield text


def _importable(described: Described, scope: Scope) -> dict[str, Import]:
    """Return how what the module binds can be imported: its own names from it, modules as they are."""
    own = [*scope.assigned, *(name for name in (*scope.functions, *scope.classes) if "." not in name)]
    found: dict[str, Import] = {}
    for node in scope.imports:
        if isinstance(node, ast.Import):
            plain = (alias.name for alias in node.names if alias.asname is None)
            found.update((name.partition(".")[0], Import(name)) for name in plain)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update((a.name, Import(node.module, a.name)) for a in node.names if a.asname is None)
    found.update((name, Import(described.module, name)) for name in own)
    package = described.module.partition(".")[0]
    found.setdefault(package, Import(described.module))
    return found


def _material(constants: Constants) -> Material:
    texts = dict.fromkeys(text for text in constants.pieces() if len(text) <= 30)
    return Material(list(texts)[:_MOST_TEXTS], list(islice(constants.neighbours(), 100)))
