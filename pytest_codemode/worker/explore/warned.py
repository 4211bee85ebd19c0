"""Warnings that a call gives: a test has to expect them, else it fails where they are errors."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from pytest_codemode.worker.explore.showing import path_of

Given = list[warnings.WarningMessage]


def noticed() -> warnings.catch_warnings[Given]:
    """Return what notes every warning within it, and lets none through."""
    return warnings.catch_warnings(record=True, action="always")


def kinds(early: Iterable[warnings.WarningMessage], late: Iterable[warnings.WarningMessage]) -> tuple[str, ...]:
    """Return the classes of warnings as `Observation.warned` has them.

    Args:
        early: what setup and fixtures gave.
        late: what the call gave.
    """
    # That something was left open is noticed whenever it is collected.
    found = {path_of(one.category) for one in late if not issubclass(one.category, ResourceWarning)}
    if any(not issubclass(one.category, ResourceWarning) for one in early):
        found.add("")
    return tuple(sorted(found))
