"""The report of a run as GitLab reads code quality: findings at lines, known again by their fingerprints.

Source: GitLab, "Code Quality report format": description, check_name, fingerprint, severity, location.path and
location.lines.begin of each finding are required, paths are relative to the repository.
"""

from __future__ import annotations

import json
import posixpath
from typing import Any

from pytest_codemode.core.report import RunReport
from pytest_codemode.report.findings import Finding, State, findings
from pytest_codemode.report.writer import harmless

_SEVERITIES: dict[State, str] = {
    "not fixed": "critical",
    "fixed": "major",
    "flaky": "minor",
    "not reproducible": "minor",
    "unsupported": "info",
    "possible bug": "minor",
}
"""What is not here is no matter of the code's quality: that nothing tests a function is what coverage reports say."""


def render(report: RunReport, folder: str = "") -> str:
    """Return `report` as GitLab's code quality JSON; a finding without a file of the tree cannot be shown there.

    Args:
        report: of the run.
        folder: the rootdir, relative to the root of the repository.
    """
    shown = [(one, one.place) for one in findings(report) if one.place and one.state in _SEVERITIES]
    found = [_issue(one, posixpath.join(folder, path), line) for one, (path, line) in shown]
    return json.dumps(found, indent=2, ensure_ascii=True) + "\n"


def _issue(finding: Finding, path: str, line: int) -> dict[str, Any]:
    return {
        "description": finding.text,
        "check_name": f"codemode/{finding.rule}",
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.state],
        "location": {"path": harmless(posixpath.normpath(path)), "lines": {"begin": line}},
    }
