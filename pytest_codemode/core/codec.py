"""Dataclasses to JSON and back, driven by their type hints: the one codec of every border between processes.

Decoding is strict: a missing field without a default, an unknown field or a wrong type is a `ValueError` that names the
path of the value, because the bytes may come from an untrusted process.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import math
import types
import typing
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from pytest_codemode.core.shapes import PLAIN, Mismatch, names_of, taker

T = TypeVar("T")


def encode(value: Any) -> Any:  # noqa: PLR0911  # a table of kinds, one return each
    """Return `value` as JSON types.

    Dataclasses become objects, enums their values, tuples lists, bytes base64 text. A dataclass with a `KIND` class
    attribute carries it as `"kind"`, so that a union of such classes can be decoded.
    """
    if type(value) in PLAIN:
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        body = {name: encode(getattr(value, name)) for name in names_of(type(value))}
        kind = getattr(type(value), "KIND", None)
        return {"kind": kind, **body} if kind else body
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [encode(item) for item in items]
    return value


def decode(kind: type[T] | Any, data: Any, where: str = "value") -> T:
    """Return `data` (JSON types) as an instance of `kind`.

    Raises:
        ValueError: `data` does not have the shape of `kind`; the text names the place, as in `failure.frames[0].line`.
    """
    try:
        return typing.cast("T", taker(kind)(data))
    except Mismatch:  # what is wrong with it, if anything, and where, is found the long way
        return typing.cast("T", _decode(kind, data, where))


def _decode(kind: Any, data: Any, where: str) -> Any:  # noqa: PLR0911  # a table of kinds, one return each
    if kind is Any:
        return data
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _decode_union(typing.get_args(kind), data, where)
    if origin is typing.Literal:
        return _require(data in typing.get_args(kind), data, where, f"one of {typing.get_args(kind)}")
    if origin in (tuple, list, frozenset, set):
        return _decode_items(origin, typing.get_args(kind), data, where)
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        item_kind = typing.get_args(kind)[1]
        _require(isinstance(data, dict), data, where, "an object")
        return {key: _decode(item_kind, item, f"{where}[{key!r}]") for key, item in data.items()}
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, data, where)
    return _decode_scalar(kind, data, where)


def _decode_scalar(kind: Any, data: Any, where: str) -> Any:
    if kind is None or kind is type(None):
        return _require(data is None, data, where, "null")
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(data)
        except ValueError:
            raise ValueError(f"{where}: {data!r} is not a {kind.__name__}") from None
    if kind is bytes:
        _require(isinstance(data, str), data, where, "base64 text")
        try:
            return base64.b64decode(data, validate=True)
        except ValueError:
            raise ValueError(f"{where}: not base64") from None
    if kind is float:
        _require(isinstance(data, int | float) and not isinstance(data, bool), data, where, "a number")
        try:
            number = float(data)
        except OverflowError:
            raise ValueError(f"{where}: a number expected that fits a float") from None
        # JSON has neither NaN nor infinities, and a limit that is one is none.
        return _require(math.isfinite(number), number, where, "a finite number")
    if kind is int:
        return _require(isinstance(data, int) and not isinstance(data, bool), data, where, "an integer")
    return _require(isinstance(data, kind), data, where, kind.__name__)


def _decode_union(members: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and type(None) in members:
        return None
    tagged = {getattr(m, "KIND", None): m for m in members}
    if isinstance(data, dict) and any(tagged):
        kind = data.get("kind")
        if isinstance(kind, str) and kind in tagged:
            return _decode(tagged[kind], data, where)
        raise ValueError(f"{where}: kind {kind!r} is none of {sorted(k for k in tagged if k)}")
    problems = []
    for member in members:
        try:
            return _decode(member, data, where)
        except ValueError as problem:
            problems.append(str(problem))
    raise ValueError(problems[0])


def _decode_items(origin: Any, args: tuple[Any, ...], data: Any, where: str) -> Any:
    _require(isinstance(data, list | tuple), data, where, "an array")
    if origin is tuple and len(args) > 1 and args[1] is not Ellipsis:
        _require(len(data) == len(args), data, where, f"an array of {len(args)}")
        return tuple(_decode(k, item, f"{where}[{i}]") for i, (k, item) in enumerate(zip(args, data, strict=True)))
    return origin(_decode(args[0], item, f"{where}[{i}]") for i, item in enumerate(data))


def _decode_dataclass(kind: Any, data: Any, where: str) -> Any:
    _require(isinstance(data, dict), data, where, "an object")
    hints = _hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    given = dict(data)
    tag = getattr(kind, "KIND", None)
    if tag is not None and "kind" not in fields and given.pop("kind", tag) != tag:
        raise ValueError(f"{where}: kind {data['kind']!r} is not {tag!r}")
    if unknown := sorted(given.keys() - fields.keys()):
        raise ValueError(f"{where}: unknown field {unknown[0]!r} of {kind.__name__}")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if name not in given and required:
            raise ValueError(f"{where}: field {name!r} of {kind.__name__} is missing")
    return kind(**{key: _decode(hints[key], item, f"{where}.{key}") for key, item in given.items()})


@lru_cache(maxsize=256)
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _require(holds: bool, data: Any, where: str, expected: str) -> Any:
    if not holds:
        raise ValueError(f"{where}: {expected} expected, got {str(data)[:60]!r}")
    return data
