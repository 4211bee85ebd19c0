"""The subset of JSON schema that strict tools may use."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from pydantic import BaseModel, Field

from . import MessagesServer, Reply, Text
from .asking import refusal, request, send, tool


@pytest.fixture(scope="module")
def server() -> Iterator[MessagesServer]:
    with MessagesServer([Reply([Text("fine")], malformed=True)], repeat_last=True) as running:
        yield running


def of(**properties: Any) -> dict[str, Any]:
    """Make the schema of an object all of whose properties are required."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def strict(schema: dict[str, Any], name: str = "edit") -> dict[str, Any]:
    return {**tool(name, strict=True), "input_schema": schema}


NODE = of(next={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]})

ACCEPTED = {
    "every type": of(
        a={"type": "string"}, b={"type": "integer"}, c={"type": "number"}, d={"type": "boolean"}, e={"type": "null"}
    ),
    "enum and const": of(kind={"enum": ["a", 1, None]}, tag={"const": "replace"}),
    "a list of objects": of(edits={"type": "array", "items": of(path={"type": "string"}), "minItems": 1}),
    "a union by anyOf": of(edit={"anyOf": [of(op={"const": "a"}), of(op={"const": "b"})]}),
    "a union of types": of(line={"type": ["integer", "null"]}),
    "a reference": {**of(edit={"$ref": "#/$defs/edit"}), "$defs": {"edit": of(path={"type": "string"})}},
    "a reference used twice": {
        **of(a={"$ref": "#/$defs/edit"}, b={"$ref": "#/$defs/edit"}),
        "$defs": {"edit": of(path={"type": "string"})},
    },
    "titles, descriptions, defaults": of(a={"type": "string", "title": "A", "description": "a", "default": "x"}),
    "a known format": of(when={"type": "string", "format": "date-time"}),
    "an optional property": {**of(a={"type": "string"}), "required": []},
    "a property named like a keyword": of(pattern={"type": "string"}, minimum={"type": "integer"}),
}


@pytest.mark.parametrize("schema", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_schema_of_the_subset_is_accepted(server: MessagesServer, schema: dict[str, Any]) -> None:
    status, answer = send(server, request(tools=[strict(schema)]))
    assert status == 200, answer


REFUSED = {
    "open objects": ({"type": "object", "properties": {}}, "'additionalProperties' must be explicitly set to false"),
    "open objects said so": ({"type": "object", "additionalProperties": True}, "'additionalProperties' must be"),
    "open objects inside": (of(a={"type": "object"}), "input_schema.properties.a: For 'object' type"),
    "open objects in lists": (of(a={"type": "array", "items": {"type": "object"}}), "properties.a.items: For 'object'"),
    "open objects in definitions": (
        {**of(a={"$ref": "#/$defs/x"}), "$defs": {"x": {"type": "object"}}},
        "input_schema.$defs.x: For 'object' type",
    ),
    "minimum": (of(a={"type": "integer", "minimum": 1}), "For 'integer' type, property 'minimum' is not supported"),
    "maxLength": (of(a={"type": "string", "maxLength": 9}), "For 'string' type, property 'maxLength'"),
    "pattern": (of(a={"type": "string", "pattern": "x"}), "property 'pattern' is not supported"),
    "oneOf": (of(a={"oneOf": [{"type": "string"}]}), "Property 'oneOf' is not supported"),
    "not": (of(a={"type": "string", "not": {"const": "x"}}), "property 'not' is not supported"),
    "maxItems": (of(a={"type": "array", "maxItems": 3}), "property 'maxItems' is not supported"),
    "minItems 2": (of(a={"type": "array", "minItems": 2}), "'minItems' values other than 0 or 1"),
    "an unknown format": (of(a={"type": "string", "format": "path"}), "format 'path' is not supported"),
    "anything": (of(a={}), "Schema must have a 'type'"),
    "a boolean schema": (of(a=True), "Boolean schemas are not supported"),
    "an enum of lists": (of(a={"enum": [["x"]]}), "Enum and const values must be"),
    "a reference to nothing": (of(a={"$ref": "#/$defs/none"}), "does not resolve"),
    "a reference outside": (of(a={"$ref": "https://example.invalid/s.json"}), "does not resolve"),
    "recursion": ({**of(a={"$ref": "#/$defs/node"}), "$defs": {"node": NODE}}, "Recursive schemas are not supported"),
    "recursion into itself": (of(a={"$ref": "#"}), "Recursive schemas are not supported"),
}


@pytest.mark.parametrize(("schema", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_a_schema_beyond_the_subset_is_refused(server: MessagesServer, schema: dict[str, Any], told: str) -> None:
    assert told in refusal(server, request(tools=[strict(schema)]))


def test_a_tool_that_is_not_strict_may_have_such_a_schema(server: MessagesServer) -> None:
    loose = {**tool(), "input_schema": {"type": "object", "properties": {"a": {"type": "string", "maxLength": 9}}}}
    assert send(server, request(tools=[loose]))[0] == 200


@pytest.mark.parametrize(
    ("count", "schema", "told"),
    [
        (21, of(a={"type": "string"}), "too many strict tools (21)"),
        (5, {**of(**{c: {"type": "string"} for c in "abcde"}), "required": []}, "too many optional parameters (25)"),
        (17, of(a={"type": ["string", "null"]}), "too many parameters with union types (17)"),
    ],
)
def test_there_are_limits_for_all_strict_tools_together(
    server: MessagesServer, count: int, schema: dict[str, Any], told: str
) -> None:
    tools = [strict(schema, f"tool_{n}") for n in range(count)]
    assert told in refusal(server, request(tools=tools))
    assert send(server, request(tools=tools[:-1]))[0] == 200


def test_what_the_sdk_makes_of_a_model_is_accepted(server: MessagesServer) -> None:
    class Edit(BaseModel):
        path: str = Field(min_length=1, pattern=r"\w+")
        line: int = Field(ge=1)
        text: str | None = None

    class Patch(BaseModel):
        edits: list[Edit]

    schema = anthropic.transform_schema(Patch)
    assert send(server, request(tools=[strict(schema)]))[0] == 200
    wanted = {"format": {"type": "json_schema", "schema": schema}}
    assert send(server, request(output_config=wanted))[0] == 200
