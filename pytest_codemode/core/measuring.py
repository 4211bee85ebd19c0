"""What was measured, piece by piece, as it travels from the process that ran the tests to the trusted side."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_codemode.core.exploring import Arc, Measured


@dataclass(frozen=True, slots=True)
class Part:
    """One piece: a file, what one test executed, or a note; what is not set is not in it."""

    file: Measured | None = None
    nodeid: str = ""
    arcs: dict[str, tuple[Arc, ...]] = field(default_factory=dict)
    """Of the test: path -> arcs, in the numbering of `Measured`."""
    note: str = ""
