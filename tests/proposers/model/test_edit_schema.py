"""The schema of edits for models: complete, strict, and of one mind with the codec."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_codemode.core.codec import encode
from pytest_codemode.core.patch import Edit, Patch, ReplaceStatement
from pytest_codemode.proposers.model.edit_schema import MAX_EDITS, decode_patch, give_up, propose_patch

KINDS = typing.get_args(Edit)
VARIANTS = {
    variant["properties"]["kind"]["const"]: variant
    for variant in propose_patch().input_schema["properties"]["edits"]["items"]["anyOf"]
}
VALIDATOR = Draft202012Validator(propose_patch().input_schema)
TEXT = st.text(max_size=20)


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from objects(part)
    if isinstance(schema, list):
        for part in schema:
            yield from objects(part)


@pytest.mark.parametrize("tool", [propose_patch(), give_up()], ids=lambda tool: tool.name)
def test_schema_is_within_what_strict_tool_use_takes(tool: Any) -> None:
    from anthropic import transform_schema

    assert transform_schema(tool.input_schema) == tool.input_schema
    assert tool.strict
    for schema in objects(tool.input_schema):
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])


def test_every_edit_and_every_field_is_there() -> None:
    assert set(VARIANTS) == {kind.KIND for kind in KINDS}
    for kind in KINDS:
        names = {field.name for field in dataclasses.fields(kind)}
        assert set(VARIANTS[kind.KIND]["properties"]) == {"kind"} | names
        assert VARIANTS[kind.KIND]["description"] == " ".join((kind.__doc__ or "").split())


def test_every_field_is_described_by_the_words_of_its_class() -> None:
    for variant in VARIANTS.values():
        assert all(field.get("description") for name, field in variant["properties"].items() if name != "kind")
    old = VARIANTS["replace_statement"]["properties"]["old"]
    assert old == {"type": "string", "description": "First line of the statement as it stands, stripped."}
    assert VARIANTS["delete_statement"]["properties"]["old"] == old
    assert VARIANTS["insert_statement"]["properties"]["where"]["enum"] == ["before", "after"]
    assert VARIANTS["replace_statement"]["properties"]["header_only"]["description"].endswith("Usually false.")


@settings(deadline=None, max_examples=50)
@given(st.lists(st.one_of([st.builds(kind) for kind in KINDS]), min_size=1, max_size=4), TEXT)
def test_what_fits_the_schema_is_decoded_to_the_same_edits(edits: list[Edit], rationale: str) -> None:
    arguments = json.loads(json.dumps({"rationale": rationale, "edits": [encode(edit) for edit in edits]}))
    VALIDATOR.validate(arguments)
    patch = decode_patch(arguments, "claude")
    assert isinstance(patch, Patch)
    assert patch.edits == tuple(edits)


def test_null_stands_for_the_usual_value() -> None:
    edit = {**encode(ReplaceStatement("a.py", 1, "x", "y")), "header_only": None}
    assert decode_patch({"edits": [edit], "rationale": None}, "claude") == Patch(
        (ReplaceStatement("a.py", 1, "x", "y"),), "claude"
    )


def test_patch_of_too_many_edits_is_refused() -> None:
    edits = [encode(ReplaceStatement("a.py", 1, "x", "y"))] * (MAX_EDITS + 1)
    assert "at most 100" in str(decode_patch({"edits": edits, "rationale": ""}, "claude"))


def test_rationale_is_one_bounded_line() -> None:
    edits = [encode(ReplaceStatement("a.py", 1, "x", "y"))]
    patch = decode_patch({"edits": edits, "rationale": "why\nnot " * 1000}, "claude")
    assert isinstance(patch, Patch)
    assert patch.rationale.startswith("why not why not")
    assert len(patch.rationale) <= 600
