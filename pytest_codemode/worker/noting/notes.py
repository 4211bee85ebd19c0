"""Notes calls of some functions of the project in a test process, then tries inputs near them.

A line behind the module's own code calls `watch`, tests that are added call `report`. Values leave the process as
bounded texts. Calls within a noted call are not noted: the outermost one is
what a test sees. Inputs near are tried when the tests are over, each under a bound of executed lines, not of seconds,
so that the same code gives the same answer on a slow machine.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import itertools
import json
import os
import sys
import threading
import types
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from pytest_codemode.worker.noting.shapes import MAX_ITEMS, cut, shape
from pytest_codemode.worker.noting.variants import near

MAX_ROWS = 800
MAX_SEEDS = 8
"""Calls of one function, in failing and in passing tests each, whose arguments are varied."""
MAX_NEAR = 24
"""Inputs near one call."""
MAX_LINES = 20_000
PARTS, PART_CHARS = 16, 18_000
"""Tests that report, and what each one prints of the whole."""


class _Place(NamedTuple):
    """Of a watched function: two files may have functions of one name."""

    module: str
    name: str


_rows: dict[str, dict[str, Any]] = {}
_seeds: dict[tuple[_Place, bool], list[tuple[Callable[..., Any], Any]]] = {}
_failing: set[str] = set()
_told: list[str] = []
"""The report, once it is made."""
_local = threading.local()


class _TooLong(BaseException):
    """More lines than an input near is allowed."""


def watch(target: dict[str, Any], functions: Iterable[str], failing: Iterable[str]) -> None:
    """Note calls of `functions` (qualnames) of the module whose namespace is `target`.

    Args:
        failing: node ids of the tests that fail on the unpatched code.
    """
    _failing.update(failing)
    for qualname in functions:
        *owners, name = qualname.split(".")
        holder: Any = target.get(owners[0]) if owners else target
        for owner in owners[1:]:
            holder = getattr(holder, owner, None)
        found = holder.get(name) if isinstance(holder, dict) else getattr(holder, "__dict__", {}).get(name)
        noted = _noted_kind(found, qualname)
        if noted is None:
            continue
        try:
            if isinstance(holder, dict):
                holder[name] = noted
            else:
                setattr(holder, name, noted)
        except (AttributeError, TypeError):
            continue


def _noted_kind(found: Any, qualname: str) -> Any:
    if type(found) is types.FunctionType:
        return _noting(found, qualname)
    if type(found) in (staticmethod, classmethod):
        inner = _noting(found.__func__, qualname) if type(found.__func__) is types.FunctionType else None
        return None if inner is None else type(found)(inner)
    if type(found) is property and type(found.fget) is types.FunctionType:
        getter = _noting(found.fget, qualname)
        return None if getter is None else property(getter, found.fset, found.fdel, found.__doc__)
    return None


def _noting(function: types.FunctionType, name: str) -> Callable[..., Any] | None:
    if function.__code__.co_flags & (0x80 | 0x200):  # a coroutine's caller asks what kind of function it is
        return None
    place = _Place(str(function.__module__), name)

    @functools.wraps(function)
    def noted(*args: Any, **kwargs: Any) -> Any:
        test = os.environ.get("PYTEST_CURRENT_TEST", "")
        if getattr(_local, "busy", False) or not test or len(_rows) >= MAX_ROWS:
            return function(*args, **kwargs)
        _local.busy = True
        try:
            passing = test.rpartition(" (")[0] not in _failing
            before = shape((args, kwargs))
            _keep_seed(function, place, args, kwargs, before, passing=passing)
            try:
                result = function(*args, **kwargs)
            except Exception as problem:
                _note(place, args, kwargs, before, f"raises {type(problem).__qualname__}", passing=passing, raised=True)
                raise
            _note(place, args, kwargs, before, shape(result), passing=passing)
            return result
        finally:
            _local.busy = False

    return noted


def _keep_seed(function: Any, place: _Place, args: Any, kwargs: Any, before: str, *, passing: bool) -> None:
    seeds = _seeds.setdefault((place, passing), [])
    if len(seeds) < MAX_SEEDS and _key(place, before) not in _rows:
        try:
            seeds.append((function, copy.deepcopy((args, kwargs))))
        except Exception:  # noqa: BLE001  # objects of the project's may refuse in any way
            return


def _note(
    place: _Place,
    args: Any,
    kwargs: Any,
    before: str,
    result: str,
    *,
    passing: bool,
    near: bool = False,
    raised: bool = False,
) -> None:
    after = shape((args, kwargs))
    if after != before:
        result = f"{result}, leaving {after}"
    key = _key(place, before)
    row = {
        "key": key,
        "call": cut(f"{place.name}{_call_text(before)}"),
        "result": cut(result),
        "passing": passing,
        "near": near,
        "raised": raised,
        "steady": True,
    }
    known = _rows.setdefault(key, row)
    known["steady"] = known["steady"] and known["result"] == row["result"]
    known["passing"] = known["passing"] or passing


def _key(place: _Place, before: str) -> str:
    return hashlib.sha256(f"{place.module}\0{place.name}\0{before}".encode("utf-8", "replace")).hexdigest()[:20]


def _call_text(before: str) -> str:
    """Return `((1, 2), {})` as `(1, 2)`."""
    text = before[1:-1].removesuffix(", {}")
    return f"{text[:-2]})" if text.endswith(",)") else text


def report(token: str, part: int) -> None:
    """Print a part of everything that was seen, as JSON behind `token`; the first one tries the inputs near it.

    What one test prints is cut at `PART_CHARS` and a few more, so that it takes several to tell everything.
    """
    if not _told:
        _local.busy = True
        _try_near()
        _told.append(_encoded(list(_rows.values())))
    sys.stdout.write(f"\n{token} {_told[0][part * PART_CHARS :][:PART_CHARS]}\n")
    sys.stdout.flush()


def _encoded(rows: list[dict[str, Any]]) -> str:
    """Return the rows as JSON that fits into all parts; if need be without the last ones."""
    while True:
        text = json.dumps([list(row.values()) for row in rows], separators=(",", ":"))
        if len(text) <= PARTS * PART_CHARS:
            return text
        del rows[len(rows) * 9 // 10 :]


def _try_near() -> None:
    for (place, passing), seeds in _seeds.items():
        for function, seed in seeds:
            for args, kwargs in itertools.islice(near(seed), MAX_NEAR):
                if len(_rows) >= MAX_ROWS:
                    return
                _try(function, place, args, kwargs, passing=passing)


def _try(function: Callable[..., Any], place: _Place, args: Any, kwargs: Any, *, passing: bool) -> None:
    before = shape((args, kwargs))
    if _key(place, before) in _rows or sys.gettrace() is not None:
        return
    raised = False
    try:
        result = shape(_bounded(function, args, kwargs))
    except _TooLong:
        result, raised = "does not end", True
    except (Exception, SystemExit, GeneratorExit) as problem:  # noqa: BLE001  # whatever the project's code makes of odd input
        result, raised = f"raises {type(problem).__qualname__}", True
    _note(place, args, kwargs, before, result, passing=passing, near=True, raised=raised)


def _bounded(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    lines = 0

    def count(_frame: types.FrameType, _event: str, _arg: Any) -> Any:
        nonlocal lines
        lines += 1
        if lines > MAX_LINES:
            raise _TooLong
        return count

    sys.settrace(count)
    try:
        result = function(*args, **kwargs)
        return list(itertools.islice(result, MAX_ITEMS)) if isinstance(result, types.GeneratorType) else result
    finally:
        sys.settrace(None)
