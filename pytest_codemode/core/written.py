"""The model of a run that wrote tests: what they cover, how well they hold it, what is left and why, possible bugs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class WrittenTest:
    """One test function that was accepted."""

    path: str
    """Of its file, posix, relative to rootdir."""
    name: str
    function: str
    """`path::qualname` of what it tests."""
    cases: int
    """1, or the rows of its table."""
    origins: tuple[str, ...]
    """Where the inputs come from, as `core.exploring.Origin`; each once."""
    lines: tuple[int, ...]
    """1-based lines of the tested file that nothing executed before."""
    branches: int
    """Ways out of a line that nothing took before."""
    killed: int
    """Mutants of those lines that the test tells from the code."""


BugKind = Literal["docstring", "annotation", "round trip", "idempotence", "exception"]


@dataclass(frozen=True, slots=True)
class PossibleBug:
    """Behaviour that something else in the code contradicts. No test asserts it."""

    path: str
    line: int
    """1-based line of the function, or where its exception was raised."""
    function: str
    """Qualname."""
    kind: BugKind
    call: str
    """What reproduces it: Python source, imports and setup first, the call last."""
    expected: str
    """What contradicts it, as `str (its annotation)`."""
    actual: str


@dataclass(frozen=True, slots=True)
class Untested:
    """A function with gaps that are left, and why."""

    path: str
    function: str
    line: int
    missing: tuple[int, ...]
    """1-based lines that no test executes."""
    branches: int
    """Ways out of a line that no test takes."""
    reason: str
    """One phrase, as `no input came past line 41: `kind == "draft"``."""
    nearest: str = ""
    """The call that came nearest, as source text; empty if there was none."""


@dataclass(frozen=True, slots=True)
class CoverageOf:
    """One file's line and branch coverage by the whole selection, as `pytest --cov --cov-branch` counts it."""

    path: str
    before: float
    """Percent of statements and branches."""
    after: float
    statements: int
    branches: int
    missing_before: int
    """Statements and branches together."""
    missing_after: int


@dataclass(frozen=True, slots=True)
class CoverReport:
    """What came of `--codemode-cover`."""

    tests: tuple[WrittenTest, ...] = ()
    bugs: tuple[PossibleBug, ...] = ()
    untested: tuple[Untested, ...] = ()
    files: tuple[CoverageOf, ...] = ()
    """Those that were asked about and hold a statement, least covered first."""
    targets: int = 0
    """Functions with gaps, module levels included."""
    calls: int = 0
    """Calls that were tried out."""
    mutants: int = 0
    """Mutants of newly covered lines on which the accepted tests were run."""
    killed: int = 0
    """Those of them that a test fails on."""
    rejected: dict[str, int] | None = None
    """Why tests were dropped -> how many."""
    proof: str = ""
    """What the accepted tests went through, as `6 runs: alone, with the suite in two orders, ...`."""
