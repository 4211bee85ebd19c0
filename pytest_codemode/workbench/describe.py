"""What code mode's `project` object offers, told from its own code: signatures, docstrings, shapes of results."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import types
import typing
from typing import Any

from pytest_codemode.workbench.api import LOOKING, TRYING, Workbench

EXAMPLE = """\
for hit in project.search("def total"):
    print(hit["path"], hit["line"])
judged = project.try_patch([{"kind": "replace_expression", "path": "src/cart.py", "line": 12, "column": 11,
                             "old": "a - b", "new": "a + b"}], "the sign is wrong")
print(judged["verdict"], judged["reason"])"""


def describe() -> str:
    """Return the description of the `project` object: Python stubs, the shapes they return, an example."""
    names = (*LOOKING, TRYING)
    shapes: dict[str, str] = {}
    stubs = [_stub(name, shapes) for name in names]
    shown = "\n".join(f"{name} = {shape}" for name, shape in shapes.items())
    return "\n\n".join(
        [
            "class project:\n" + "\n".join(stubs),
            f"Results are dicts and lists:\n{shown}",
            "A call that cannot be answered raises ValueError with the reason.",
            f"Example:\n{EXAMPLE}",
        ]
    )


def _stub(name: str, shapes: dict[str, str]) -> str:
    method = getattr(Workbench, name)
    hints = typing.get_type_hints(method)
    parameters = []
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        parameters.append(f"{parameter.name}: {_type(hints[parameter.name], shapes)}{default}")
    doc = re.sub(r"\s+", " ", inspect.getdoc(method) or "")
    return f"    def {name}({', '.join(parameters)}) -> {_type(hints['return'], shapes)}: ...\n        # {doc}"


def _type(kind: Any, shapes: dict[str, str]) -> str:
    """Return how the JSON of `kind` looks from Python; dataclasses are described once, in `shapes`."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _shape(kind, shapes)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "str"
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    inner = [repr(one) if origin is typing.Literal else _type(one, shapes) for one in arguments if one is not ...]
    if origin in (typing.Union, types.UnionType, typing.Literal):
        return " | ".join(inner)
    if origin is not None:
        name = "dict" if origin is dict else "list"
        return f"{name}[{', '.join(inner)}]"
    return "None" if kind is type(None) else getattr(kind, "__name__", "object")


def _shape(kind: type, shapes: dict[str, str]) -> str:
    if kind.__name__ not in shapes:
        shapes[kind.__name__] = ""  # keeps its place in the order, and ends a recursion
        hints = typing.get_type_hints(kind)
        fields = (f"{name!r}: {_type(hint, shapes)}" for name, hint in hints.items())
        shapes[kind.__name__] = "{" + ", ".join(fields) + "}"
    return kind.__name__
