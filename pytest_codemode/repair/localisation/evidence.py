"""What tests tell about the fault: the lines they ran, the values that suspicious functions were given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.observed import ObservedFunction, Values, checked, together
from pytest_codemode.core.outcome import Mode, RunRequest
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.suspicion import Location
from pytest_codemode.repair.localisation.code import Code
from pytest_codemode.repair.testmap import TestMap

PASSING_TESTS = 60
"""Passing tests whose statements are compared with the failing ones': cases of the same test first, then those that
share most functions."""
WATCHED = 12
"""Functions whose values are recorded."""
RED_VALUES, GREEN_VALUES = 6, 20
"""Tests whose values are recorded."""
SLOW_S = 0.3
"""A test that takes longer is left out: recording takes several times as long. Each test for itself, so that what is
chosen, and with it the ranking, hangs as little as can be on how busy the machine was."""
VALUES_LIMIT_S = 20.0

Spectrum = frozenset[Location]
"""First lines of the statements that one test ran."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Facts about failures that share a cause."""

    failures: tuple[Failure, ...]
    code: Callable[[str], Code]
    """Parses a file, each once; tests too."""
    editable: Callable[[str], bool]
    failing: dict[str, Spectrum] = field(default_factory=dict)
    """Node id -> what it ran, in editable files."""
    passing: dict[str, Spectrum] = field(default_factory=dict)
    values: dict[str, Values] = field(default_factory=dict)
    """Node id -> what was recorded of its values."""

    def observed(self) -> tuple[ObservedFunction, ...]:
        """Return what the watched functions were given and returned, in failing and passing runs."""
        red, green = ([v for n, v in self.values.items() if n in side] for side in (self.failing, self.passing))
        return together(red, green)


class Files:
    """Reads and parses files, each once."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._parsed: dict[str, Code] = {}

    def __call__(self, path: str) -> Code:
        """Return the file, without statements if there is none."""
        if path not in self._parsed:
            self._parsed[path] = Code(self._read(path))
        return self._parsed[path]


def gather(
    sandbox: Sandbox,
    failures: tuple[Failure, ...],
    tests: TestMap,
    code: Callable[[str], Code],
    editable: Callable[[str], bool],
) -> Evidence:
    """Run the failing tests once more, with the passing tests that share most with them; tell the lines they ran."""
    bare = Evidence(failures, code, editable)
    failing = tuple(dict.fromkeys(f.nodeid for f in failures if f.when is not Phase.COLLECT and not f.timed_out))
    functions = frozenset(f for nodeid in failing for f in tests.functions(nodeid) if editable(f.partition("::")[0]))
    paths = tuple(sorted({function.partition("::")[0] for function in functions}))
    if not paths:
        return bare
    passing = nearest(failing, tests.sharing(functions))[:PASSING_TESTS]
    request = RunRequest((*failing, *passing), mode=Mode.WARM, record="lines", line_paths=paths)
    found = sandbox.run_tests(request).by_nodeid()

    def spectra(nodeids: Iterable[str]) -> dict[str, Spectrum]:
        return {n: _spectrum(found[n].lines, code, editable) for n in nodeids if n in found}

    return replace(bare, failing=spectra(failing), passing=spectra(passing))


def with_values(evidence: Evidence, sandbox: Sandbox, tests: TestMap, functions: Iterable[str]) -> Evidence:
    """Run some of the tests again and record the values of `functions` (`path::qualname`, most suspicious first)."""
    watch = tuple(functions)[:WATCHED]
    red = _quick(evidence.failing, tests)[:RED_VALUES] or list(evidence.failing)[:1]
    green = _quick(evidence.passing, tests)[:GREEN_VALUES]
    if not watch or not red:
        return evidence
    request = RunRequest(
        (*red, *green), mode=Mode.WARM, record="values", watch=watch, timeout_s=VALUES_LIMIT_S, output=False
    )
    results = sandbox.run_tests(request).results
    found = {one.nodeid: checked(one.values, watch) for one in results if one.values is not None}
    return replace(evidence, values=found)


def nearest(failing: Iterable[str], passing: tuple[str, ...]) -> tuple[str, ...]:
    """Return `passing` with the cases of the failing tests' own functions first."""
    own = {family(nodeid) for nodeid in failing}
    return tuple(sorted(passing, key=lambda nodeid: family(nodeid) not in own))


def family(nodeid: str) -> str:
    """Return the test function of a node id, the same for all its parameters."""
    return nodeid.partition("[")[0]


def _quick(nodeids: Iterable[str], tests: TestMap) -> list[str]:
    return [nodeid for nodeid in nodeids if tests.duration_s(nodeid) <= SLOW_S]


def _spectrum(
    lines: dict[str, tuple[int, ...]], code: Callable[[str], Code], editable: Callable[[str], bool]
) -> Spectrum:
    return frozenset(
        (path, code(path).first_line(line)) for path, numbers in lines.items() if editable(path) for line in numbers
    )
