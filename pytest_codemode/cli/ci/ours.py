"""Processes of ours beside a checkout that anybody may have filled: no module of it is imported there."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_OWN = Path(__file__).resolve().parents[3]
"""Where this package is imported from; in its own repository that is the checkout."""
_PLACES = ("PYTHONHOME", "PYTHONUSERBASE")
"""Where the interpreter may have been told to find what it imports, besides `PYTHONPATH`."""


def environment_for_ours(checkout: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a process of ours: of Python's variables only what leads to places outside."""
    kept = {name: value for name, value in environment.items() if not name.startswith("PYTHON")}
    places = {name: environment[name] for name in _PLACES if name in environment}
    kept |= {name: value for name, value in places.items() if not _is_in(checkout, value)}
    # Absolute, for the other process may have another working directory.
    path = [os.path.abspath(entry) for entry in _path(environment) if not _is_in(checkout, entry)]  # noqa: PTH100
    return kept | ({"PYTHONPATH": os.pathsep.join(path)} if path else {})


def leading_into(checkout: Path, environment: Mapping[str, str]) -> bool:
    """Return whether `PYTHONPATH` has Python import what stands in the checkout."""
    return any(_is_in(checkout, entry) for entry in _path(environment))


def isolated(command: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command of a process of ours, as strict as this process was started itself."""
    python, *words = command
    return (python, *(["-I"] if sys.flags.isolated else []), *words)


def _path(environment: Mapping[str, str]) -> list[str]:
    value = environment.get("PYTHONPATH", "")
    return value.split(os.pathsep) if value else []  # an empty entry is the working directory


def _is_in(checkout: Path, entry: str) -> bool:
    place = Path(os.path.realpath(entry))
    return place.is_relative_to(checkout) and place != _OWN
