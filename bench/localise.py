"""How high does localisation rank the place of the known fix, and what does each kind of evidence contribute?

    python -m bench.localise CASES... [--python PY] [--only ID ...] [--every N [--first N]] [--results FILE]

Each of CASES is a folder of prepared cases (see `bench.cases`), or one such case. The tests run in the sandbox as for a
repair; the fix is looked at only to measure. A place is a statement: what the fix changes or deletes, and of pure
insertions the statements on both sides. Of statements with equal scores the middle rank counts. Where the failures
fall into several causes, the best of their rankings counts, for every column alike.
"""

from __future__ import annotations

import argparse
import difflib
import json
import math
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from bench.cases import Case, Results, cases_in
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.project import Limits, Project
from pytest_codemode.core.suspicion import Location, Suspect, ordered, rank
from pytest_codemode.core.task import RepairTask
from pytest_codemode.launch.arguments import for_sandbox
from pytest_codemode.repair.localisation.code import Code
from pytest_codemode.repair.localisation.evidence import Evidence
from pytest_codemode.repair.localisation.scoring import ranked
from pytest_codemode.repair.localisation.weights import Weights
from pytest_codemode.repair.localise import examine
from pytest_codemode.repair.session import RepairSession
from pytest_codemode.sandbox.client import SandboxClient

Ranking = Callable[[Evidence], tuple[Suspect, ...]]
TOPS = (1, 3, 5, 10)
_TEST_S = 20.0
_ALL = Weights()


def _with(**changes: float) -> Ranking:
    return lambda evidence: ranked(evidence, replace(_ALL, **changes))


def plain_ochiai(evidence: Evidence) -> tuple[Suspect, ...]:
    """Return the ranking by the spectra alone."""
    return ordered(rank(evidence.failing.values(), evidence.passing.values()), {})


def traceback_only(evidence: Evidence) -> tuple[Suspect, ...]:
    """Return the lines of the tracebacks, innermost first, as a reader of the report would take them up."""
    scores: dict[Location, float] = {}
    for failure in evidence.failures:
        frames = [frame for frame in failure.frames if frame.line > 0 and evidence.editable(frame.path)]
        for distance, frame in enumerate(reversed(frames), 1):
            at = frame.path, evidence.code(frame.path).first_line(frame.line)
            scores[at] = max(scores.get(at, 0.0), 1 / distance)
    return ordered(scores, {})


COLUMNS: dict[str, Ranking] = {
    "all": _with(),
    "ochiai": plain_ochiai,
    "traceback": traceback_only,
    "-trace": _with(innermost=0.0, on_purpose=0.0, in_trace=0.0, trace_alone=0.0),
    "-values": _with(values=0.0),
    "-asserted": _with(sliced=1.0, set_up=1.0, unseen=1.0),
    "-siblings": _with(siblings=0.0),
    "-deciding": _with(deciding=0.0),
    "-referred": _with(referred=0.0),
    "-loops": _with(loop=0.0, loop_head=0.0),
    "-texts": _with(text=0.0),
    "-kinds": _with(kind_of_statement=0.0),
}
"""What is measured; a minus leaves one kind of evidence out."""


@dataclass(slots=True)
class Row:
    """One case."""

    id: str
    lines: dict[str, float | None] = field(default_factory=dict)
    """Column -> rank of the first statement that the fix changes; None if it is not in the ranking."""
    functions: dict[str, float | None] = field(default_factory=dict)
    """The same of functions, each at its first statement; the module level of a file counts as one."""
    candidates: int = 0
    """Statements in the ranking."""
    seconds: float = 0.0
    """Of the evidence alone."""
    survey_s: float = 0.0
    causes: int = 0
    problem: str = ""


def measured(case: Case, scratch: Path, options: argparse.Namespace) -> Row:
    """Localise in a copy of the case and compare with its fix."""
    row = Row(case.id)
    root = scratch / "tree"
    shutil.copytree(case.folder / "tree", root, symlinks=True)
    try:
        with SandboxClient(project_of(case, root, options)) as sandbox:
            _measure(row, case, sandbox, project_of(case, root, options))
    except CodemodeError as problem:
        row.problem = str(problem)
    return row


def _measure(row: Row, case: Case, sandbox: SandboxClient, project: Project) -> None:
    started = time.perf_counter()
    session = RepairSession(project, sandbox, _no_vetoes, ())
    survey = session.survey()
    row.survey_s = time.perf_counter() - started
    tasks = [task for task in survey.tasks if _concerns(task, case)]
    row.causes = len(tasks)
    truth = changed_places(case)
    if not tasks or not truth:
        row.problem = "no failing test of the case fails" if truth else "the fix changes no statement that is there"
        return
    for task in tasks:
        began = time.perf_counter()
        evidence = examine(sandbox, task.failures, survey.tests, survey.tree.read, task.sources.__contains__)
        row.seconds += time.perf_counter() - began
        for name, ranking in COLUMNS.items():
            suspects = ranking(evidence)
            row.candidates = max(row.candidates, len(suspects))
            row.lines[name] = _better(row.lines.get(name), rank_of(suspects, truth, _itself))
            places = {_function(evidence.code, at) for at in truth}
            found = rank_of(_first_of_each(suspects, evidence.code), places, _itself)
            row.functions[name] = _better(row.functions.get(name), found)


def _concerns(task: RepairTask, case: Case) -> bool:
    files = {nodeid.partition("::")[0] for nodeid in case.failing}
    wanted: Iterable[Failure] = task.failures
    return any(one.nodeid in case.failing or one.nodeid in files for one in wanted)


def _no_vetoes(*_: object) -> tuple[None, None]:  # nothing is judged here
    raise NotImplementedError


def project_of(case: Case, root: Path, options: argparse.Namespace) -> Project:
    """Return the case's copy as its test command runs it."""
    words = shlex.split(case.command)
    begin = words.index("python")
    settings = dict(word.split("=", 1) for word in words[:begin])
    env = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **settings}
    asked = [options.python, "-P", "-c", "import json, sys; print(json.dumps(sys.path))"]
    entries = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout)
    arguments = words[words.index("pytest") + 1 :]
    return Project(
        rootdir=str(root),
        invocation_dir=str(root),
        python=options.python,
        pytest_args=for_sandbox(arguments, root),
        cwd_on_path=True,
        env=env,
        sys_path=tuple(entry for entry in entries if Path(entry).is_absolute() and Path(entry).exists()),
        level=options.sandbox,
        workers=1,
        limits=Limits(test_s=_TEST_S),
    )


def changed_places(case: Case) -> set[Location]:
    """Return the statements of the buggy tree that the fix changes, deletes or stands beside."""
    return {place for path in case.sources for place in _changed(case, path)}


def _changed(case: Case, path: str) -> Iterator[Location]:
    old, new = case.folder / "tree" / path, case.folder / "fixed" / path
    if not old.exists() or not new.exists() or not path.endswith(".py"):
        return
    data = old.read_bytes()
    code, fixed = Code(data), Code(new.read_bytes())
    before, after = (_significant(p.read_bytes()) for p in (old, new))
    matcher = difflib.SequenceMatcher(None, [text for _, text in before], [text for _, text in after], autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag == "equal":
            continue
        real = [line for line, _ in before[start:end] if _is_code(code, line)]
        if not real and any(_is_code(fixed, line) for line, _ in after[first:last]):
            # nothing but new: the nearest statements on both sides
            above = (line for line, _ in reversed(before[:start]) if _is_code(code, line))
            below = (line for line, _ in before[end:] if _is_code(code, line))
            real = [*islice(above, 1), *islice(below, 1)]
        for line in real:
            yield path, code.first_line(line)


def _is_code(code: Code, line: int) -> bool:
    return code.at(line) is not None and not code.is_text(line)


def _significant(data: bytes) -> list[tuple[int, str]]:
    """Return (line, text) of the lines that are neither empty nor a comment."""
    lines = enumerate(data.decode("utf-8", "replace").splitlines(), 1)
    return [(number, text) for number, text in lines if text.strip() and not text.strip().startswith("#")]


def rank_of(suspects: Iterable[Suspect], truth: set[Location], key: Callable[[Suspect], Location]) -> float | None:
    """Return the rank of the first suspect in `truth`, the middle one of those with its score; None if absent."""
    listed = [(round(one.score, 9), key(one)) for one in suspects]
    best = max((score for score, at in listed if at in truth), default=None)
    if best is None:
        return None
    above = sum(score > best for score, _ in listed)
    return above + (sum(score == best for score, _ in listed) + 1) / 2


def _itself(suspect: Suspect) -> Location:
    return suspect.path, suspect.line


def _function(code: Callable[[str], Code], at: Location) -> Location:
    """Return where the function around a place begins, line 0 for the module level."""
    name = code(at[0]).function_at(at[1])
    function = code(at[0]).function(name) if name else None
    return at[0], function.lineno if function is not None else 0


def _first_of_each(suspects: Iterable[Suspect], code: Callable[[str], Code]) -> list[Suspect]:
    found: dict[Location, Suspect] = {}
    for suspect in suspects:
        path, line = _function(code, (suspect.path, suspect.line))
        found.setdefault((path, line), replace(suspect, line=line))
    return list(found.values())


def _better(known: float | None, found: float | None) -> float | None:
    ranks = [one for one in (known, found) if one is not None]
    return min(ranks, default=None)


def line_of(row: Row) -> str:
    """Return a case as one line of the table."""
    if row.problem:
        return f"{row.id:<32} {row.problem}"
    cells = " ".join(f"{_shown(row.lines.get(name)):>9}" for name in COLUMNS)
    return f"{row.id:<32} {cells} {_shown(row.functions.get('all')):>6} {row.candidates:>6} {row.seconds:>6.1f}"


def _shown(found: float | None) -> str:
    return "-" if found is None else f"{found:g}"


def summary(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the table of what each column finds among the first places."""
    good = [row for row in rows if not row.problem]
    for title, ranks in (("statements", lambda row: row.lines), ("functions", lambda row: row.functions)):
        yield ""
        yield f"{title + f', {len(good)} cases':<24}" + "".join(f"{'top-' + str(top):>8}" for top in TOPS) + "     MRR"
        for name in COLUMNS:
            found = [ranks(row).get(name) or math.inf for row in good]
            cells = "".join(f"{sum(one <= top for one in found):>8}" for top in TOPS)
            mean = sum(1 / one for one in found) / len(found) if found else 0.0
            yield f"{name:<24}{cells}{mean:>8.3f}"


def main() -> None:
    """Print the rank of each case, then what each column finds."""
    parser = argparse.ArgumentParser(prog="python -m bench.localise", description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path, nargs="+", metavar="CASES", help="folder of prepared cases, or one case")
    parser.add_argument("--python", default=sys.executable, help="interpreter with the projects' requirements")
    parser.add_argument("--only", nargs="+", metavar="ID", help="cases, or the beginnings of their names")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th case, as a sample")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="the first case of the sample, from 0")
    parser.add_argument("--sandbox", default="auto", metavar="LEVEL")
    parser.add_argument("--scratch", metavar="DIR", help="where copies are made (default: the temporary folder)")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep findings here, and run only what is missing")
    options = parser.parse_args()
    results = Results(options.results, Row, lambda row: row.id, line_of)
    cases = cases_in(options.cases, options.only or ())[options.first :: options.every]
    print(f"{'case':<32} " + " ".join(f"{name:>9}" for name in COLUMNS) + "   func places  secs")
    results.fill(
        [case for case in cases if not results.known(case.id)],
        lambda case, scratch: measured(case, scratch, options),
        1,
        options.scratch,
    )
    wanted = {case.id for case in cases}
    print("\n".join(summary(row for row in results.rows if row.id in wanted)))


if __name__ == "__main__":
    main()
