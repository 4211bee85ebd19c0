"""Calls that were seen while the existing suite ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_codemode.core.calls import MAX_CALLS, checked
from pytest_codemode.core.exploring import Import, MeasureResult
from pytest_codemode.core.outcome import Mode, RunRequest
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.testgen.gaps import FunctionGap

MAX_TESTS = 400
"""Of one recording: the tests that come first call most of what the others do."""
TESTS_OF_ONE = 30
"""Tests that are asked about one function."""
LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call of a project's function, with arguments that can be written as source text."""

    function: str
    """Qualname, as `Described.qualname`."""
    arguments: tuple[tuple[str, str], ...]
    """(parameter's name, or `*0` for the first of `*args`; source text)."""
    nodeid: str
    """The test that made it."""
    receiver: str = ""
    """Source text of the object whose method it is; empty if that cannot be written, and where there is none."""
    imports: tuple[Import, ...] = ()
    """What the texts need."""


def recorded_calls(
    sandbox: Sandbox, functions: Sequence[str], nodeids: Sequence[str], limit_s: float = LIMIT_S
) -> dict[str, tuple[RecordedCall, ...]]:
    """Run tests and return `path::qualname` -> the different calls they make of it, in the order they are made.

    Args:
        sandbox: where they run.
        functions: `path::qualname` of what is watched.
        nodeids: the tests.
        limit_s: wall clock of the run; what was recorded until then is kept.
    """
    if not functions or not nodeids:
        return {}
    request = RunRequest(tuple(nodeids), mode=Mode.WARM, record="calls", watch=tuple(functions), timeout_s=limit_s)
    watched = frozenset(functions)
    found: defaultdict[str, dict[RecordedCall, None]] = defaultdict(dict)
    for result in sandbox.run_tests(request).results:
        for seen in result.calls:
            call = checked(seen, watched)
            if call is None or len(found[call.function]) >= MAX_CALLS:
                continue
            qualname = call.function.partition("::")[2]
            imports = tuple(Import(module, name) for module, name in call.imports)
            made = RecordedCall(qualname, call.arguments, result.nodeid, call.receiver, imports)
            found[call.function][made] = None
    return {function: tuple(calls) for function, calls in found.items() if calls}


def recorded_for(
    sandbox: Sandbox, gaps: Sequence[FunctionGap], measured: MeasureResult, limit_s: float = LIMIT_S
) -> Mapping[str, tuple[RecordedCall, ...]]:
    """Return `path::qualname` -> calls, for the functions of `gaps`.

    Args:
        sandbox: where the tests run.
        gaps: whose functions are watched.
        measured: the suite, with contexts: only tests that enter a function are asked about it.
        limit_s: wall clock of the run.
    """
    functions = [
        f"{gap.path}::{gap.qualname}" for gap in gaps if gap.qualname.isprintable() and "<" not in gap.qualname
    ]
    return recorded_calls(sandbox, functions, callers(gaps, measured), limit_s) if functions else {}


def callers(gaps: Iterable[FunctionGap], measured: MeasureResult) -> tuple[str, ...]:
    """Return the tests that enter functions of `gaps`, a few for each; the first ones of all without contexts."""
    if not measured.contexts:
        return tuple(measured.outcomes)[:MAX_TESTS]
    wanted: dict[str, None] = {}
    for gap in gaps:
        mine = 0
        for nodeid, files in measured.contexts.items():
            if mine >= TESTS_OF_ONE or len(wanted) >= MAX_TESTS:
                break
            if any(gap.line < line <= gap.last for arc in files.get(gap.path, ()) for line in arc):
                wanted[nodeid] = None
                mine += 1
    return tuple(nodeid for nodeid in measured.contexts if nodeid in wanted)
