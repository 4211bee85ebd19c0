"""Objects whose methods are called: constructors, factories, subclasses, and what is done to them before."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from random import Random

from pytest_codemode.core.exploring import Described, Import, Parameter, Shape
from pytest_codemode.testgen.inputs.calls import receiver_name
from pytest_codemode.testgen.inputs.parameters import Pools
from pytest_codemode.testgen.inputs.plans import Setup, Value
from pytest_codemode.testgen.inputs.reading import uses_of_attribute
from pytest_codemode.testgen.inputs.scope import Scope
from pytest_codemode.testgen.inputs.shapes import values

_MOST = 40
_MOST_STEPS = 24
_FACTORY = ("from_", "of", "create", "make", "build", "new", "parse", "load", "default", "empty", "now", "utc")
_QUIET = frozenset(["close", "stop", "shutdown", "terminate", "exit", "quit", "kill", "run", "start", "join", "wait"])


def receivers(described: Described, siblings: tuple[Described, ...], scope: Scope, pools: Pools) -> tuple[Value, ...]:
    """Return expressions that make the object a method is called on, the plainest first."""
    owner = described.owner
    if owner is None:
        return ()
    found: list[Value] = []
    if not owner.abstract:
        found.extend(_constructed(owner, siblings, scope, pools))
    for sibling in siblings:
        if sibling.kind in ("classmethod", "staticmethod") and sibling.owner and sibling.owner.name == owner.name:
            found.extend(_from_factory(sibling, pools))
    for other in _subclasses(owner, siblings, scope):
        found.extend(_constructed(other, siblings, scope, pools)[:4])
    return tuple(dict.fromkeys(found))[:_MOST]


def _constructed(owner: Shape, siblings: tuple[Described, ...], scope: Scope, pools: Pools) -> list[Value]:
    """Return calls of a class, by its described constructor if there is one: its body says more than its shape."""
    if owner.kind == "enum":
        return [_made(owner.name, f".{member}") for member in owner.members]
    constructor, parameters = _constructor(owner, siblings)
    made = _made(owner.name)
    return [_called(made, text) for text in pools.calls(parameters, constructor)]


def by_chance(described: Described, siblings: tuple[Described, ...], pools: Pools, random: Random) -> Value | None:
    """Return an object made with several things varied; None where its class cannot be instantiated."""
    owner = described.owner
    if owner is None or owner.abstract or owner.kind == "enum":
        return None
    constructor, parameters = _constructor(owner, siblings)
    text = pools.by_chance(parameters, constructor, random)
    return _called(_made(owner.name), text) if text is not None else None


def _constructor(owner: Shape, siblings: tuple[Described, ...]) -> tuple[Described | None, tuple[Parameter, ...]]:
    found = next((s for s in siblings if s.kind == "constructor" and s.owner and s.owner.name == owner.name), None)
    return found, found.parameters if found is not None else owner.parameters


def _called(made: Value, arguments: Value) -> Value:
    text = f"{made.text}({arguments.text})"
    return Value(text, (*made.imports, *arguments.imports), arguments.setup, arguments.fixtures)


def _made(name: str, suffix: str = "") -> Value:
    module, _, qualname = name.partition(":")
    return Value(qualname + suffix, (Import(module, qualname.partition(".")[0]),))


def _from_factory(sibling: Described, pools: Pools) -> Iterator[Value]:
    name = sibling.qualname.rpartition(".")[2]
    own = sibling.owner is not None and sibling.returns.name == sibling.owner.name
    if name.startswith("_") or not (own or name.startswith(_FACTORY)):
        return
    for text in pools.calls(sibling.parameters, sibling)[:3]:
        call = f"{sibling.qualname}({text.text})"
        outermost = Import(sibling.module, sibling.qualname.partition(".")[0])
        yield Value(call, (outermost, *text.imports), text.setup, text.fixtures)


def _subclasses(owner: Shape, siblings: tuple[Described, ...], scope: Scope) -> Iterator[Shape]:
    """Yield the classes of the file that derive from a class and can be instantiated."""
    short = owner.name.rpartition(":")[2].rpartition(".")[2]
    deriving = {
        qualname
        for qualname, node in scope.classes.items()
        if any(isinstance(base, ast.Name) and base.id == short for base in node.bases)
    }
    seen: set[str] = set()
    for sibling in siblings:
        shape = sibling.owner
        if shape and not shape.abstract and shape.name not in seen and shape.name.rpartition(":")[2] in deriving:
            seen.add(shape.name)
            yield shape


def steps(described: Described, siblings: tuple[Described, ...], pools: Pools) -> list[Setup]:
    """Return short sequences of other methods' calls that may change the object before the call."""
    receiver = receiver_name(described)
    single: list[tuple[str, str]] = []
    for sibling in siblings:
        name = sibling.qualname.rpartition(".")[2]
        same = sibling.owner is not None and described.owner is not None and sibling.owner.name == described.owner.name
        if not same or sibling.kind != "method" or sibling.flavour != "plain" or name.startswith("_") or name in _QUIET:
            continue
        for text in pools.calls(sibling.parameters, sibling)[:4]:
            if not text.imports and not text.setup and not text.fixtures:
                single.append(("_", f"{receiver}.{name}({text.text})"))
    single = list(dict.fromkeys(single))[:_MOST_STEPS]
    double = [(one, other) for one in single[:5] for other in single[:5]]
    return [*((step,) for step in single), *double]


def settings(described: Described, scope: Scope) -> list[Setup]:
    """Return steps that set a public attribute which the method reads and its class sets to something plain."""
    owner = scope.classes.get(described.qualname.rpartition(".")[0])
    if owner is None or scope.function is None:
        return []
    plain = {
        target.attr
        for node in ast.walk(owner)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Attribute) and not target.attr.startswith("_")
    }
    read = [node.attr for node in ast.walk(scope.function) if isinstance(node, ast.Attribute) and node.attr in plain]
    found: list[Setup] = []
    for name in dict.fromkeys(read):
        uses = uses_of_attribute(name, scope.function, scope)
        texts = [*uses.constants, *(value.text for shape in uses.shapes()[:2] for value in values(shape, name)[:3])]
        for text in dict.fromkeys([*texts[:6], "True", "1", "None"]):
            found.append((("_", f'setattr({receiver_name(described)}, "{name}", {text})'),))
    return found
