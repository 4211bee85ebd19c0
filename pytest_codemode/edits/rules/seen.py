"""What a reading of a file notes, whether or not it turns out to be a finding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where a rule could apply."""

    rule: str
    key: str
    """What was seen, as `sys.modules`: what the old file had under this key is no finding in the new one."""
    line: int
    sentence: str
    counted: bool = False
    """Whether one more than before is a finding, not only the first."""
    content: str = ""
    """The code of a counted sighting, to tell a new one from those that stood there."""
    quiet: bool = False
    """Whether it is no finding itself, but others of its rule and key are none where it is known."""


@dataclass(frozen=True, slots=True)
class Needed:
    """A module that an import needs."""

    module: str
    """Top-level name."""
    line: int
    optional: bool
    """Whether the import is guarded by `try` or `if`."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a module or a part of it holds."""

    sightings: tuple[Sighting, ...]
    needed: tuple[Needed, ...]
