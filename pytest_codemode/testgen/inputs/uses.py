"""What was found out about a parameter from its use, and the types that this suggests."""

from __future__ import annotations

import datetime
import decimal
import fractions
import io
import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pytest_codemode.core.exploring import Parameter, Shape
from pytest_codemode.testgen.inputs.names import BYTES, FLOAT, INT, STR, guessed

_OWN: tuple[tuple[str, type], ...] = (
    ("str", str), ("bytes", bytes), ("list", list), ("dict", dict), ("set", set), ("tuple", tuple), ("int", int),
    ("float", float), ("datetime:datetime", datetime.datetime), ("datetime:date", datetime.date),
    ("datetime:timedelta", datetime.timedelta), ("datetime:time", datetime.time), ("decimal:Decimal", decimal.Decimal),
    ("fractions:Fraction", fractions.Fraction), ("pathlib:Path", Path), ("re:Pattern", re.Pattern),
    ("re:Match", re.Match), ("io:StringIO", io.StringIO), ("collections:deque", deque),
)  # fmt: skip
_ATTRIBUTES = tuple((name, frozenset(dir(kind))) for name, kind in _OWN)


@dataclass(slots=True)
class Uses:
    """What was found out about one parameter."""

    votes: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Kind, or `module:qualname` -> how much speaks for it."""
    attributes: set[str] = field(default_factory=set)
    keys: dict[str, None] = field(default_factory=dict)
    """Texts it is subscripted with."""
    arities: set[int] = field(default_factory=set)
    """With how many arguments it is called."""
    constants: dict[str, None] = field(default_factory=dict)
    """What it is compared with, as source text."""
    classes: dict[str, None] = field(default_factory=dict)
    """Names of the classes that `isinstance` asks for and that are not standard ones."""
    elements: list[Uses] = field(default_factory=list)
    unpacked: int = 0
    """Into how many names an element is unpacked."""
    width: int = 0
    """Into how many names it is unpacked itself."""
    may_be_none: bool = False
    checked: bool = False
    """Whether its type is asked for."""
    asked: set[str] = field(default_factory=set)
    """Kinds that `isinstance` asks for."""
    members: dict[str, Uses] = field(default_factory=dict)
    """What is done with what stands under its keys, and with its attributes."""
    caught: dict[str, None] = field(default_factory=dict)
    """Exceptions that are caught where it is used."""
    tested: bool = False
    """Whether its result is tested, if it is called."""

    def ranked(self) -> list[tuple[Shape, float]]:
        """Return the shapes that the use suggests, and how much speaks for each, the likeliest first."""
        votes = defaultdict(float, self.votes)
        attributes = list(self._by_attributes())
        for name, weight in attributes:
            votes[name] += weight
        found = [(self._shape(name), votes[name]) for name in sorted(votes, key=lambda name: -votes[name])[:6]]
        if self.attributes - _ATTRIBUTES_OF_OBJECT and not attributes:
            found.insert(0, (self._namespace(), 5.0))
        return [(shape, weight) for shape, weight in found if weight > 0.1]

    def shapes(self) -> tuple[Shape, ...]:
        """Return the likeliest shapes first; none if nothing was found out."""
        return tuple(shape for shape, _ in self.ranked())

    def _by_attributes(self) -> Iterator[tuple[str, float]]:
        asked = {name for name in self.attributes if name not in _ATTRIBUTES_OF_OBJECT}
        fitting = [name for name, has in _ATTRIBUTES if asked and asked <= has]
        yield from ((name, 4.0 / (1 + at)) for at, name in enumerate(fitting))

    def _namespace(self) -> Shape:
        return Shape("protocol", parameters=self._members(sorted(self.attributes)))

    def _members(self, names: list[str]) -> tuple[Parameter, ...]:
        """Return attributes or keys with what their own use suggests, else their names."""
        of_use = {name: uses.shapes()[:1] for name, uses in self.members.items()}
        return tuple(Parameter(name, shape=(*of_use.get(name, ()), *guessed(name), STR)[0]) for name in names[:8])

    def _shape(self, name: str) -> Shape:  # noqa: PLR0911  # one return per kind
        if name == "dict" and self.keys:
            return Shape("typeddict", parameters=self._members(list(self.keys)))
        if name == "tuple" and self.width:
            return Shape("tuple", items=(INT,) * self.width)
        if name in ("list", "iterator", "set", "tuple"):
            return Shape(name, items=(self._element(),), variadic=True)  # type: ignore[arg-type]
        if name == "pairs":
            return Shape("list", items=(Shape("tuple", items=(STR, INT)),))
        if name == "callable":
            return Shape(
                "callable", parameters=tuple(Parameter(f"x{at}") for at in range(min(self.arities, default=1)))
            )
        plain = {"str": STR, "bytes": BYTES, "int": INT, "float": FLOAT, "path": Shape("class", "pathlib:Path")}
        plain["dict"] = Shape("dict", items=(STR, INT))
        if name in plain:
            return plain[name]
        return Shape("class", name) if ":" in name else Shape(name)  # type: ignore[arg-type]

    def _element(self) -> Shape:
        for uses in self.elements:
            if shapes := uses.shapes():
                return shapes[0]
        if self.unpacked:
            return Shape("tuple", items=(STR, *[INT] * (self.unpacked - 1)))
        return INT if not self.votes["list-str"] else STR


_ATTRIBUTES_OF_OBJECT = frozenset(dir(object))
