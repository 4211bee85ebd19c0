"""Which test executes which function, kept from one call to the next: only what has changed is recorded again.

A test is recorded again when the body of a function it executed has changed, or anything that runs at import in a file
it executed, in its own file, in a conftest above it, or in what one of these imports.
Not seen: data files, and functions of which only an earlier test's call was needed because a cache held the result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pytest_codemode.core.codec import decode, encode
from pytest_codemode.core.outcome import Outcome, TestResult
from pytest_codemode.sandbox.facts import FileFacts, checksum
from pytest_codemode.sandbox.sources import Sources, conftests

SCHEMA = 1
MAX_TESTS = 200_000
MAX_NAMES = 1_000_000

_WHOLE = frozenset({Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.XFAILED, Outcome.XPASSED})
"""Of a test that did not come to its end, not all functions are known."""


class Store(Protocol):
    """Where the index outlives the process. What it returns was written by `save`, on this machine, by this user."""

    def load(self) -> tuple[bytes | None, str]:
        """Return (what was saved last, None if nothing; why it is ignored, empty if it is not)."""
        ...

    def save(self, record: bytes) -> str:
        """Keep `record`; return why that is not possible, empty if it is done."""
        ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one test did."""

    outcome: Outcome
    duration_s: float
    functions: frozenset[str]
    """`path::qualname` of each project function that ran."""
    key: str
    """Checksum of all the code that this depends on, as it stood then."""


@dataclass
class Index:
    """Everything that is known about one environment."""

    environment: str = ""
    """Checksum of what holds for all tests: interpreter, options, configuration, installed packages."""
    files: dict[str, FileFacts] = field(default_factory=dict)
    tests: dict[str, Recorded] = field(default_factory=dict)
    ends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Fixture that tests share -> functions that its end ran; they belong to every test that uses it."""

    def functions(self, nodeid: str) -> frozenset[str]:
        """Return what the test executes, the ends of its fixtures included; empty if unknown."""
        known = self.tests.get(nodeid)
        return self._with_ends(known.functions) if known is not None else frozenset()

    def _with_ends(self, functions: frozenset[str]) -> frozenset[str]:
        found = functions
        for fixture in functions & self.ends.keys():
            found |= frozenset(self.ends[fixture])
        return found

    def stale(self, nodeids: Sequence[str], sources: Sources) -> tuple[str, ...]:
        """Forget the tests that are not among `nodeids`, and return those that must be recorded."""
        wanted = set(nodeids)
        self.tests = {nodeid: test for nodeid, test in self.tests.items() if nodeid in wanted}
        return tuple(
            nodeid
            for nodeid in nodeids
            if (test := self.tests.get(nodeid)) is None
            or test.key != key_of(nodeid, self._with_ends(test.functions), sources)
        )

    def take(self, results: Sequence[TestResult], sources: Sources) -> None:
        """Take what was recorded on the tree that `sources` shows."""
        for result in results:
            self.ends |= result.ends
        for result in results:
            self.tests.pop(result.nodeid, None)
            if result.outcome in _WHOLE:
                functions = frozenset(result.functions)
                key = key_of(result.nodeid, self._with_ends(functions), sources)
                self.tests[result.nodeid] = Recorded(result.outcome, result.duration_s, functions, key)
        self.files = {path: facts for path, facts in sources.facts.items() if facts is not None}

    def check(self, results: Iterable[TestResult]) -> None:
        """Forget the tests that ended otherwise than when they were recorded: they may execute something else now."""
        for result in results:
            known = self.tests.get(result.nodeid)
            if known is not None and known.outcome is not result.outcome:
                del self.tests[result.nodeid]

    def dump(self) -> bytes:
        """Return it as JSON; names of functions are numbered, as most tests share them."""
        names = sorted({name for test in self.tests.values() for name in test.functions})
        number = {name: index for index, name in enumerate(names)}
        tests = {
            nodeid: _Row(
                test.outcome, test.duration_s, tuple(sorted(number[name] for name in test.functions)), test.key
            )
            for nodeid, test in self.tests.items()
        }
        return json.dumps(encode(_Dumped(SCHEMA, self.environment, self.files, tuple(names), tests, self.ends))).encode(
            "ascii"
        )

    @staticmethod
    def parse(record: bytes) -> Index:
        """Return what `dump` has made.

        Raises:
            ValueError: it is damaged, or of another version.
        """
        try:
            data: Any = json.loads(record)
            if not isinstance(data, dict) or data.get("schema") != SCHEMA:
                raise ValueError("is of another version")
            dumped: _Dumped = decode(_Dumped, data, "map")
        except RecursionError:
            raise ValueError("is nested too deeply") from None
        names = dumped.names
        if len(dumped.tests) > MAX_TESTS or len(names) > MAX_NAMES:
            raise ValueError("is too large")
        if any(not 0 <= number < len(names) for row in dumped.tests.values() for number in row.functions):
            raise ValueError("names a function that it does not list")
        tests = {
            nodeid: Recorded(row.outcome, row.duration_s, frozenset(names[number] for number in row.functions), row.key)
            for nodeid, row in dumped.tests.items()
        }
        return Index(dumped.environment, dumped.files, tests, dumped.ends)


@dataclass(frozen=True, slots=True)
class _Row:
    outcome: Outcome
    duration_s: float
    functions: tuple[int, ...]
    key: str


@dataclass(frozen=True, slots=True)
class _Dumped:
    schema: int
    environment: str
    files: dict[str, FileFacts]
    names: tuple[str, ...]
    tests: dict[str, _Row]
    ends: dict[str, tuple[str, ...]]


def files_behind(nodeid: str, functions: Iterable[str], sources: Sources) -> frozenset[str]:
    """Return the files whose import-time code the test depends on."""
    own = nodeid.partition("::")[0]
    executed = {function.partition("::")[0] for function in functions}
    above = [path for path in conftests(own) if sources.of(path) is not None]
    return sources.imported({own, *above, *executed})


def key_of(nodeid: str, functions: frozenset[str], sources: Sources) -> str:
    """Return the checksum of everything the test depends on."""
    parts = [f"{path}={_module(sources, path)}" for path in sorted(files_behind(nodeid, functions, sources))]
    for function in sorted(functions):
        path, _, qualname = function.partition("::")
        facts = sources.of(path)
        parts.append(f"{function}={facts.of(qualname) if facts is not None else ''}")
    return checksum("\n".join(parts).encode("utf-8", "replace"))


def _module(sources: Sources, path: str) -> str:
    facts = sources.of(path)
    return facts.module if facts is not None else ""


def changed(before: FileFacts | None, after: FileFacts | None) -> tuple[frozenset[str], bool]:
    """Return (names of functions that differ, whether what runs at import differs)."""
    old: Mapping[str, str] = before.functions if before is not None else {}
    new: Mapping[str, str] = after.functions if after is not None else {}
    functions = frozenset(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return functions, (before.module if before else "") != (after.module if after else "")
