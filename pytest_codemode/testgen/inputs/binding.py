"""Calls that others wrote, taken apart: which value went to which parameter."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from pytest_codemode.core.exploring import Described, Import, Parameter
from pytest_codemode.testgen.inputs.calls import receiver_name, renamed, target_import
from pytest_codemode.testgen.inputs.examples import Example, own_calls
from pytest_codemode.testgen.inputs.expressions import normalised, parsed, unparsed
from pytest_codemode.testgen.inputs.plans import Plan, Setup, Value
from pytest_codemode.testgen.recorded import RecordedCall

_LONGEST_RECORDED = 300


def of_example(example: Example) -> Plan:
    """Return an example as it stands."""
    return Plan(
        origin="docstring",
        expected=example.expected,
        verbatim=Value(example.call, example.imports, example.setup),
    )


def taken_apart(example: Example, described: Described) -> Plan | None:
    """Return an example's call as a plan that can be varied; None if it is more than a call."""
    whole = parsed(example.call)
    node = next(iter(own_calls(whole, described)), None) if whole is not None else None
    if described.kind == "property" and isinstance(node, ast.Attribute):
        return _of_object(node.value, (), example, described)
    if not isinstance(node, ast.Call):
        return None
    arguments = bound(node, described.parameters)
    if arguments is None:
        return None
    own = target_import(described)
    needs = tuple(needed for needed in example.imports if needed != own)
    values = tuple((name, _needing(text, example.setup, needs)) for name, text in arguments)
    if described.kind == "method":
        if not isinstance(node.func, ast.Attribute):
            return None
        return _of_object(node.func.value, values, example, described)
    return Plan(values, origin="mutation")


def _of_object(
    node: ast.expr, values: tuple[tuple[str, Value], ...], example: Example, described: Described
) -> Plan | None:
    """Return the plan of a method's call; what the example did to the object before becomes steps."""
    if not isinstance(node, ast.Name):
        return Plan(values, _needing(unparsed(node), example.setup, example.imports), origin="mutation")
    at = next((at for at, (name, _) in enumerate(example.setup) if name == node.id), None)
    if at is None:
        return None
    receiver = Value(example.setup[at][1], example.imports, example.setup[:at])
    later = example.setup[at + 1 :]
    if any(name != "_" for name, _ in later):
        return None
    new = receiver_name(described)
    steps = tuple(("_", renamed(text, node.id, new)) for _, text in later)
    arguments = tuple((name, value.rewritten(value.text)) for name, value in values)
    return Plan(tuple((name, Value(v.text, v.imports)) for name, v in arguments), receiver, steps, origin="mutation")


def _needing(text: str, setup: Setup, imports: Sequence[Import]) -> Value:
    """Return an argument with the lines and imports that its names need."""
    tree = parsed(text)
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} if tree is not None else set()
    kept: list[tuple[str, str]] = []
    for name, line in reversed(setup):
        needed = parsed(line)
        loaded = {n.id for n in ast.walk(needed) if isinstance(n, ast.Name)} if needed is not None else set()
        if name in names or (name == "_" and loaded & names):
            kept.append((name, line))
            names |= loaded
    return Value(text, tuple(needed for needed in imports if needed.bound in names), tuple(reversed(kept)))


def bound(call: ast.Call, parameters: Sequence[Parameter]) -> tuple[tuple[str, str], ...] | None:
    """Return (parameter's name, text) for a call's arguments; None if they do not fit or are unpacked."""
    positional = [p.name for p in parameters if p.kind in ("positional", "either")]
    takes_rest = any(p.kind == "args" for p in parameters)
    takes_names = any(p.kind == "kwargs" for p in parameters)
    known = {p.name for p in parameters if p.kind in ("either", "keyword")}
    found: list[tuple[str, str]] = []
    for at, argument in enumerate(call.args):
        if isinstance(argument, ast.Starred):
            return None
        if at < len(positional):
            found.append((positional[at], unparsed(argument)))
        elif takes_rest:
            found.append((f"*{at - len(positional)}", unparsed(argument)))
        else:
            return None
    for keyword in call.keywords:
        if keyword.arg is None or (keyword.arg not in known and not takes_names):
            return None
        found.append((keyword.arg if keyword.arg in known else f"**{keyword.arg}", unparsed(keyword.value)))
    return tuple(found)


def of_recorded(calls: Iterable[RecordedCall], described: Described) -> list[Plan]:
    """Return the calls of a target that the existing suite made; of some methods only the arguments are known."""
    kinds = {parameter.kind for parameter in described.parameters}
    named = {parameter.name for parameter in described.parameters if parameter.kind not in ("args", "kwargs")}
    plans: dict[Plan, None] = {}
    for call in calls:
        if call.function != described.qualname:
            continue
        arguments = []
        for name, text in call.arguments:
            fits = name in named or ("args" if name.startswith("*") else "kwargs") in kinds
            if fits and (value := _recorded(text, call)) is not None:
                arguments.append((name if name in named or name.startswith("*") else f"**{name}", value))
        if len(arguments) == len(call.arguments):
            receiver = _recorded(call.receiver, call) if described.kind in ("method", "property") else None
            plans.setdefault(Plan(tuple(arguments), receiver, origin="recorded"))
    return list(plans)


def _recorded(text: str, call: RecordedCall) -> Value | None:
    expression = normalised(text)
    if not expression or len(expression) > _LONGEST_RECORDED:
        return None
    tree = parsed(expression)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree is not None else set()
    return Value(expression, tuple(needed for needed in call.imports if needed.bound in names))
