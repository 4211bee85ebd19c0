"""Does the search generate the known fix, and on which rank? Nothing is judged: the candidates are only compared.

    python -m bench.reach CASES... [--tasks FOLDER] [--limit N] [--python PY] [--only ID ...]

For each prepared case (see `bench.cases`) the repair localises as it would for a user, and the search is asked for
candidates; the table says on which rank the first one came that is the known fix, token for token (comments and
docstrings apart), how many there were, and how fast they came. The tasks are kept in FOLDER, so that a second run needs
no tests. A fix of several places is only found where one candidate makes all of it.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

from bench import asked
from bench.cases import Attempt, Case, cases_in, options
from pytest_codemode.core.codec import decode
from pytest_codemode.core.patch import AddImport, Applied, CreateModule, Edit, Patch, RemoveImport
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.edits.apply import apply
from pytest_codemode.proposers.search.engine import SearchProposer
from pytest_codemode.proposers.search.source import decode_source, parse_quietly

_PLUGIN = "codemode_bench_asked"
_WORD = re.compile(r"\w+")
_REACH = 60
"""Lines from the change at which an edit may begin that makes it, as that of a whole statement around it."""
_APART = 3
_MARKS = (10, 100, 1000, 5000)
"""Ranks that the summary counts up to."""


class Asking(Attempt):
    """One case in its scratch folder, localised but not repaired."""

    def tasks(self) -> tuple[RepairTask, ...]:
        """Return what the repair would ask its proposers."""
        shutil.copy(asked.__file__, self._scratch / "plugins" / f"{_PLUGIN}.py")
        kept = self._scratch / "tasks.json"
        self.extra = {asked.VARIABLE: str(kept), asked.ENGINE: sys.executable}
        ours = ["-p", "pytest_codemode.plugin", "-p", _PLUGIN, "--codemode-fix", "--codemode-proposer", "search"]
        ours += ["--codemode-sandbox", self._options.sandbox, "--codemode-budget", self._options.budget]
        _, output = self._pytest("repair", *ours)
        if not kept.exists():
            print(output[-2000:])
            return ()
        return decode(tuple[RepairTask, ...], json.loads(kept.read_text("utf-8")), "tasks")


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the known fix came."""

    case: Case
    rank: int = 0
    """Counted from 1; 0 if it did not come."""
    operator: str = ""
    candidates: int = 0
    """How many there were up to the limit, the fix included or not."""
    seconds: float = 0.0
    """What it took to generate them, in processor time."""
    tasks: int = 0

    @property
    def line(self) -> str:
        """The row of the table."""
        rank = str(self.rank or "-")
        rate = self.candidates / self.seconds if self.seconds else 0
        return f"{self.case.id:34} {rank:>6} {self.candidates:7} {rate:8.0f} {self.operator or '-':24} {self.tasks}"


class Target:
    """The known fix of one file, compared without parsing the whole file for each candidate."""

    def __init__(self, old: bytes, new: bytes) -> None:
        self._old, fixed = decode_source(old), decode_source(new)
        self._fixed = fixed
        self._words = set(_WORD.findall(fixed))
        self._first, self._last = _changed_lines(self._old.split("\n"), fixed.split("\n"))
        body, other = _code(self._old), _code(fixed)
        mine, theirs = [_dump(node) for node in body], [_dump(node) for node in other]
        self._whole = theirs
        head = _shared(mine, theirs)
        tail = _shared(mine[head:][::-1], theirs[head:][::-1])
        self._wanted = theirs[head : len(theirs) - tail]
        lines = self._old.split("\n")
        before = _end(body[head - 1]) if head else 0
        after = _start(body[len(mine) - tail]) - 1 if tail else len(lines)
        self._before = "\n".join(lines[:before])
        self._after = "\n".join(lines[after:])

    @cached_property
    def places(self) -> int:
        """How many places of the file the fix changes, `_APART` lines of code or more between them."""
        old, new = (ast.unparse(ast.Module(_code(text), [])).split("\n") for text in (self._old, self._fixed))
        changed = [tag for tag in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if tag[0] != "equal"]
        return sum(1 for at, tag in enumerate(changed) if not at or tag[1] - changed[at - 1][2] >= _APART)

    def possible(self, edit: Edit) -> bool:
        """Return whether the edit may be part of the fix: no word that the fixed file lacks, and near the change.

        Applying a candidate compiles the file; nearly all of them need not be applied to be told from the fix.
        """
        text = getattr(edit, "new", "") or getattr(edit, "source", "")
        line = getattr(edit, "line", 0)
        if line and not self._first - _REACH <= line <= self._last + _REACH:
            return False
        if not set(_WORD.findall(text)) <= self._words:
            return False
        return getattr(edit, "header_only", False) or self._has(text)

    def _has(self, text: str) -> bool:
        """Return whether the fixed file has each statement of `text`, or it is no code that stands alone."""
        try:
            body = parse_quietly(textwrap.dedent(text)).body
        except (SyntaxError, ValueError):
            return True
        parts = [node.value if isinstance(node, ast.Expr) else node for node in body]
        if all(isinstance(part, ast.Name | ast.Constant) for part in parts):
            return True  # may be the name of an attribute, or a part of something
        return all(_shape(part) in self._shapes for part in parts)

    @cached_property
    def _shapes(self) -> set[str]:
        nodes = ast.walk(parse_quietly(self._fixed))
        return {_shape(node) for node in nodes if isinstance(node, ast.stmt | ast.expr)}

    def hit(self, new: bytes) -> bool:
        """Return whether `new` is the fixed file."""
        text = decode_source(new)
        if not (text.startswith(self._before) and text.endswith(self._after)):
            return False
        part = text[len(self._before) : len(text) - len(self._after)]
        return [_dump(node) for node in _code(part)] == self._wanted

    def hit_anywhere(self, new: bytes) -> bool:
        """Return the same for a change that may lie far from the fix, as an import."""
        return [_dump(node) for node in _code(decode_source(new))] == self._whole


def _shape(node: ast.AST) -> str:
    """Return the code as text, whether it is read or stored."""
    return ast.dump(node).replace("ctx=Store()", "ctx=Load()")


def _code(text: str) -> list[ast.stmt]:
    """Return the statements of a module without those that are texts only."""
    return [node for node in parse_quietly(text).body if not _is_text(node)]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _changed_lines(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return the first and the last line of `old` that is not in `new` at its place, 1-based."""
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    return head + 1, max(head + 1, len(old) - tail)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


def _start(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _dump(node: ast.stmt) -> str:
    """Return the statement as text, without docstrings."""
    for inner in ast.walk(node):
        body = getattr(inner, "body", None)
        documented = isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if documented and isinstance(body, list) and len(body) > 1 and _is_text(body[0]):
            del body[0]
    return ast.dump(node)


def reach(case: Case, tasks: Sequence[RepairTask], limit: int) -> Reach:
    """Return the best rank over the tasks of the case."""
    found = [_reach(case, task, limit, len(tasks)) for task in tasks]
    hits = [one for one in found if one.rank]
    return min(hits or found, key=lambda one: (one.rank, -one.candidates), default=Reach(case))


def _reach(case: Case, task: RepairTask, limit: int, tasks: int) -> Reach:
    fixed = {path: (case.folder / "fixed" / path).read_bytes() for path in case.sources}
    targets = {
        p: Target(task.sources.get(p) or (case.folder / "tree" / p).read_bytes(), new) for p, new in fixed.items()
    }
    changed = {path for path, target in targets.items() if not target.hit((case.folder / "tree" / path).read_bytes())}
    count, seconds = 0, 0.0
    for batch, spent in _batches(task, limit):
        seconds += spent
        for patch in batch:
            count += 1
            if set(patch.paths) == changed and _is_fix(patch, task, targets):
                return Reach(case, count, patch.template, count, seconds, tasks)
    return Reach(case, 0, "", count, seconds, tasks)


def _batches(task: RepairTask, limit: int) -> Iterator[tuple[tuple[Patch, ...], float]]:
    """Yield what the search proposes, and the processor time that each batch took."""
    proposals = SearchProposer(max_candidates=limit).propose(task)
    trials: tuple[Trial, ...] | None = None
    while True:
        started = time.process_time()
        try:
            batch = next(proposals) if trials is None else proposals.send(trials)
        except StopIteration:
            return
        yield batch, time.process_time() - started
        trials = tuple(Trial(patch, Verdict.FAILED) for patch in batch)


def _is_fix(patch: Patch, task: RepairTask, targets: dict[str, Target]) -> bool:
    small = all(getattr(edit, "source", "").count("\n") < _APART for edit in patch.edits)
    if small and len(patch.edits) < sum(targets[path].places for path in patch.paths if path in targets):
        return False
    if not all(edit.path in targets and targets[edit.path].possible(edit) for edit in patch.edits):
        return False
    result = apply(patch, task.sources.get)
    if not isinstance(result, Applied):
        return False
    wide = any(isinstance(edit, AddImport | RemoveImport | CreateModule) for edit in patch.edits)
    return all(
        path in targets and (targets[path].hit_anywhere(new) if wide else _hit(targets[path], new))
        for path, new in result.files.items()
    )


def _hit(target: Target, new: bytes) -> bool:
    try:
        return target.hit(new)
    except SyntaxError:
        return False


def summary(found: Sequence[Reach]) -> str:
    """Return how many known fixes came within each mark."""
    counts = [f"within {mark}: {sum(0 < one.rank <= mark for one in found)}" for mark in _MARKS]
    total, seconds = sum(one.candidates for one in found), sum(one.seconds for one in found)
    speed = f"{total / seconds:.0f} candidates a second" if seconds else "nothing generated"
    return f"{len(found)} cases; known fix {', '.join(counts)}; {speed}"


def _tasks_of(case: Case, given: argparse.Namespace) -> tuple[RepairTask, ...]:
    kept = given.tasks / f"{case.id}.json" if given.tasks else None
    if kept is not None and kept.exists():
        return decode(tuple[RepairTask, ...], json.loads(kept.read_text("utf-8")), "tasks")
    with tempfile.TemporaryDirectory(prefix="codemode-bench-", dir=given.scratch) as name:
        scratch = Path(name).resolve()
        tasks = Asking(case, scratch, given).tasks()
        if kept is not None and scratch.joinpath("tasks.json").exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(scratch / "tasks.json", kept)
    return tasks


def main() -> None:
    """Print the table."""
    parser = options("bench.reach", __doc__ or "", "time=3m")
    parser.add_argument("--tasks", type=Path, metavar="FOLDER", help="keep the localised tasks here and use them again")
    parser.add_argument("--limit", type=int, default=5000, metavar="N", help="candidates a case (default: 5000)")
    given = parser.parse_args()
    print(f"{'case':34} {'rank':>6} {'of':>7} {'a second':>8} {'operator':24} tasks")
    found = []
    for case in cases_in(given.cases, given.only or (), suite=given.suite):
        found.append(reach(case, _tasks_of(case, given), given.limit))
        print(found[-1].line, flush=True)
    print(summary(found))


if __name__ == "__main__":
    main()
