"""The proposer's own tools: their schemas are complete, and within what strict tool use takes."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_codemode.core.patch import Edit
from pytest_codemode.proposers.model.own_tools import give_up, propose_patch

KINDS = typing.get_args(Edit)
VARIANTS = {
    variant["properties"]["kind"]["const"]: variant
    for variant in propose_patch().input_schema["properties"]["edits"]["items"]["anyOf"]
}


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
