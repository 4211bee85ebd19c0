"""From what is left out to functions that can be called, each with its first inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_codemode.core.budget import Budget
from pytest_codemode.core.exploring import Described, Explored, ExploreRequest, Measured
from pytest_codemode.core.patch import Files
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.edits.text import SourceError, decode_source
from pytest_codemode.testgen.asking.rest import Ask, Together
from pytest_codemode.testgen.callers import Callers
from pytest_codemode.testgen.gaps import MODULE, FunctionGap
from pytest_codemode.testgen.implicit import never_called, through
from pytest_codemode.testgen.inputs.generator import Target, propose, unfit
from pytest_codemode.testgen.numbering import Numbering
from pytest_codemode.testgen.preloading import worth_preloading
from pytest_codemode.testgen.recorded import RecordedCall
from pytest_codemode.testgen.subject import Subject, items_of
from pytest_codemode.testgen.withholding import NONE, Secrets
from pytest_codemode.testgen.writing.layout import Style, test_file_for

Say = Callable[[str, str], None]
"""Hears a stage and what is being done."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What all waves share."""

    sandbox: Sandbox
    budget: Budget
    style: Style
    callers: Callers
    recorded: Callable[[Sequence[FunctionGap]], Mapping[str, tuple[RecordedCall, ...]]]
    """Returns `path::qualname` -> calls that the suite makes."""
    workers: int
    seed: int
    say: Say
    ask: Ask | None = None
    """Asks a model about what the search leaves open."""
    together: Together | None = None
    symbolic: bool = False
    """Whether there is a solver to ask."""
    secrets: Secrets = NONE
    """What no test and no report may hold."""


def prepare(
    gaps: Sequence[FunctionGap],
    measured: Mapping[str, Measured],
    read: Callable[[str], bytes | None],
    settings: Settings,
    overlay: Files | None = None,
) -> list[Subject]:
    """Return the functions of the gaps as they can be called; what cannot is there with the reason.

    `overlay` stands over the tree by now, if the sandbox may be refreshed for them.
    """
    paths = tuple(dict.fromkeys(gap.path for gap in gaps))
    near = {path: test_file_for(path, settings.style) for path in paths}
    settings.say("explore", f"what can be called in {', '.join(paths[:3])}")
    described = dict(
        zip(
            paths,
            settings.sandbox.explore([ExploreRequest(path, describe=True, near=near[path]) for path in paths]),
            strict=True,
        )
    )
    if overlay is not None and (preload := worth_preloading(gaps, described)):
        settings.sandbox.refresh(overlay, preload=preload)
    recorded = settings.recorded(gaps)
    numberings = {path: Numbering(read(path) or b"") for path in paths}
    subjects = []
    made: dict[tuple[str, str, str], Subject] = {}
    for gap in gaps:
        file = measured[gap.path]
        missing = items_of(file.missing, file.missing_branches)
        found = _described(gap, described[gap.path])
        subject = Subject(found, gap, missing, numberings[gap.path].translated, near[gap.path])
        subjects.append(subject)
        same = made.setdefault((gap.path, found.qualname, found.flavour), subject)
        if found.kind == "constructor" and same is not subject:  # tried once, for all that it runs
            same.gap = _with(same.gap, gap)
            owner = found.qualname.rpartition(".")[0]
            subject.unfit = f"the calls that make a {owner} do not reach it, or make no test"
    for subject in subjects:
        if not subject.unfit:
            _begin(subject, described[subject.path], read(subject.path) or b"", recorded, settings)
    return subjects


def _described(gap: FunctionGap, explored: Explored) -> Described:
    same = [one for one in explored.callables if one.qualname == gap.qualname]
    exact = next((one for one in same if gap.first <= one.line <= gap.last), same[0] if same else None)
    return through(gap, explored.callables) or exact or Described(gap.path, "", gap.qualname, gap.line)


def _with(gap: FunctionGap, other: FunctionGap) -> FunctionGap:
    """Return a gap with what is left out of another function of its file."""
    return replace(
        gap,
        first=min(gap.first, other.first),
        last=max(gap.last, other.last),
        statements=(*gap.statements, *other.statements),
        branches=(*gap.branches, *other.branches),
        missing_lines=(*gap.missing_lines, *other.missing_lines),
        missing_branches=(*gap.missing_branches, *other.missing_branches),
    )


def _begin(
    subject: Subject,
    explored: Explored,
    raw: bytes,
    recorded: Mapping[str, tuple[RecordedCall, ...]],
    settings: Settings,
) -> None:
    if explored.status != "finished":
        subject.trouble = explored.reason or "its file cannot be imported in the sandbox"
        return
    described = subject.described
    if all(one.qualname != described.qualname for one in explored.callables):
        module = subject.gap.qualname == MODULE
        subject.unfit = "it runs when the file is imported" if module else "it cannot be called from a test by its name"
        return
    try:
        source = decode_source(raw).text
    except SourceError as problem:
        subject.trouble = str(problem)
        return
    subject.unfit = never_called(described) or unfit(described, source)
    others = (one for one in explored.callables if one.qualname != described.qualname)
    siblings = tuple(one for one in others if not never_called(one))
    calls = recorded.get(f"{described.path}::{described.qualname}", ())
    target = Target(described, source, siblings, calls, settings.callers.of(described.path, described.qualname))
    if not subject.unfit:
        subject.target = target
        subject.begin(propose(target, subject.wanted, settings.seed))
