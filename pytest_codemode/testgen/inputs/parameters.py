"""The values that each parameter is tried with: what is known of its type, its use, its name, and constants."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

from pytest_codemode.core.exploring import Described, Import, Parameter, Shape
from pytest_codemode.testgen.inputs.calls import argument_list
from pytest_codemode.testgen.inputs.constants import Constants
from pytest_codemode.testgen.inputs.expressions import evaluated, literal
from pytest_codemode.testgen.inputs.kinship import is_alike, is_operator, itself, zoned
from pytest_codemode.testgen.inputs.likelihood import flat, shapes_of
from pytest_codemode.testgen.inputs.plans import Value
from pytest_codemode.testgen.inputs.reading import uses_of
from pytest_codemode.testgen.inputs.refusals import OTHER_TYPES, failing, misfits, refused
from pytest_codemode.testgen.inputs.scope import FunctionNode, Scope
from pytest_codemode.testgen.inputs.shapes import constructed, interleaved, values
from pytest_codemode.testgen.inputs.standard import BUILTIN, UNKNOWN, paths
from pytest_codemode.testgen.inputs.suiting import suiting
from pytest_codemode.testgen.inputs.surroundings import by_the_clock, classes_asked
from pytest_codemode.testgen.inputs.unfit import is_path_name, touches_files
from pytest_codemode.testgen.inputs.uses import Uses

_MOST = 280
_MOST_OF_OTHERS = 30
"""Values of a parameter that is not the target's: of a constructor, of methods called before."""
_ITERATED = (
    "iter([1, 2, 3])",
    "(1, 2, 3)",
    '"abc"',
    "iter([])",
    "iter([1, 1])",
    '{"a": 1, "b": 2}',
    "{1, 2}",
    "range(5)",
)
"""What can be iterated over, besides lists."""
_OTHERS = frozenset(["other", "another", "rhs"])
_CHOICES = 6
"""Values of a parameter that are combined with all of another."""
_BEFORE_SPECIAL = 3
"""Usual values that come before those that code guards against."""
_NESTED = 2
"""How far constructors within constructors are looked into."""


class Pools:
    """Values for parameters, worked out once each.

    Args:
        scope: The target's file as the target sees it.
        siblings: Everything described in the file.
        constants: What was harvested for the target.
    """

    def __init__(self, scope: Scope, siblings: tuple[Described, ...], constants: Constants) -> None:
        self._scope, self._siblings, self._constants = scope, siblings, constants
        self._known: dict[tuple[str, str], tuple[Value, ...]] = {}
        self._depth = 0

    def of(self, parameter: Parameter, described: Described | None) -> tuple[Value, ...]:
        """Return the values of one parameter of a callable, best first; none where none can be written."""
        key = (described.qualname if described else "", parameter.name)
        if key not in self._known:
            most = _MOST if self._node(described) is self._scope.function else _MOST_OF_OTHERS
            found = dict.fromkeys(islice(self._values(parameter, described), most))
            self._known[key] = tuple(value for value in found if value.text != parameter.default)
        return self._known[key]

    def uses(self, parameter: Parameter, described: Described | None) -> Uses:
        """Return what a callable's code does with a parameter."""
        node = self._node(described)
        return uses_of(parameter.name, node, self._scope) if node is not None else Uses()

    def may_be_text(self, parameter: Parameter, described: Described) -> bool:
        """Whether a text may be passed for a parameter."""
        likely = flat(shapes_of(parameter, self.uses(parameter, described))[0])
        return any(shape.kind in ("str", "any") for shape in likely)

    def choices(self, parameter: Parameter, described: Described) -> list[Value]:
        """Return all that is worth passing for a parameter that takes one of a few values; none for others."""
        uses = self.uses(parameter, described)
        likely = flat(shapes_of(parameter, uses)[0])
        few: list[Value] = []
        if likely and all(shape.kind in ("bool", "literal", "enum", "none") for shape in likely):
            few = [value for shape in likely for value in self._of_shape(shape, parameter.name)]
        elif uses.constants:
            few = [*map(Value, uses.constants), *(value for shape in likely[:1] for value in values(shape)[:1])]
        return [value for value in dict.fromkeys(few) if value.text != parameter.default][:_CHOICES]

    def calls(self, parameters: tuple[Parameter, ...], described: Described | None) -> list[Value]:
        """Return a few argument lists for a constructor, factory or method, the plainest first."""
        if self._depth >= _NESTED:
            return []
        self._depth += 1
        try:
            return list(dict.fromkeys(self._calls(parameters, described)))
        finally:
            self._depth -= 1

    def _calls(self, parameters: tuple[Parameter, ...], described: Described | None) -> Iterator[Value]:
        named = [p for p in parameters if p.kind not in ("args", "kwargs")]
        pools = {p.name: self.of(p, described) for p in named}
        required = [p.name for p in named if p.default is None]
        if any(not pools[name] for name in required):
            return
        for at in range(4):
            yield self._listed(parameters, {name: pools[name][at % len(pools[name])] for name in required})
        base = {name: pools[name][0] for name in required}
        for at in range(6):
            for p in named:
                if at < len(pools[p.name]):
                    yield self._listed(parameters, {**base, p.name: pools[p.name][at]})
        for p in parameters:
            if p.kind == "args":
                for row in self.of(p, described)[:4]:
                    yield self._listed(parameters, {**base, "*0": row})
                    yield self._listed(parameters, {**base, "*0": row, "*1": row})

    def by_chance(self, parameters: tuple[Parameter, ...], described: Described | None, random: Random) -> Value | None:
        """Return an argument list with several things varied, None where none can be written."""
        given: dict[str, Value] = {}
        share = random.choice((0.2, 0.5, 0.8))
        for p in parameters:
            if p.kind in ("args", "kwargs"):
                continue
            pool = self.of(p, described)
            if p.default is None and not pool:
                return None
            if pool and (p.default is None or random.random() < share):
                given[p.name] = pool[min(int(random.expovariate(0.25)), len(pool) - 1)]
        return self._listed(parameters, given)

    def _listed(self, parameters: tuple[Parameter, ...], given: dict[str, Value]) -> Value:
        text = argument_list(parameters, [(name, value.text) for name, value in given.items()])
        made = given.values()
        return Value(
            text,
            tuple(dict.fromkeys(needed for value in made for needed in value.imports)),
            tuple(dict.fromkeys(entry for value in made for entry in value.setup)),
            tuple(dict.fromkeys(name for value in made for name in value.fixtures)),
        )

    def _node(self, described: Described | None) -> FunctionNode | None:
        if described is None:
            return None
        at_line = (node for node in self._scope.functions.values() if node.lineno == described.line)
        return next(at_line, self._scope.functions.get(described.qualname))

    def _values(self, parameter: Parameter, described: Described | None) -> Iterator[Value]:
        name = parameter.name
        if described is not None and name in described.fixtures:
            yield Value(name, fixtures=(name,))
        uses = self.uses(parameter, described)
        likely, unlikely = shapes_of(parameter, uses)
        if files := list(self._files(parameter, [*likely, *unlikely], described)):
            yield from files
            return
        typical = tuple(interleaved([self._of_shape(shape, name) for shape in likely]))
        peers = [*self._peers(name, described), *classes_asked(uses, self._siblings, self._scope)]
        own = tuple(Value(text) for text in self._checked(parameter, uses))
        yield from zoned(described, flat([*likely, *unlikely]), self._scope)
        yield from peers
        yield from typical[:2]
        yield from by_the_clock(flat(likely), self._scope)
        usual = interleaved([own, typical[2:20], tuple(self._suiting(likely, parameter, uses))])
        yield from islice(usual, _BEFORE_SPECIAL)
        yield from self._special(parameter, described, uses)
        yield from usual
        yield from interleaved([typical[20:], *(self._of_shape(shape, name)[:10] for shape in unlikely)])
        yield from self._off_type(parameter, uses)

    def _of_shape(self, shape: Shape, name: str) -> tuple[Value, ...]:
        """Return values of a shape; of a class of this file by what its constructor's body says."""
        if shape.kind not in ("class", "dataclass", "protocol") or not self._describes(shape.name):
            return values(shape, name)
        found: list[Value] = []
        for other in (shape, *self._deriving(shape)):
            if not other.abstract:
                found.extend(self.instances(other))
        return tuple(found) or values(shape, name)

    def instances(self, shape: Shape) -> list[Value]:
        """Return calls of a class of this file."""
        qualname = shape.name.rpartition(":")[2]
        init = next(
            (s for s in self._siblings if s.kind == "constructor" and s.qualname == f"{qualname}.__init__"), None
        )
        made = (Import(shape.name.partition(":")[0], qualname.partition(".")[0]),)
        if init is None:
            return list(constructed(shape))
        return [
            Value(f"{qualname}({v.text})", (*made, *v.imports), v.setup, v.fixtures)
            for v in self.calls(init.parameters, init)[:10]
        ]

    def _describes(self, name: str) -> bool:
        return bool(name) and any(s.owner is not None and s.owner.name == name for s in self._siblings)

    def _deriving(self, shape: Shape) -> list[Shape]:
        short = shape.name.rpartition(":")[2]
        below = {
            name
            for name, node in self._scope.classes.items()
            if any(getattr(base, "id", getattr(base, "attr", "")) == short for base in node.bases)
        }
        owners = dict.fromkeys(s.owner for s in self._siblings if s.owner is not None)
        return [owner for owner in owners if owner.name.rpartition(":")[2] in below]

    def _special(self, parameter: Parameter, described: Described | None, uses: Uses) -> Iterator[Value]:
        """Yield what the code guards against, callables that fail, and the object itself or another of its class."""
        yield from refused(uses)
        yield from failing(uses, self._scope, described.module if described is not None else "")
        of_class = parameter.shape.kind == "any" or (
            described is not None and described.owner is not None and parameter.shape.name == described.owner.name
        )
        if described is not None and described.owner is not None and is_alike(described) and of_class:
            if not described.owner.abstract:
                yield from self.instances(described.owner)[:3]
            yield itself(described)

    def _peers(self, name: str, described: Described | None) -> list[Value]:
        """Return objects of the same class for operators, and of classes that `isinstance` asks for."""
        wanted: list[Shape] = []
        owner = described.owner if described is not None and described.kind == "method" else None
        if described is not None and owner is not None and (name in _OTHERS or is_operator(described)):
            wanted.append(owner)
        asked = self.uses(Parameter(name), described).classes
        owners = dict.fromkeys(s.owner for s in self._siblings if s.owner is not None)
        wanted.extend(owner for owner in owners if owner.name.rpartition(":")[2].rpartition(".")[2] in asked)
        return [value for shape in wanted if not shape.abstract for value in self.instances(shape)[:6]]

    def _checked(self, parameter: Parameter, uses: Uses) -> Iterator[str]:
        """Yield what the code compares the parameter with."""
        for text in uses.constants:
            yield text
            known, value = evaluated(text)
            if known and isinstance(value, int) and not isinstance(value, bool):
                yield from (literal(value + 1), literal(value - 1))

    def _files(self, parameter: Parameter, shapes: list[Shape], described: Described | None) -> Iterator[Value]:
        node = self._node(described)
        path_like = any(shape.name in ("pathlib:Path", "pathlib:PosixPath") for shape in flat(shapes))
        path_like = path_like or (is_path_name(parameter.name) and parameter.shape.kind in ("str", "any", "union"))
        if not path_like or node is None:
            return
        if touches_files(node) or any(touches_files(helper) for helper in self._scope.reached(node)):
            typed = parameter.shape.name.startswith("pathlib:")
            yield from paths(as_text=not typed)

    def _suiting(self, shapes: list[Shape], parameter: Parameter, uses: Uses) -> Iterator[Value]:
        """Yield harvested constants that suit a parameter, and what can be made of them."""
        single = flat(shapes)
        pools = suiting(single, self._constants)
        if any(shape.kind == "list" for shape in single) and parameter.shape.kind == "any":
            pools.append(list(_ITERATED))
        if uses.keys and any(shape.kind == "any" for shape in single):
            pools.append([f"{{{literal(key)}: 1}}" for key in uses.keys])
        yield from interleaved([[Value(text) for text in pool] for pool in pools])

    def _off_type(self, parameter: Parameter, uses: Uses) -> Iterator[Value]:
        """Yield values of other types, where the code asks for the type or nothing is annotated."""
        if parameter.shape.kind == "any" or uses.checked:
            yield from (Value(text) for text in (*UNKNOWN, *OTHER_TYPES))
            yield from (Value(text) for text in (*BUILTIN["str"][:8], *BUILTIN["int"][:6]))
        elif uses.may_be_none:
            yield Value("None")
        yield from misfits(uses)
