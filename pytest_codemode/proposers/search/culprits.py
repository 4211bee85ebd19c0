"""Which expression of the failing line an exception speaks of: the None, the missing key, the divisor."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_codemode.core.failure import Failure, Frame
from pytest_codemode.proposers.search.complaints import RULES, Trouble
from pytest_codemode.proposers.search.kinds import kind_of_repr
from pytest_codemode.proposers.search.scope import parameters
from pytest_codemode.proposers.search.source import Function, SourceFile, own_nodes


@dataclass(frozen=True, slots=True)
class Culprit:
    """An expression whose value the exception complains of."""

    node: ast.expr
    """For a missing key or index the container."""
    use: ast.AST
    """What could not be done with it: an attribute access, a subscript, an operation, a call, a loop."""
    trouble: Trouble
    actual: str = ""
    """The type that the value has, as `int`; only for `type`."""
    other: str = ""
    """What the use wants instead: an operand's type, an attribute; only for `type`."""
    sure: float = 1.0
    """0 to 1; below 1 where several expressions of the line may be meant."""


def culprits_of(failure: Failure, source: SourceFile) -> tuple[tuple[ast.stmt, Culprit], ...]:
    """Return the culprits in the line of `source` that raised, each with its statement, the surest first.

    Nothing where the exception came from another file: what it speaks of is not in this one.
    """
    if not failure.frames or failure.frames[-1].path != source.path or failure.timed_out:
        return ()
    frame = failure.frames[-1]
    found: list[tuple[ast.stmt, Culprit]] = []
    for statement in source.statements_at(frame.line):
        nodes = tuple(own_nodes(statement))
        known = _known_locals(failure.frames)
        found += ((statement, culprit) for culprit in _read(failure, nodes, known, frame.line))
    return tuple(sorted(found, key=lambda pair: -pair[1].sure))


def passed_in(
    failure: Failure, culprit: Culprit, callee: SourceFile, caller: SourceFile
) -> tuple[ast.stmt, Culprit] | None:
    """Return the argument by which the caller (the frame before the last) handed over what is wrong, or None."""
    frame = failure.frames[-2]
    function = callee.function_of(culprit.node)
    if function is None or not isinstance(culprit.node, ast.Name) or culprit.node.id not in parameters(function):
        return None
    for statement in caller.statements_at(frame.line):
        for node in own_nodes(statement):
            if isinstance(node, ast.Call) and _callee(node) in (function.name, _class_of(callee, function)):
                argument = _argument(node, function, culprit.node.id)
                if argument is not None:
                    return statement, replace(culprit, node=argument, use=node, sure=0.85 * culprit.sure)
    return None


def _callee(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _class_of(source: SourceFile, function: Function) -> str:
    """Return the name by which a constructor is called, empty for other functions."""
    owner = source.class_of(function) if function.name == "__init__" else None
    return owner.name if owner is not None else ""


def _argument(call: ast.Call, function: Function, name: str) -> ast.expr | None:
    for word in call.keywords:
        if word.arg == name:
            return word.value
    names = [parameter for parameter in parameters(function) if parameter not in ("self", "cls")]
    place = names.index(name) if name in names else len(call.args)
    before = call.args[: place + 1]
    return before[-1] if len(before) == place + 1 and not any(isinstance(arg, ast.Starred) for arg in before) else None


def _known_locals(frames: Sequence[Frame]) -> dict[str, str]:
    """Return name -> `repr`; before 3.12 a comprehension has a frame of its own inside the function's."""
    known = dict(frames[-1].locals)
    if len(frames) > 1 and frames[-1].function.endswith(">") and frames[-2].path == frames[-1].path:
        known = {**frames[-2].locals, **known}
    return known


def _read(failure: Failure, nodes: Sequence[ast.AST], known: Mapping[str, str], line: int) -> list[Culprit]:
    for exception, pattern, find, otherwise in RULES:
        match = re.search(pattern, failure.message) if failure.exception == exception else None
        if match is None:
            continue
        groups = match.groupdict()
        found: list[Culprit] = []
        for node, use, other, type_ in find(nodes, groups):
            actual = type_ or groups.get("type") or ""
            trouble: Trouble = "none" if actual == "NoneType" else otherwise
            plain = not other.endswith("items")  # there the type is that of an item
            sure = _sureness(node, trouble, actual, known) if plain else 0.9
            if sure := sure * (1.0 if _stands_on(use, line) else 0.9):
                found.append(Culprit(node, use, trouble, actual, other, sure))
        if found:
            return found
    return []


def _stands_on(node: ast.AST, line: int) -> bool:
    start = getattr(node, "lineno", line)
    return bool(start <= line <= getattr(node, "end_lineno", line))


def _sureness(node: ast.expr, trouble: Trouble, actual: str, known: Mapping[str, str]) -> float:
    """Return 0 where the recorded values rule the expression out, less than 1 where they say nothing."""
    if isinstance(node, ast.Constant | ast.JoinedStr | ast.List | ast.Dict | ast.Set | ast.Tuple):
        return 1.0 if trouble in ("key", "index") or actual == type(node).__name__.lower() else 0.0
    text = known.get(node.id) if isinstance(node, ast.Name) else None
    if text is None:
        return 0.9
    if trouble == "none":
        return float(text == "None")
    if trouble == "zero":
        return float(text.strip("0.") in ("", "-")) or 0.2
    if trouble == "type":
        kind = kind_of_repr(text)
        return 1.0 if kind == actual else 0.9 if not kind else 0.0
    return 1.0
