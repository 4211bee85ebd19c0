"""A real suite with one bug put into it, so that one of its tests fails."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.suites import Copy
from pytest_codemode.core.outcome import Mode, Outcome, RunRequest
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.client import SandboxClient

_CHANGES = (
    (r" == ", " != "),
    (r" <= ", " < "),
    (r" < ", " <= "),
    (r" \+ ", " - "),
    (r"\bnot ", ""),
    (r"\bTrue\b", "False"),
    (r" and ", " or "),
    (r"\b1\b", "2"),
    (r"\breturn \S.*$", "return None"),
)
"""What is found -> what takes its place, once, on one line of a function."""
_MOST_PAIRS = 200
_TRIES_EACH = 3


@dataclass(frozen=True, slots=True)
class Planted:
    """The bug, as it stands in the copy now."""

    nodeid: str
    """The test that fails by it."""
    path: str
    lines: range
    """1-based lines of the function that it is in."""


def plant(copy: Copy, seed: int) -> tuple[Project, Planted]:
    """Put a bug into the copied suite: one drawn change in one drawn function that one drawn test executes.

    Raises:
        RuntimeError: nothing that was tried makes a test fail.
    """
    plain = copy.plain()
    project = replace(plain.project, workers=1)
    with SandboxClient(project) as sandbox:
        run = sandbox.run_tests(RunRequest(mode=Mode.WARM, record="functions"))
        pairs = [
            (result.nodeid, function)
            for result in run.results
            if result.outcome is Outcome.PASSED
            for function in result.functions
            if function.partition("::")[0] in plain.imported
        ]
        draw = random.Random(seed)
        for nodeid, function in draw.sample(pairs, min(len(pairs), _MOST_PAIRS)):
            path, _, qualname = function.partition("::")
            for source, lines in _tries(copy.root / path, qualname, draw):
                request = RunRequest((nodeid,), {path: source}, Mode.RELOAD, test_timeout_s=20.0)
                if [one.outcome for one in sandbox.run_tests(request).results] == [Outcome.FAILED]:
                    (copy.root / path).write_bytes(source)
                    return project, Planted(nodeid, path, lines)
    raise RuntimeError("no change that was tried makes a test fail")


def _tries(file: Path, qualname: str, draw: random.Random) -> Iterator[tuple[bytes, range]]:
    """Yield changed sources of a file, and the lines of the function that is changed."""
    text = file.read_text("utf-8")
    function = _function(ast.parse(text), qualname.split("."))
    if function is None or function.end_lineno is None:
        return
    lines = text.splitlines(keepends=True)
    places = range(function.body[0].lineno - 1, function.end_lineno)
    found = [(n, change) for n in places for change in _CHANGES if re.search(change[0], lines[n], re.MULTILINE)]
    for number, (pattern, new) in draw.sample(found, min(len(found), _TRIES_EACH)):
        changed = re.sub(pattern, new, lines[number], count=1, flags=re.MULTILINE)
        source = "".join([*lines[:number], changed, *lines[number + 1 :]])
        yield source.encode(), range(places.start + 1, places.stop + 1)


def _function(tree: ast.AST, names: list[str]) -> ast.FunctionDef | None:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == names[0]:
            if len(names) > 1:
                return _function(node, names[1:])
            return node if isinstance(node, ast.FunctionDef) else None
    return None
