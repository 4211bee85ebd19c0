"""What the sandbox is asked and what it answers: plain data, the same on every side of MCP."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Literal

from pytest_codemode.core.failure import Failure


class Outcome(enum.Enum):
    """How a test ended, decided by the supervisor (exit status, time, reports), never by what the code printed."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    """The process that ran the test died or stopped answering."""
    MISSING = "missing"
    """Asked for, but not collected, or never reported."""

    @property
    def green(self) -> bool:
        """Whether the test passed for real (an xfail or a skip is no pass)."""
        return self is Outcome.PASSED


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test of one run."""

    nodeid: str
    outcome: Outcome
    duration_s: float = 0.0
    failures: tuple[Failure, ...] = ()
    functions: tuple[str, ...] = ()
    """`path::qualname` of each project function that ran, on request."""
    lines: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Path -> 1-based lines executed, on request."""

    __test__ = False


class Mode(enum.Enum):
    """Where a run starts from."""

    WARM = "warm"
    """A fork of the process that holds the collected session: the tree must be unpatched."""
    RELOAD = "reload"
    """A fork of a process with pytest but no project module; patched files on disk."""
    COLD = "cold"
    """A fresh interpreter in a fresh sandbox, patched files on disk, the tree writable (and thrown away)."""


Record = Literal["nothing", "functions", "lines"]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One run of tests."""

    nodeids: tuple[str, ...] | None = None
    """None: the user's whole selection."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Patched files: posix path relative to rootdir -> bytes."""
    mode: Mode = Mode.WARM
    record: Record = "nothing"
    line_paths: tuple[str, ...] = ()
    """With `record="lines"`: the files whose lines are wanted."""
    stop_at_failure: bool = False
    order_seed: int | None = None
    """Shuffle the tests with this seed; None keeps the collected order."""
    hash_seed: int | None = None
    """PYTHONHASHSEED of a cold run; None keeps the user's."""
    canary: str = ""
    """Name of a test that is added to the run and must fail; empty for none."""
    timeout_s: float | None = None
    """Wall clock of the whole run; None for the sandbox's default."""
    test_timeout_s: float | None = None
    """Wall clock per test; None for the sandbox's default."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a `RunRequest`."""

    status: Literal["finished", "killed", "failed"]
    """`killed`: a limit ended it, `failed`: the run could not start; results of finished tests are kept."""
    results: tuple[TestResult, ...]
    collection_errors: tuple[Failure, ...] = ()
    reason: str = ""
    """Why it was killed or failed, one sentence, as `killed: memory limit of 512 MiB`."""
    canary_failed: bool | None = None
    """None where no canary was asked for."""
    duration_s: float = 0.0
    output: str = ""
    """What the run printed outside any test, bounded."""

    def by_nodeid(self) -> dict[str, TestResult]:
        """Return the results by node id."""
        return {result.nodeid: result for result in self.results}


@dataclass(frozen=True, slots=True)
class Swap:
    """A function's new source, to be compiled alone and put in place of the live code object."""

    path: str
    qualname: str
    """Outermost function of the edit, as `Cart.total`: class names and one function name."""
    line: int
    """1-based line of the `def` keyword's line in the patched file."""
    source: str
    """The def's lines as they stand in the patched file (indentation kept, decorators left out)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One patch to try."""

    key: str
    files: dict[str, bytes]
    """All patched files."""
    swaps: tuple[Swap, ...] = ()
    """Non-empty: the patch changes only these functions' bodies, so that it may be tried by hot swap."""


@dataclass(frozen=True, slots=True)
class TryRequest:
    """Try candidates on some tests; for each the tests run in the given order up to the first that is not green."""

    candidates: tuple[Candidate, ...]
    nodeids: tuple[str, ...]
    test_timeout_s: float | None = None
    """Wall clock per test; None for the sandbox's default."""
    stop_at_pass: bool = False
    """Leave out the rest after the first candidate that passes them all."""


@dataclass(frozen=True, slots=True)
class TryResult:
    """What came of one candidate."""

    key: str
    status: Literal["passed", "failed", "timeout", "crashed", "not tried"]
    strategy: Literal["swap", "reload"]
    results: tuple[TestResult, ...] = ()
    """Results up to the first test that is not green; failures are slim (no frames)."""
    reason: str = ""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Collection:
    """What pytest collects from the unpatched tree."""

    nodeids: tuple[str, ...]
    errors: tuple[Failure, ...] = ()
    status: Literal["finished", "killed", "failed"] = "finished"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of one piece of code."""

    status: Literal["finished", "killed"]
    exit_code: int | None
    stdout: str
    stderr: str
    reason: str = ""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a sandbox really enforces here, each one shown by a canary."""

    private_writes: bool = False
    hidden_proc: bool = False
    no_network: bool = False
    no_unix_sockets: bool = False
    no_signals_out: bool = False
    process_limit: bool = False
    memory_limit: bool = False
    disk_limit: bool = False


@dataclass(frozen=True, slots=True)
class SandboxInfo:
    """The level in force, and what it is worth."""

    level: str
    """`container`, `namespaces`, `landlock`, `seatbelt` or `none`."""
    capabilities: Capabilities
    notes: tuple[str, ...] = ()
    """Why a better level is not in force, with the remedy; one sentence each."""
    python: str = ""
    """Version of the project's interpreter."""
