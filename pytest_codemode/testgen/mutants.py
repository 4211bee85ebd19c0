"""Small faults put into code, to see whether a test would notice: the repair operators, run the other way.

What mends a real bug also makes one: `<` for `<=`, a dropped `not`, a missing statement. A test that no mutant of the
lines it covers fails on asserts nothing about them.
Source: Just et al., "Are mutants a valid substitute for real faults in software testing?", FSE 2014.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.outcome import Candidate, Swap
from pytest_codemode.core.patch import Applied, Patch
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.task import RepairTask
from pytest_codemode.edits.apply import apply
from pytest_codemode.edits.swaps import swaps
from pytest_codemode.proposers.search.operator import Operator
from pytest_codemode.proposers.search.project import Project
from pytest_codemode.proposers.search.site import Site
from pytest_codemode.proposers.search.sites import find_sites
from pytest_codemode.proposers.search.table import OPERATORS

REVERSED = (
    "compare.operator",
    "logic.negated",
    "arithmetic.operator",
    "arithmetic.augmented",
    "arithmetic.sign",
    "logic.connective",
    "logic.boolean",
    "constants.number",
    "constants.text",
    "constants.bounds",
    "conditions.part",
    "statements.deleted",
    "statements.control",
    "calls.unwrap",
    "calls.fewer",
    "variables.exchanged",
    "patterns.quantifier",
    "patterns.anchor",
    "exceptions.raised",
    "arithmetic.shift",
)
"""Operators whose change is as likely the fault as the repair, those first whose mutants say most about a test."""
PER_LINE = 4
"""Mutants of one line: more of them are mostly told apart by the same test."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault in one function."""

    key: str
    path: str
    line: int
    """1-based."""
    what: str
    """As "`<` becomes `<=`"."""
    candidate: Candidate
    """The whole file with the fault in it, and the functions to swap."""

    @property
    def swaps(self) -> tuple[Swap, ...]:
        """What to put in place in a process that runs the code."""
        return self.candidate.swaps


def mutants(path: str, source: bytes, lines: Collection[int], limit: int) -> tuple[Mutant, ...]:
    """Return at most `limit` mutants of `lines`, spread over them, each in the body of a function.

    Args:
        path: posix, relative to rootdir.
        source: the file as it stands.
        lines: 1-based.
        limit: as many as there is time for.
    """
    by_line = {line: _made(path, source, line, sites) for line, sites in _sites(path, source, lines).items()}
    found: list[Mutant] = []
    seen: set[bytes] = set()
    while by_line and len(found) < limit:
        for line, stream in tuple(by_line.items()):
            mutant = next((one for one in stream if one.candidate.files[path] not in seen), None)
            if mutant is None:
                del by_line[line]
            elif len(found) < limit:
                seen.add(mutant.candidate.files[path])
                found.append(mutant)
    return tuple(found)


def _sites(path: str, source: bytes, lines: Collection[int]) -> dict[int, list[Site]]:
    # The operators want a failure to look at; those that are used here do not read it.
    nothing = Failure(f"{path}::none", Phase.CALL, "AssertionError", "")
    suspects = tuple(Suspect(path, line, 1.0) for line in sorted(lines))
    sites: dict[int, list[Site]] = {}
    for site in find_sites(Project(RepairTask("mutants", (nothing,), suspects, {path: source}, {}))):
        inside = site.function is not None and site.function is not site.statement
        if inside and site.statement.lineno in lines:
            sites.setdefault(site.statement.lineno, []).append(site)
    return dict(sorted(sites.items()))


def _made(path: str, source: bytes, line: int, sites: Sequence[Site]) -> Iterator[Mutant]:
    made = 0
    for patch in _patches(sites):
        applied = apply(patch, {path: source}.get)
        swapped = swaps(applied, {path: source}.get) if isinstance(applied, Applied) else ()
        if isinstance(applied, Applied) and swapped and all(one.kind == "function" for one in swapped):
            made += 1
            key = f"{path}:{line}:{made}"
            yield Mutant(key, path, line, patch.rationale, Candidate(key, applied.files, swapped))
            if made == PER_LINE:
                return


def _patches(sites: Sequence[Site]) -> Iterator[Patch]:
    """Yield one change of each operator, then the second ones, and so on."""
    streams = [_drafts(operator, sites) for operator in _reversed()]
    while streams:
        for stream in tuple(streams):
            patch = next(stream, None)
            if patch is None:
                streams.remove(stream)
            else:
                yield patch


def _reversed() -> Iterable[Operator]:
    by_name = {operator.name: operator for operator in OPERATORS}
    return (by_name[name] for name in REVERSED)


def _drafts(operator: Operator, sites: Iterable[Site]) -> Iterator[Patch]:
    for site in sites:
        if not _is_fault(operator, site):
            continue
        for draft in sorted(operator.draft(site), key=lambda draft: -draft.weight):
            yield Patch(draft.edits, "mutant", operator.name, draft.note, operator.prior)


def _is_fault(operator: Operator, site: Site) -> bool:
    """Whether somebody could have written it: dropping a whole loop is no slip, and any test sees it."""
    if operator.family == "statements":
        return not site.compound
    return operator.name != "arithmetic.augmented" or isinstance(site.statement, ast.AugAssign)
