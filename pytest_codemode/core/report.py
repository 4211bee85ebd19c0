"""The model of a finished run: the single source of every report format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.model import Usage
from pytest_codemode.core.outcome import SandboxInfo
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.written import CoverReport

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A patch that did not make it, worth showing."""

    where: str
    """`path:line`."""
    summary: str
    """As `< -> <=`."""
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a patch changes of what its functions did for tests that passed before, and for inputs near those."""

    observed: int
    """Different calls that passing tests made, and that gave the same result each time."""
    changed: int
    """Of these, those with another result now; none for a patch that changes nothing else."""
    near: int
    """Calls with arguments near those, tried on both; none that raises unpatched what the failing test raised."""
    near_changed: int
    raising: int
    """Calls that returned before and raise, or do not end, with the patch; those near failing tests included."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where another patch differs from the chosen one."""

    count: int
    """Inputs on which they give different results."""
    of: int
    """Inputs that both were tried on."""
    call: str = ""
    """One of them, as `f(1, 2)`; empty if there is none that may be shown."""
    chosen: str = ""
    """What the chosen patch makes of it, as `3` or `raises ValueError`."""
    other: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another plausible patch of the same task, ranked behind the chosen one."""

    diff: str
    rationale: str
    warnings: tuple[str, ...] = ()
    difference: Difference | None = None
    """None where they were not compared."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of the candidates of one operator at one line, by how far they got; each is counted once."""

    path: str
    line: int
    """1-based."""
    operator: str
    """As `compare.boundary`; the proposer's name where it does not say."""
    refused: int = 0
    """Not run: refused by the policy, or it could not be applied."""
    unchanged: int = 0
    """The tests fail as before; a time limit or a dead process included."""
    moved: int = 0
    """They fail in another way."""
    partly: int = 0
    """Some of the failing tests pass."""
    broke: int = 0
    """All of the failing tests that it was tried on pass, and others, or cases held back, do not."""
    passed: int = 0
    """Plausible."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.refused + self.unchanged + self.moved + self.partly + self.broke + self.passed


@dataclass(frozen=True, slots=True)
class Moment:
    """What was used when something happened; from one to the next the use only grows."""

    time_s: float
    candidates: int
    usd: float
    task: str
    """Key of the cause that was worked on; empty for what concerns the whole run."""
    what: Literal["stage", "tried", "nearer", "patch"]
    """`nearer`: a candidate got further than all before it; `patch`: one that passes was found."""
    text: str
    """As `search`, or `cart.py:41 compare.boundary`."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file as they stood before the repair; what looks like a credential is blanked out."""

    path: str
    first: int
    """1-based line of the first one."""
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineCoverage:
    """Which lines of a file's functions the tests execute; each statement counts once, by its first line."""

    executed: tuple[int, ...]
    missing: tuple[int, ...]
    """Those that no test executes."""


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """A changed file before and after, by the same tests: those that execute or import it."""

    path: str
    before: LineCoverage | None
    """None for a new file."""
    after: LineCoverage
    tests: int


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One cause: repaired, or why not."""

    key: str
    cause: str
    """The first failure in one line."""
    nodeids: tuple[str, ...]
    fixed: bool
    why_not: str = ""
    """Empty if fixed; one or two sentences that name what was tried, the nearest miss, the limit and its option."""
    diff: str = ""
    """Unified diff of the confirmed patch with `a/` and `b/` prefixes; applies with `git apply`."""
    rationale: str = ""
    proposer: str = ""
    template: str = ""
    warnings: tuple[str, ...] = ()
    """Policy rules that make the patch suspicious."""
    turned_green: tuple[str, ...] = ()
    checked: int = 0
    """Tests that passed before and were run with the patch."""
    candidates: int = 0
    duration_s: float = 0.0
    suspects: tuple[Suspect, ...] = ()
    """The first few dozen, most suspicious first."""
    excerpts: tuple[Excerpt, ...] = ()
    """The source around the most suspicious lines and around what the patch changes."""
    tried: tuple[Tried, ...] = ()
    """Those that got furthest first; where there are very many, the rest is left out."""
    near_misses: tuple[NearMiss, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    """The best of the others that pass; where nothing was fixed, patches that pass and are not proven."""
    passing: int = 0
    """Patches that pass what they were tried on, the chosen one included."""
    behaviour: Behaviour | None = None
    """Of the chosen patch; None where it was not observed."""
    held_out: tuple[str, ...] = ()
    """Cases of a parametrised test that the search was not shown, and that the patch was judged on."""
    overfit: int = 0
    """Patches that were rejected because they pass the cases shown and none of those held back."""
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Unrepaired:
    """A failing test that never became a task."""

    nodeid: str
    kind: Literal["flaky", "not reproducible", "unsupported"]
    detail: str
    """As `passed 3 of 10 runs`."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the run used."""

    time_s: float = 0.0
    candidates: int = 0
    requests: int = 0
    """Attempts included that were refused and made again."""
    tokens: int = 0
    usd: float = 0.0
    usage: Usage = field(default_factory=Usage)
    """`tokens` by kind, as far as servers have counted them; `usage.cached_share` says what the prompt cache saved."""
    assumed_usd: float = 0.0
    """Part of `usd`: the worst case of requests whose use nobody has told. If not 0, `usd` is an upper bound."""
    unpriced_tokens: int = 0
    """Part of `tokens`: of models whose price nobody knows. If not 0, `usd` does not hold everything."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run: a repair, or tests that were written."""

    run_id: str
    stop: str
    """A `StopReason` value or the error sentence that ended the run."""
    green: bool
    """Whether the confirmed tree, as it is on disk now, passes the whole selection."""
    written: tuple[str, ...] = ()
    """Files changed in the working tree; empty with `--codemode-diff`."""
    tasks: tuple[TaskReport, ...] = ()
    unrepaired: tuple[Unrepaired, ...] = ()
    guards: str = ""
    """Which tests guarded the patches, as `66 of 66 collected tests, 2 runs`."""
    diff: str = ""
    """All confirmed patches together."""
    diff_path: str = ""
    """Where the diff is kept, relative to rootdir."""
    cost: Cost = Cost()
    sandbox: SandboxInfo | None = None
    started: str = ""
    """ISO 8601 with UTC offset."""
    timeline: tuple[Moment, ...] = ()
    """In order, thinned out where there is very much."""
    coverage: tuple[FileCoverage, ...] = ()
    """Of the changed files; empty where it was not measured."""
    notices: tuple[str, ...] = ()
    cover: CoverReport | None = None
    """Set where tests were written; there are no tasks then."""
    error: bool = False
    """Whether the run ended by a `CodemodeError`."""
    schema: int = field(default=SCHEMA_VERSION)
