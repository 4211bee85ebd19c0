"""One failing phase of one test, detached from pytest: plain data that crosses process borders."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Phase(enum.Enum):
    """When a test failed; `COLLECT` is an error before there was a test."""

    COLLECT = "collect"
    SETUP = "setup"
    CALL = "call"
    TEARDOWN = "teardown"


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of a traceback, outermost first in `Failure.frames`."""

    path: str
    """Posix path relative to rootdir; absolute for files outside it."""
    line: int
    """1-based line in `path`; 0 if unknown."""
    function: str
    """`co_qualname` of the code, `<module>` at module level."""
    locals: dict[str, str]
    """Name -> bounded `repr`; empty where locals were not recorded."""
    source: str = ""
    """The line's text, stripped."""


MAX_SAMPLED, MAX_SAMPLED_DEPTH = 200, 60
"""Frames of all samples together; project frames of one, from the outside."""


@dataclass(frozen=True, slots=True)
class SampledFrame:
    """One place on the stack of a test that takes long."""

    path: str
    """Posix path relative to rootdir."""
    line: int
    """1-based."""
    function: str
    """`co_qualname` of the code."""
    depth: int
    """Project frames outside it."""
    count: int
    """Samples in which it stood there."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The stack of a hanging test, looked at several times before its time was up; project frames only."""

    taken: int
    """At least one."""
    frames: tuple[SampledFrame, ...]
    """Outermost first."""

    def __post_init__(self) -> None:
        """Refuse more than an honest sampler tells, on every border: what takes it apart does so without bounds.

        Raises:
            ValueError: there is more.
        """
        if len(self.frames) > MAX_SAMPLED or any(not 0 <= one.depth < MAX_SAMPLED_DEPTH for one in self.frames):
            raise ValueError(f"samples of at most {MAX_SAMPLED} frames, {MAX_SAMPLED_DEPTH} deep, expected")


@dataclass(frozen=True, slots=True)
class Failure:
    """One failing phase of one test."""

    nodeid: str
    """pytest's node id; for `Phase.COLLECT` the collector's (usually a file)."""
    when: Phase
    exception: str
    """Class name without module, as `AssertionError`; `Timeout` when a time limit ended the test."""
    message: str
    """`str(exception)`, bounded to 20,000 characters."""
    frames: tuple[Frame, ...] = ()
    left: str = ""
    """Left operand's `repr` of the failing comparison (the actual value by custom), empty where there is none."""
    operator: str = ""
    """As `==`, `in`; empty where there is none."""
    right: str = ""
    """Right operand's `repr` (the expected value by custom)."""
    output: str = ""
    """Captured stdout, stderr and log, bounded with head and tail kept."""
    duration_s: float = 0.0
    subtest: str = ""
    """Description of the failing subtest, empty for the test itself."""
    timed_out: bool = False
    limit: str = ""
    """The limit of the sandbox it most likely comes from, as `file size limit of 8 MiB`; empty if none."""
    causes: tuple[str, ...] = ()
    """`Name: message` of the exceptions that this one was raised from or while handling, nearest first, bounded."""
    samples: Samples | None = None
    """Where a test that timed out had been before; None where its process did not live to tell."""

    def innermost(self, paths: frozenset[str]) -> Frame | None:
        """Return the innermost frame in one of `paths` (posix, relative), or None."""
        return next((frame for frame in reversed(self.frames) if frame.path in paths), None)


NONSENSE = frozenset({"NameError", "UnboundLocalError", "TypeError", "AttributeError", "ImportError", "SyntaxError"})
"""Exceptions that come from a candidate that makes no sense where it stands, and say nothing of the place."""
MAX_MESSAGE = 20_000
"""Characters of a failure's message that are kept."""


def headline(failure: Failure) -> str:
    """Return the failure in one line, as `ValueError: bad width`."""
    first = failure.message.strip().splitlines()[0] if failure.message.strip() else ""
    return f"{failure.exception}: {first}" if first else failure.exception


def moved(before: Failure, after: Failure) -> bool | None:
    """Return whether a test fails in another way with a candidate than without; None if its failure does not say.

    It does not where the candidate hangs, or raises what a candidate raises that is nonsense.
    """
    if after.timed_out:
        return None
    if headline(before) == headline(after):
        return False
    return None if after.exception in NONSENSE and after.exception != before.exception else True
