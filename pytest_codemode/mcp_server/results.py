"""Results as an outside MCP client sees them: the JSON schemas of the dataclasses in `core.outcome`.

What is sent is the dataclass as `core.codec` encodes it.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from pytest_codemode.core import failure, outcome


@dataclass(frozen=True, slots=True)
class TryResults:
    """What came of the candidates, in their order."""

    results: tuple[outcome.TryResult, ...]
    sandbox: outcome.InForce | None = None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Everything warm was forgotten."""

    refreshed: bool = True


def schema_of(kind: type) -> dict[str, Any]:
    """Return the JSON schema of a dataclass, with the strings under its fields as their descriptions.

    pydantic reads such strings only in classes of its own.
    """
    schema: dict[str, Any] = TypeAdapter(kind).json_schema()
    definitions = {name: _described(name, definition) for name, definition in schema.pop("$defs", {}).items()}
    root = _described(kind.__name__, schema)
    return {**root, "$defs": definitions} if definitions else root


def _described(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    origin = next((vars(module)[name] for module in (outcome, failure) if name in vars(module)), None)
    if origin is None or "properties" not in definition:
        return definition
    docs = field_docs(origin)
    properties = {
        field: {**({"description": docs[field]} if field in docs else {}), **rest}
        for field, rest in definition["properties"].items()
    }
    return {**definition, "properties": properties}


def field_docs(origin: type) -> dict[str, str]:
    """Return the string under each annotated field of `origin`'s class body, in one line each."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(origin))).body[0]
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    docs = {}
    for field, below in itertools.pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            docs[field.target.id] = inspect.cleandoc(below.value.value).replace("\n", " ")
    return docs
