"""Tasks made by hand."""

from __future__ import annotations

import textwrap

from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.task import RepairTask

PATH = "pkg/subject.py"
TEST_PATH = "tests/test_subject.py"


def failure(
    exception: str = "AssertionError",
    message: str = "",
    *,
    left: str = "",
    right: str = "",
    line: int = 0,
    nodeid: str = f"{TEST_PATH}::test_it",
    local: dict[str, str] | None = None,
    function: str = "f",
) -> Failure:
    frames = (Frame(PATH, line, function, local or {}),) if line else ()
    operator = "==" if left else ""
    return Failure(nodeid, Phase.CALL, exception, message, frames, left=left, operator=operator, right=right)


def task(
    source: str,
    *failures: Failure,
    lines: tuple[int, ...] | None = None,
    tests: str = "",
    others: dict[str, str] | None = None,
) -> RepairTask:
    """Return a task whose suspects are `lines` of `source` (all of them by default), equally suspicious."""
    text = textwrap.dedent(source).lstrip("\n")
    count = len(text.splitlines())
    suspects = tuple(Suspect(PATH, line, 1.0) for line in lines or range(1, count + 1))
    sources = {PATH: text.encode(), **{path: value.encode() for path, value in (others or {}).items()}}
    return RepairTask("t1", failures or (failure(),), suspects, sources, {TEST_PATH: tests.encode()})
