"""A run as one SARIF log with one run of one tool."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_codemode.core.budget import StopReason
from pytest_codemode.core.codec import encode
from pytest_codemode.core.report import RunReport, TaskReport
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.report.findings import Finding, findings
from pytest_codemode.report.sarif.fixes import LONGEST_DIFF, fixes
from pytest_codemode.report.sarif.places import ROOT, Places
from pytest_codemode.report.sarif.tool import RULES, driver
from pytest_codemode.report.sarif.words import listed, message, plain

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 5_000
"""GitHub code scanning shows no more of a run and refuses above 25,000."""
MAX_CHARACTERS = 32 * 2**20
"""Of all results together; GitHub refuses more than 10 MB when it is packed."""
_MOST_SUSPECTS, _MOST_NOTES, _MOST_LINES = 20, 100, 1_000


def render(report: RunReport, folder: str = "") -> str:
    """Return `report` as a SARIF log, indented, with a line end.

    Args:
        report: of the run.
        folder: the rootdir, relative to the root of the repository, from which code scanning takes all paths.
    """
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, Places(report, folder))]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _run(report: RunReport, places: Places) -> dict[str, Any]:
    found = findings(report)
    results = list(_results(found[:MOST_RESULTS], report, places))
    return {
        "tool": {"driver": driver()},
        # No `automationDetails`: where there are any, GitHub's upload action leaves out the category that its user
        # named, and one job of a matrix takes the place of another.
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n"],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the source tree."}}},
        "invocations": [_invocation(report, len(found) - len(results))],
        "artifacts": places.artifacts(),
        "results": results,
        "properties": _about(report),
    }


def _results(found: Sequence[Finding], report: RunReport, places: Places) -> Iterator[dict[str, Any]]:
    """Yield the results in order, as many as there is room for."""
    room = MAX_CHARACTERS
    for one in found:
        result = _result(one, report, places)
        room -= len(json.dumps(result, indent=2))
        if room < 0:
            return
        yield result


def _invocation(report: RunReport, cut: int) -> dict[str, Any]:
    notes = [_notification("note", notice) for notice in report.notices[:_MOST_NOTES]]
    if len(report.notices) > _MOST_NOTES:
        notes.append(_notification("note", f"{len(report.notices) - _MOST_NOTES:,} further notes are left out"))
    if report.error:
        notes.insert(0, _notification("error", report.stop))
    if cut:
        notes.append(_notification("warning", f"{cut:,} further results are left out: see the JSON report"))
    whole = not report.error and report.stop != StopReason.INTERRUPTED.value
    found: dict[str, Any] = {"executionSuccessful": whole}
    if start := _utc(report.started):
        found["startTimeUtc"] = start
    if report.stop:
        found["exitCodeDescription"] = plain(report.stop)
    return found | {"toolExecutionNotifications": notes}


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": message(text)}


def _utc(started: str) -> str:
    """Return the time as SARIF writes it (3.9), empty if it is none."""
    try:
        when = datetime.datetime.fromisoformat(started)
        utc = when.astimezone(datetime.UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return ""
    return "" if when.tzinfo is None else f"{utc.isoformat(timespec='seconds')}Z"


def _about(report: RunReport) -> dict[str, Any]:
    return {
        "runId": report.run_id,
        "reportSchema": report.schema,
        "stop": plain(report.stop),
        "green": report.green,
        "guards": plain(report.guards),
        "sandbox": report.sandbox.level if report.sandbox else "",
        "cost": encode(report.cost),
    } | listed("written", report.written)


def _result(finding: Finding, report: RunReport, places: Places) -> dict[str, Any]:
    rule = RULES[finding.rule]
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": list(RULES).index(finding.rule),
        "kind": "fail",
        "level": rule.level,
        "message": message(finding.text),
        "locations": [places.location(finding.place)] if finding.place else [],
        # Not `primaryLocationLineHash`: GitHub's own action works that out from the line, and warns of another.
        "partialFingerprints": {_fingerprint(finding): finding.fingerprint},
        "properties": {"state": finding.state, **_of_function(finding), **listed("tests", finding.tests)},
    }
    if finding.task is not None:
        found |= dict(_of_task(finding.task, finding, report, places))
        found["properties"] |= _effort(finding.task)
    return found


def _fingerprint(finding: Finding) -> str:
    return "codemodeFunction/v1" if finding.bug or finding.untested else "codemodeFailure/v1"


def _of_function(finding: Finding) -> dict[str, Any]:
    """Return what a run that wrote tests knows of a function."""
    if finding.bug is not None:
        bug = finding.bug
        told = {"function": bug.function, "kind": bug.kind, "reproduce": bug.call, "expected": bug.expected}
        return {name: plain(text) for name, text in {**told, "actual": bug.actual}.items()}
    if finding.untested is not None:
        gap = finding.untested
        told = {"function": gap.function, "reason": gap.reason, "nearest": gap.nearest}
        missing = {"missingLines": list(gap.missing[:_MOST_LINES]), "missingBranches": gap.branches}
        return {name: plain(text) for name, text in told.items()} | missing
    return {}


def _of_task(
    task: TaskReport, finding: Finding, report: RunReport, places: Places
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    suspects = [one for one in task.suspects if (one.path, one.line) != finding.place and places.shows(one)]
    if suspects:
        numbered = enumerate(suspects[:_MOST_SUSPECTS], start=1)
        yield "relatedLocations", [_suspect(one, number, places) for number, one in numbered]
    for failure in task.failures[:1]:
        frames = places.frames(failure)
        if frames:
            yield "stacks", [{"message": message(task.cause), "frames": [{"location": one} for one in frames[::-1]]}]
            yield "codeFlows", [{"threadFlows": [{"locations": [{"location": one} for one in frames]}]}]
    if task.fixed and (found := fixes(task, report, places)):
        yield "fixes", found


def _suspect(one: Suspect, number: int, places: Places) -> dict[str, Any]:
    return places.location((one.path, one.line), f"suspiciousness {one.score:.2f} {one.why}".rstrip(), number)


def _effort(task: TaskReport) -> dict[str, Any]:
    return {
        "proposer": plain(task.proposer),
        "template": plain(task.template),
        **listed("warnings", task.warnings),
        **listed("turnedGreen", task.turned_green),
        "stillPassing": task.checked,
        "candidates": task.candidates,
        "durationSeconds": task.duration_s,
        **_diff(task.diff),
    }


def _diff(diff: str) -> dict[str, Any]:
    """Return the diff, which is whole or not there."""
    return {"diff": diff} if len(diff) <= LONGEST_DIFF else {"diffCharactersLeftOut": len(diff)}
