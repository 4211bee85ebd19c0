"""From calls to cases: what a test would assert of each, what is suspicious about it, or why it is no test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.written import PossibleBug
from pytest_codemode.testgen.killing import kills
from pytest_codemode.testgen.mutants import Mutant, mutants
from pytest_codemode.testgen.readability import effort
from pytest_codemode.testgen.selection import chosen
from pytest_codemode.testgen.settling import Settled
from pytest_codemode.testgen.subject import Item, Subject, Tried
from pytest_codemode.testgen.suspicions import contradiction, suspicion
from pytest_codemode.testgen.withholding import NONE, REFUSED, Secrets
from pytest_codemode.testgen.writing.cases import Case
from pytest_codemode.testgen.writing.oracle import oracle

CONTRADICTS = "contradicts its docstring example: "
"""How the phrase begins with which an oracle is refused because the documentation says otherwise."""
MOST_MUTANTS = 60
"""Of one function."""
MOST_FOR_KILLS = 6
"""Tests of one function that are there only for the mutants they fail on."""

_READS = {
    "the clock": "it reads the clock",
    "the process": "it reads what is another thing in another process or on another machine",
    "chance": "it depends on chance",
    "the environment": "it reads the environment",
    "the time zone": "it depends on the time zone",
    "this machine": "it reads what is another thing on another machine",
}


@dataclass
class Draft:
    """The cases of one function."""

    subject: Subject
    cases: list[Case] = field(default_factory=list)
    takes: dict[str, frozenset[Item]] = field(default_factory=dict)
    """Recipe key -> what the call takes."""
    refused: Counter[str] = field(default_factory=Counter)
    """Why a call is no test -> how many."""
    bugs: list[PossibleBug] = field(default_factory=list)
    mutants: tuple[Mutant, ...] = ()
    returned: list[Tried] = field(default_factory=list)
    """Calls that came back, the most readable first."""
    kills: dict[str, frozenset[str]] = field(default_factory=dict)
    """Recipe key -> mutants that it tells from the code."""


def draft(settled: Settled, secrets: Secrets = NONE) -> Draft:
    """Return what each call would be as a test; none holds one of `secrets`, or what looks like one."""
    subject = settled.subject
    made = Draft(subject)
    if settled.unsteady:
        made.refused["it does not come out the same each time"] = settled.unsteady
    for what, number in settled.reads.items():
        made.refused[_READS[what]] += number
    for tried in sorted(settled.tried, key=lambda one: effort(one.recipe)):
        if tried.observation.outcome == "returned":
            made.returned.append(tried)
        found = suspicion(subject.described, tried)
        wanted = oracle(subject.described, tried.recipe, tried.observation)
        if isinstance(wanted, str) and wanted.startswith(CONTRADICTS):
            expected = wanted.removeprefix(CONTRADICTS).removeprefix("expected ").rpartition(", got ")[0]
            found = contradiction(subject.described, tried, expected)
        if found is not None:
            made.bugs.append(found)
            made.refused["what it does is a possible bug"] += 1
        elif isinstance(wanted, str):
            made.refused[wanted] += 1
        elif secrets.are_in_test(subject.described, tried.recipe, wanted):
            made.refused[REFUSED] += 1
        else:
            made.cases.append(Case(subject.described, tried.recipe, tried.observation, wanted))
            made.takes[tried.recipe.key] = tried.takes
    return made


def choose(made: Draft, source: bytes, sandbox: Sandbox, left_s: Callable[[], float], workers: int = 1) -> list[Case]:
    """Return the few cases to keep; with time left, those that tell most mutants of the new lines from the code."""
    subject, takes = made.subject, made.takes
    if not any(takes.values()):
        return []
    keys = [case.recipe.key for case in made.cases]
    taken = frozenset().union(*takes.values())
    lines = {line for line, end in taken if not end}
    # The line that a new branch leaves was executed before: the suite may tell its mutants already.
    judged = subject.gap.within(lines or {start for start, end in taken if end})
    if left_s() > 0:
        made.mutants = mutants(subject.path, source, judged, MOST_MUTANTS)
        digests = {case.recipe.key: case.observation.digest for case in made.cases}
        recipes = [case.recipe for case in made.cases]
        arcs = {case.recipe.key: case.observation.arcs for case in made.cases}
        made.kills = kills(
            subject, recipes, digests, made.mutants, sandbox=sandbox, left_s=left_s, arcs=arcs, workers=workers
        )
        if left_s() > 0:  # else not all of them were tried
            _drop_idle(made)
        keys = [case.recipe.key for case in made.cases]
    killed = {key: made.kills.get(key, frozenset()) for key in keys}
    efforts = {case.recipe.key: effort(case.recipe) for case in made.cases}
    # What a human has written down stays, whether or not it takes anything new.
    shown = {case.recipe.key for case in made.cases if case.recipe.origin == "docstring" and case.recipe.expected}
    kept = set(chosen(keys, takes, killed, efforts, MOST_FOR_KILLS if lines else 0, keep=shown))
    return [case for case in made.cases if case.recipe.key in kept]


def _drop_idle(made: Draft) -> None:
    """Drop the cases that say no more than that the call comes back, and that no mutant makes come out otherwise."""
    idle = [case for case in made.cases if case.oracle.kind == "runs" and not made.kills.get(case.recipe.key)]
    if made.mutants and idle:
        made.refused["it returns nothing, and no mutant makes it come out otherwise"] += len(idle)
        made.cases = [case for case in made.cases if case not in idle]
