"""Behaviour that something else in the code contradicts: reported with the call that shows it, never asserted.

A test that passes on wrong behaviour keeps it wrong. Source: Mathews and Nagappan, "Design choices made by LLM-based
test generators prevent them from finding bugs", arXiv 2412.14137.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from pytest_codemode.core.exploring import Described, Raised, Recipe, Shape
from pytest_codemode.core.written import BugKind, PossibleBug
from pytest_codemode.testgen.conforming import contradicts
from pytest_codemode.testgen.plausible import conforms, is_plausible
from pytest_codemode.testgen.program import as_program
from pytest_codemode.testgen.subject import Tried

ALWAYS = frozenset({"builtins:NameError", "builtins:UnboundLocalError"})
"""No input should lead to these."""
OPERATIONS = frozenset(
    f"builtins:{name}"
    for name in (
        *("IndexError", "KeyError", "ZeroDivisionError", "AttributeError", "TypeError", "RecursionError"),
        *("UnicodeDecodeError", "UnicodeEncodeError", "StopIteration"),
    )
)
"""What an operation raises that its author did not think of; declared ones are raised or named in the docstring."""


def suspicion(described: Described, tried: Tried) -> PossibleBug | None:
    """Return what is suspicious about a call, None if nothing is."""
    observation = tried.observation
    if observation.raised is not None and observation.outcome == "raised":
        return _exception(described, tried.recipe, observation.raised)
    if observation.value is not None and _is_call_of(described, tried.recipe):
        if not contradicts(described.returns, observation.value) or not conforms(described, tried.recipe):
            return None
        return _bug(described, tried, "annotation", f"{worded(described.returns)} (its annotation)", outcome_of(tried))
    return None


def contradiction(described: Described, tried: Tried, expected: str) -> PossibleBug:
    """Return the bug that an example of the documentation shows."""
    return _bug(described, tried, "docstring", f"{expected} (its docstring)", outcome_of(tried))


def _is_call_of(described: Described, recipe: Recipe) -> bool:
    """Whether the value is what the function itself returns: an example may compare it, or pass it on."""
    if described.flavour != "plain" or described.kind == "constructor":
        return False
    try:
        node = ast.parse(recipe.call, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    if described.kind == "property":
        return isinstance(node, ast.Attribute) and node.attr == described.qualname.rpartition(".")[2]
    called = node.func if isinstance(node, ast.Call) else None
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return bool(name == described.qualname.rpartition(".")[2])


def _exception(described: Described, recipe: Recipe, raised: Raised) -> PossibleBug | None:
    if raised.explicit or not raised.path or _is_declared(described, raised):
        return None
    surely = raised.type in ALWAYS
    if not surely and (raised.type not in OPERATIONS or not is_plausible(described, recipe)):
        return None
    name = raised.type.partition(":")[2]
    text = f"{name}: {raised.message}" if raised.message else name
    return PossibleBug(
        path=raised.path,
        line=raised.line,
        function=described.qualname,
        kind="exception",
        call=as_program(recipe),
        expected="a result, or an exception that the function raises or documents",
        actual=f"raises {text}",
    )


def _is_declared(described: Described, raised: Raised) -> bool:
    names = (one.rpartition(":")[2].rpartition(".")[2] for one in (raised.type, *raised.bases))
    return any(re.search(rf"\b{re.escape(name)}\b", described.doc) for name in names if name not in ("Exception",))


def _bug(described: Described, tried: Tried, kind: BugKind, expected: str, actual: str) -> PossibleBug:
    return PossibleBug(
        described.path, described.line, described.qualname, kind, as_program(tried.recipe), expected, actual
    )


def outcome_of(tried: Tried) -> str:
    """Return what came of a call, in a few words."""
    observation = tried.observation
    if observation.raised is not None:
        name = observation.raised.type.partition(":")[2]
        return f"raises {name}: {observation.raised.message}"[:200]
    value = observation.value
    if value is None:
        return observation.outcome
    return (value.text or f"an object of {value.type.partition(':')[2]}")[:200]


def worded(shape: Shape) -> str:
    """Return a type as an annotation says it."""
    if shape.kind == "none":
        return "None"
    if shape.kind == "union":
        return " | ".join(map(worded, shape.items))
    name = shape.name.partition(":")[2] or shape.kind
    return f"{name}[{', '.join(map(worded, shape.items))}]" if shape.items else name


def each_once(bugs: Iterable[PossibleBug]) -> Iterator[PossibleBug]:
    """Yield one of each kind and place, the first one, which is the most readable."""
    seen: set[tuple[object, ...]] = set()
    for bug in bugs:
        name = bug.actual.partition(":")[0] if bug.kind == "exception" else ""
        key = (bug.path, bug.line if bug.kind == "exception" else 0, bug.function, bug.kind, name)
        if key not in seen:
            seen.add(key)
            yield bug
