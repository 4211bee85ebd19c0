"""Guided search: inputs that brought something new are changed further, towards the branches that are still missing.

Source: branch distances after Tracey et al. (ISSRE 1998); the alternating variable method after Korel (TSE 1990), with
all steps of one variable tried in one batch, since a batch costs hardly more than a call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

from pytest_codemode.core.exploring import Arc, Compared, Observation
from pytest_codemode.testgen.inputs.combining import Combiner
from pytest_codemode.testgen.inputs.expressions import literal, parsed
from pytest_codemode.testgen.inputs.guards import Guards
from pytest_codemode.testgen.inputs.mutation import Material, mutated, replaced, sites, value_at
from pytest_codemode.testgen.inputs.plans import Plan, Value
from pytest_codemode.testgen.inputs.substitution import flipping, wanted_values

_STEPS = tuple(sign * 2**power for power in range(13) for sign in (1, -1))
_CORPUS = 120
_PROBES = 400
"""Calls of one search along a variable's values, at most."""

_Branch = tuple[int, str, bool]
"""Line, operator, how it came out."""


@dataclass(slots=True)
class _Kept:
    """A plan worth changing."""

    plan: Plan
    lines: frozenset[int]
    """That it executed."""
    tries: int = 0


@dataclass(slots=True)
class _Nearest:
    """The plan that came nearest to turning a comparison."""

    plan: Plan
    compared: Compared
    searched: bool = False


class Guided:
    """Keeps what observations say, proposes what to try next.

    Args:
        combiner: The values of the target's parameters.
        material: Constants to put in.
        guards: Which lines decide about which.
        wanted: The arcs that are still missing.
        random: Decides by chance.
    """

    def __init__(
        self,
        combiner: Combiner,
        material: Material,
        guards: Guards,
        wanted: Callable[[], frozenset[Arc]],
        random: Random,
    ) -> None:
        self._combiner, self._material, self._guards = combiner, material, guards
        self._wanted, self._random = wanted, random
        self._corpus: deque[_Kept] = deque(maxlen=_CORPUS)
        self._nearest: dict[_Branch, _Nearest] = {}
        self._queue: deque[Plan] = deque()
        self._substituted: set[tuple[str, str, str, Plan]] = set()

    def note(self, plan: Plan, observation: Observation) -> None:
        """Take in what came of a plan."""
        if observation.outcome not in ("returned", "raised", "exited"):
            return
        if observation.new:
            self._corpus.append(_Kept(plan, frozenset(line for arc in observation.arcs for line in arc)))
        for compared in observation.compared:
            self._note_comparison(plan, compared)

    def _note_comparison(self, plan: Plan, compared: Compared) -> None:
        branch = (compared.line, compared.operator, compared.holds)
        known = self._nearest.get(branch)
        if known is None or compared.distance < known.compared.distance:
            self._nearest[branch] = _Nearest(plan, compared)

    def batch(self, count: int) -> Iterator[Plan]:
        """Yield what to try next: operands of missed comparisons first, then steps towards them, then chance."""
        lines = self._guards.of(self._wanted())
        yield from islice(self._towards(lines), count)
        for _ in range(count):
            if (plan := self._by_chance(lines)) is not None:
                yield plan

    def _towards(self, lines: frozenset[int]) -> Iterator[Plan]:
        """Yield plans that put what a missed comparison wants where it may come from, then steps along numbers."""
        missed = [
            (branch, near)
            for branch, near in self._nearest.items()
            if branch[0] in lines and (branch[0], branch[1], not branch[2]) not in self._nearest
        ]
        missed.sort(key=lambda item: item[1].compared.distance)
        for _, near in missed:
            yield from self._substitutions(near.plan, near.compared)
        for _, near in missed:
            if not near.searched:
                near.searched = True
                yield from islice(self._stepped(near.plan), _PROBES)
        for (line, _, _), near in self._nearest.items():
            if line in lines:
                yield from self._substitutions(near.plan, near.compared)

    def _substitutions(self, plan: Plan, compared: Compared) -> Iterator[Plan]:
        key = (compared.left, compared.right, compared.operator, plan)
        if key in self._substituted:
            return
        self._substituted.add(key)
        for name, value in parts(plan):
            for text in dict.fromkeys(flipping(value.text, compared)):
                yield changed(plan, name, text)
        if plan.verbatim is None:
            names = [*self._combiner.required, *self._combiner.optional]
            for text in dict.fromkeys(wanted_values(compared)):
                yield from (self._given(plan, name, text) for name in names if not self._is_rest(name))

    def _is_rest(self, name: str) -> bool:
        kinds = {parameter.name: parameter.kind for parameter in self._combiner.described.parameters}
        return kinds.get(name) in ("args", "kwargs")

    def _given(self, plan: Plan, name: str, text: str) -> Plan:
        return plan.with_argument(name, Value(text)).of("mutation")

    def _stepped(self, plan: Plan) -> Iterator[Plan]:
        """Yield a plan with each of its numbers moved by growing steps, up and down."""
        for name, value in parts(plan):
            tree = parsed(value.text)
            for node in sites(tree) if tree is not None else ():
                number = value_at(node)
                if isinstance(number, bool) or not isinstance(number, int | float) or number != number:  # noqa: PLR0124
                    continue
                for step in _STEPS if isinstance(number, int) else (*_STEPS[:12], 0.5, -0.5, 0.1, -0.1, 0.01, -0.01):
                    assert tree is not None
                    if text := replaced(tree, node, literal(_rounded(number + step))):
                        yield changed(plan, name, text)

    def _by_chance(self, lines: frozenset[int]) -> Plan | None:
        kept = self._chosen(lines)
        if kept is None:
            return None
        kept.tries += 1
        plan = kept.plan
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            plan = self._mutated(plan) or plan
        return plan if plan is not kept.plan else None

    def _chosen(self, lines: frozenset[int]) -> _Kept | None:
        """Return a plan to change: those that came by a line that decides are preferred, and those tried seldom."""
        near = [near.plan for branch, near in self._nearest.items() if branch[0] in lines]
        if near and self._random.random() < 0.3:
            return _Kept(self._random.choice(near), frozenset())
        if not self._corpus:
            return None
        weights = [(8.0 if kept.lines & lines else 1.0) / (1 + kept.tries / 20) for kept in self._corpus]
        return self._random.choices(self._corpus, weights)[0]

    def _mutated(self, plan: Plan) -> Plan | None:
        random, combiner = self._random, self._combiner
        if plan.receiver is not None and random.random() < 0.2:
            return self._other_steps(plan)
        if plan.verbatim is None and random.random() < 0.3:
            names = [*combiner.required, *combiner.optional]
            name = random.choice(names) if names else ""
            if name in combiner.optional and random.random() < 0.3:
                return plan.without(name).of("mutation")
            assigned = combiner.any_value(name, random) if name else None
            if assigned:
                for known, value in assigned:
                    plan = plan.with_argument(known, value)
                return plan.of("mutation")
            if plan.receiver is not None:
                return Plan(plan.arguments, combiner.receiver_by_chance(random), plan.steps, "mutation")
        some = parts(plan)
        if not some:
            return None
        name, value = random.choice(some)
        text = mutated(value.text, random, self._material)
        return changed(plan, name, text) if text else None

    def _other_steps(self, plan: Plan) -> Plan | None:
        """Return a plan with something more, or something less, done to the object before."""
        steps = list(plan.steps)
        if steps and self._random.random() < 0.3:
            steps.pop(self._random.randrange(len(steps)))
        else:
            at = self._random.randint(0, len(steps))
            steps[at:at] = self._combiner.steps_by_chance(self._random)[:2]
        return Plan(plan.arguments, plan.receiver, tuple(steps[:6]), "mutation") if tuple(steps) != plan.steps else None


def parts(plan: Plan) -> list[tuple[str, Value]]:
    """Return all of a plan that can be changed; the receiver is called ``self``, a whole call ``()``."""
    if plan.verbatim is not None:
        return [("()", plan.verbatim)]
    found = list(plan.arguments)
    if plan.receiver is not None:
        found.append(("self", plan.receiver))
    found.extend((f"step {at}", Value(text)) for at, (_, text) in enumerate(plan.steps))
    return found


def changed(plan: Plan, name: str, text: str) -> Plan:
    """Return a plan with one of its parts in another form."""
    if name == "()" and plan.verbatim is not None:
        return Plan(origin="mutation", verbatim=plan.verbatim.rewritten(text))
    if name == "self" and plan.receiver is not None:
        return Plan(plan.arguments, plan.receiver.rewritten(text), plan.steps, "mutation")
    if name.startswith("step "):
        at = int(name[5:])
        steps = (*plan.steps[:at], (plan.steps[at][0], text), *plan.steps[at + 1 :])
        return Plan(plan.arguments, plan.receiver, steps, "mutation")
    old = dict(plan.arguments)[name]
    return plan.with_argument(name, old.rewritten(text)).of("mutation")


def _rounded(number: float) -> int | float:
    return number if isinstance(number, int) else float(f"{number:.10g}")
