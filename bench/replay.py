"""Real bugs of real projects: is their known fix accepted?

    python -m bench.replay CASES... [--python PY] [--only ID ...] [--sandbox LEVEL] [--budget SPEC] [--suite]

CASES are folders of prepared cases (see `bench.cases`). PY is the interpreter that holds what the projects need and
this package. The fix itself is handed in through `replay:FILE`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.cases import Attempt, Finding, cases_in, options
from pytest_codemode.core.codec import encode
from pytest_codemode.core.patch import Edit
from pytest_codemode.proposers.replay import edits_between


class Known(Attempt):
    """One case whose fix is known to the proposer; nothing beyond it may be changed."""

    def proposing(self) -> list[str]:
        """Return the options that name a file with the fix."""
        known = self._scratch / "known.json"
        known.write_text(json.dumps([{"edits": encode(tuple(self.known_edits()))}]), encoding="utf-8")
        return ["--codemode-proposer", f"replay:{known}"]

    def known_edits(self) -> Iterator[Edit]:
        """Yield the known fix as edits."""
        for path in self._case.sources:
            new = (self._case.folder / "fixed" / path).read_bytes()
            yield from edits_between(path, (self._root / path).read_bytes(), new)

    def _wrong(self, before: dict[str, str], after: dict[str, str], finding: Finding) -> Iterator[str]:
        yield from super()._wrong(before, after, finding)
        if foreign := [path for path in self._touched(self._case.folder / "tree") if path not in self._case.sources]:
            yield f"{foreign[0]} changed"
        if finding.ours > finding.theirs:
            yield f"{finding.ours} lines changed, the fix changes {finding.theirs}"


def line_of(finding: Finding) -> str:
    """Return the finding in one line, and the reasons of one that failed below it."""
    mark = "accepted" if finding.accepted else "NOT"
    text = f"{finding.case.id:34} {mark:9} {finding.ours:3} / {finding.theirs:<3} "
    text += f"{'same ' if finding.same else '     '} {finding.seconds:6.1f} s"
    return "\n".join([text, *(f"    {problem}" for problem in finding.problems)])


def summary(findings: Sequence[Finding]) -> str:
    """Return the table by project, and the totals."""
    lines = ["", f"{'project':24} {'cases':>5} {'accepted':>9} {'same':>5} {'seconds':>8}"]
    projects = sorted({finding.case.project for finding in findings})
    for project in (*projects, ""):
        rows = [finding for finding in findings if project in ("", finding.case.project)]
        accepted, same = sum(row.accepted for row in rows), sum(row.accepted and row.same for row in rows)
        seconds = sum(row.seconds for row in rows)
        lines.append(f"{project or 'all':24} {len(rows):5} {accepted:9} {same:5} {seconds:8.1f}")
    return "\n".join(lines)


def main() -> int:
    """Run the cases and print; return 1 if a known fix was not accepted."""
    chosen = options("bench.replay", __doc__, "time=5m").parse_args()
    findings = []
    print(f"{'case':34} {'result':9} {'lines changed / by the fix':27}")
    for case in cases_in(chosen.cases, chosen.only or (), suite=chosen.suite):
        with tempfile.TemporaryDirectory(prefix="codemode-bench-", dir=chosen.scratch) as name:
            findings.append(Known(case, Path(name).resolve(), chosen).finding())
        print(line_of(findings[-1]), flush=True)
    print(summary(findings))
    return int(not all(finding.accepted for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
