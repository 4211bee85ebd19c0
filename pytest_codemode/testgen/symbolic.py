"""Inputs that a solver finds for what is left: CrossHair, one function a process, in the sandbox; inputs only.

For guards that no constant of the code passes, as `n * 7 + 3 == 73`. What it says comes out is not looked at: the calls
go the way of all others. Used where `pytest-codemode[symbolic]` is installed beside the project.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Sequence

from pytest_codemode.core.exploring import Described, Import, Observation, Recipe
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.testgen.inputs.generator import Inputs
from pytest_codemode.testgen.side_by_side import side_by_side
from pytest_codemode.testgen.subject import Subject

SHARE = 0.3
"""Of the time for trying inputs, kept back for it."""
LEAST_S, MOST_S = 2.0, 15.0
"""Of one function; with less it finds nothing."""
START_S = 10.0
"""To import the solver on a loaded machine."""
MOST_RECIPES = 40
LONGEST = 400
"""Characters of one call."""

_PROGRAM = """
import os, sys
sys.path[:0] = {paths}
from crosshair.main import main
sys.exit(main(["cover", {target}, "--example_output_format", "arg_dictionary", "--per_condition_timeout", {within}]))
"""
_THERE = "import importlib.util, sys; sys.exit(importlib.util.find_spec('crosshair') is None)"


def is_there(sandbox: Sandbox) -> bool:
    """Return whether the project's interpreter has CrossHair."""
    return sandbox.execute(_THERE, timeout_s=START_S).exit_code == 0


def solve(subjects: Sequence[Subject], sandbox: Sandbox, workers: int, left_s: Callable[[], float]) -> list[Subject]:
    """Give the functions that are still open the inputs that the solver finds; return those that got some.

    Args:
        subjects: the functions; what cannot be solved for is left alone.
        sandbox: where the solver runs, and with it the code.
        workers: functions at a time.
        left_s: seconds left for this.
    """
    able = [subject for subject in subjects if subject.open and not subject.unfit and _is_able(subject.described)]
    able = able[: max(int(left_s() / LEAST_S), 0) * workers]
    if not able:
        return []
    within_s = min(max(left_s() * workers / len(able), LEAST_S), MOST_S)
    found = side_by_side(lambda one: _inputs(one.described, sandbox, within_s), able, workers)
    given = []
    for subject, recipes in zip(able, found, strict=True):
        if recipes:
            subject.begin(_once(recipes))
            given.append(subject)
    return given


def _once(recipes: tuple[Recipe, ...]) -> Inputs:
    _observations: tuple[Observation, ...] = yield recipes


def _is_able(described: Described) -> bool:
    variable = any(one.kind in ("args", "kwargs") for one in described.parameters)
    return described.kind in ("function", "staticmethod") and described.flavour == "plain" and not variable


def _inputs(described: Described, sandbox: Sandbox, within_s: float) -> tuple[Recipe, ...]:
    program = _PROGRAM.format(
        paths=json.dumps([_root(described)]),
        target=json.dumps(f"{described.module}.{described.qualname}"),
        within=json.dumps(f"{within_s:.1f}"),
    )
    told = sandbox.execute(program, timeout_s=within_s + START_S)
    return tuple(_recipes(described, told.stdout))


def _root(described: Described) -> str:
    """Return the folder that the module is imported from, relative to rootdir, where programs begin."""
    parts = described.path.removesuffix(".py").removesuffix("/__init__").split("/")
    return "/".join(parts[: len(parts) - len(described.module.split("."))]) or "."


def _recipes(described: Described, output: str) -> Iterator[Recipe]:
    """Yield a call for each line that is a dictionary of literals; whatever else is said counts nothing."""
    seen = set()
    for line in output.splitlines():
        call = _call(described, line)
        if call and len(call) <= LONGEST and call not in seen:
            seen.add(call)
            name = described.qualname.partition(".")[0]
            yield Recipe(
                f"symbolic{len(seen)}",
                described.qualname,
                call,
                (Import(described.module, name),),
                origin="symbolic",
            )
        if len(seen) >= MOST_RECIPES:
            return


def _call(described: Described, line: str) -> str:
    try:
        given = ast.literal_eval(line)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ""
    names = {one.name for one in described.parameters}
    required = {one.name for one in described.parameters if one.default is None}
    if not isinstance(given, dict) or not required <= given.keys() <= names:
        return ""
    texts, inline = [], True
    for one in described.parameters:
        inline = inline and one.name in given
        if one.name in given:
            text = repr(given[one.name])
            texts.append(
                text if one.kind == "positional" or (inline and one.kind == "either") else f"{one.name}={text}"
            )
    return f"{described.qualname}({', '.join(texts)})"
