"""The edits of `core.patch` as a JSON schema for models, and what a model wrote as a `Patch`.

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
from pytest_codemode.core.codec import decode
from pytest_codemode.core.model import ToolSpec
from pytest_codemode.core.patch import Edit, Patch
from pytest_codemode.proposers.model.moves import GIVE_UP, PROPOSE
from pytest_codemode.proposers.model.replies import clean_json

MAX_EDITS = 100
MAX_RATIONALE = 600
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
def propose_patch() -> ToolSpec:
    """Return the tool by which a model proposes a patch."""
    text = (
        "Propose one patch: edits of one or several files that stand or fall together. It is applied to a copy and the "
        "tests are run; the answer says how far it got and what differs now. Every line and column refers to the files "
        "as they stand before the patch. Use the smallest edits that repair the cause."
    )
    rationale = "One sentence for the user: what was wrong and how the patch repairs it."
    edits = {"type": "array", "minItems": 1, "items": {"anyOf": [_schema(kind) for kind in typing.get_args(Edit)]}}
    properties = {"rationale": {"type": "string", "description": rationale}, "edits": edits}
    return ToolSpec(PROPOSE, text, _object(properties), strict=True)


@cache
def give_up() -> ToolSpec:
    """Return the tool by which a model ends its work on a task."""
    text = "Say that you see no honest repair: the tests contradict each other, or the cause is not in the code shown."
    reason = {"type": "string", "description": "One or two sentences for the user: why, and what would help."}
    return ToolSpec(GIVE_UP, text, _object({"reason": reason}), strict=True)


def _object(properties: dict[str, Any], description: str = "") -> dict[str, Any]:
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
    return _object(properties, " ".join((kind.__doc__ or "").split()))


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


def decode_patch(arguments: dict[str, Any], proposer: str) -> Patch | str:
    """Return the patch in the input of `propose_patch`, or one sentence that says where it is wrong.

    Models without strict tool use are met half way where the meaning is plain: edits written as JSON text, a single
    edit without its list, null for a field that has a usual value.
    """
    if unknown := sorted(arguments.keys() - {"edits", "rationale"}):
        return f"unknown field {unknown[0]!r}: {PROPOSE} takes `rationale` and `edits`"
    try:
        edits = _edits(arguments.get("edits"))
        rationale: str = decode(str, arguments.get("rationale") or "", "rationale")
        decoded: tuple[Edit, ...] = decode(tuple[Edit, ...], edits, "edits")
    except ValueError as problem:
        return str(problem)
    return Patch(decoded, proposer, rationale=_sentence(rationale, MAX_RATIONALE))


def _edits(given: Any) -> list[Any]:
    if isinstance(given, str):
        try:
            given = clean_json(json.loads(given, strict=False))
        except (ValueError, RecursionError):
            raise ValueError("edits: an array of edits expected, got text that is not JSON") from None
    if isinstance(given, dict):
        given = [given]
    if not isinstance(given, list) or not given:
        raise ValueError("edits: an array of at least one edit expected")
    if len(given) > MAX_EDITS:
        raise ValueError(f"edits: {len(given)} edits in one patch; at most {MAX_EDITS}, of the cause only")
    return [_without_nulls(edit) for edit in given]


def _without_nulls(edit: Any) -> Any:
    return {key: value for key, value in edit.items() if value is not None} if isinstance(edit, dict) else edit


def _sentence(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."
