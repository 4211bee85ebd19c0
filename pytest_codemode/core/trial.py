"""What the judge says of a patch: a value, told back to the proposer as it stands."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.patch import Patch


class Verdict(enum.Enum):
    """How far a patch got; the value is what the user reads."""

    UNAPPLICABLE = "could not be applied"
    REFUSED = "refused by policy"
    DUPLICATE = "same as an earlier patch"
    FAILED = "the failing test still fails"
    TIMED_OUT = "ran into the time limit"
    CRASHED = "killed the test process"
    BROKE = "breaks a passing test"
    OVERFIT = "passes only the cases that the search was shown"
    PLAUSIBLE = "passes every test it was tried on"
    NOT_TRIED = "not tried: the budget was spent"


@dataclass(frozen=True, slots=True)
class Trial:
    """One judged patch."""

    patch: Patch
    verdict: Verdict
    reason: str = ""
    """One sentence: the policy rule, the first assertion that differs now, the test that broke."""
    passed: tuple[str, ...] = ()
    """Failing tests of the task that pass with the patch."""
    failures: tuple[Failure, ...] = ()
    """What fails with the patch."""
    broke: tuple[str, ...] = ()
    """Tests that passed before and do not now."""
    warnings: tuple[str, ...] = ()
    """Names of policy rules that make it suspicious but not refused."""
    duration_s: float = 0.0
    fingerprint: str = ""

    @property
    def plausible(self) -> bool:
        """Whether the patch passes every test it was tried on (no proof of correctness)."""
        return self.verdict is Verdict.PLAUSIBLE


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run keeps of one trial, so that an interrupted one goes on without judging the same patch again."""

    fingerprint: str
    """Of the tree that the patch gives."""
    verdict: Verdict
    reason: str = ""
    passed: tuple[str, ...] = ()
    failures: tuple[int, ...] = ()
    """Indexes in the failures that are kept beside it: most candidates of a batch fail alike."""
    broke: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    duration_s: float = 0.0
