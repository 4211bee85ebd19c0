"""The proven patch of a cause as a SARIF fix (3.55), if it can be told exactly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_codemode.core.report import RunReport, TaskReport
from pytest_codemode.core.suspicion import Location
from pytest_codemode.report.blocks import parse
from pytest_codemode.report.findings import inside
from pytest_codemode.report.replacements import FileChange, Replacement, replacements
from pytest_codemode.report.sarif.places import Places
from pytest_codemode.report.sarif.words import message

LONGEST_DIFF = 500_000
"""Characters of a diff that is told."""


def fixes(task: TaskReport, report: RunReport, places: Places) -> list[dict[str, Any]]:
    """Return the fix of a cause; none where it cannot be told exactly.

    A patch that was made for what another one uncovered does not fit the unpatched tree, and its tests need the other
    one too: its fix is all patches of the run together, as they were proven.
    """
    try:
        alone = _starts_unpatched(task.diff, report.diff)
        changes = replacements(told) if len(told := task.diff if alone else report.diff) <= LONGEST_DIFF else ()
    except ValueError:  # the diff in the result's properties still shows it
        return []
    if not changes or not all(inside(change.path) for change in changes):
        return []
    what = task.rationale or "the proven patch"
    text = what if alone else f"all patches of the run together, among them: {what}"
    return [{"description": message(text), "artifactChanges": [_file(change, places) for change in changes]}]


def _file(change: FileChange, places: Places) -> dict[str, Any]:
    location = places.artifact(change.path)
    return {"artifactLocation": location, "replacements": [_replacement(one) for one in change.replacements]}


def _replacement(one: Replacement) -> dict[str, Any]:
    region = one.region
    found: dict[str, Any] = {
        "deletedRegion": {
            "startLine": region.start_line,
            "startColumn": region.start_column,
            "endLine": region.end_line,
            "endColumn": region.end_column,
        }
    }
    return found | ({"insertedContent": {"text": one.text}} if one.text else {})


def _starts_unpatched(diff: str, whole: str) -> bool:
    """Return whether `diff` was made for the unpatched tree.

    A patch for what another one uncovered was made for the tree with that one in it. `whole`, the diff of all patches
    together, shows the unpatched lines around each of them.
    """
    if diff == whole:
        return True
    known = dict(_old_lines(whole))
    return all(known.get(place) == text for place, text in _old_lines(diff))


def _old_lines(diff: str) -> Iterator[tuple[Location, str]]:
    for file in parse(diff):
        for hunk in file.hunks:
            for block in hunk.blocks:
                yield from (((file.path, line.number), line.text) for line in block.old)
