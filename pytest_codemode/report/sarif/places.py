"""Where something is, in SARIF's terms: artifacts, regions, locations."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from pytest_codemode.core.failure import Failure, Frame
from pytest_codemode.core.report import RunReport, TaskReport
from pytest_codemode.core.suspicion import Location, Suspect
from pytest_codemode.report.findings import inside
from pytest_codemode.report.sarif.words import message

ROOT = "%SRCROOT%"
_FIRST_FRAMES, _LAST_FRAMES = 30, 70
"""Of a stack; GitHub shows 100 locations."""
_CUT_LINE = 400
"""Characters from which on a line of an excerpt may have been cut."""


class Places:
    """Makes locations, and keeps the files that they name."""

    def __init__(self, report: RunReport, folder: str) -> None:
        self._folder = folder
        self._files: dict[str, int] = {}
        self._written = frozenset(report.written)
        self._source = {place: line for task in report.tasks for place, line in _source(task)}

    def shows(self, one: Frame | Suspect) -> bool:
        """Return whether a place may be named: machine paths mean nothing to whoever reads the log elsewhere."""
        return inside(one.path) and one.line > 0

    def artifact(self, path: str) -> dict[str, Any]:
        """Return an artifactLocation (3.4); the file is among `artifacts` from now on."""
        uri = _uri(posixpath.normpath(posixpath.join(self._folder, path)))
        return {"uri": uri, "uriBaseId": ROOT, "index": self._files.setdefault(path, len(self._files))}

    def location(self, place: Location, text: str = "", number: int | None = None) -> dict[str, Any]:
        """Return a location (3.28): one whole line, without its line end."""
        path, line = place
        region: dict[str, Any] = {"startLine": line, "startColumn": 1, "endLine": line}
        if source := self._source.get(place):
            region |= {"endColumn": len(source) + 1, "snippet": {"text": source}}
        found: dict[str, Any] = {"physicalLocation": {"artifactLocation": self.artifact(path), "region": region}}
        if text:
            found["message"] = message(text)
        return found if number is None else {"id": number, **found}

    def frames(self, failure: Failure) -> list[dict[str, Any]]:
        """Return the places in the tree that a failure went through, outermost first."""
        inner = [frame for frame in failure.frames if self.shows(frame)]
        if len(inner) > _FIRST_FRAMES + _LAST_FRAMES:  # of an endless recursion
            inner = inner[:_FIRST_FRAMES] + inner[-_LAST_FRAMES:]
        return [
            self.location((frame.path, frame.line), frame.function)
            | {"logicalLocations": [{"fullyQualifiedName": message(frame.function)["text"], "kind": "function"}]}
            for frame in inner
        ]

    def artifacts(self) -> list[dict[str, Any]]:
        """Return every file named so far, in the order of its index."""
        return [self._described(path) for path in self._files]

    def _described(self, path: str) -> dict[str, Any]:
        roles = ["analysisTarget", *(["modified"] if path in self._written else [])]
        found: dict[str, Any] = {"location": self.artifact(path), "roles": roles}
        return found | ({"sourceLanguage": "python"} if path.endswith((".py", ".pyi")) else {})


def _uri(path: str) -> str:
    """Return a relative reference: percent-encoded, so that no colon makes a scheme of the first part."""
    return quote(path, safe="/", errors="backslashreplace")


def _source(task: TaskReport) -> Iterator[tuple[Location, str]]:
    """Yield the lines that the report holds whole."""
    for excerpt in task.excerpts:
        for number, line in enumerate(excerpt.lines, start=excerpt.first):
            if len(line) < _CUT_LINE and "[redacted]" not in line:
                yield (excerpt.path, number), line
