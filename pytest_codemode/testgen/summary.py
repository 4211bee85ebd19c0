"""From what a run has found out to its report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pytest_codemode.core.budget import SPENT, StopReason
from pytest_codemode.core.exploring import Measured
from pytest_codemode.core.written import CoverageOf, CoverReport, Untested, WrittenTest
from pytest_codemode.edits.text import SourceError, decode_source
from pytest_codemode.testgen.gaps import FunctionGap, gaps
from pytest_codemode.testgen.loop import Result
from pytest_codemode.testgen.proving import PAIRS, WITH_SUITE
from pytest_codemode.testgen.reasons import untested
from pytest_codemode.testgen.subject import Item, Subject, items_of
from pytest_codemode.testgen.suspicions import each_once
from pytest_codemode.testgen.wave import Wave

Read = Callable[[str], bytes | None]


def summarise(result: Result, left: Sequence[FunctionGap], read: Read) -> CoverReport:
    """Return the report.

    Args:
        result: of the run.
        left: the gaps that are left.
        read: returns the bytes of a source file.
    """
    tests = tuple(test for wave in result.waves for test in _tests(wave))
    under_way = result.under_way if result.under_way not in result.waves else None
    waves = [*result.waves, *([under_way] if under_way is not None else [])]
    subjects = {(one.path, one.gap.qualname, one.gap.line): one for wave in waves for one in wave.subjects}
    bugs = [*result.bugs, *(result.under_way.bugs if result.under_way is not None else ())]
    return CoverReport(
        tests=tests,
        bugs=tuple(each_once(bugs)),
        untested=tuple(_untested(result, left, subjects, read)),
        files=tuple(_files(result)),
        targets=len(result.gaps),
        calls=sum(one.calls for one in subjects.values()),
        mutants=result.mutants[1],
        killed=result.mutants[0],
        rejected=dict(result.dropped) or None,
        proof=_proof(result) if tests else "",
    )


def _tests(wave: Wave) -> Iterator[WrittenTest]:
    for file in wave.files:
        for name in file.tests:
            keys = [key for key in file.cases[name] if key in wave.cases]
            if not keys:
                continue
            made = wave.cases[keys[0]][0]
            takes = frozenset[Item]().union(*(wave.cases[key][0].takes[key] for key in keys))
            killed = frozenset[str]().union(*(wave.cases[key][0].kills.get(key, frozenset()) for key in keys))
            yield WrittenTest(
                path=file.path,
                name=name,
                function=f"{made.subject.path}::{made.subject.described.qualname}",
                cases=len(keys),
                origins=tuple(dict.fromkeys(wave.cases[key][1].recipe.origin for key in keys)),
                lines=tuple(sorted(line for line, end in takes if not end)),
                branches=sum(1 for _, end in takes if end),
                killed=len(killed),
            )


def _untested(
    result: Result, left: Sequence[FunctionGap], subjects: dict[tuple[str, str, int], Subject], read: Read
) -> Iterator[Untested]:
    stopped = ""
    if result.stop is StopReason.CUT_SHORT:
        stopped = "it was not looked at: the run was interrupted"
    elif result.stop in SPENT:
        stopped = "it was not looked at: the budget was spent"
    refused = {
        (made.subject.path, made.subject.gap.qualname, made.subject.gap.line): made.refused
        for wave in result.waves
        for made in wave.drafts
    }
    lost = {key: why for wave in [*result.waves, result.under_way] if wave for key, why in _lost(wave).items()}
    for gap in left:
        key = (gap.path, gap.qualname, gap.line)
        items = items_of(gap.missing_lines, gap.missing_branches)
        subject = subjects.get(key)
        if subject is None or key in lost:
            branches = len(gap.missing_branches)
            reason = lost.get(key) or stopped or "no arguments could be made up for it"
            yield Untested(gap.path, gap.qualname, gap.line, gap.missing_lines, branches, reason)
        else:
            why = untested(subject, items, refused.get(key, {}), _lines(read(gap.path)), stopped)
            yield result.secrets.out_of_reason(why)


def _lost(wave: Wave) -> dict[tuple[str, str, int], str]:
    """Return the functions for which tests were found that are not kept, and why."""
    kept = {key for file in wave.files for keys in file.cases.values() for key in keys} if wave.accepted else set()
    had = [(made.subject.gap, key in kept) for key, (made, _) in wave.cases.items()]
    held = {(gap.path, gap.qualname, gap.line) for gap, is_kept in had if is_kept}
    why = next(iter(wave.dropped), "the run ended before they were proven")
    found = {(gap.path, gap.qualname, gap.line) for gap, _ in had} - held
    return dict.fromkeys(found, f"tests of it were found and are not kept: {why}")


def _lines(raw: bytes | None) -> list[str]:
    try:
        return decode_source(raw or b"").text.splitlines()
    except SourceError:
        return []


def _files(result: Result) -> Iterator[CoverageOf]:
    for path, before in sorted(result.before.items(), key=lambda item: (item[1].percent, item[0])):
        now = result.now.get(path, before)
        if not before.statements:
            continue
        yield CoverageOf(
            path=path,
            before=round(before.percent, 2),
            after=round(now.percent, 2),
            statements=len(before.statements),
            branches=len(before.branches),
            missing_before=_missing(before),
            missing_after=_missing(now),
        )


def _missing(file: Measured) -> int:
    return len(file.missing) + len(file.missing_branches)


def _proof(result: Result) -> str:
    shuffled = all(len(wave.proof.orders) == len(WITH_SUITE) for wave in result.waves if wave.files)
    with_suite = "with the suite in collected and in shuffled order" if shuffled else "with the suite"
    total = 1 + len(PAIRS) + (len(WITH_SUITE) if shuffled else 1)
    return f"each test passed {total} times: alone, in {len(PAIRS)} orders under {len(PAIRS)} hash seeds, {with_suite}"


def remaining(result: Result, read: Read) -> tuple[FunctionGap, ...]:
    """Return the gaps that are left."""
    sources = {path: raw for path in result.now if (raw := read(path)) is not None}
    return gaps(result.now.values(), sources, result.targets, result.changed)
