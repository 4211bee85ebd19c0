"""The tool of a SARIF run: this project and its rules."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import Any

import pytest_codemode

_NAME = "pytest-codemode"
_HELP = "Run `pytest --codemode-diff` to see the patches and their proof, `codemode runs list` for earlier runs."


@dataclass(frozen=True, slots=True)
class Rule:
    """What a result is about."""

    level: str
    short: str
    full: str


RULES = {
    "failing-test": Rule(
        "error",
        "A test fails.",
        "A test fails, each time it is run. The result's fix, if there is one, is a patch that was proven: it turns "
        "the failing tests green, and every test that passed before still passes with it.",
    ),
    "flaky-test": Rule(
        "warning",
        "A test passes at times and fails at others.",
        "A test failed and passed again on the same code. No patch is looked for: none could be proven.",
    ),
    "irreproducible-failure": Rule(
        "warning",
        "A test fails outside the sandbox only.",
        "A test failed in the plain run and passes in the sandbox, where patches are judged. No patch is looked for.",
    ),
    "unsupported-test": Rule(
        "note",
        "A failing test is of a kind that is not repaired.",
        "A test failed that the repair cannot run by itself.",
    ),
}
"""By id, in the order of their index."""


def driver() -> dict[str, Any]:
    """Return the tool component."""
    found: dict[str, Any] = {"name": _NAME, "version": pytest_codemode.__version__}
    if where := _information():
        found["informationUri"] = where
    return found | {"rules": [_rule(name, rule) for name, rule in RULES.items()]}


def _rule(name: str, rule: Rule) -> dict[str, Any]:
    return {
        "id": name,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "shortDescription": {"text": rule.short},
        "fullDescription": {"text": rule.full},
        "help": {"text": _HELP},
        "defaultConfiguration": {"level": rule.level},
        "properties": {"tags": ["tests"]},
    }


def _information() -> str:
    """Return the first address of the project's own metadata, empty if it names none."""
    try:
        found = importlib.metadata.metadata(_NAME)
    except importlib.metadata.PackageNotFoundError:  # a source tree on the path
        return ""
    lines = found.get_all("Project-URL") or []
    return next((where.strip() for line in lines if (where := line.partition(",")[2]).strip()), "")
