"""Values that tell failing from passing runs: `None` for `sep` in the one, never in the other.

Source: Liblit et al., "Scalable statistical bug isolation", 2005: a predicate counts by how much more it says than that
its place was reached at all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_codemode.core.observed import FunctionSeen, Role, type_of
from pytest_codemode.core.suspicion import Location, ochiai
from pytest_codemode.repair.localisation.code import Function, header, own_statements
from pytest_codemode.repair.localisation.evidence import Evidence
from pytest_codemode.repair.localisation.weights import Weights

_WORDS = {
    "NoneType": "None",
    "bool true": "True",
    "bool false": "False",
    "int zero": "0",
    "float zero": "0.0",
    "float nan": "NaN",
    "float infinite": "an infinite float",
}


_NONE = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Difference:
    """One kind of value that some name of some function held."""

    path: str
    qualname: str
    name: str
    role: Role
    kind: str
    increase: float
    """How much better it tells failing from passing runs than the function's being called does, 0 to 1."""
    new_type: bool
    """Whether passing runs never showed the type at all."""

    def reason(self) -> str:
        """Return it in words."""
        what = said(self.kind)
        if self.role == "argument":
            return f"only failing runs pass {what} as `{self.name}`"
        if self.role == "result":
            return f"only failing runs return {what}"
        return f"only failing runs have {what} in `{self.name}`"


def said(kind: str) -> str:
    """Return a kind in words, as `an empty list`."""
    name, _, shape = kind.partition(" ")
    if kind in _WORDS:
        return _WORDS[kind]
    if shape == "one":
        return f"{_article(name)} {name} of one"
    return f"{_article(shape or name)} {shape} {name}" if shape else f"{_article(name)} {name}"


def _article(word: str) -> str:
    return "an" if word[:1].lower() in "aeiou" else "a"


def differences(evidence: Evidence) -> tuple[Difference, ...]:
    """Return the kinds of values that only failing runs of functions showed that passing runs called too.

    The most telling first.
    """
    red = _runs(evidence, evidence.failing)
    green = _runs(evidence, evidence.passing)
    total = sum(nodeid in evidence.values for nodeid in evidence.failing)
    found = [one for name in red for one in _of_function(name, red[name], green.get(name, []), total)]
    return tuple(sorted(found, key=lambda one: (-one.increase, one.path, one.qualname, one.name, one.role, one.kind)))


def classes_seen(evidence: Evidence) -> frozenset[str]:
    """Return the names of the types that failing runs were seen to have."""
    values = (evidence.values[nodeid] for nodeid in evidence.failing if nodeid in evidence.values)
    held = (one.held for found in values for seen in found.functions for one in seen.names)
    return frozenset(type_of(kind) for one in held for kind in one.kinds)


def places(difference: Difference, evidence: Evidence) -> Iterator[Location]:
    """Yield the statements of the function that handle it: use an argument, bind a name, return a result."""
    function = evidence.code(difference.path).function(difference.qualname)
    if function is not None:
        for statement in own_statements(function):
            if _handles(statement, difference):
                yield difference.path, statement.lineno


def weight(difference: Difference, weights: Weights) -> float:
    """Return what the difference adds to the score of its places."""
    consequence = 1.0 if difference.role == "argument" else weights.consequence
    return weights.values * difference.increase * consequence * (1.0 if difference.new_type else weights.shape)


def _runs(evidence: Evidence, nodeids: dict[str, frozenset[Location]]) -> dict[str, list[FunctionSeen]]:
    """Return for each function what was seen of it, one entry a test that called it."""
    found: dict[str, list[FunctionSeen]] = {}
    for nodeid in nodeids:
        values = evidence.values.get(nodeid)
        for seen in values.functions if values is not None else ():
            found.setdefault(seen.function, []).append(seen)
    return found


def _of_function(function: str, red: list[FunctionSeen], green: list[FunctionSeen], total: int) -> Iterator[Difference]:
    if not green:
        return  # nothing to compare with
    path, _, qualname = function.partition("::")
    reached = ochiai(len(red), len(green), total)
    red_held, green_held = ([_kinds(seen) for seen in runs] for runs in (red, green))
    for name, role in dict.fromkeys(key for held in red_held for key in held):
        red_kinds, green_kinds = ([one.get((name, role), _NONE) for one in held] for held in (red_held, green_held))
        types = {type_of(kind) for kinds in green_kinds for kind in kinds}
        for kind in sorted(set().union(*red_kinds)):
            if any(kind in kinds for kinds in green_kinds):
                continue  # what passing runs show too may be a chance of the few that were looked at
            increase = ochiai(sum(kind in kinds for kinds in red_kinds), 0, total) - reached
            if increase > 0:
                yield Difference(path, qualname, name, role, kind, increase, new_type=type_of(kind) not in types)


def _kinds(seen: FunctionSeen) -> dict[tuple[str, Role], frozenset[str]]:
    return {(one.name, one.role): frozenset(one.held.kinds) for one in seen.names}


def _handles(statement: ast.stmt, difference: Difference) -> bool:
    if isinstance(statement, Function):
        return False
    if difference.role == "result":
        return isinstance(statement, ast.Return)
    named = [n for n in header(statement) if isinstance(n, ast.Name) and n.id == difference.name]
    bound = difference.role == "local"
    return any(isinstance(node.ctx, ast.Store) or not bound for node in named)
