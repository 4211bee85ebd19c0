"""Values that a function's file suggests beside its constants: classes it compares with, days around now."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence

from pytest_codemode.core.exploring import Described, Import, Shape
from pytest_codemode.testgen.inputs.plans import Value
from pytest_codemode.testgen.inputs.scope import Scope, called
from pytest_codemode.testgen.inputs.standard import CLOCKS, around_now
from pytest_codemode.testgen.inputs.uses import Uses


def classes_asked(uses: Uses, siblings: Sequence[Described], scope: Scope) -> Iterator[Value]:
    """Yield the classes that the code compares a class with."""
    if not uses.votes.get("type"):
        return
    owners = {s.owner.name.rpartition(":")[2]: s.owner.name for s in siblings if s.owner is not None}
    for name in uses.classes:
        if name in owners:
            yield Value(name, (Import(owners[name].partition(":")[0], name),))
        elif isinstance(getattr(builtins, name, None), type):
            yield Value(name)
        elif module := _imported_from(name, scope):
            yield Value(name, (Import(module, name),))


def _imported_from(name: str, scope: Scope) -> str:
    for node in scope.imports:
        plain = isinstance(node, ast.ImportFrom) and not node.level
        if plain and any(alias.name == name and not alias.asname for alias in node.names):
            return getattr(node, "module", None) or ""
    return ""


def by_the_clock(shapes: Sequence[Shape], scope: Scope) -> Iterator[Value]:
    """Yield days and moments around now, where the code asks what time it is."""
    if scope.function is None:
        return
    names = {name for node in (scope.function, *scope.helpers()) for name in called(node)}
    if names & CLOCKS:
        for shape in shapes:
            yield from around_now(shape.name)
