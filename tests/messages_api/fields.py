"""Checks of JSON objects against a list of fields, with the API's wording of what is wrong."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import invalid

Check = Callable[[str, Any], None]


def string(where: str, value: Any) -> None:
    if not isinstance(value, str):
        raise invalid(where, "Input should be a valid string")


def boolean(where: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise invalid(where, "Input should be a valid boolean")


def integer(where: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(where, "Input should be a valid integer")


def mapping(where: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise invalid(where, "Input should be a valid dictionary")


def sequence(where: str, value: Any) -> None:
    if not isinstance(value, list):
        raise invalid(where, "Input should be a valid list")


def one_of(*values: str) -> Check:
    """Make a check that a value is one of a few strings."""

    def check(where: str, value: Any) -> None:
        if value not in values:
            raise invalid(where, f"Input should be {' or '.join(repr(v) for v in values)}")

    return check


def matching(pattern: str) -> Check:
    """Make a check that a whole string matches a pattern."""

    def check(where: str, value: Any) -> None:
        string(where, value)
        if not re.fullmatch(pattern, value):
            raise invalid(where, f"String should match pattern '^{pattern}$'")

    return check


def nullable(inner: Check) -> Check:
    """Make a check that also accepts null."""

    def check(where: str, value: Any) -> None:
        if value is not None:
            inner(where, value)

    return check


def list_of(inner: Check) -> Check:
    """Make a check for every item of a list."""

    def check(where: str, value: Any) -> None:
        sequence(where, value)
        for index, item in enumerate(value):
            inner(f"{where}.{index}", item)

    return check


def check_fields(where: str, value: Any, required: Mapping[str, Check], optional: Mapping[str, Check]) -> None:
    """Refuse a missing field, a field the API does not know, and a value of the wrong type."""
    mapping(where, value)
    for name in required:
        if name not in value:
            raise invalid(dotted(where, name), "Field required")
    for name, item in value.items():
        check = required.get(name) or optional.get(name)
        if check is None:
            raise invalid(dotted(where, name), "Extra inputs are not permitted")
        check(dotted(where, name), item)


def check_tagged(where: str, value: Any, tags: Mapping[str, tuple[Mapping[str, Check], Mapping[str, Check]]]) -> str:
    """Check an object whose `type` says which fields it has; return that type."""
    mapping(where, value)
    if "type" not in value:
        raise invalid(dotted(where, "type"), "Field required")
    tag = value["type"]
    if not isinstance(tag, str) or tag not in tags:
        raise invalid(
            where, f"Input tag {tag!r} found using 'type' does not match any of the expected tags: {named(tags)}"
        )
    required, optional = tags[tag]
    check_fields(where, value, {"type": string, **required}, optional)
    return tag


def dotted(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def named(values: Mapping[str, Any] | Sequence[str]) -> str:
    return ", ".join(repr(value) for value in values)
