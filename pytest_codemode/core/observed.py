"""What the names of suspicious functions held in failing and in passing runs: types, shapes, a few literal values.

A kind is a type's name, for exact built-in types with the shape of the value behind a space: `str empty`,
`int negative`, `list one`, `NoneType`. Values are told only as literals of exact built-in types.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

Role = Literal["argument", "local", "item", "result"]
"""`argument`: as the function was called with it; `local`: as it stood when the function was left; `item`: what the
containers that the name held were made of (a dict's keys); `result`: what was returned, under the name `return`."""

RESULT = "return"
"""Name of what a function returned; no variable can have it."""
MAX_LITERAL = 60
"""Characters of one literal."""
MAX_LITERALS = 5
"""Different literals of one name."""
MAX_KINDS = 12
MAX_NAMES = 40
"""Arguments of one function, and as many of its locals, of names whose items are told, and of lines left at."""
MAX_FUNCTIONS = 200
"""Functions of one test whose values are told."""
MAX_CALLED = 4_000
"""Pairs of a line and a function that it called."""
MAX_COUNT = 10**9
MAX_NAME = 100
"""Characters of a variable's or an exception's name."""
MAX_FUNCTION = 1_000
"""Characters of `path::qualname`."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one name held."""

    kinds: dict[str, int] = field(default_factory=dict)
    """Kind -> how often; see the module's text."""
    literals: tuple[str, ...] = ()
    """Different values, as text that `ast.literal_eval` reads; the first few that were short enough."""

    @property
    def types(self) -> tuple[str, ...]:
        """Names of the types without their shapes, each once, the most frequent first."""
        counts: Counter[str] = Counter()
        for kind, count in self.kinds.items():
            counts[type_of(kind)] += count
        return tuple(name for name, _ in counts.most_common())


@dataclass(frozen=True, slots=True)
class NameSeen:
    """What one name held during one test."""

    name: str
    role: Role
    held: Held


@dataclass(frozen=True, slots=True)
class FunctionSeen:
    """One watched function during one test."""

    function: str
    """`path::qualname`."""
    calls: int
    names: tuple[NameSeen, ...] = ()
    raised: dict[str, int] = field(default_factory=dict)
    """Class name of an exception that left the function -> how often."""
    left_at: tuple[int, ...] = ()
    """1-based lines at which exceptions left it, sorted."""


@dataclass(frozen=True, slots=True)
class CalledUnder:
    """What one line of a test function called, directly or not."""

    line: int
    """1-based line in the test's file; 0 for fixtures and whatever else was not called from the test function."""
    functions: tuple[str, ...]
    """`path::qualname` of project functions, sorted."""


@dataclass(frozen=True, slots=True)
class Values:
    """What was recorded of one test with `record="values"`."""

    functions: tuple[FunctionSeen, ...] = ()
    called: tuple[CalledUnder, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservedName:
    """One name in failing and in passing runs."""

    name: str
    role: Role
    failing: Held = field(default_factory=Held)
    passing: Held = field(default_factory=Held)

    @property
    def only_failing(self) -> tuple[str, ...]:
        """Kinds that only failing runs showed; empty where no passing run reached the function."""
        if not self.passing.kinds:
            return ()
        return tuple(kind for kind in self.failing.kinds if kind not in self.passing.kinds)


@dataclass(frozen=True, slots=True)
class ObservedFunction:
    """One suspicious function in failing and in passing runs."""

    path: str
    """Posix path relative to rootdir."""
    qualname: str
    failing_calls: int
    passing_calls: int
    names: tuple[ObservedName, ...]
    """Arguments in the order of the signature, then locals and items, then `return`."""
    failing_raised: dict[str, int] = field(default_factory=dict)
    """Class name of an exception that left the function -> how often, in failing runs."""
    passing_raised: dict[str, int] = field(default_factory=dict)
    left_at: tuple[int, ...] = ()
    """1-based lines at which exceptions left it in failing runs: the locals are those of that moment."""

    def name(self, name: str, role: Role | None = None) -> ObservedName | None:
        """Return what is known of `name`, in any role or in the given one."""
        return next((one for one in self.names if one.name == name and role in (None, one.role)), None)


_KIND = re.compile(r"[^\W\d]\w{0,59}(?: [a-z]{1,20})?")
_PART = r"(?:[^\W\d]\w*|<[a-z]{1,20}>)"
_QUALNAME = re.compile(rf"{_PART}(?:\.{_PART})*")
"""As `Class.method`; `<lambda>` has no other name."""


def checked(values: Values, watched: Collection[str]) -> Values:
    """Return what was recorded as far as it can be, no more than an honest recorder tells of a test.

    It comes from where foreign code ran; whatever it is, reading it takes time in proportion to its length.

    Args:
        values: of one test.
        watched: the functions that were asked for; what is defined in them may be told too.
    """
    inside = tuple(f"{name}." for name in watched)
    functions = {
        seen.function: _function_checked(seen)
        for seen in values.functions[:MAX_FUNCTIONS]
        if (seen.function in watched or seen.function.startswith(inside)) and _is_function(seen.function)
    }
    return Values(tuple(functions.values()), tuple(_called_checked(values.called)))


def _function_checked(seen: FunctionSeen) -> FunctionSeen:
    most = 3 * MAX_NAMES + 2  # what is returned, and its items
    names = {(one.name, one.role): one for one in seen.names[:most] if _is_name(one.name)}
    return FunctionSeen(
        seen.function,
        min(max(seen.calls, 0), MAX_COUNT),
        tuple(replace(one, held=_held_checked(one.held)) for one in names.values()),
        _counts_checked(seen.raised, _is_name),
        tuple(line for line in seen.left_at[:MAX_NAMES] if 0 < line <= MAX_COUNT),
    )


def _held_checked(held: Held) -> Held:
    kinds = _counts_checked(held.kinds, lambda kind: _KIND.fullmatch(kind) is not None)
    return Held(kinds, tuple(filter(_is_literal, held.literals[:MAX_LITERALS])))


def _counts_checked(counts: Mapping[str, int], is_name: Callable[[str], bool]) -> dict[str, int]:
    first = islice(counts.items(), MAX_KINDS)
    return {name: min(count, MAX_COUNT) for name, count in first if is_name(name) and count > 0}


def _called_checked(called: tuple[CalledUnder, ...]) -> Iterator[CalledUnder]:
    room = MAX_CALLED
    for under in called[:MAX_CALLED]:
        told = under.functions[:room]
        room -= len(told)
        functions = tuple(filter(_is_function, told))
        if functions and 0 <= under.line <= MAX_COUNT:
            yield CalledUnder(under.line, functions)


def _is_function(text: str) -> bool:
    path, _, qualname = text.partition("::")
    return len(text) <= MAX_FUNCTION and path.isprintable() and path != "" and bool(_QUALNAME.fullmatch(qualname))


def _is_name(text: str) -> bool:
    return text.isidentifier() and len(text) <= MAX_NAME


def type_of(kind: str) -> str:
    """Return the type's name in a kind: `str` of `str empty`."""
    return kind.partition(" ")[0]


def together(failing: Iterable[Values], passing: Iterable[Values]) -> tuple[ObservedFunction, ...]:
    """Return the functions that failing runs called, with what was seen of them in both kinds of runs."""
    red, green = _by_function(failing), _by_function(passing)
    return tuple(_function(name, seen, green.get(name, [])) for name, seen in red.items())


def without_failing_values(functions: Iterable[ObservedFunction]) -> tuple[ObservedFunction, ...]:
    """Return the functions without the literals of failing runs, for where failing cases are held back."""
    return tuple(
        replace(one, names=tuple(replace(name, failing=replace(name.failing, literals=())) for name in one.names))
        for one in functions
    )


def _by_function(runs: Iterable[Values]) -> dict[str, list[FunctionSeen]]:
    found: dict[str, list[FunctionSeen]] = {}
    for run in runs:
        for seen in run.functions:
            found.setdefault(seen.function, []).append(seen)
    return found


def _function(function: str, red: list[FunctionSeen], green: list[FunctionSeen]) -> ObservedFunction:
    path, _, qualname = function.partition("::")
    failing, passing = _by_name(red), _by_name(green)
    return ObservedFunction(
        path,
        qualname,
        sum(seen.calls for seen in red),
        sum(seen.calls for seen in green),
        tuple(
            ObservedName(name, role, _held(failing.get((name, role), [])), _held(passing.get((name, role), [])))
            for name, role in {**failing, **passing}
        ),
        _added(seen.raised for seen in red),
        _added(seen.raised for seen in green),
        tuple(sorted({line for seen in red for line in seen.left_at})),
    )


def _by_name(runs: list[FunctionSeen]) -> dict[tuple[str, Role], list[Held]]:
    found: dict[tuple[str, Role], list[Held]] = {}
    for seen in runs:
        for one in seen.names:
            found.setdefault((one.name, one.role), []).append(one.held)
    return found


def _held(of_name: list[Held]) -> Held:
    literals = dict.fromkeys(text for held in of_name for text in held.literals)
    return Held(_added(held.kinds for held in of_name), tuple(literals)[:MAX_LITERALS])


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for name, count in _pairs(counts):
        if name in total or len(total) < MAX_KINDS:
            total[name] = total.get(name, 0) + count
    return total


def _pairs(counts: Iterable[Mapping[str, int]]) -> Iterator[tuple[str, int]]:
    return ((name, count) for one in counts for name, count in one.items())


def _is_literal(text: str) -> bool:
    if len(text) > MAX_LITERAL:
        return False
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # `{[]}` is read, and cannot be
        return False
    return True
