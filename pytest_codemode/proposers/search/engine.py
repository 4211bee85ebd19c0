"""The search proposer: ideas of all operators at all suspicious places, the most promising first, lazily."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from pytest_codemode.core.patch import Patch, ReplaceExpression
from pytest_codemode.core.ports import Proposals
from pytest_codemode.core.task import RepairTask
from pytest_codemode.proposers.search.direction import boost
from pytest_codemode.proposers.search.operator import Operator
from pytest_codemode.proposers.search.pairs import Pairs
from pytest_codemode.proposers.search.project import Project
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.sites import find_sites
from pytest_codemode.proposers.search.source import parse_quietly
from pytest_codemode.proposers.search.splices import key_of, parses
from pytest_codemode.proposers.search.table import OPERATORS

NAME = "search"
Stream = tuple[Iterator[Patch], float]
"""Patches, and the largest prior any of them can have."""
_FADE = 0.985
"""Factor on each further idea of one operator at one site, so that no place takes the whole batch."""

_BLUNT = 0.1
"""Factor on what only makes a condition constant: the tests may pass, but nothing is repaired."""
_CONSTANTS = frozenset({"True", "False", "None"})


@dataclass(order=True, slots=True)
class _Entry:
    """Something in the heap, by the priority of the next patch that can come of it."""

    rank: float
    """Minus the prior, so that the best comes first."""
    kind: int
    """0: a patch, 1: a stream under way, 2: streams not opened yet; patches first, or ties would open everything."""
    tie: int
    patch: Patch | None = field(compare=False, default=None)
    stream: Iterator[Patch] | None = field(compare=False, default=None)
    unopened: Iterator[Stream] | None = field(compare=False, default=None)


class Queue:
    """Merges streams of patches, each roughly falling in `prior`, into one that falls. Opens a stream when due."""

    def __init__(self) -> None:
        self._heap: list[_Entry] = []
        self._ties = 0

    def add(self, stream: Iterator[Patch], at_most: float) -> None:
        """Add a stream none of whose patches has a larger prior than `at_most`."""
        self._push(_Entry(-at_most, 1, 0, stream=stream))

    def add_all(self, streams: Iterator[Stream]) -> None:
        """Add streams that come in falling order of what they hold at most."""
        following = next(streams, None)
        if following is not None:
            self._push(_Entry(-following[1], 2, 0, stream=following[0], unopened=streams))

    def _push(self, entry: _Entry) -> None:
        self._ties += 1
        entry.tie = self._ties
        heapq.heappush(self._heap, entry)

    def __iter__(self) -> Iterator[Patch]:
        while self._heap:
            entry = heapq.heappop(self._heap)
            if entry.patch is not None:
                yield entry.patch
                continue
            if entry.unopened is not None:
                self.add_all(entry.unopened)
            patch = next(entry.stream, None) if entry.stream is not None else None
            if patch is not None:
                self._push(_Entry(-patch.prior, 0, 0, patch=patch))
                self._push(_Entry(max(entry.rank, -patch.prior), 1, 0, stream=entry.stream))


class SearchProposer:
    """Program repair by templates: no model, no network."""

    def __init__(
        self, batch_size: int = 32, operators: Sequence[Operator] = OPERATORS, max_candidates: int = 20_000
    ) -> None:
        self._batch_size = batch_size
        self._operators = tuple(operators)
        self._max_candidates = max_candidates

    @property
    def name(self) -> str:
        """As the user selects it."""
        return NAME

    def propose(self, task: RepairTask) -> Proposals:
        """Yield batches of growing size; trials that change the failure are combined in pairs."""
        project = Project(task)
        queue = Queue()
        sites = find_sites(project)
        for operator in self._operators:
            if operator.needs(project.hints):
                queue.add_all(_streams(sites, operator, operator.prior * boost(project.hints, operator.name)))
        pairs = Pairs(task)
        seen: set[object] = set()
        # Small batches at first, so that an easy fix is judged at once, later up to eight times as large. Each is taken
        # from the queue anew: what the last one taught may fill a queue that was empty.
        left, size = self._max_candidates, self._batch_size
        while batch := tuple(islice(_fresh(queue, project, seen), min(size, left))):
            left -= len(batch)
            size = min(size * 2, self._batch_size * 8)
            trials = yield batch
            for stream, at_most in pairs.learn(batch, trials):
                queue.add(stream, at_most)
        return None


def _streams(sites: Sequence[Site], operator: Operator, worth: float) -> Iterator[Stream]:
    for site in sites:
        yield _patches(site, operator, worth * site.score), worth * site.score


def _patches(site: Site, operator: Operator, worth: float) -> Iterator[Patch]:
    drafts = sorted(operator.draft(site), key=lambda draft: -draft.weight)
    for index, draft in enumerate(drafts):
        if _valid(site, draft):
            prior = worth * min(draft.weight, 1.0) * _FADE**index * (_BLUNT if _blunts(draft) else 1.0)
            yield Patch(draft.edits, NAME, operator.name, draft.note, prior)


def _blunts(draft: Draft) -> bool:
    """Whether all it does is to put a constant in the place of something that is worked out, as a condition."""
    return all(
        isinstance(edit, ReplaceExpression) and edit.new in _CONSTANTS and edit.old not in _CONSTANTS
        for edit in draft.edits
    )


def _valid(site: Site, draft: Draft) -> bool:
    """Whether the statement still parses; edits that are whole statements are parsed alone."""
    if len(draft.edits) == 1 and isinstance(draft.edits[0], ReplaceExpression):
        return draft.edits[0].old != draft.edits[0].new and parses(site, draft.edits[0])
    for edit in draft.edits:
        source = getattr(edit, "source", "")
        if source and not getattr(edit, "header_only", False):
            indented = source[:1] in (" ", "\t")
            try:
                parse_quietly(f"if 1:\n{source}" if indented else source)
            except (SyntaxError, ValueError):
                return False
    return True


def _fresh(queue: Iterable[Patch], project: Project, seen: set[object]) -> Iterator[Patch]:
    for patch in queue:
        key = key_of(patch, project)
        if key not in seen:
            seen.add(key)
            yield patch
