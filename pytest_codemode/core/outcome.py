"""What the sandbox is asked and what it answers: plain data, the same on every side of MCP."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Literal

from pytest_codemode.core.calls import CallSeen
from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.observed import Values


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
class Capabilities:
    """What a sandbox really enforces here, each one shown by a canary."""

    private_writes: bool = False
    private_metadata: bool = False
    """Modes, times and owners of files outside stay as they are."""
    hidden_proc: bool = False
    no_network: bool = False
    no_unix_sockets: bool = False
    no_signals_out: bool = False
    process_limit: bool = False
    memory_limit: bool = False
    disk_limit: bool = False


@dataclass(frozen=True, slots=True)
class InForce:
    """How well what was run was fenced in."""

    level: str
    """As in `SandboxInfo`."""
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class PhaseResult:
    """One phase of one test; what it failed by is among the test's failures."""

    when: Phase
    outcome: Literal["passed", "failed", "skipped"]
    """As pytest's own report says; a call that failed as expected (xfail) is skipped."""
    duration_s: float = 0.0
    output: str = ""
    """Captured stdout, stderr and log of the phase, on request; bounded with head and tail kept."""


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
    ends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """With `functions`: fixture (as `path::qualname`) that ended after this test -> project functions that its end ran.

    They belong to every test that uses the fixture, whichever is the last."""
    phases: tuple[PhaseResult, ...] = ()
    """Setup, call and teardown as far as they ran; empty in screening, and where the process did not live to tell."""
    values: Values | None = None
    """What the watched functions were given and returned, on request."""
    calls: tuple[CallSeen, ...] = ()
    """Of the watched functions, on request: those that no test before it in the same process made."""

    __test__ = False


class Mode(enum.Enum):
    """Where a run starts from."""

    WARM = "warm"
    """A fork of the process that holds the collected session: the tree must be unpatched."""
    RELOAD = "reload"
    """A fork of a process with pytest but no project module; patched files on disk."""
    COLD = "cold"
    """A fresh interpreter in a fresh sandbox, patched files on disk, the tree writable (and thrown away)."""


Record = Literal["nothing", "functions", "lines", "values", "calls"]


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
    watch: tuple[str, ...] = ()
    """With `record="values"` (slow, for few tests) or `"calls"`: `path::qualname` of the functions that are wanted."""
    output: bool = False
    """Whether each phase comes with what it printed; a failure has its output in any case."""
    record_for: tuple[str, ...] | None = None
    """Record only what these of the tests execute; None for all that run. With `reuse`: record these in any case."""
    reuse: bool = False
    """With `record="functions"`: run as usual, but record only where the index of earlier runs is out of date."""
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
    sandbox: InForce | None = None
    """Set by the trusted side."""

    def by_nodeid(self) -> dict[str, TestResult]:
        """Return the results by node id."""
        return {result.nodeid: result for result in self.results}


@dataclass(frozen=True, slots=True)
class Swap:
    """New source, to be compiled alone and put in place: of a function's code, or of the value of a name."""

    path: str
    qualname: str
    """Outermost function of the edit, as `Cart.total`; a name in a module or class, as `LIMIT` or `Cart.limit`."""
    line: int
    """1-based line of the `def` keyword, or of the name, in the patched file."""
    source: str
    """The lines of the def, decorators left out, or of the assignment, as they stand in the patched file."""
    kind: Literal["function", "value"] = "function"


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
    test_cpu_s: float | None = None
    """Processor time per test, which others on the machine do not use up; None for the sandbox's limit."""
    stop_at_pass: bool = False
    """Leave out the rest after the first candidate that passes them all."""
    alone: bool = False
    """Judge each candidate in a process of its own, those too that could share one."""


@dataclass(frozen=True, slots=True)
class TryResult:
    """What came of one candidate."""

    key: str
    status: Literal["passed", "failed", "timeout", "crashed", "not tried"]
    strategy: Literal["swap", "reload", "cold"]
    """`cold`: in a place of its own, because its tests write into the tree, which forks share and may not change."""
    results: tuple[TestResult, ...] = ()
    """Results up to the first test that is not green; failures are slim (no frames)."""
    reason: str = ""
    duration_s: float = 0.0
    batched: bool = False
    """Whether it was judged in one process with others; never one that passed."""


@dataclass(frozen=True, slots=True)
class Collection:
    """What pytest collects from the unpatched tree."""

    nodeids: tuple[str, ...]
    errors: tuple[Failure, ...] = ()
    status: Literal["finished", "killed", "failed"] = "finished"
    reason: str = ""
    sandbox: InForce | None = None
    """Set by the trusted side."""


@dataclass(frozen=True, slots=True)
class AffectedRequest:
    """What has changed, or is going to."""

    paths: tuple[str, ...] = ()
    """Files that changed in some way or other."""
    functions: tuple[str, ...] = ()
    """`path::qualname` of functions whose bodies changed; `path::Class` stands for its methods and its class body."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Patched files: posix path relative to rootdir -> bytes; what differs in them from the tree has changed."""
    lines: bool = False
    """Whether the affected tests run once more to tell which lines of the changed files each one executes."""


@dataclass(frozen=True, slots=True)
class AffectedTest:
    """One test that a change may affect."""

    nodeid: str
    why: Literal["executes", "imports", "unknown"]
    """`executes`: a changed function ran in it; `imports`: changed code runs when what it needs is imported;
    `unknown`: what it executes could not be recorded."""
    shared: int = 0
    """How many of the changed functions it executes."""
    duration_s: float = 0.0
    """Of its last recorded run, 0 if unknown."""
    lines: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Changed path -> 1-based lines executed, on request."""


@dataclass(frozen=True, slots=True)
class Affected:
    """The tests that a change may affect, those that execute most of it first, and of equal ones the quickest."""

    tests: tuple[AffectedTest, ...]
    status: Literal["finished", "killed", "failed"] = "finished"
    reason: str = ""
    """Why the answer is incomplete."""
    known: int = 0
    """Tests that the index holds."""
    recorded: int = 0
    """Tests that had to run for this answer; what the others execute was known and up to date."""
    notes: tuple[str, ...] = ()
    sandbox: InForce | None = None
    """Set by the trusted side."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of one piece of code."""

    status: Literal["finished", "killed"]
    exit_code: int | None
    stdout: str
    stderr: str
    reason: str = ""
    """Why it was killed, or the limit that a program which failed by itself most likely ran into."""
    duration_s: float = 0.0
    sandbox: InForce | None = None
    """Set by the trusted side."""


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
