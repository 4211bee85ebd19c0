"""Cases made by hand, as the sandbox would tell them."""

from __future__ import annotations

import ast
import datetime
from itertools import count
from typing import Any

from pytest_codemode.core.exploring import Described, Import, Observation, Parameter, Raised, Recipe, Shown
from pytest_codemode.testgen.writing.cases import Case
from pytest_codemode.testgen.writing.oracle import Oracle, oracle

MODULE = "shop.cart"
PATH = "src/shop/cart.py"
NOW = datetime.datetime(2031, 5, 17, 12, 0, tzinfo=datetime.UTC)

_numbers = count(1)


def function(qualname: str, *parameters: str, line: int = 1, **others: Any) -> Described:
    return Described(PATH, MODULE, qualname, line, parameters=tuple(map(Parameter, parameters)), **others)


def shown(value: object) -> Shown:
    """Return a plain value as the sandbox shows it."""
    kind = f"builtins:{type(value).__name__}"
    if isinstance(value, float):
        return Shown("float", repr(value), kind)
    if isinstance(value, list | tuple) and "float" in str(list(map(type, value))):
        return Shown(type(value).__name__, type=kind, parts=tuple(map(shown, value)))  # type: ignore[arg-type]
    return Shown("literal", repr(value), kind)


def thing(type_name: str, **fields: Shown) -> Shown:
    return Shown("object", type=f"{MODULE}:{type_name}", fields=tuple(sorted(fields.items())))


def raised(kind: str, message: str, *bases: str, explicit: bool = True) -> Raised:
    name = kind if ":" in kind else f"builtins:{kind}"
    return Raised(name, message, bases or ("builtins:Exception",), PATH, 7, explicit)


def observed(described: Described, call: str, outcome: object, **others: Any) -> tuple[Recipe, Observation]:
    """Return a recipe and what came of it: an exception, a `Shown`, or a plain value."""
    key = str(next(_numbers))
    own = Import(MODULE, described.qualname.split(".")[0])
    after, stdout = others.pop("after", ()), others.pop("stdout", "")
    steady = others.pop("steady", True)
    others.setdefault("imports", (own,))
    recipe = Recipe(key, described.qualname, call, **others)
    if isinstance(outcome, Raised):
        ending = "exited" if outcome.type == "builtins:SystemExit" else "raised"
        return recipe, Observation(key, ending, raised=outcome, after=after, steady=steady)
    value = outcome if isinstance(outcome, Shown) else shown(outcome)
    return recipe, Observation(key, "returned", value, after=after, stdout=stdout, steady=steady)


def asserted(described: Described, call: str, outcome: object, **others: Any) -> Oracle | str:
    recipe, observation = observed(described, call, outcome, **others)
    return oracle(described, recipe, observation, now=NOW)


def case(described: Described, call: str, outcome: object, **others: Any) -> Case:
    ast.parse(call)
    recipe, observation = observed(described, call, outcome, **others)
    found = oracle(described, recipe, observation, now=NOW)
    assert isinstance(found, Oracle), found
    return Case(described, recipe, observation, found)
