"""Types, shapes and literals of foreign values, told without running any code of theirs.

A class may come with a metaclass that answers every question by code of its own, so that types are compared by identity
alone: not hashed, not compared with `==`, not asked for an attribute.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice
from typing import Any

from pytest_codemode.core.credentials import RANDOM_TEXT, SECRET_VALUE
from pytest_codemode.core.observed import MAX_LITERAL

MAX_NAME = 60
"""Characters of a type's name."""
MAX_ITEMS = 8
"""Items of a container that are looked at."""
MAX_DEPTH = 3
MAX_BITS = 128

_type_name: Callable[[type], str] = type.__dict__["__name__"].__get__


def name_of(kind: type) -> str:
    """Return the name of a class, however its metaclass answers."""
    name = str.__getitem__(_type_name(kind), slice(MAX_NAME))  # may be an instance of a subclass of str
    return name if name.isidentifier() else "object"


def kind_of(value: object) -> str:
    """Return the kind of `value`, see `core.observed`."""
    kind = type(value)
    shape = _SHAPES.get(id(kind))
    if shape is None:
        return name_of(kind)
    told = shape(value)
    return f"{kind.__name__} {told}" if told else kind.__name__


def literal_of(value: object, *, secret: bool = False) -> str:
    """Return `value` as a literal; empty if it is none, holds anything that is none, or is long.

    What looks like a credential is left out; behind a `secret` name already letters and digits in a row do.
    """
    text = _literal(value, 0)
    if text is None or len(text) > MAX_LITERAL or SECRET_VALUE.search(text) or (secret and RANDOM_TEXT.search(text)):
        return ""
    return text


def items_of(value: object) -> tuple[object, ...]:
    """Return the first items of an exact built-in container, of a dict its keys; empty for anything else."""
    if not any(type(value) is kind for kind in _CONTAINERS):
        return ()
    return _first(value)


def _first(container: Any) -> tuple[object, ...]:
    try:
        return tuple(islice(container, MAX_ITEMS))
    except RuntimeError:  # another thread has changed it
        return ()


def _number(value: Any) -> str:
    return "negative" if value < 0 else "zero" if value == 0 else ""


def _float(value: Any) -> str:
    return "nan" if math.isnan(value) else "infinite" if math.isinf(value) else _number(value)


def _text(value: Any) -> str:
    return "empty" if not value else "blank" if value.isspace() else ""


def _container(value: Any) -> str:
    return "empty" if not value else "one" if len(value) == 1 else ""


def _bool(value: Any) -> str:
    return "true" if value else "false"


def _none(_value: Any) -> str:
    return ""


_CONTAINERS = (list, tuple, dict, set, frozenset)
_SHAPES: dict[int, Callable[[Any], str]] = {
    id(type(None)): _none,
    id(bool): _bool,
    id(int): _number,
    id(float): _float,
    id(str): _text,
    id(bytes): _text,
    id(bytearray): _text,
    **{id(kind): _container for kind in _CONTAINERS},
}
_SEQUENCES: tuple[tuple[type, str, str], ...] = ((list, "[", "]"), (tuple, "(", ")"), (set, "{", "}"))


def _literal(value: Any, depth: int) -> str | None:
    """Return the text of `value`, None if it is no literal or too much of one."""
    kind = type(value)
    if value is None or kind is bool:
        return repr(value)
    if kind is int or kind is float or kind is str or kind is bytes:
        return _scalar(value)
    if depth >= MAX_DEPTH or not any(kind is one for one in (list, tuple, set, dict)) or len(value) > MAX_ITEMS:
        return None
    if kind is dict:
        return _dict(value, depth)
    texts = _all(_first(value), depth)
    if texts is None or (kind is set and not texts):
        return None
    if kind is set:
        texts.sort()  # their own order changes from run to run
    opening, closing = next((one[1], one[2]) for one in _SEQUENCES if kind is one[0])
    return opening + ", ".join(texts) + ("," if kind is tuple and len(texts) == 1 else "") + closing


def _scalar(value: Any) -> str | None:
    kind = type(value)
    if kind is int:
        return repr(value) if value.bit_length() <= MAX_BITS else None
    if kind is float:
        return repr(value) if math.isfinite(value) else None
    return repr(value) if len(value) <= MAX_LITERAL else None


def _all(values: tuple[object, ...], depth: int) -> list[str] | None:
    texts: list[str] = []
    for value in values:
        text = _literal(value, depth + 1)
        if text is None or sum(map(len, texts)) > MAX_LITERAL:
            return None
        texts.append(text)
    return texts


def _dict(value: dict[Any, Any], depth: int) -> str | None:
    try:
        pairs = tuple(value.items())
    except RuntimeError:  # another thread has changed it
        return None
    keys, items = _all(tuple(key for key, _ in pairs), depth), _all(tuple(item for _, item in pairs), depth)
    if keys is None or items is None:
        return None
    return "{" + ", ".join(f"{key}: {item}" for key, item in zip(keys, items, strict=True)) + "}"
