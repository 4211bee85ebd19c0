"""What the failures say: names in exception texts, and how the actual value differs from the expected one."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_codemode.core.failure import Failure, headline
from pytest_codemode.proposers.search.contrast import NumberPairs, number_pairs, text_pairs

PLAIN = frozenset({"None", "0", "[]", '""', "False", "True", "{}", "-1", "0.0", "()"})
"""Values that a function may return where there is nothing to compute; no literal of a test is made up from them."""
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Hints:
    """Facts drawn from the failures of one task."""

    exceptions: frozenset[str]
    """Class names of the exceptions."""
    unknown_names: frozenset[str] = frozenset()
    """From NameError and UnboundLocalError."""
    unknown_attributes: frozenset[tuple[str, str]] = frozenset()
    """From AttributeError: `(type or module, attribute)`."""
    unknown_imports: frozenset[tuple[str, str]] = frozenset()
    """From ImportError: `(module, name)`; the name is empty for a missing module."""
    unknown_keywords: frozenset[tuple[str, str]] = frozenset()
    """From TypeError: `(callee, keyword)`."""
    unknown_keys: frozenset[str] = frozenset()
    """From KeyError: the key where it is a string."""
    suggestions: frozenset[str] = frozenset()
    """What `Did you mean` names."""
    none_used: bool = False
    """A None was used as something else."""
    relations: frozenset[str] = frozenset()
    """How actual and expected values differ, as `off_by_one`; see `relations_between`."""
    expected_texts: frozenset[str] = frozenset()
    """Strings in expected values; only used to correct literals that are nearly equal."""
    text_pairs: frozenset[tuple[str, str]] = frozenset()
    """Texts at the same place of an actual and an expected value that differ: `(actual, expected)`."""
    number_pairs: NumberPairs = frozenset()
    expected_plain: frozenset[str] = frozenset()
    """Expected values that are plain and empty, as source: `None`, `0`, `[]`, ..."""
    texts: str = ""
    """Messages of all failures."""
    locals: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """`(path, function)` -> name -> `repr`, of the innermost frame of that function."""


_NAME = re.compile(r"name '(\w+)' is not defined|(?:local|free) variable '(\w+)'|variable named '(\w+)'")
_ATTRIBUTE = re.compile(r"'?([\w.]+)'? (?:object )?has no attribute '(\w+)'")
_IMPORT = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
_MODULE = re.compile(r"No module named '([\w.]+)'")
_KEYWORD = re.compile(r"([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'")
_MEANT = re.compile(r"Did you mean:? '?(?:from [\w.]+ import |import )?([\w.]+)'?")
_OPAQUE = re.compile(
    r"<\w+ object |<(?:list|dict|set|tuple)_\w+ object|(?:dict_keys|dict_values|dict_items|range|map)\("
)
"""The `repr` of what has items, but is no list."""
_NONE = re.compile(r"NoneType|'None'")


def read_hints(failures: Sequence[Failure]) -> Hints:
    """Return what `failures` tell."""
    text = "\n".join(f"{failure.exception}: {failure.message}" for failure in failures)
    relations: set[str] = set()
    expected: set[str] = set()
    plain: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    numbers: set[tuple[float, float]] = set()
    for failure in failures:
        actual, wanted = operands(failure)
        if wanted is not _MISSING and _OPAQUE.match(failure.left):
            relations |= {"type_changed", f"to_{type(wanted).__name__}"}
        if actual is not _MISSING and wanted is not _MISSING:
            relations |= relations_between(actual, wanted)
            expected |= set(_strings(wanted))
            pairs.update(text_pairs(actual, wanted))
            numbers.update(number_pairs(actual, wanted))
            plain |= {repr(wanted).replace("''", '""')} & PLAIN
        pairs.update(_found_in(failure))
    return Hints(
        exceptions=frozenset("Timeout" if failure.timed_out else failure.exception for failure in failures),
        unknown_names=frozenset(name for match in _NAME.findall(text) for name in match if name),
        unknown_attributes=frozenset(_ATTRIBUTE.findall(text)),
        unknown_imports=frozenset(
            [*((module, name) for name, module in _IMPORT.findall(text)), *((m, "") for m in _MODULE.findall(text))]
        ),
        unknown_keywords=frozenset((callee.rpartition(".")[2], word) for callee, word in _KEYWORD.findall(text)),
        unknown_keys=frozenset(key for failure in failures for key in _keys(failure)),
        suggestions=frozenset(_MEANT.findall(text)),
        none_used=bool(_NONE.search(text)) or "none_for_value" in relations,
        relations=frozenset(relations),
        expected_texts=frozenset(expected),
        text_pairs=frozenset(pairs),
        number_pairs=frozenset(numbers),
        expected_plain=frozenset(plain),
        texts=text,
        locals=_locals(failures),
    )


def _keys(failure: Failure) -> Iterator[str]:
    if failure.exception == "KeyError":
        value = literal(headline(failure).partition(": ")[2])
        if isinstance(value, str):
            yield value


def _locals(failures: Sequence[Failure]) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for failure in failures:
        for frame in failure.frames:
            if frame.locals:
                found[frame.path, frame.function.rpartition(".")[2]] = frame.locals
    return found


def literal(text: str) -> Any:
    """Return the value that `text` is the literal of, or a marker that equals nothing."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return _MISSING


_COMPARED = re.compile(r"^assert (.+?) == (.+)$", re.MULTILINE)


def operands(failure: Failure) -> tuple[Any, Any]:
    """Return actual and expected value of a failed comparison as literals (a marker where they are none)."""
    left, right = failure.left, failure.right
    if not left and (match := _COMPARED.search(failure.message)):
        left, right = match[1], match[2]
    return literal(left), literal(right)


_MATCHED = re.compile(r"(?:Expected regex|Regex): (.+)\s+(?:Actual message|Input): (.+)")
"""What pytest says where an exception's message is not as `pytest.raises` wants it."""


def _found_in(failure: Failure) -> Iterator[tuple[str, str]]:
    """Yield a text and the part that was looked for in it: `assert 'part' in text`, the message of an exception."""
    match = _MATCHED.search(failure.message)
    part, whole = match.groups() if match else (failure.left, failure.right)
    if match or failure.operator == "in":
        wanted, actual = literal(part), literal(whole)
        if isinstance(wanted, str) and isinstance(actual, str):
            yield from text_pairs(actual, wanted)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (*_strings(key), *_strings(item))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _strings(item)


def relations_between(actual: Any, wanted: Any) -> set[str]:
    """Return names of simple ways in which `actual` differs from `wanted`; empty for equal or unlike values."""
    if actual is None or wanted is None:
        return {"none_for_value"} if actual is None and wanted is not None else {"value_for_none"}
    for kinds, compare in _COMPARISONS:
        if isinstance(actual, kinds) and isinstance(wanted, kinds):
            try:
                return compare(actual, wanted)
            except OverflowError:  # a number that no float holds
                return {"number"}
    return _type_relations(actual, wanted)


def _truth_relations(actual: bool, wanted: bool) -> set[str]:
    return {"negated"} if actual != wanted else set()


def _number_relations(actual: float, wanted: float) -> set[str]:
    if actual == wanted:
        return {"number_type"} if type(actual) is not type(wanted) else set()
    found = {"number"}
    if abs(actual - wanted) == 1:
        found.add("off_by_one")
    elif abs(actual - wanted) < 1:
        found |= {"rounding", "number_type"}
    if actual == -wanted:
        found.add("sign")
    if wanted and actual and max(actual / wanted, wanted / actual) in (10, 60, 100, 1000, 3600):
        found.add("factor")
    return found


def _text_relations(actual: str, wanted: str) -> set[str]:
    if actual == wanted:
        return set()
    found = {"text"}
    if actual.lower() == wanted.lower():
        found.add("case")
    if "".join(actual.split()) == "".join(wanted.split()):
        found.add("space")
    if actual[::-1] == wanted:
        found.add("reversed")
    if actual and wanted and (actual in wanted or wanted in actual):
        found.add("cut" if len(actual) < len(wanted) else "surplus")
        if abs(len(actual) - len(wanted)) == 1:
            found.add("off_by_one")
    return found


def _sequence_relations(actual: Sequence[Any], wanted: Sequence[Any]) -> set[str]:
    left, right = list(actual), list(wanted)
    found = {"number_type"} if type(actual) is not type(wanted) else set()
    if left == right:
        return {"type_changed"} if found else set()
    found = set(_size_relations(left, right))
    if left == right[::-1]:
        found.add("reversed")
    if len(left) == len(right):
        if sorted(map(repr, left)) == sorted(map(repr, right)):
            found.add("order")
        for one, other in zip(left, right, strict=True):
            found |= relations_between(one, other) if one != other else set()
    if len(left) > len(right) and [item for i, item in enumerate(left) if item not in left[:i]] == right:
        found.add("duplicates")
    return found


def _mapping_relations(actual: dict[Any, Any], wanted: dict[Any, Any]) -> set[str]:
    found = set(_size_relations(actual, wanted))
    for key in actual.keys() & wanted.keys():
        if actual[key] != wanted[key]:
            found |= relations_between(actual[key], wanted[key])
    keys, others = ([key for key in one if key not in other] for one, other in ((actual, wanted), (wanted, actual)))
    if len(keys) == len(others):
        for key, other in zip(keys, others, strict=True):
            found |= relations_between(key, other)
    return found


def _size_relations(actual: Any, wanted: Any) -> set[str]:
    if len(actual) < len(wanted):
        return {"cut"} | ({"off_by_one"} if len(wanted) - len(actual) == 1 else set())
    if len(actual) > len(wanted):
        return {"surplus"} | ({"off_by_one"} if len(actual) - len(wanted) == 1 else set())
    return {"elements"}


def _type_relations(actual: Any, wanted: Any) -> set[str]:
    kinds = {type(actual), type(wanted)}
    found = {"type_changed", f"to_{type(wanted).__name__}"}
    if str(actual) == str(wanted) and kinds & {str}:
        found.add("text_or_number")
    return found


_COMPARISONS: tuple[tuple[tuple[type, ...], Callable[[Any, Any], set[str]]], ...] = (
    ((bool,), _truth_relations),
    ((str,), _text_relations),
    ((int, float), _number_relations),
    ((list, tuple), _sequence_relations),
    ((dict,), _mapping_relations),
    ((set, frozenset), _size_relations),
)
"""Kinds of values that are compared in a way of their own."""
