"""From what coverage.py holds after a run to `Measured`, and to the arcs of each test in the same numbering."""
# ruff: noqa: PTH118  # paths are text here: they come from and go to where they are text

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from coverage.exceptions import NoDataError, NoSource, NotPython
from coverage.report_core import get_analysis_to_report

from pytest_codemode.core.exploring import Arc, Measured
from pytest_codemode.worker.measuring.settings import Note

Reporters = dict[str, Any]
"""Path relative to rootdir -> coverage's own reporter, which knows the file's statements."""


def collected(coverage: Any, files: Iterable[str]) -> Any:
    """Return all that was collected, with those of `files` (absolute) that nothing has executed."""
    data = coverage.get_data()
    data.add_arcs({})  # else an empty one takes no files
    coverage._post_save_work()  # which comes by itself only where something is left to be saved
    omitted = coverage._inorout.omit_match
    data.touch_files([file for file in files if os.path.exists(file) and not (omitted and omitted.match(file))])  # noqa: PTH110
    coverage._prepare_data_for_reporting()  # `[paths]`
    return coverage.get_data()


def counted(coverage: Any, root: str, left_out: frozenset[str], note: Note) -> Iterator[tuple[Measured, Any]]:
    """Yield (what coverage says, its reporter) of each file that the configuration wants to be told of.

    Args:
        coverage: that has been stopped.
        root: absolute, symlinks resolved.
        left_out: absolute names of files that are not asked about.
        note: hears what the user should know.
    """
    outside = 0
    for name in sorted(coverage.get_data().measured_files() - left_out):
        path = os.path.relpath(name, root).replace(os.sep, "/")
        if path.startswith("../"):
            outside += 1
            continue
        try:
            for reporter, analysis in get_analysis_to_report(coverage, [name]):
                yield as_measured(path, analysis), reporter
        except (NoDataError, NoSource):
            continue  # left out of reports by the configuration; made and removed by a test
        except NotPython as problem:
            note(f"{path} is left out: {str(problem).replace(name, path)}")
        except Exception as problem:  # noqa: BLE001  # a plugin's own
            note(f"{path} is left out: {type(problem).__name__}: {problem}")
    if outside:
        note(f"{outside} of the measured files lie outside the project, where what is installed is")


def as_measured(path: str, analysis: Any) -> Measured:
    """Return a `coverage.results.Analysis` as our data; both count the same."""
    several = {line for line, count in analysis.exit_counts.items() if count > 1}
    branches = (
        (line, to) for line, to in analysis.arc_possibilities if line in several and to not in analysis.excluded
    )
    missing = ((line, to) for line, ways in analysis.missing_branch_arcs().items() for to in ways)
    return Measured(
        path=path,
        statements=tuple(sorted(analysis.statements)),
        missing=tuple(sorted(analysis.missing)),
        branches=tuple(sorted(branches)),
        missing_branches=tuple(sorted(missing)),
    )


def by_test(
    data: Any, root: str, contexts: Mapping[str, str], reporters: Reporters
) -> Iterator[tuple[str, dict[str, tuple[Arc, ...]]]]:
    """Yield (node id, path -> arcs) of each test.

    Args:
        data: as `collected` returned it.
        root: absolute.
        contexts: name of the context -> node id.
        reporters: of the files that are asked about.
    """
    single = {path: single_ways(reporter.arcs()) for path, reporter in reporters.items()}
    names = {path: os.path.join(root, path) for path in reporters}
    known = data.measured_contexts()
    for context, nodeid in contexts.items():
        arcs: dict[str, tuple[Arc, ...]] = {}
        if context in known:
            data.set_query_context(context)
            executed = {path: data.arcs(names[path]) for path in reporters}
            arcs = {path: translated(raw, reporters[path], single[path]) for path, raw in executed.items() if raw}
        yield nodeid, arcs


def single_ways(arcs: Iterable[Arc]) -> dict[int, int]:
    """Return line -> where it leads, of lines with one way out."""
    ways: defaultdict[int, set[int]] = defaultdict(set)
    for line, to in arcs:
        ways[line].add(to)
    return {line: next(iter(to)) for line, to in ways.items() if len(to) == 1}


def translated(raw: Iterable[Arc], reporter: Any, single: Mapping[int, int]) -> tuple[Arc, ...]:
    """Return arcs in the numbering of `Measured`, by the same steps as `coverage.results.analysis_from_file_reporter`.

    An arc within one statement is the one way out of it, if it has one.
    """
    first = reporter.translate_arcs(set(raw))  # a set: coverage.py goes through it twice
    ways = ((line, single.get(line, to) if line == to else to) for line, to in first)
    return tuple(sorted(reporter.translate_arcs({(line, to) for line, to in ways if line != to})))
