"""The JSON Schema of a report, from the dataclasses of `core`: their fields, types, defaults and what they say."""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect
import json
import sys
import types
import typing
from functools import cache
from itertools import pairwise
from typing import Any

from pytest_codemode.core.codec import encode
from pytest_codemode.core.report import SCHEMA_VERSION, RunReport

_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}


def report_schema() -> str:
    """Return docs/report.schema.json."""
    definitions: dict[str, Any] = {}
    _define(RunReport, definitions)
    body = definitions.pop(RunReport.__name__)
    body["properties"]["schema"]["const"] = SCHEMA_VERSION
    body["required"].append("schema")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pytest-codemode:report:{SCHEMA_VERSION}",
        "title": "The report of a run of pytest-codemode",
    }
    return json.dumps({**head, **body, "$defs": dict(sorted(definitions.items()))}, indent=2) + "\n"


def _define(kind: Any, definitions: dict[str, Any]) -> None:
    """Add the schema of a dataclass, and of all that it holds. Fields that nobody knows yet are admitted."""
    definitions[kind.__name__] = {}  # it may hold itself
    hints, said = typing.get_type_hints(kind), _said(kind)
    properties: dict[str, Any] = {}
    required = []
    for field in dataclasses.fields(kind):
        schema = _schema(hints[field.name], definitions)
        if field.name in said:
            schema = {"description": said[field.name], **schema}
        if field.default is not dataclasses.MISSING:
            schema["default"] = encode(field.default)
        elif field.default_factory is dataclasses.MISSING:
            required.append(field.name)
        properties[field.name] = schema
    description = inspect.cleandoc(kind.__doc__ or "")
    definitions[kind.__name__] = {
        "description": description,
        "type": "object",
        "properties": properties,
        "required": required,
    }


def _schema(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: PLR0911  # a table of kinds
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema(member, definitions) for member in arguments]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}
    if dataclasses.is_dataclass(kind):
        name = typing.cast("type", kind).__name__
        if name not in definitions:
            _define(kind, definitions)
        return {"$ref": f"#/$defs/{name}"}
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {"enum": [member.value for member in kind]}
    return dict(_SCALARS[kind])


def _said(kind: type) -> dict[str, str]:
    """Return what stands in a string below each field."""
    (body,) = (node.body for node in _module(kind.__module__).body if _is_class(node, kind.__name__))
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _is_class(node: ast.stmt, name: str) -> typing.TypeGuard[ast.ClassDef]:
    return isinstance(node, ast.ClassDef) and node.name == name


@cache
def _module(name: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[name]))
