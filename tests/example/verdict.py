"""Judges a repaired copy of `example_project`: what was fixed, and whether anything else was touched."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.example.bugs import BUGS, CONTRADICTION, EXAMPLE, FLAKY, JUNK, Bug

MARGIN = 2
"""By how many lines an edit may lie beside the lines of its bug: there is more than one place for a guard."""

RUN_TIMEOUT_S = 120
"""Wall clock of one run of the project's tests, which takes about a second."""

_SUMMARY = re.compile(r"(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS) (tests/\S.*?)(?: - .*)?")

Outcomes = Mapping[str, str]
"""Node id -> `passed`, `failed`, `error`, `skipped`, `xfail` or `xpass`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a tree."""

    fixed: tuple[str, ...]
    """Ids of the bugs whose tests all pass."""
    problems: tuple[str, ...]
    """One sentence each; empty if the tree is just what it should be."""


def plain_environment() -> dict[str, str]:
    """Return this environment without what belongs to a surrounding pytest or could hold a key for a model."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ANTHROPIC_", "CLAUDE_", "PYTEST_", "COV_CORE_", "CODEMODE_"))
    }


def run_tests(tree: Path) -> dict[str, str]:
    """Run the tests of a tree in a fresh process and return the outcome of each.

    Raises:
        RuntimeError: pytest did not get as far as a result.
    """
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-rA", "--tb=no"]
    switched_off = ["-p", "no:cacheprovider", "-p", "no:codemode", "-p", "no:randomly"]
    done = subprocess.run(
        [*command, *switched_off],
        cwd=tree,
        env=plain_environment() | {"COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    matches = (_SUMMARY.fullmatch(line) for line in done.stdout.splitlines())
    return {match[2]: match[1].lower() for match in matches if match}


def failing(outcomes: Outcomes) -> set[str]:
    """Return the node ids that did not pass."""
    return {nodeid for nodeid, outcome in outcomes.items() if outcome != "passed"}


def fixed_bugs(outcomes: Outcomes) -> tuple[str, ...]:
    """Return the ids of the bugs whose tests all pass."""

    def tests_of(bug: Bug) -> tuple[str, ...]:
        return bug.hidden or bug.failing

    return tuple(bug.id for bug in BUGS if all(outcomes.get(nodeid) == "passed" for nodeid in tests_of(bug)))


def judge(tree: Path) -> Verdict:
    """Run the tests of a repaired copy of the project and compare its files with the original."""
    outcomes = run_tests(tree)
    fixed = fixed_bugs(outcomes)
    return Verdict(fixed, (*_test_problems(outcomes, fixed), *diff_problems(tree)))


def _test_problems(outcomes: Outcomes, fixed: tuple[str, ...]) -> Iterator[str]:
    expected_to_fail = {CONTRADICTION[1]}
    known = {FLAKY}
    for bug in BUGS:
        known.update(bug.failing)
        if bug.id not in fixed:
            expected_to_fail.update(bug.failing)
        if bug.by_search and bug.id not in fixed:
            yield f"not fixed: {bug.id} ({bug.kind}) in {bug.path}"
        if not bug.by_search and bug.id in fixed:
            yield f"passes without the rewrite it needs: {bug.id} ({bug.kind}) in {bug.path}"
    if outcomes.get(CONTRADICTION[1]) == "passed":
        yield f"passes, although another test contradicts it: {CONTRADICTION[1]}"
    for nodeid in sorted(failing(outcomes) - expected_to_fail - known):
        yield f"no longer passes: {nodeid}"
    for nodeid in sorted(_all_tests() - outcomes.keys()):
        yield f"was not run: {nodeid}"


def _all_tests() -> set[str]:
    """Return the node ids of tests that the table names; one that vanished is a test that was got rid of."""
    named = {nodeid for bug in BUGS if not bug.hidden for nodeid in bug.failing}
    return named | {FLAKY, *CONTRADICTION}


def diff_problems(tree: Path) -> Iterator[str]:
    """Yield what differs from the original project beyond the lines of the bugs that search is to fix."""
    before, after = _files(EXAMPLE), _files(tree)
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            yield f"deleted: {path}"
        elif path not in before:
            yield f"created: {path}"
        elif before[path] != after[path]:
            yield from _file_problems(path, before[path], after[path])


def _file_problems(path: str, before: bytes, after: bytes) -> Iterator[str]:
    source = before.decode()
    spans = [bug.span(source) for bug in BUGS if bug.path == path and bug.by_search]
    if not spans:
        yield f"changed, although no bug for search is there: {path}"
        return
    for first, last in changed_lines(source, after.decode()):
        if not any(start - MARGIN <= first and last <= end + MARGIN for start, end in spans):
            yield f"changed away from any bug: {path}:{first}"


def changed_lines(before: str, after: str) -> Iterator[tuple[int, int]]:
    """Yield first and last 1-based line of `before` of every change; for an insertion the line it stands behind."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    for tag, start, end, _, _ in matcher.get_opcodes():
        if tag != "equal":
            yield (start + 1, end) if end > start else (start, start)


def _files(root: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for folder, subfolders, names in os.walk(root):
        ignored = JUNK(folder, [*subfolders, *names])
        subfolders[:] = [name for name in subfolders if name not in ignored]
        for name in names:
            if name not in ignored:
                path = Path(folder, name)
                found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found
