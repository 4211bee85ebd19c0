"""Arguments that have to do with the object whose method is called: itself, others of its class, times in its zone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_codemode.core.exploring import Described, Import, Shape
from pytest_codemode.testgen.inputs.calls import receiver_name
from pytest_codemode.testgen.inputs.plans import Value
from pytest_codemode.testgen.inputs.scope import Scope

_SINGLE = frozenset(["__getitem__", "__contains__", "__call__", "__delitem__", "__missing__", "__getattr__",
                     "__setstate__", "__format__", "__round__", "__reduce_ex__", "__getattribute__", "__delattr__",
                     "__deepcopy__", "__dir__", "__get__", "__set__"])  # fmt: skip
"""Special methods whose argument is no other object of the class."""
_LIKE = re.compile(
    r"(is_)?(same|equals?|eq|equivalent|match(es)?|merged?|update|unite|union|intersect\w*|difference|extend|combine|"
    r"symmetric_difference|is_?(sub|super)set|is_?disjoint|compare|cmp|overlaps?|contains|covers|distance|add|sub|"
    r"subtract|dot|cross|copy|concat|join|diff|compatible|close|before|after)(_(with|to|from|of|into))?"
)
_TIMES = (
    "datetime.datetime(2024, 2, 29, 13, 5, tzinfo={})",
    "datetime.datetime(2024, 7, 1, tzinfo={})",
    "datetime.datetime(2024, 3, 31, 2, 30, tzinfo={})",
    "datetime.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo={})",
    "datetime.datetime(1999, 12, 31, 23, 59, 59, tzinfo={})",
)


def is_operator(described: Described) -> bool:
    """Whether a method is an operator whose other operand is of the same class."""
    name = described.qualname.rpartition(".")[2]
    return name.startswith("__") and name not in _SINGLE and len(described.parameters) == 1


def is_alike(described: Described | None) -> bool:
    """Whether a method's name says that it takes another object of the class: `merge`, `is_same`."""
    if described is None or described.kind != "method" or not described.parameters:
        return False
    return is_operator(described) or _LIKE.fullmatch(described.qualname.rpartition(".")[2]) is not None


def itself(described: Described) -> Value:
    """Return the object whose method is called, as the argument."""
    return Value(receiver_name(described))


def zoned(described: Described | None, shapes: Sequence[Shape], scope: Scope) -> Iterator[Value]:
    """Yield moments in the time zone that the object is, where its class derives from `datetime.tzinfo`."""
    if described is None or described.kind != "method":
        return
    asked = any(shape.name in ("datetime:datetime", "datetime:time", "datetime:date") for shape in shapes)
    if asked and _is_zone(described.qualname.rpartition(".")[0], scope):
        yield from (Value(text.format(receiver_name(described)), (Import("datetime"),)) for text in _TIMES)


def _is_zone(qualname: str, scope: Scope, depth: int = 4) -> bool:
    node = scope.classes.get(qualname)
    names = [getattr(base, "attr", getattr(base, "id", "")) for base in node.bases] if node is not None else []
    return any(name.endswith("tzinfo") or (depth > 0 and _is_zone(name, scope, depth - 1)) for name in names)
