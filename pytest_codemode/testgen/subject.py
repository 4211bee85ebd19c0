"""One function that lacks tests, and everything that was tried on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pytest_codemode.core.exploring import Arc, Compared, Described, Explored, ExploreRequest, Observation, Recipe
from pytest_codemode.testgen.gaps import FunctionGap
from pytest_codemode.testgen.inputs.generator import Inputs, Target
from pytest_codemode.testgen.readability import effort

Item = tuple[int, int]
"""What a test can take that nothing took before: a line as (line, 0), a branch as its arc."""

MOST_CALLS = 12_000
"""Of one function."""
STALE = 1_500
"""Calls without anything new, after which a function is given up; more where the last news came late."""
CALL_S = 0.5
"""Wall clock of one call: many times what a call takes that a test should make."""
MOST_OTHERS = 400
"""Calls that are remembered although they took nothing new: other inputs tell other mutants from the code."""
MOST_FINALISTS = 48
MOST_RAISED = 12
"""Of them that raise and took nothing new."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One call and what came of it."""

    recipe: Recipe
    observation: Observation
    takes: frozenset[Item]
    """Of what the suite leaves out."""


def items_of(lines: Iterable[int], branches: Iterable[Arc]) -> frozenset[Item]:
    """Return lines and branches as items."""
    return frozenset({(line, 0) for line in lines} | set(branches))


@dataclass
class Subject:
    """One function.

    Args:
        described: how it is called.
        gap: what the suite leaves out of it.
        missing: what the suite leaves out of the whole file.
        number: turns arcs as they were executed into coverage.py's numbering.
        near: the test file that its tests go to.
    """

    described: Described
    gap: FunctionGap
    missing: frozenset[Item]
    number: Callable[[Iterable[Arc]], frozenset[Arc]]
    near: str
    unfit: str = ""
    """Why it is not called at all."""
    target: Target | None = None
    """The function as generators of inputs know it; None if it is not called at all."""
    inputs: Inputs | None = None
    pool: list[Tried] = field(default_factory=list)
    """The calls that took an arc none before them took, in their order."""
    others: dict[str, tuple[Recipe, str]] = field(default_factory=dict)
    """Digest -> the most readable call that came out like that and took nothing new, and its outcome."""
    examples: list[Tried] = field(default_factory=list)
    """The calls that the documentation shows."""
    outcomes: Counter[str] = field(default_factory=Counter)
    nearest: dict[int, tuple[float, Compared, Recipe]] = field(default_factory=dict)
    """Line -> the comparison there that came nearest to coming out the other way."""
    calls: int = 0
    trouble: str = ""
    """Why it cannot be explored."""
    _batch: tuple[Recipe, ...] = ()
    _known: set[Arc] = field(default_factory=set)
    _taken: set[Item] = field(default_factory=set)
    _last_news: int = 0
    _began: int = 0
    """Calls that earlier sources of inputs have used up."""

    @property
    def path(self) -> str:
        """Of its file."""
        return self.described.path

    @property
    def own(self) -> frozenset[Item]:
        """What the suite leaves out of the function itself."""
        return items_of(self.gap.missing_lines, self.gap.missing_branches)

    @property
    def open(self) -> frozenset[Item]:
        """What nothing has taken yet."""
        return self.own - self._taken

    @property
    def active(self) -> bool:
        """Whether there is something left to try."""
        stale = self.calls - self._last_news > max(STALE, 2 * self._last_news)
        enough = self.calls - self._began >= MOST_CALLS
        return bool(self._batch) and not enough and not stale and not self.trouble

    def wanted(self) -> frozenset[Arc]:
        """Return the branches that are left, as the input generator wants them; a line as an arc to itself."""
        return frozenset(item if item[1] else (item[0], item[0]) for item in self.open)

    def forget(self) -> None:
        """Let go of what only the search needs."""
        self.inputs, self._batch = None, ()
        self.others.clear()
        self.examples.clear()

    def reached(self, items: frozenset[Item]) -> None:
        """Count what calls of other functions take as taken: nothing needs to be looked for there any more."""
        self._taken |= items

    def begin(self, inputs: Inputs) -> None:
        """Take the first batch of a source of inputs, the first one or another."""
        self.inputs = inputs
        self._began = self._last_news = self.calls
        self._batch = next(inputs, ())

    def request(self, timeout_s: float) -> ExploreRequest:
        """Return the next batch as a request."""
        return ExploreRequest(
            self.path,
            self.described.module,
            self._batch,
            known=tuple(sorted(self._known)),
            full=any(recipe.expected or recipe.origin == "model" for recipe in self._batch),
            compare=bool(self.open),
            near=self.near,
            call_s=CALL_S,
            timeout_s=timeout_s,
        )

    def take(self, explored: Explored) -> None:
        """Take what came of the batch, and the generator's next one."""
        if explored.status == "failed":
            self.trouble = explored.reason or "its file cannot be explored"
            self._batch = ()
            return
        for recipe, observation in zip(self._batch, explored.observations, strict=True):
            self._note(recipe, observation)
        assert self.inputs is not None
        try:
            self._batch = self.inputs.send(explored.observations)
        except StopIteration:
            self._batch = ()

    def _note(self, recipe: Recipe, observation: Observation) -> None:
        if observation.outcome == "not run":
            return
        self.calls += 1
        self.outcomes[observation.outcome] += 1
        for compared in observation.compared:
            known = self.nearest.get(compared.line)
            if known is None or compared.distance < known[0]:
                self.nearest[compared.line] = (compared.distance, compared, recipe)
        if observation.outcome not in ("returned", "raised"):
            return
        if recipe.expected:
            self.examples.append(Tried(recipe, observation, self.takes(observation)))
        if observation.new:
            self._known |= set(observation.arcs)
            takes = self.takes(observation)
            if takes - self._taken:
                self._last_news = self.calls
                self._taken |= takes
            self.pool.append(Tried(recipe, observation, takes))
        elif observation.digest:
            known_as = self.others.get(observation.digest)
            better = known_as is not None and effort(recipe) < effort(known_as[0])
            if better or (known_as is None and len(self.others) < MOST_OTHERS):
                self.others[observation.digest] = (recipe, observation.outcome)

    def takes(self, observation: Observation) -> frozenset[Item]:
        """Return what a call takes of what the suite leaves out of the file."""
        arcs = self.number(observation.arcs)
        return items_of({line for arc in arcs for line in arc if line > 0}, arcs) & self.missing

    def finalists(self) -> tuple[Recipe, ...]:
        """Return the calls that may become tests: all that took something, and of the others the most readable ones."""
        news = [tried.recipe for tried in self.pool if tried.takes]
        typical = [tried.recipe for tried in (*self.examples, *self.pool) if tried.recipe not in news]
        returned = [recipe for recipe, outcome in self.others.values() if outcome == "returned"]
        # What raises on the way that others return on is no test of new lines, and often a bug: `mean([])`.
        raised = sorted((recipe for recipe, outcome in self.others.values() if outcome == "raised"), key=effort)
        rest = sorted((*typical, *returned), key=effort)
        return tuple(dict.fromkeys((*news, *rest[: max(MOST_FINALISTS - len(news), 12)], *raised[:MOST_RAISED])))
