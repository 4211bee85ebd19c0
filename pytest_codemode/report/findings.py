"""A run as findings at lines of source: what SARIF and GitLab's code quality show, each in its own words."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from pytest_codemode.core.report import RunReport, TaskReport, Unrepaired
from pytest_codemode.core.suspicion import Location
from pytest_codemode.core.written import PossibleBug, Untested
from pytest_codemode.report.blocks import first_lines
from pytest_codemode.report.phrases import capitalised, count, sentence
from pytest_codemode.report.terminal import behaviour, held_back
from pytest_codemode.report.writer import one_line
from pytest_codemode.report.written import left, outcome

State = Literal["fixed", "not fixed", "flaky", "not reproducible", "unsupported", "possible bug", "not covered"]
RuleId = Literal[
    "failing-test", "flaky-test", "irreproducible-failure", "unsupported-test", "possible-bug", "untested-function"
]
_RULES: dict[str, RuleId] = {
    "flaky": "flaky-test",
    "not reproducible": "irreproducible-failure",
    "unsupported": "unsupported-test",
}
_WIDTH, _MOST_WARNINGS = 500, 20
"""Columns of foreign text in a message."""
_LONGEST_PATH = 4_096
"""Linux's PATH_MAX."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause, one failing test that never became one, or what a run that wrote tests found besides."""

    rule: RuleId
    """The same whether it was fixed or not, so that it is known again from run to run."""
    state: State
    text: str
    """Sentences, the first of which says it all; foreign text in it is harmless."""
    place: Location | None
    """What the patch changes first, else the most suspicious line; None where no file of the tree is known."""
    fingerprint: str
    """Names the failure or the function, not the run, the patch or the line; no other finding of the run has it."""
    tests: tuple[str, ...]
    task: TaskReport | None = None
    bug: PossibleBug | None = None
    untested: Untested | None = None


def findings(report: RunReport) -> tuple[Finding, ...]:
    """Return the findings of a run: its causes in order, then the other failing tests; possible bugs, then gaps."""
    found = [*map(_of_task, report.tasks), *map(_of_test, report.unrepaired)]
    if report.cover is not None:
        found += [*map(_of_bug, report.cover.bugs), *map(_of_gap, report.cover.untested)]
    seen: Counter[str] = Counter()
    unique = []
    for one in found:
        seen[one.fingerprint] += 1
        count = seen[one.fingerprint]
        unique.append(one if count == 1 else replace(one, fingerprint=_hashed(one.fingerprint, str(count))))
    return tuple(unique)


def inside(path: str) -> bool:
    """Return whether `path` is relative, stays below the rootdir and is one that a system would open."""
    return (
        0 < len(path) <= _LONGEST_PATH
        and not PurePosixPath(path).is_absolute()
        and ".." not in PurePosixPath(path).parts
    )


def _of_task(task: TaskReport) -> Finding:
    first = min(task.failures, key=lambda failure: failure.nodeid, default=None)
    nodeid = first.nodeid if first else min(task.nodeids, default="")
    kind = (first.exception, first.when.value) if first else ("", "")
    return Finding(
        rule="failing-test",
        state="fixed" if task.fixed else "not fixed",
        text=" ".join(_fixed(task) if task.fixed else _unfixed(task)),
        place=_place(task),
        fingerprint=_hashed("failing-test", nodeid, *kind),
        tests=task.nodeids,
        task=task,
    )


def _of_test(test: Unrepaired) -> Finding:
    rule = _RULES[test.kind]
    path = test.nodeid.partition("::")[0]
    return Finding(
        rule=rule,
        state=test.kind,
        text=sentence(f"{_said(test.nodeid)} is {test.kind}: {_said(test.detail) or 'nothing more is known'}"),
        place=(path, 1) if inside(path) else None,
        fingerprint=_hashed(rule, test.nodeid),
        tests=(test.nodeid,),
    )


def _of_bug(bug: PossibleBug) -> Finding:
    last = bug.call.rstrip().rpartition("\n")[2]
    error = bug.actual.partition(":")[0] if bug.kind == "exception" else ""
    came, expected = _said(outcome(bug)), _said(bug.expected)
    return Finding(
        rule="possible-bug",
        state="possible bug",
        text=sentence(f"Possible bug in {_said(bug.function)}: {_said(last)} {came}, expected {expected}"),
        place=_at(bug.path, bug.line),
        fingerprint=_hashed("possible-bug", bug.path, bug.function, bug.kind, error),
        tests=(),
        bug=bug,
    )


def _of_gap(one: Untested) -> Finding:
    nearest = (sentence(f"The call that came nearest: {_said(one.nearest)}"),) if one.nearest else ()
    return Finding(
        rule="untested-function",
        state="not covered",
        text=" ".join((sentence(f"{_said(one.function)} is not covered: {_said(left(one))}"), *nearest)),
        place=_at(one.path, one.line),
        fingerprint=_hashed("untested-function", one.path, one.function),
        tests=(),
        untested=one,
    )


def _at(path: str, line: int) -> Location | None:
    return (path, max(line, 1)) if inside(path) else None


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _fixed(task: TaskReport) -> Iterator[str]:
    yield sentence(_said(task.cause))
    yield f"A proven patch turns {count(len(task.turned_green), 'failing test')} green."
    if task.rationale:
        yield sentence(f"The patch: {_said(task.rationale)}")
    yield f"{count(task.checked, 'test')} that passed before still pass."
    if task.warnings:
        yield f"Look twice: {', '.join(map(_said, task.warnings[:_MOST_WARNINGS]))}."
    if task.behaviour is not None:
        seen = behaviour(task.behaviour)
        yield f"It {seen}." if seen.startswith("changes") else sentence(capitalised(seen))
    if task.held_out:
        yield sentence(f"It {held_back(task)}")


def _unfixed(task: TaskReport) -> Iterator[str]:
    yield sentence(_said(task.cause))
    yield sentence(f"Not fixed: {_said(task.why_not) or 'nothing more is known'}")
    for miss in task.near_misses[:1]:
        reason = f" ({_said(miss.reason)})" if miss.reason else ""
        yield sentence(f"Nearest miss: {_said(miss.where)} {_said(miss.summary)}: {_said(miss.verdict)}{reason}")
    yield f"{count(len(task.nodeids), 'test')} failing, {count(task.candidates, 'candidate')} tried."


def _said(text: str) -> str:
    return one_line(text.lstrip()[: 2 * _WIDTH], _WIDTH)


def _place(task: TaskReport) -> Location | None:
    """Return where to show a cause: its patch, its most suspicious line, its innermost frame, or its test's file."""
    suspects = [(suspect.path, suspect.line) for suspect in task.suspects]
    frames = [(frame.path, frame.line) for failure in task.failures[:1] for frame in reversed(failure.frames)]
    tests = [(nodeid.partition("::")[0], 1) for nodeid in task.nodeids]
    candidates = (*first_lines(task.diff), *suspects, *frames, *tests)
    return next(((path, line) for path, line in candidates if inside(path) and line > 0), None)
