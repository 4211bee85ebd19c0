"""What came of one task: the patches that pass, the nearest misses, and why there is no other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pytest_codemode.core.budget import StopReason
from pytest_codemode.core.suspicion import Attempts, Location
from pytest_codemode.core.task import RepairTask
from pytest_codemode.core.trial import Trial, Verdict
from pytest_codemode.repair.choosing.behaviour import Comparison

LESSONS = 12
"""Trials that the next proposer is told of."""


@dataclass(slots=True)
class Solution:
    """What came of one task."""

    task: RepairTask
    plausible: list[Trial] = field(default_factory=list)
    """Best first."""
    from_disk: set[str] = field(default_factory=set)
    """Fingerprints of those that passed from files on disk too."""
    partial: Trial | None = None
    """The patch that turned most, but not all, failing tests green and breaks nothing."""
    parts: int = 0
    """Patches that were looked at as such a part."""
    near: list[Trial] = field(default_factory=list)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    broke: Counter[str] = field(default_factory=Counter)
    """Passing test -> number of patches that turned the failing tests green and broke it."""
    moved: list[Trial] = field(default_factory=list)
    """The first patches with which the tests fail in another way."""
    refused: list[Trial] = field(default_factory=list)
    """The first patches that the policy refused."""
    rejected: dict[Verdict, str] = field(default_factory=dict)
    """Refused and unapplicable patches never ran: the first reason of each kind."""
    learnt: dict[Location, Attempts] = field(default_factory=dict)
    """What came of the candidates at each place, for the ranking that the next proposer gets."""
    stop: StopReason = StopReason.EXHAUSTED
    problems: list[str] = field(default_factory=list)
    """Sentences about proposers that could not go on."""
    duration_s: float = 0.0
    held_out: tuple[str, ...] = ()
    """Failing cases that proposers are not shown."""
    comparison: Comparison | None = None
    """What the plausible patches do beside the unpatched code; None where there was only one, or nothing to see."""

    @property
    def chosen(self) -> Trial | None:
        """The patch to confirm, or None."""
        return self.plausible[0] if self.plausible else None

    @property
    def checked(self) -> bool:
        """Whether the chosen patch passed from files on disk too."""
        return self.chosen is not None and self.chosen.fingerprint in self.from_disk

    def settle_on(self, trial: Trial) -> None:
        """Put a smaller patch in place of the chosen (or partial) one."""
        if self.plausible:
            self.plausible[0] = trial
        else:
            self.partial = trial

    @property
    def doubtful(self) -> bool:
        """Whether the best patch so far is one that the policy finds suspicious."""
        return bool(self.plausible and self.plausible[0].warnings)

    def lessons(self) -> tuple[Trial, ...]:
        """Return what is worth knowing for whoever tries next: suspicious patches first, then the nearest misses."""
        nearest = sorted(self.near, key=lambda trial: (-len(trial.passed), len(trial.broke)))
        return (*self.plausible, *nearest, *self.moved, *self.refused)[:LESSONS]

    @property
    def candidates(self) -> int:
        """Patches that were run."""
        cheap = (Verdict.UNAPPLICABLE, Verdict.REFUSED, Verdict.DUPLICATE, Verdict.NOT_TRIED)
        return sum(count for verdict, count in self.verdicts.items() if verdict not in cheap)
