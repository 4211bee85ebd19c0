"""What a value is as a bounded text: no code of the project's is asked, no address is in it."""

from __future__ import annotations

import enum
import hashlib
import itertools
import types
from typing import Any

MAX_ITEMS, MAX_DEPTH, MAX_TEXT = 30, 5, 160
_PLAIN = (bool, int, float, complex, str, bytes, bytearray, type(None), range, slice)
_SPOKEN = ("datetime", "decimal", "fractions", "pathlib", "uuid", "re", "ipaddress")
"""Modules whose objects say what they are."""
_BRACKETS: dict[type, str] = {list: "[]", tuple: "()", dict: "{}", set: "{}", frozenset: "{}"}


def cut(text: str) -> str:
    """Return `text` in bounded length; what is cut off still tells two texts apart."""
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}... [{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}]"


def shape(value: Any, depth: int = 0) -> str:
    """Return what a value is: of built-in ones the value, of others the class and the attributes."""
    kind = type(value)
    if kind in _PLAIN or str(kind.__module__).partition(".")[0] in _SPOKEN:  # as `pathlib._local`
        return _plain(value)
    if depth > MAX_DEPTH:
        return kind.__qualname__
    if kind in _BRACKETS:
        return _container(value, depth)
    return _named(value) or _object(value, depth)


def _named(value: Any) -> str:
    """Return the name of what has one of its own, empty otherwise."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__qualname__}.{value.name}"
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
        return f"{value.__module__}.{value.__qualname__}"
    return ""


def _object(value: Any, depth: int) -> str:
    kind = type(value)
    if isinstance(value, BaseException):
        return f"{kind.__qualname__}{shape(value.args, depth + 1)}"
    items = itertools.islice(attributes_of(value).items(), MAX_ITEMS)
    return f"{kind.__qualname__}({', '.join(f'{name}={shape(item, depth + 1)}' for name, item in items)})"


def _plain(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # an integer of too many digits, a half-made object
        return type(value).__qualname__
    if len(text) <= 2 * MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}...{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _container(value: Any, depth: int) -> str:
    if isinstance(value, dict):
        pairs = itertools.islice(list(value.items()), MAX_ITEMS)
        texts = [f"{shape(key, depth + 1)}: {shape(item, depth + 1)}" for key, item in pairs]
    else:
        texts = [shape(item, depth + 1) for item in itertools.islice(list(value), MAX_ITEMS)]
    if isinstance(value, set | frozenset):
        texts.sort()
    more = f", {len(value) - MAX_ITEMS} more" if len(value) > MAX_ITEMS else ""
    brackets = _BRACKETS[type(value)]
    comma = "," if type(value) is tuple and len(value) == 1 else ""
    return f"{brackets[0]}{', '.join(texts)}{more}{comma}{brackets[1]}"


def attributes_of(value: Any) -> dict[str, Any]:
    """Return the instance's own attributes, in the order in which they were set or declared."""
    try:
        found = dict(object.__getattribute__(value, "__dict__"))
    except (AttributeError, TypeError):
        found = {}
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            member = kind.__dict__.get(name)
            if isinstance(member, types.MemberDescriptorType):
                try:
                    found.setdefault(name, member.__get__(value))
                except AttributeError:
                    continue
    return found
