"""Modules to generate inputs for, and what a worker would describe of them."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.testgen.inputs.trial import Explorer, Trial, explored


def trial_of(
    folder: Path, source: str, function: str, *, name: str = "sample", seconds: float = 8.0, calls: int = 3000
) -> Trial:
    """Write a module and run the generator on one of its functions."""
    explorer = loaded(folder, source, name)
    everything = explorer.callables()
    described = next(one for one in everything if one.qualname == function)
    return explored(explorer, described, everything, seconds, calls)


def loaded(folder: Path, source: str, name: str = "sample") -> Explorer:
    """Write a module and load it so that its comparisons tell their operands."""
    path = folder / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    sys.modules.pop(name, None)
    return Explorer(name, str(path))
