"""The tool by which a model gives calls, and what it may be given: read strictly, met half way where that is plain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from pytest_codemode.core.exploring import Flavour, Import, Recipe
from pytest_codemode.core.model import ToolSpec
from pytest_codemode.proposers.model.moves import GIVE_UP, Wording
from pytest_codemode.workbench.patch_schema import closed_object

TRY = "try_calls"
MAX_CALLS = 12
"""Of one call of the tool."""
MAX_PROBLEM = 300
"""Characters of what is said about one call: it may quote what was sent."""
_FIELDS = frozenset({"call", "setup", "imports", "fixtures", "why"})

CALLS = Wording(
    TRY,
    "a few calls",
    "with all calls that you want tried: they are made for real, and you are told what each one came to",
    "If no call can reach what is missing",
    "one call of the tool with the two or three most promising calls",
)


@dataclass(frozen=True, slots=True)
class Given:
    """One call as the model wrote it: a recipe, or what is wrong with it."""

    recipe: Recipe | None = None
    problem: str = ""


@cache
def try_calls() -> ToolSpec:
    """Return the tool."""
    pair = {"type": "array", "items": {"type": "string"}}
    call = closed_object(
        {
            "why": {"type": "string", "description": "Which line or branch it is meant for, in a few words."},
            "imports": {
                "type": "array",
                "items": pair,
                "description": 'What is imported, each as [module, name]; ["pkg.mod", ""] imports the module itself.',
            },
            "fixtures": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Names of pytest fixtures that the expressions use.",
            },
            "setup": {
                "type": "array",
                "items": pair,
                "description": "What is evaluated before the call, in order, each as [name, expression]; the name `_` "
                "for what is only done.",
            },
            "call": {"type": "string", "description": "The call: one Python expression, without await."},
        }
    )
    text = (
        f"Have up to {MAX_CALLS} calls made in the sandbox. Each is made by itself, with nothing left of the others. "
        "The answer says of each what came of it: what it covers that nothing covered before, or how far it got."
    )
    return ToolSpec(TRY, text, closed_object({"calls": {"type": "array", "items": call}}), strict=True)


@cache
def give_up() -> ToolSpec:
    """Return the tool by which a model ends its work on a function."""
    text = "Say that no call from a test can reach what is missing, or that you have no idea left."
    reason = {"type": "string", "description": "One sentence for the user: why."}
    return ToolSpec(GIVE_UP, text, closed_object({"reason": reason}), strict=True)


def read_calls(arguments: dict[str, Any], function: str, flavour: Flavour) -> tuple[Given, ...]:
    """Return the calls in the input of the tool, in order.

    Args:
        arguments: the input.
        function: qualname of the function that they are for.
        flavour: of the function.

    Raises:
        ValueError: there are no calls in it; one bounded sentence that names the place.
    """
    if unknown := sorted(arguments.keys() - {"calls"}):
        raise ValueError(f"unknown field {unknown[0][:60]!r}: {TRY} takes `calls`")
    calls = _listed(arguments.get("calls"), "calls")
    if not calls:
        raise ValueError("calls: an array of at least one call expected")
    read = [_given(item, f"calls[{index}]", function, flavour) for index, item in enumerate(calls[:MAX_CALLS])]
    too_many = Given(problem=f"not tried: at most {MAX_CALLS} calls at a time")
    return (*read, *(too_many for _ in calls[MAX_CALLS : 2 * MAX_CALLS]))


def _given(item: Any, where: str, function: str, flavour: Flavour) -> Given:
    try:
        return Given(_recipe(item, where, function, flavour))
    except ValueError as problem:
        return Given(problem=" ".join(str(problem).split())[:MAX_PROBLEM])


def _recipe(item: Any, where: str, function: str, flavour: Flavour) -> Recipe:
    if isinstance(item, str):  # a call that needs nothing
        item = {"call": item}
    if not isinstance(item, dict):
        raise ValueError(f"{where}: an object expected")
    if unknown := sorted(item.keys() - _FIELDS):
        raise ValueError(f"{where}: unknown field {unknown[0][:60]!r}; use {', '.join(sorted(_FIELDS))}")
    call = item.get("call")
    if not isinstance(call, str) or not call.strip():
        raise ValueError(f"{where}.call: one Python expression expected")
    setup = _pairs(item.get("setup"), f"{where}.setup", "[name, expression]")
    imports = _pairs(item.get("imports"), f"{where}.imports", "[module, name]")
    fixtures = _listed(item.get("fixtures"), f"{where}.fixtures")
    if not all(isinstance(name, str) for name in fixtures):
        raise ValueError(f"{where}.fixtures: names expected")
    for module, name in imports:
        if not all(part.isidentifier() for part in module.split(".")) or (name and not name.isidentifier()):
            raise ValueError(f"{where}.imports: [{module[:60]!r}, {name[:60]!r}] is no module and name in it")
    return Recipe(
        key="",
        function=function,
        call=call.strip(),
        imports=tuple(dict.fromkeys(Import(module, name) for module, name in imports)),
        setup=tuple((name, text.strip()) for name, text in setup),
        fixtures=tuple(dict.fromkeys(fixtures)),
        flavour=flavour,
        origin="model",
    )


def _pairs(given: Any, where: str, form: str) -> list[tuple[str, str]]:
    pairs = []
    for index, item in enumerate(_listed(given, where)):
        values = list(item.values()) if isinstance(item, dict) else item
        if isinstance(values, list) and len(values) == 1:
            values = [*values, ""]
        if not isinstance(values, list) or len(values) != 2 or not all(isinstance(one, str) for one in values):
            raise ValueError(f"{where}[{index}]: {form} expected")
        pairs.append((values[0], values[1]))
    return pairs


def _listed(given: Any, where: str) -> list[Any]:
    if isinstance(given, str):
        try:
            given = json.loads(given, strict=False)
        except (ValueError, RecursionError):
            raise ValueError(f"{where}: an array expected, got text that is not JSON") from None
    if given is None:
        return []
    if not isinstance(given, list):
        raise ValueError(f"{where}: an array expected")
    return given
