"""Real bugs: how many does the search repair, with no model, and is the patch right or does it only pass?

    python -m bench.repair CASES... [--python PY] [--budget SPEC] [--only ID ...] [--results FILE] [--jobs N]
                           [--markdown]

CASES are folders of prepared cases (see `bench.cases`); what is in `fixed/` is looked at only when the repair has
ended. The run is a user's `pytest --codemode-fix --codemode-proposer search`. A repair is plausible if the failing
tests pass in a plain run and nothing that passed before fails. It is correct if its code is that of the known fix, or
if both return, raise and change the same for each of --inputs generated inputs (see `bench.behaviour`; that runs in
bubblewrap).
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import behaviour
from bench.cases import Attempt, Case, Finding, Results, cases_in, options
from pytest_codemode.core.errors import SandboxError
from pytest_codemode.sandbox.isolation.binary import find

_PLUGIN = "codemode_bench_behaviour"
ENOUGH = 100
"""Compared calls, from which on no difference counts as the same behaviour."""
_CAVEAT = """\
The mix of real bugs over-represents small fixes, and the tests that reveal each bug are given. A plausible patch passes
all tests of the case's test files; that does not prove it right. Equal behaviour is on generated inputs only."""


_REASONS = {
    "may contradict": "whatever passes breaks another test",
    "no proposer had another patch": "no operator makes the fix",
    "the time budget was spent": "not found in time",
    "does not pass in a fresh process": "found, not proven",
    "not proven": "found, not proven",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, as it is kept in the file of results."""

    id: str
    project: str
    plausible: bool
    correct: str
    """`same code`, `same behaviour`, `differs`, `unknown`; empty if it is not plausible."""
    detail: str
    """Where it differs, or why nothing can be said."""
    broke: bool
    """Whether a test that passed before does not now, or a file that is no source was changed."""
    seconds: float
    candidates: int
    operator: str
    lines: int
    """Lines changed; `of` is that of the known fix."""
    of: int
    why_not: list[str]

    @property
    def right(self) -> bool:
        """Whether it is a correct repair, as far as can be told."""
        return self.correct in {"same code", "same behaviour"}


class Searched(Attempt):
    """One case left to the search."""

    def proposing(self) -> list[str]:
        """Return the option that keeps models out."""
        return ["--codemode-proposer", "search"]

    def row(self, inputs: int) -> Row:
        """Repair, and look at the result."""
        finding = self.finding()
        correct, detail = self._judged(finding, inputs) if finding.accepted else ("", "")
        report = self.report()
        fixed = [task for task in report.get("tasks", ()) if task["fixed"]]
        foreign = [path for path in self._touched(self._case.folder / "tree") if not _is_source(path, self._case)]
        return Row(
            id=self._case.id,
            project=self._case.project,
            plausible=finding.accepted,
            correct=correct,
            detail=detail,
            broke=bool(foreign) or any("passed before" in problem for problem in finding.problems),
            seconds=round(finding.seconds, 1),
            candidates=report.get("cost", {}).get("candidates", 0),
            operator=", ".join(sorted({task["template"] for task in fixed})),
            lines=finding.ours,
            of=finding.theirs,
            why_not=finding.problems[:6],
        )

    def report(self) -> dict[str, Any]:
        """Return the run's report; empty if it wrote none."""
        found: dict[str, Any] = json.loads(self.report_path.read_text("utf-8")) if self.report_path.exists() else {}
        return found

    def _judged(self, finding: Finding, inputs: int) -> tuple[str, str]:
        if finding.same:
            return "same code", ""
        answer = self._compared(inputs)
        if answer["differs"]:
            return "differs", answer["differs"]
        if answer["unknown"] or answer["compared"] < ENOUGH:
            return "unknown", answer["unknown"] or f"only {answer['compared']} calls could be compared"
        return "same behaviour", f"{answer['compared']} calls"

    def _compared(self, inputs: int) -> dict[str, Any]:
        told, answer = self._scratch / "behaviour.json", self._scratch / "answer.json"
        if foreign := [path for path in self._touched(self._case.folder / "tree") if path not in self._case.sources]:
            return {"compared": 0, "differs": "", "unknown": f"{foreign[0]} is changed, not what the fix changes"}
        fixed = {path: str(self._case.folder / "fixed" / path) for path in self._case.sources if path.endswith(".py")}
        told.write_text(json.dumps({"fixed": fixed, "inputs": inputs, "answer": str(answer)}), "utf-8")
        shutil.copy(behaviour.__file__, self._scratch / "plugins" / f"{_PLUGIN}.py")
        self.extra[behaviour.VARIABLE] = str(told)
        self.fence = _fence(self._scratch)
        status, output = self._pytest("behaviour", "-p", _PLUGIN)
        if not answer.exists():
            last = (output.strip().splitlines() or [""])[-1]
            return {"compared": 0, "differs": "", "unknown": f"the comparison ended with status {status}: {last}"}
        found: dict[str, Any] = json.loads(answer.read_text("utf-8"))
        return found


def _fence(writable: Path) -> list[str]:
    """Return what to put before a command that calls real functions with made-up arguments.

    Raises:
        SandboxError: there is no bubblewrap.
    """
    place = str(writable)
    return [
        find().path, "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
        "--bind", place, place,
    ]  # fmt: skip


def _is_source(path: str, case: Case) -> bool:
    """Return whether a repair may change `path`: no test, no configuration."""
    name = path.rpartition("/")[2]
    tests = {nodeid.partition("::")[0] for nodeid in case.failing}
    return path.endswith(".py") and path not in tests and not name.startswith(("test_", "conftest"))


def line_of(row: Row) -> str:
    """Return the row as text, and below it why it is not repaired, or not right."""
    mark = row.correct or "NOT"
    text = f"{row.id:34} {mark:15} {row.seconds:6.1f} s {row.candidates:6} candidates {row.lines:3} / {row.of:<3}"
    below = [*row.why_not, *([row.detail] if row.correct in {"differs", "unknown"} else [])]
    return "\n".join([f"{text} {row.operator}".rstrip(), *(f"    {line}" for line in below)])


def summary(rows: Sequence[Row]) -> str:
    """Return the table by project, and the totals."""
    head = f"{'plausible':>9} {'correct':>8} {'unknown':>8} {'broke':>6} {'seconds':>8} {'candidates':>11}"
    lines = ["", f"{'project':24} {'cases':>5} {head}"]
    for project in (*sorted({row.project for row in rows}), ""):
        found = [row for row in rows if project in ("", row.project)]
        if not found:
            continue
        plausible, right = sum(row.plausible for row in found), sum(row.right for row in found)
        unknown, broke = sum(row.correct == "unknown" for row in found), sum(row.broke for row in found)
        seconds = statistics.median(row.seconds for row in found)
        candidates = sum(row.candidates for row in found)
        figures = f"{plausible:9} {right:8} {unknown:8} {broke:6} {seconds:8.1f} {candidates:11}"
        lines.append(f"{project or 'all':24} {len(found):5} {figures}")
    return "\n".join([*lines, "", "seconds: the median of a case", _CAVEAT])


def as_markdown(rows: Sequence[Row]) -> str:
    """Return one table row a case, as `docs/benchmarks.md` shows them."""
    head = "| case | patch | s | candidates | lines (fix) | by, or why not |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join([head, *(_markdown_row(row) for row in sorted(rows, key=lambda row: row.id.lower()))])


def _markdown_row(row: Row) -> str:
    why = row.operator if row.plausible else _shortly(row.why_not)
    changed = f"{row.lines} ({row.of})" if row.lines else f"- ({row.of})"
    return f"| {row.id} | {row.correct or '-'} | {row.seconds:.0f} | {row.candidates:,} | {changed} | {why} |"


def _shortly(reasons: Sequence[str]) -> str:
    """Return the reason that the first unfixed cause gives, without its first part and figures."""
    told = next((reason for reason in reasons if re.match(r"t\d+: ", reason)), reasons[-1] if reasons else "")
    for mark, text in _REASONS.items():
        if mark in told:
            return text
    return told.partition(": ")[2][:80].replace("|", "/")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases and print; return 1 if a repair broke a passing test or changed what is no source."""
    parser = options("bench.repair", __doc__, "time=120s")
    parser.add_argument("--inputs", type=int, default=300, help="generated inputs for each function that differs")
    parser.add_argument("--markdown", action="store_true", help="print a table for the documentation as well")
    chosen = parser.parse_args(arguments)
    try:
        find()
    except SandboxError as problem:
        parser.error(str(problem))
    results = Results(chosen.results, Row, lambda row: row.id, line_of)
    wanted = cases_in(chosen.cases, chosen.only or (), suite=chosen.suite)
    missing = [case for case in wanted if not results.known(case.id)]
    results.fill(missing, lambda case, folder: Searched(case, folder, chosen).row(chosen.inputs), chosen.jobs,
                 chosen.scratch)  # fmt: skip
    print(summary(results.rows))
    if chosen.markdown:
        print(as_markdown(results.rows))
    return int(any(row.broke for row in results.rows))


if __name__ == "__main__":
    sys.exit(main())
