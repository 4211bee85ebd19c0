"""The tool of a SARIF run: this project and its rules."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import Any

import pytest_codemode

_NAME = "pytest-codemode"
_HELP = "Run `pytest --codemode-diff` to see the patches and their proof, `codemode runs list` for earlier runs."
_HELP_COVER = (
    "Run `pytest --codemode-cover` to write tests for what is not covered, `codemode runs list` for earlier runs."
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a result is about."""

    level: str
    short: str
    full: str
    help: str = _HELP


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
    "possible-bug": Rule(
        "warning",
        "What a function does contradicts what is said about it.",
        "A call came out otherwise than an example of the documentation, an annotation or the names of functions say, "
        "or raised what the function neither raises nor documents. No test was written that asserts it.",
        _HELP_COVER,
    ),
    "untested-function": Rule(
        "note",
        "Lines of a function that no test executes.",
        "No test of the project executes these lines or branches, and none could be written; the message says why.",
        _HELP_COVER,
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
        "help": {"text": rule.help},
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
