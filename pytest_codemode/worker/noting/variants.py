"""Arguments near those of a call: one value changed a little, the same ones every time."""

from __future__ import annotations

import copy
import enum
import itertools
import types
from collections.abc import Iterable, Iterator
from typing import Any

from pytest_codemode.worker.noting.shapes import attributes_of, shape

_NONE = object()


def near(seed: Any) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield arguments that differ from those of `seed` in one place, in turn for each argument."""
    args, kwargs = seed
    streams = [(index, variants(value)) for index, value in enumerate(args)]
    streams += [(name, variants(value)) for name, value in kwargs.items()]
    for changes in itertools.zip_longest(*(stream for _, stream in streams), fillvalue=_NONE):
        for (place, _), change in zip(streams, changes, strict=True):
            if change is not _NONE:
                try:
                    yield _replaced(copy.deepcopy((args, kwargs)), place, change)
                except Exception:  # noqa: BLE001  # objects of the project's may refuse in any way
                    continue


def _replaced(seed: Any, place: Any, change: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    args, kwargs = seed
    if isinstance(place, int):
        return (*args[:place], change, *args[place + 1 :]), kwargs
    return args, {**kwargs, place: change}


def variants(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield values near a built-in one, or copies of an object with one attribute near its own."""
    kind = type(value)
    if kind is bool:
        yield not value
    elif kind is int:
        yield from _others(value, (value + 1, value - 1, 0, -value, 2 * value))
    elif kind is float:
        yield from _others(value, (value + 1, value - 1, 0.0, -value, value + 0.5))
    elif kind in (str, bytes):
        space = " " if kind is str else b" "
        yield from _others(
            value, (value[:0], value[::-1], value.swapcase(), value + space, space + value, value[:-1], value[1:])
        )
    elif kind in (list, tuple):
        yield from _others(value, (value[:0], value[:-1]))
        yield from _inner(value, range(len(value))[:2], depth)
        yield from _others(value, (value[::-1], value[1:], value + value[-1:]))
    elif kind in (set, frozenset):
        yield from _others(value, (kind(), kind(sorted(value, key=shape)[1:])))
    elif kind is dict:
        yield from _others(value, ({}, dict(list(value.items())[1:])))
        yield from _inner(value, list(value)[:2], depth)
    elif depth < 2 and _is_plain_object(value):
        yield from _objects(value, depth)


def _others(value: Any, found: Iterable[Any]) -> Iterator[Any]:
    seen = {shape(value)}
    for one in found:
        text = shape(one)
        if text not in seen:
            seen.add(text)
            yield one


def _inner(value: Any, places: Iterable[Any], depth: int) -> Iterator[Any]:
    if depth >= 2:
        return
    for place in places:
        for change in itertools.islice(variants(value[place], depth + 1), 2):
            if isinstance(value, tuple):
                yield (*value[:place], change, *value[place + 1 :])
            else:
                changed = copy.copy(value)
                changed[place] = change
                yield changed


def _is_plain_object(value: Any) -> bool:
    return not isinstance(value, type | types.FunctionType | types.ModuleType | enum.Enum) and bool(
        attributes_of(value)
    )


def _objects(value: Any, depth: int) -> Iterator[Any]:
    for name, item in itertools.islice(attributes_of(value).items(), 6):
        for change in itertools.islice(variants(item, depth + 1), 8):
            try:
                changed = copy.deepcopy(value)
                object.__setattr__(changed, name, change)
            except Exception:  # noqa: BLE001  # objects of the project's may refuse in any way
                continue
            yield changed
