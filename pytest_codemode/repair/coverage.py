"""Line coverage of the changed files, before and after: something to look at in the report, no part of the proof."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from coverage.exceptions import NotPython
from coverage.parser import PythonParser

from pytest_codemode.core.outcome import AffectedRequest, Mode, RunRequest, RunResult
from pytest_codemode.core.patch import Files
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.report import FileCoverage, LineCoverage
from pytest_codemode.edits.text import SourceError, decode_source

WITHIN_S = 20.0
"""Tests beyond this much recorded time are left out; recording lines can make them several times slower."""
NOT_COUNTED = r"#\s*(pragma|PRAGMA)[:\s]?\s*(no|NO)\s*(cover|COVER)"
"""coverage.py's own default for lines that nobody expects to be executed."""


def covered_lines(
    sandbox: Sandbox, before: Mapping[str, bytes | None], after: Files, also: Iterable[str] = ()
) -> tuple[FileCoverage, ...]:
    """Return which lines of the changed files the tests run that need them, without the changes and with them.

    Args:
        sandbox: of the unpatched tree.
        before: path -> the bytes on disk, None for a new file.
        after: the changed files.
        also: tests that count in any case, as the ones that were repaired.

    Raises:
        SandboxError: the sandbox died.
    """
    paths = tuple(sorted(path for path in after if path.endswith(".py")))
    if not paths:
        return ()
    sandbox.refresh({})
    nodeids = tuple(dict.fromkeys((*also, *_quickest(sandbox, [path for path in paths if before.get(path)]))))
    runs = [
        sandbox.run_tests(RunRequest(nodeids, files, mode, record="lines", line_paths=paths, timeout_s=WITHIN_S))
        for files, mode in (({}, Mode.WARM), (dict(after), Mode.RELOAD))
    ]
    if any(run.status != "finished" for run in runs):
        return ()
    return tuple(_of_file(path, before.get(path), after[path], runs, len(nodeids)) for path in paths)


def _quickest(sandbox: Sandbox, paths: Sequence[str]) -> Iterable[str]:
    """Yield the tests that execute one of the files, quickest first, as far as there is time for them."""
    total = 0.0
    found = sandbox.affected_tests(AffectedRequest(paths=tuple(paths))).tests if paths else ()
    for test in sorted(found, key=lambda test: (test.duration_s, test.nodeid)):
        total += test.duration_s
        if total > WITHIN_S:
            return
        yield test.nodeid


def _of_file(path: str, old: bytes | None, new: bytes, runs: Sequence[RunResult], tests: int) -> FileCoverage:
    executed = [frozenset(line for result in run.results for line in result.lines.get(path, ())) for run in runs]
    before = None if old is None else _of_lines(old, executed[0])
    return FileCoverage(path, before, _of_lines(new, executed[1]), tests)


def _of_lines(source: bytes, executed: frozenset[int]) -> LineCoverage:
    try:
        text = decode_source(source).text
        parser = PythonParser(text=text or "\n", exclude=NOT_COUNTED)
        parser.parse_source()
        statements = parser.statements & _in_functions(text)
    except (
        NotPython,
        SourceError,
        SyntaxError,
        ValueError,
        RecursionError,
    ):  # newer than this, or broken
        return LineCoverage(tuple(sorted(executed)), ())
    ran = parser.translate_lines(executed) & statements
    return LineCoverage(tuple(sorted(ran)), tuple(sorted(statements - ran)))


def _in_functions(source: str) -> frozenset[int]:
    """Return the lines of all function bodies: what runs at import has run before any test, or not, as it happens."""
    functions = (one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    bodies = (range(one.body[0].lineno, (one.end_lineno or one.lineno) + 1) for one in functions)
    return frozenset(line for body in bodies for line in body)
