"""What a test needs beside the result: the warning it has to expect, and names that are nobody else's to import."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_codemode.core.exploring import Described, Flavour, Import, Observation
from pytest_codemode.testgen.writing.shown import PYTEST, Expression, named

IT_WARNS = "it warns in a way that a test cannot expect"
_WITHIN_WITH: tuple[Flavour, ...] = ("context manager", "async context manager")


def expected_warning(observation: Observation, flavour: Flavour) -> Expression | str | None:
    """Return the `pytest.warns(...)` around the call, in one phrase why there is none, None if nothing warns.

    A test that lets a warning through fails wherever warnings are errors.
    """
    if not observation.warned:
        return None
    found = named(observation.warned[0]) if len(observation.warned) == 1 else None
    if found is None or flavour in _WITHIN_WITH:
        return IT_WARNS
    return Expression(f"pytest.warns({found.text})", (*found.imports, PYTEST))


def private_elsewhere(imports: Iterable[Import], described: Described) -> str:
    """Return a private name that would be imported from elsewhere than what is tested; empty if there is none."""
    names = (item for item in imports if item.name.startswith("_") and not item.name.startswith("__"))
    return next((f"{item.module}.{item.name}" for item in names if item.module != described.module), "")
