"""JSON schemas in requests: valid draft 2020-12 for any tool, and the small subset that strict mode compiles.

Source: platform.claude.com "Structured outputs", JSON Schema limitations; `transform_schema` of the SDK, which moves
what is not supported into descriptions.
"""

import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from .errors import ApiError, invalid

PROPERTY_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
TYPES = {"object", "array", "string", "integer", "number", "boolean", "null"}
ANNOTATIONS = {"title", "description", "default", "examples"}
STRUCTURE = {"type", "enum", "const", "anyOf", "allOf", "$ref", "$defs", "definitions", "format"}
KEYWORDS = ANNOTATIONS | STRUCTURE | {"properties", "required", "additionalProperties", "items", "minItems"}
MAX_STRICT_TOOLS = 20
MAX_OPTIONAL = 24
MAX_UNIONS = 16


def check_input_schema(where: str, schema: dict[str, Any]) -> None:
    """Refuse a tool schema that is no JSON schema of an object."""
    if "type" not in schema:
        raise invalid(f"{where}.type", "Field required")
    if schema["type"] != "object":
        raise invalid(f"{where}.type", "Input should be 'object'")
    if {"oneOf", "allOf", "anyOf"} & schema.keys():
        raise invalid(where, "input_schema does not support oneOf, allOf, or anyOf at the top level")
    check_schema(where, schema)
    for name in schema.get("properties") or {}:
        if not PROPERTY_NAME.fullmatch(name):
            raise invalid(f"{where}.properties", f"Property keys should match pattern '^{PROPERTY_NAME.pattern}$'")


def check_schema(where: str, schema: dict[str, Any]) -> None:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise invalid(
            where, f"JSON schema is invalid. It must match JSON Schema draft 2020-12 ({error.message})"
        ) from None


def check_strict(where: str, schema: dict[str, Any]) -> None:
    """Refuse what cannot be compiled into a grammar."""
    for path, node in nodes(where, schema):
        _check_node(path, node, schema)
    _check_recursion(where, schema)


def check_strict_sizes(schemas: list[dict[str, Any]]) -> None:
    """Refuse more strict tools, optional parameters or unions in one request than the API compiles."""
    every = [node for schema in schemas for _, node in nodes("", schema)]
    optional = sum(len((node.get("properties") or {}).keys() - set(node.get("required") or ())) for node in every)
    unions = sum("anyOf" in node or isinstance(node.get("type"), list) for node in every)
    for count, most, what in (
        (len(schemas), MAX_STRICT_TOOLS, "strict tools"),
        (optional, MAX_OPTIONAL, "optional parameters"),
        (unions, MAX_UNIONS, "parameters with union types"),
    ):
        if count > most:
            raise invalid("tools", f"Schemas contain too many {what} ({count}); at most {most} are allowed")


def nodes(where: str, schema: Any) -> Iterator[tuple[str, Any]]:
    """List a schema and every schema inside it, with paths."""
    yield where, schema
    if not isinstance(schema, dict):
        return
    for word in ("properties", "$defs", "definitions"):
        for name, inner in (schema.get(word) or {}).items():
            yield from nodes(f"{where}.{word}.{name}", inner)
    for word in ("anyOf", "allOf"):
        for index, inner in enumerate(schema.get(word) or ()):
            yield from nodes(f"{where}.{word}.{index}", inner)
    if "items" in schema:
        yield from nodes(f"{where}.items", schema["items"])


def _check_node(where: str, node: Any, root: dict[str, Any]) -> None:
    """Refuse one schema, without those inside it."""
    if not isinstance(node, dict):
        raise invalid(where, "Boolean schemas are not supported")
    told = node.get("type", [])
    kinds = told if isinstance(told, list) else [told]
    for word in node:
        if word not in KEYWORDS:
            raise _unsupported(where, kinds, word)
    if not STRUCTURE & node.keys() - {"format", "$defs", "definitions"}:
        raise invalid(where, "Schema must have a 'type', 'anyOf', 'allOf', '$ref', 'enum' or 'const'")
    if "$ref" in node and target(node["$ref"], root) is None:
        raise invalid(where, f"Reference {node['$ref']!r} does not resolve inside the schema")
    if any(isinstance(value, (dict, list)) for value in [*node.get("enum", ()), node.get("const")]):
        raise invalid(where, "Enum and const values must be strings, numbers, booleans or null")
    _check_by_type(where, node, kinds)


def _check_by_type(where: str, node: dict[str, Any], kinds: list[str]) -> None:
    if not set(kinds) <= TYPES:
        raise invalid(where, f"Schema type {node['type']!r} is not supported")
    if "object" in kinds and node.get("additionalProperties") is not False:
        raise invalid(where, "For 'object' type, 'additionalProperties' must be explicitly set to false")
    if "array" in kinds and node.get("minItems", 0) not in {0, 1}:
        raise invalid(where, "For 'array' type, 'minItems' values other than 0 or 1 are not supported")
    if node.get("format", "date") not in FORMATS:
        raise invalid(where, f"For 'string' type, format {node['format']!r} is not supported")


def _unsupported(where: str, kinds: list[str], word: str) -> ApiError:
    of = f"For {kinds[0]!r} type, property" if kinds else "Property"
    return invalid(where, f"{of} {word!r} is not supported")


def target(ref: str, root: dict[str, Any]) -> Any:
    """Find the schema a local reference names; None when there is none."""
    parts = ref.split("/")
    found: Any = root if parts[0] == "#" else None
    for part in parts[1:]:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _check_recursion(where: str, root: dict[str, Any]) -> None:
    """Refuse a schema that contains itself through references."""

    def visit(schema: Any, open_refs: tuple[str, ...]) -> None:
        for _, node in nodes("", schema):
            ref = node.get("$ref") if isinstance(node, dict) else None
            if ref in open_refs:
                raise invalid(where, f"Recursive schemas are not supported ({ref})")
            if ref:
                visit(target(ref, root), (*open_refs, ref))

    # Definitions are entered by reference only: one that is unused and one that is used are read alike.
    entry = {word: inner for word, inner in root.items() if word not in {"$defs", "definitions"}}
    visit(entry, ("#",))
    for word in ("$defs", "definitions"):
        for name, inner in (root.get(word) or {}).items():
            visit(inner, ("#", f"#/{word}/{name}"))


def problem(schema: dict[str, Any], value: Any) -> str:
    """Say why a value does not match a schema; empty when it does."""
    for error in Draft202012Validator(schema).iter_errors(value):
        return f"{error.json_path}: {error.message}"
    return ""
