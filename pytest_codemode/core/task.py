"""One cause to repair: what a proposer is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_codemode.core.failure import Failure, headline
from pytest_codemode.core.observed import ObservedFunction
from pytest_codemode.core.patch import Files
from pytest_codemode.core.suspicion import Suspect
from pytest_codemode.core.trial import Trial


@dataclass(frozen=True, slots=True)
class RepairTask:
    """Failures that share a cause, and where the cause may be."""

    key: str
    """Short and stable within a run, as `t1`."""
    failures: tuple[Failure, ...]
    """As reproduced in the sandbox, at least one; the quickest test first."""
    suspects: tuple[Suspect, ...]
    """Lines in editable files, most suspicious first."""
    sources: Files
    """Every editable file the failing tests executed: path -> bytes as they stand now."""
    test_sources: Files
    """The files of the failing tests (read-only material: imports, names, assertions)."""
    functions: tuple[str, ...] = ()
    """`path::qualname` of the project functions that the failing tests executed."""
    durations_s: Mapping[str, float] | None = None
    guards: tuple[str, ...] = ()
    """Passing tests that execute what the failing ones execute, those that share most first."""
    tried: tuple[Trial, ...] = ()
    """What earlier proposers tried that is worth knowing: plausible but suspicious, near misses, refusals."""
    observed: tuple[ObservedFunction, ...] = ()
    """What suspicious functions were given and returned in failing and in passing runs, the most suspicious first."""

    @property
    def nodeids(self) -> tuple[str, ...]:
        """The failing tests, each once, quickest first."""
        return tuple(dict.fromkeys(failure.nodeid for failure in self.failures))

    @property
    def cause(self) -> str:
        """The first failure in one line."""
        return headline(self.failures[0])
