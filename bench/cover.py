"""Tests for modules that have none: coverage, mutants killed, and whether they stay green, beside other tools.

    python -m bench.cover TARGETS WHEELS [--seconds 20] [--python PY] [--only ID ...] [--results FILE]
                          [--pynguin PY] [--crosshair PY] [--peer-seconds 120]

TARGETS is a file of JSON lines (`id`, `module`, `import_name`, `dist`), WHEELS the folder with the distributions. PY is
an interpreter that holds this package, pytest and what the modules need; the other tools have interpreters of their
own. Coverage is what `coverage run --branch -m pytest` prints for the module, with the written tests and nothing else.
Mutants come from `bench.faults`, at most 30 a module. Tests run 10 times more, in random order, under 10 hash seeds.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.faults import faults

MOST_FAULTS = 30
RERUNS = 10
_LIMIT_S = 600.0
_HEADER = "module               tool       cover%   mutants tests  lines  seconds  green  bugs"
_SHUFFLE = """
import os, random
def pytest_collection_modifyitems(items):
    if "ORDER" in os.environ:
        random.Random(int(os.environ["ORDER"])).shuffle(items)
"""


@dataclass(frozen=True, slots=True)
class Target:
    """One module."""

    id: str
    module: str
    """Path in the distribution."""
    import_name: str
    dist: str


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one module with one tool."""

    id: str
    tool: str
    percent: float
    """Statements and branches that the tests execute, of all."""
    killed: int
    mutants: int
    tests: int
    lines: float
    """Median of the tests' lines."""
    seconds: float
    green: int
    """Of `RERUNS`."""
    bugs: int = 0
    note: str = ""


class Bench:
    """One module in a folder of its own."""

    def __init__(self, target: Target, wheels: Path, folder: Path, chosen: argparse.Namespace) -> None:
        self._target = target
        self._chosen = chosen
        self.root = folder / target.id
        self.root.mkdir()
        with zipfile.ZipFile(wheels / target.dist) as wheel:
            wheel.extractall(self.root)
        for file in self._tests_below(self.root):
            file.unlink()  # some bring tests of their own
        (self.root / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n', "utf-8")

    def ours(self) -> Row:
        """Write tests as a user would."""
        report = self.root.parent / f"{self._target.id}.json"
        command = [
            *(self._chosen.python, "-m", "pytest", "-q", "--codemode-cover"),
            f"--codemode-target={self._target.module}",
            f"--codemode-budget=time={self._chosen.seconds}s",
            f"--codemode-report={report}",
            f"--codemode-python={sys.executable}",
        ]
        if self._chosen.sandbox:
            command.append(f"--codemode-sandbox={self._chosen.sandbox}")
        seconds, output = self._timed(command)
        told = json.loads(report.read_text("utf-8")) if report.exists() else {}
        cover = (told.get("run") or told).get("cover") or {}
        note = "" if cover else " ".join(output.split())[-200:]
        return self._row("codemode", self._tests_below(self.root), seconds, note, len(cover.get("bugs", ())))

    def pynguin(self) -> Row:
        """Let Pynguin write them."""
        out = self.root / "pynguin_out"
        command = [
            *(self._chosen.pynguin, "-m", "pynguin", "--project-path", str(self.root), "--output-path", str(out)),
            *("--module-name", self._target.import_name, "--seed", "1"),
            *("--maximum-search-time", str(self._chosen.peer_seconds)),
        ]
        seconds, output = self._timed(command, PYNGUIN_DANGER_AWARE="1")
        return self._row("pynguin", self._tests_below(out), seconds, "" if out.exists() else output.strip()[-200:])

    def crosshair(self) -> Row:
        """Let CrossHair write them, a function at a time: one that fails would lose all others' output."""
        out = self.root / "crosshair_out"
        out.mkdir()
        tree = ast.parse((self.root / self._target.module).read_text("utf-8"))
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        share = max(self._chosen.peer_seconds / max(len(names), 1), 5)
        seconds = 0.0
        for name in names:
            command = [
                *(self._chosen.crosshair, "-m", "crosshair", "cover", f"{self._target.import_name}.{name}"),
                *("--example_output_format", "pytest", "--per_condition_timeout", f"{share:.0f}"),
            ]
            took, output = self._timed(command, errors=False)
            seconds += took
            if "def test_" in output:
                (out / f"test_{name}.py").write_text(output, "utf-8")
        return self._row("crosshair", self._tests_below(out), seconds)

    def _row(self, tool: str, files: Sequence[Path], seconds: float, note: str = "", bugs: int = 0) -> Row:
        conftest = self.root / "conftest.py"
        conftest.write_text(_SHUFFLE, "utf-8")
        lengths = [length for file in files for length in _lengths(file)]
        percent = self._percent(files)
        killed, mutants = self._killed(files) if files else (0, 0)
        green = sum(self._green(files, seed) for seed in range(RERUNS)) if files else 0
        conftest.unlink()
        median = statistics.median(lengths) if lengths else 0.0
        return Row(self._target.id, tool, percent, killed, mutants, len(lengths), median, seconds, green, bugs, note)

    def _percent(self, files: Sequence[Path]) -> float:
        """Return what importing alone covers where there is no test."""
        measure = [self._chosen.python, "-m", "coverage", "run", "--branch", f"--include={self._target.module}"]
        script = self.root / "import_it.py"
        script.write_text(f"import {self._target.import_name}", "utf-8")
        self._run([*measure, *(["-m", "pytest", "-q", *map(str, files)] if files else [str(script)])])
        script.unlink()
        told = self.root / "coverage.json"
        told.unlink(missing_ok=True)
        self._run([self._chosen.python, "-m", "coverage", "json", "-q", "-o", str(told)])
        return float(json.loads(told.read_text("utf-8"))["totals"]["percent_covered"]) if told.exists() else 0.0

    def _killed(self, files: Sequence[Path]) -> tuple[int, int]:
        module = self.root / self._target.module
        source = module.read_bytes()
        found = faults(source.decode("utf-8"), MOST_FAULTS)
        failing = self._failing(files)
        killed = 0
        try:
            for fault in found:
                module.write_text(fault.source, "utf-8")
                shutil.rmtree(module.parent / "__pycache__", ignore_errors=True)
                killed += self._failing(files) != failing
        finally:
            module.write_bytes(source)
        return killed, len(found)

    def _failing(self, files: Sequence[Path]) -> str:
        """Return what distinguishes the run's outcome; a run that does not end has one of its own."""
        try:
            run = self._pytest(files, timeout=60.0)
        except subprocess.TimeoutExpired:
            return "timeout"
        return "\n".join(sorted(re.findall(r"^(?:FAILED|ERROR) (\S+)", run.stdout, re.M)))

    def _green(self, files: Sequence[Path], seed: int) -> bool:
        return self._pytest(files, ORDER=str(seed), PYTHONHASHSEED=str(seed)).returncode == 0

    def _pytest(self, files: Sequence[Path], timeout: float = _LIMIT_S, **env: str) -> subprocess.CompletedProcess[str]:
        quiet = ("-q", "--tb=no", "-rfE", "-p", "no:cacheprovider")
        return self._run([self._chosen.python, "-m", "pytest", *quiet, *map(str, files)], timeout, **env)

    def _timed(self, command: Sequence[str], *, errors: bool = True, **env: str) -> tuple[float, str]:
        began = time.monotonic()
        try:
            run = self._run(command, **env)
            output = run.stdout + (run.stderr if errors else "")
        except subprocess.TimeoutExpired:
            output = "it did not end"
        return time.monotonic() - began, output

    def _run(self, command: Sequence[str], timeout: float = _LIMIT_S, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.root, env=self._env() | env, capture_output=True, text=True, timeout=timeout, check=False
        )

    def _env(self) -> dict[str, str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COVERAGE"))}
        return env | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(self.root)}

    @staticmethod
    def _tests_below(folder: Path) -> list[Path]:
        return sorted(
            file for file in folder.rglob("test_*.py") if "_out" not in file.parts or folder.name.endswith("_out")
        )


def _lengths(file: Path) -> list[int]:
    tree = ast.parse(file.read_text("utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    first = {one: min([one.lineno, *(mark.lineno for mark in one.decorator_list)]) for one in functions}
    return [(one.end_lineno or 0) - line + 1 for one, line in first.items() if one.name.startswith("test_")]


def line_of(row: Row) -> str:
    """Return the row as one line of a table."""
    green = f"{row.green}/{RERUNS}" if row.tests else "-"
    text = (
        f"{row.id:20} {row.tool:10} {row.percent:6.1f} {row.killed:4}/{row.mutants:<4} {row.tests:5} {row.lines:6.1f} "
    )
    return f"{text}{row.seconds:8.1f} {green:>6} {row.bugs:5} {row.note}".rstrip()


def summary(rows: Sequence[Row]) -> str:
    """Return the means by tool."""
    lines = [""]
    for tool in dict.fromkeys(row.tool for row in rows):
        own = [row for row in rows if row.tool == tool]
        percent = statistics.mean(row.percent for row in own)
        killed, mutants = sum(row.killed for row in own), sum(row.mutants for row in own)
        seconds = statistics.mean(row.seconds for row in own)
        always = sum(row.green == RERUNS for row in own if row.tests)
        lines.append(
            f"{tool}: {percent:.1f} % mean line+branch, {killed} of {mutants} mutants, {seconds:.0f} s a module, "
            f"{always} of {sum(bool(row.tests) for row in own)} modules green in all reruns"
        )
    return "\n".join(lines)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.cover", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("targets", type=Path)
    parser.add_argument("wheels", type=Path)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--sandbox", default="")
    parser.add_argument("--pynguin", default="")
    parser.add_argument("--crosshair", default="")
    parser.add_argument("--peer-seconds", type=int, default=120)
    parser.add_argument("--no-ours", action="store_true", help="only the other tools")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--results", type=Path)
    parser.add_argument("--keep", type=Path, help="folder to work in and leave as it is at the end")
    chosen = parser.parse_args()
    told = [json.loads(line) for line in chosen.targets.read_text("utf-8").splitlines() if line.strip()]
    targets = [Target(one["id"], one["module"], one["import_name"], one["dist"]) for one in told]
    tools = [*([] if chosen.no_ours else ["ours"]), *(one for one in ("pynguin", "crosshair") if getattr(chosen, one))]
    rows: list[Row] = []
    print(_HEADER)
    for target in targets:
        if chosen.only and target.id not in chosen.only:
            continue
        for name in tools:
            with tempfile.TemporaryDirectory(prefix="codemode-bench-") as scratch:
                folder = Path(scratch).resolve() if chosen.keep is None else (chosen.keep / name).resolve()
                folder.mkdir(parents=True, exist_ok=True)
                shutil.rmtree(folder / target.id, ignore_errors=True)
                work: Callable[[], Row] = getattr(Bench(target, chosen.wheels, folder, chosen), name)
                rows.append(work())
            print(line_of(rows[-1]), flush=True)
            if chosen.results:
                with chosen.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(rows[-1])) + "\n")
    print(summary(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
