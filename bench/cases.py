"""Prepared cases: real bugs in copies of their projects, the repair as a user runs it, and what came of it.

A case is a folder with `tree/` (the project with the bug and the tests that reveal it), `fixed/` (the source files of
the known fix) and `case.json` (`id`, `project`, `source_files`, `failing_tests`, `test_command`, `suite_command`).
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
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from bench import outcomes

Row = TypeVar("Row")

_PLUGIN = "codemode_bench_outcomes"
_NOT_SOURCE = {".codemode", "__pycache__", ".pytest_cache", ".hypothesis"}
_LIMIT_S = 900.0
"""Wall clock of one run; a run keeps its own budget, this ends one that does not."""


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


def cases_in(folders: Sequence[Path], only: Sequence[str] = (), *, suite: bool = False) -> list[Case]:
    """Return the prepared cases of some folders, each of which may be one itself; `only`: how their names begin."""
    found = (path for folder in folders for path in ([*folder.glob("case.json"), *sorted(folder.glob("*/case.json"))]))
    cases = [Case.read(path.parent, suite=suite) for path in found]
    return [case for case in cases if case.id.startswith(tuple(only or ("",)))]


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


class Attempt:
    """One case in its scratch folder."""

    def __init__(self, case: Case, scratch: Path, options: argparse.Namespace) -> None:
        self._case = case
        self._options = options
        self._scratch = scratch
        self.extra: dict[str, str] = {}
        """Added to the environment of every pytest run from now on."""
        self.fence: list[str] = []
        """Put before the command of every pytest run from now on."""
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

    def _repair(self) -> tuple[int, str]:
        ours = ["-p", "pytest_codemode.plugin", "--codemode-fix", *self.proposing()]
        ours += ["--codemode-sandbox", self._options.sandbox, "--codemode-report", str(self.report_path)]
        # The projects' environment needs the plugin alone; what the engine needs could disturb theirs.
        ours += ["--codemode-budget", self._options.budget, f"--codemode-python={sys.executable}"]
        return self._pytest("repair", *ours)

    @property
    def report_path(self) -> Path:
        """Where the repair run writes its report."""
        return self._scratch / "report.json"

    def proposing(self) -> list[str]:
        """Return the options that say where the patches come from."""
        raise NotImplementedError

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
            **self.extra,
        }
        command = [*self.fence, str(python), *words[words.index("python") + 1 :], *arguments]
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
    """Return what the file does, without the strings that only say something."""
    tree = ast.parse(path.read_bytes()) if path.exists() else ast.Module([], [])
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [one for one in body if not _says(one)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _says(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def options(program: str, text: str, budget: str) -> argparse.ArgumentParser:
    """Return a parser of what every bench of prepared cases takes."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=text.splitlines()[0])
    parser.add_argument("cases", type=Path, nargs="+", metavar="CASES", help="folder of prepared cases, or one case")
    parser.add_argument(
        "--python", default=sys.executable, help="interpreter with the projects' requirements and this package"
    )
    parser.add_argument("--only", nargs="+", metavar="ID", help="cases, or the beginnings of their names")
    parser.add_argument("--sandbox", default="auto", metavar="LEVEL")
    parser.add_argument("--budget", default=budget, metavar="SPEC")
    parser.add_argument("--suite", action="store_true", help="run each project's whole suite, not only the test files")
    parser.add_argument("--scratch", metavar="DIR", help="where copies are made (default: the temporary folder)")
    parser.add_argument("--logs", metavar="DIR", help="keep the output of each repair run here")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep findings here, and run only what is missing")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1)
    return parser


class Results(Generic[Row]):
    """Findings, one a row, kept in a file as they come, so that a bench that was stopped goes on where it was.

    Args:
        path: the file; None keeps nothing.
        kind: the dataclass of a row.
        key_of: what tells a row from all others.
        line_of: the row as text.
    """

    def __init__(
        self, path: Path | None, kind: type[Row], key_of: Callable[[Row], Hashable], line_of: Callable[[Row], str]
    ) -> None:
        self._path = path
        self._key_of = key_of
        self._line_of = line_of
        self._guard = threading.Lock()
        lines = path.read_text("utf-8").splitlines() if path is not None and path.exists() else []
        self.rows: list[Row] = [kind(**json.loads(line)) for line in lines]

    def known(self, key: Hashable) -> bool:
        """Return whether there is such a row already."""
        return any(self._key_of(row) == key for row in self.rows)

    def add(self, row: Row) -> None:
        """Keep and print one."""
        with self._guard:
            self.rows.append(row)
            print(self._line_of(row), flush=True)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(asdict(row)) + "\n")  # type: ignore[call-overload]

    def fill(self, cases: Sequence[Case], work: Callable[[Case, Path], Row], jobs: int, scratch: str | None) -> None:
        """Add the row of each case, `jobs` at a time; `work` gets an empty folder for it."""

        def one(case: Case) -> None:
            with tempfile.TemporaryDirectory(prefix="codemode-bench-", dir=scratch) as name:
                self.add(work(case, Path(name).resolve()))

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, cases))
