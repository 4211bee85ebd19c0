"""Real bugs of real projects: is their known fix accepted, and how many does the embedded search repair?

`python -m bench.replay CASES [--python PY] [--only ID ...] [--sandbox LEVEL] [--proposer known|search]
[--budget SPEC] [--suite]`

CASES is a folder of prepared cases. Each has `tree/` (the project with the bug and the tests that reveal it), `fixed/`
(the source files of the known fix) and `case.json` (`id`, `project`, `source_files`, `failing_tests`, `test_command`,
`suite_command`).
PY is the interpreter that holds what the projects need and this package. With `known` the fix itself is handed in
through `replay:FILE`; with `search` nothing is known but the tests.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import outcomes
from pytest_codemode.core.codec import encode
from pytest_codemode.core.patch import Edit
from pytest_codemode.proposers.replay import edits_between

_PLUGIN = "codemode_bench_outcomes"
_NOT_SOURCE = {".codemode", "__pycache__", ".pytest_cache", ".hypothesis"}
_LIMIT_S = 900.0
"""Wall clock of one run; a run keeps its own budget, this ends one that does not."""
_CAVEAT = """\
Read these figures with care: the mix over-represents small fixes, and the tests that reveal each bug are given.
A patch that passes all tests is plausible, not proven right; `same` says that it is the known fix, token for token."""


@dataclass(frozen=True, slots=True)
class Case:
    """One prepared bug."""

    folder: Path
    id: str
    project: str
    sources: tuple[str, ...]
    failing: tuple[str, ...]
    command: str

    @staticmethod
    def read(folder: Path, *, suite: bool = False) -> Case:
        """Return the case in `folder`, with the command for its test files or for the whole suite."""
        row = json.loads(folder.joinpath("case.json").read_text("utf-8"))
        sources, failing = tuple(row["source_files"]), tuple(row["failing_tests"])
        command = row["suite_command" if suite else "test_command"]
        return Case(folder, row["id"], row["project"], sources, failing, command)


@dataclass(slots=True)
class Finding:
    """What became of one case."""

    case: Case
    status: int = -1
    """Exit status of the repair run; -1 if it did not end in time."""
    accepted: bool = False
    """Written, the failing tests pass in a plain run, and nothing that passed before fails."""
    problems: list[str] = field(default_factory=list)
    ours: int = 0
    """Lines added and removed in the tree."""
    theirs: int = 0
    """The same of the known fix."""
    same: bool = False
    """Whether the code is that of the known fix."""
    seconds: float = 0.0


class Bench:
    """Runs cases one by one in scratch folders."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options

    def run(self, case: Case) -> Finding:
        """Repair a copy of the case and look at the result."""
        with tempfile.TemporaryDirectory(prefix="codemode-bench-", dir=self._options.scratch) as name:
            return Attempt(case, Path(name).resolve(), self._options).finding()


class Attempt:
    """One case in its scratch folder."""

    def __init__(self, case: Case, scratch: Path, options: argparse.Namespace) -> None:
        self._case = case
        self._options = options
        self._scratch = scratch
        self._root = scratch / case.id
        shutil.copytree(case.folder / "tree", self._root, symlinks=True)
        for name in ("home", "plugins"):
            scratch.joinpath(name).mkdir()
        shutil.copy(outcomes.__file__, scratch / "plugins" / f"{_PLUGIN}.py")

    def finding(self) -> Finding:
        """Run the tests, the repair, and the tests again."""
        finding = Finding(self._case)
        before = self._outcomes("before")
        started = time.perf_counter()
        finding.status, output = self._repair()
        finding.seconds = time.perf_counter() - started
        finding.problems.extend(self._wrong(before, self._outcomes("after"), finding))
        finding.accepted = not finding.problems
        if finding.problems:
            finding.problems.extend(self._reasons(output))
        return finding

    def _wrong(self, before: dict[str, str], after: dict[str, str], finding: Finding) -> Iterator[str]:
        """Yield what keeps the case from counting as accepted."""
        tree = self._case.folder / "tree"
        finding.ours = sum(_changed(tree / path, self._root / path) for path in self._touched(tree))
        finding.theirs = sum(_changed(tree / p, self._case.folder / "fixed" / p) for p in self._case.sources)
        finding.same = all(_code(self._root / p) == _code(self._case.folder / "fixed" / p) for p in self._case.sources)
        if unexpected := [n for n in self._case.failing if before.get(n) != "failed"]:
            yield f"{unexpected[0]} does not fail before the repair"
        if red := [n for n in self._case.failing if after.get(n) != "passed"]:
            yield f"{len(red)} of {len(self._case.failing)} failing tests do not pass, as {red[0]}"
        if broken := [n for n, outcome in before.items() if outcome == "passed" and after.get(n) != "passed"]:
            yield f"{broken[0]} passed before and does not now"
        still_red = any(outcome == "failed" for outcome in after.values())
        if finding.status != int(still_red):
            yield f"exit status {finding.status}"
        if self._options.proposer == "known":
            if foreign := [path for path in self._touched(tree) if path not in self._case.sources]:
                yield f"{foreign[0]} changed"
            if finding.ours > finding.theirs:
                yield f"{finding.ours} lines changed, the fix changes {finding.theirs}"

    def _repair(self) -> tuple[int, str]:
        ours = ["-p", "pytest_codemode.plugin", "--codemode-fix", *self.proposing()]
        ours += ["--codemode-sandbox", self._options.sandbox, "--codemode-report", str(self.report_path)]
        ours += ["--codemode-budget", self._options.budget]
        return self._pytest("repair", *ours)

    @property
    def report_path(self) -> Path:
        """Where the repair run writes its report."""
        return self._scratch / "report.json"

    def proposing(self) -> list[str]:
        """Return the options that say where the patches come from."""
        proposer = "search"
        if self._options.proposer == "known":
            known = self._scratch / "known.json"
            known.write_text(json.dumps([{"edits": encode(tuple(self.known_edits()))}]), encoding="utf-8")
            proposer = f"replay:{known}"
        return ["--codemode-proposer", proposer]

    def settings(self) -> dict[str, str]:
        """Return what to add to the environment of every pytest run."""
        return {}

    def known_edits(self) -> Iterator[Edit]:
        """Yield the known fix as edits."""
        for path in self._case.sources:
            new = (self._case.folder / "fixed" / path).read_bytes()
            yield from edits_between(path, (self._root / path).read_bytes(), new)

    def _outcomes(self, name: str) -> dict[str, str]:
        self._pytest(name, "-p", _PLUGIN)
        path = self._scratch / f"{name}.json"
        found: dict[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return found

    def _pytest(self, name: str, *arguments: str) -> tuple[int, str]:
        words = shlex.split(self._case.command)
        settings = dict(word.split("=", 1) for word in words[: words.index("python")])
        python = Path(self._options.python)
        path = settings.get("PYTHONPATH", ".")
        environment = {
            "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "LANG": "C.UTF-8",
            "HOME": str(self._scratch / "home"),
            **settings,
            "PYTHONPATH": f"{path}{os.pathsep}{self._scratch / 'plugins'}",
            outcomes.VARIABLE: str(self._scratch / f"{name}.json"),
            **self.settings(),
        }
        command = [str(python), *words[words.index("python") + 1 :], *arguments]
        log = self._scratch / f"{name}.log"
        with log.open("wb") as stream:
            try:
                status = subprocess.run(
                    command, cwd=self._root, env=environment, stdout=stream, stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL, timeout=_LIMIT_S, check=False,
                ).returncode  # fmt: skip
            except subprocess.TimeoutExpired:
                status = -1
        output = log.read_text("utf-8", "replace")
        if self._options.logs and name == "repair":
            Path(self._options.logs).mkdir(parents=True, exist_ok=True)
            Path(self._options.logs, f"{self._case.id}.log").write_text(output, "utf-8")
        return status, output

    def _reasons(self, output: str) -> Iterator[str]:
        """Yield what the run itself says about a case that was not repaired."""
        path = self.report_path
        if not path.exists():
            lines = [line for line in output.splitlines() if line.strip()]
            yield lines[-1] if lines else "the run printed nothing"
            return
        report = json.loads(path.read_text("utf-8"))
        for unrepaired in report["unrepaired"]:
            yield f"{unrepaired['kind']}: {unrepaired['nodeid']}: {unrepaired['detail']}"
        for task in report["tasks"]:
            if not task["fixed"]:
                yield f"{task['key']}: {task['why_not']}"
                yield from (f"{near['verdict']}: {near['reason']}" for near in task["near_misses"])
        if not report["tasks"]:
            yield report["stop"]

    def _touched(self, tree: Path) -> list[str]:
        old, new = _contents(tree), _contents(self._root)
        return sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))


def _contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in files
        if _NOT_SOURCE.isdisjoint(path.relative_to(root).parts)
    }


def _changed(old: Path, new: Path) -> int:
    """Return how many lines were removed and added between two files; one that is not there is empty."""
    before, after = (p.read_bytes().decode("utf-8", "surrogateescape") if p.exists() else "" for p in (old, new))
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    return sum(line[:1] in "+-" for line in lines)


def _code(path: Path) -> str:
    return ast.dump(ast.parse(path.read_bytes())) if path.exists() else ""


def line_of(finding: Finding) -> str:
    """Return the finding in one line, and the reasons of one that failed below it."""
    mark = "accepted" if finding.accepted else "NOT"
    text = f"{finding.case.id:34} {mark:9} {finding.ours:3} / {finding.theirs:<3} "
    text += f"{'same ' if finding.same else '     '} {finding.seconds:6.1f} s"
    return "\n".join([text, *(f"    {problem}" for problem in finding.problems)])


def summary(findings: Sequence[Finding], proposer: str) -> str:
    """Return the table by project, and the totals."""
    lines = ["", f"{'project':24} {'cases':>5} {'accepted':>9} {'same':>5} {'seconds':>8}"]
    projects = sorted({finding.case.project for finding in findings})
    for project in (*projects, ""):
        rows = [finding for finding in findings if project in ("", finding.case.project)]
        accepted, same = sum(row.accepted for row in rows), sum(row.accepted and row.same for row in rows)
        seconds = sum(row.seconds for row in rows)
        lines.append(f"{project or 'all':24} {len(rows):5} {accepted:9} {same:5} {seconds:8.1f}")
    return "\n".join([*lines, "", _CAVEAT] if proposer == "search" else lines)


def main() -> int:
    """Run the cases and print; return 1 if a known fix was not accepted."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay", description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path, metavar="CASES", help="folder of prepared cases")
    parser.add_argument("--python", default=sys.executable, help="interpreter with the projects' requirements")
    parser.add_argument("--only", nargs="+", metavar="ID", help="cases, or the beginnings of their names")
    parser.add_argument("--sandbox", default="auto", metavar="LEVEL")
    parser.add_argument("--proposer", choices=("known", "search"), default="known")
    parser.add_argument("--budget", default="time=5m", metavar="SPEC")
    parser.add_argument("--suite", action="store_true", help="run each project's whole suite, not only the test files")
    parser.add_argument("--scratch", metavar="DIR", help="where copies are made (default: the temporary folder)")
    parser.add_argument("--logs", metavar="DIR", help="keep the output of each repair run here")
    options = parser.parse_args()
    cases = [Case.read(path.parent, suite=options.suite) for path in sorted(options.cases.glob("*/case.json"))]
    if options.only:
        cases = [case for case in cases if case.id.startswith(tuple(options.only))]
    bench, findings = Bench(options), []
    print(f"{'case':34} {'result':9} {'lines changed / by the fix':27}")
    for case in cases:
        findings.append(bench.run(case))
        print(line_of(findings[-1]), flush=True)
    print(summary(findings, options.proposer))
    return int(options.proposer == "known" and not all(finding.accepted for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
