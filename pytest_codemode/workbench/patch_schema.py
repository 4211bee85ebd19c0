"""The edits of `core.patch` as a JSON schema, for models and agents.

Generated from the dataclasses, so that there is one definition. The schema stays within what strict tool use takes:
`anyOf`, `const`, `enum`, no defaults, and every field required, because optional and nullable ones are few there.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import typing
from functools import cache
from typing import Any, Literal

from pytest_codemode.core import patch as patch_module
from pytest_codemode.core.patch import Edit

_TYPES = {str: "string", int: "integer", bool: "boolean"}
_UNSAID = {
    "path": "Path of the file, relative to the root of the project, with forward slashes.",
    "line": "1-based line in the file as it stands before the patch.",
    "column": "0-based column, counted in characters.",
    "qualname": "Dotted name of the function or class, as `Cart.total` or `outer.inner`.",
    "source": "New source text, complete.",
    "where": "On which side.",
    "new": "Text to put there.",
}
"""What a field is where `core.patch` leaves it to its name."""


@cache
def patch_schema() -> dict[str, Any]:
    """Return the schema of a patch: `edits` and a `rationale`."""
    rationale = "One sentence for the user: what was wrong and how the patch repairs it."
    edits = {"type": "array", "minItems": 1, "items": {"anyOf": [_schema(kind) for kind in typing.get_args(Edit)]}}
    return closed_object({"rationale": {"type": "string", "description": rationale}, "edits": edits})


def closed_object(properties: dict[str, Any], description: str = "") -> dict[str, Any]:
    """Return the schema of an object with these fields, all of them and no others."""
    told = {"description": description} if description else {}
    return {
        "type": "object",
        **told,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _schema(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    properties: dict[str, Any] = {"kind": {"const": kind.KIND}}
    for field in dataclasses.fields(kind):
        properties[field.name] = {**_type(hints[field.name]), **_description(kind, field)}
    return closed_object(properties, " ".join((kind.__doc__ or "").split()))


def _type(hint: Any) -> dict[str, Any]:
    if typing.get_origin(hint) is Literal:
        return {"enum": list(typing.get_args(hint))}
    return {"type": _TYPES[hint]}


def _description(kind: Any, field: dataclasses.Field[Any]) -> dict[str, str]:
    said = _field_docs().get((kind.__name__, field.name)) or _UNSAID.get(field.name) or _elsewhere(field.name)
    usual = "" if field.default is dataclasses.MISSING else f" Usually {json.dumps(field.default)}."
    return {"description": said + usual} if said + usual else {}


def _elsewhere(name: str) -> str:
    """Return what another edit says of its field of that name."""
    return next((said for (_, field), said in _field_docs().items() if field == name), "")


@cache
def _field_docs() -> dict[tuple[str, str], str]:
    """Return (class, field) -> the string under the field; empty where the source is not at hand."""
    try:
        tree = ast.parse(inspect.getsource(patch_module))
    except OSError:
        return {}
    found: dict[tuple[str, str], str] = {}
    for cls in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for field, text in zip(cls.body, cls.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
                said = ast.literal_eval(text.value) if isinstance(text.value, ast.Constant) else ""
                found[cls.name, field.target.id] = " ".join(str(said).split())
    return found
