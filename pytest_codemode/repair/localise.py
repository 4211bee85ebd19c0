"""Where is the fault? Ochiai over the statements, sharpened by the traceback and by what the lines refer to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from pytest_codemode.core.failure import Failure, Frame, Phase
from pytest_codemode.core.outcome import Mode, RunRequest
from pytest_codemode.core.ports import Sandbox
from pytest_codemode.core.suspicion import Location, Suspect, ordered, rank
from pytest_codemode.repair.testmap import TestMap

PASSING_TESTS = 60
"""Passing tests whose statements are compared with the failing ones', those that share most functions first."""
INNERMOST, IN_TRACE, REFERRED = 0.6, 0.3, 0.3
"""Weights beside the best statement's 1: the line that raised; other lines of the traceback (divided by the distance);
module and class level lines, as a share of the score of the statements that use them."""
IN_LOOP = 0.8
ON_PURPOSE = 0.2
"""Instead of INNERMOST for a line that starts with `raise` or `assert`: it found the fault, it seldom is the fault."""


def localise(
    sandbox: Sandbox,
    failures: tuple[Failure, ...],
    tests: TestMap,
    read: Callable[[str], bytes | None],
    editable: Callable[[str], bool],
) -> tuple[Suspect, ...]:
    """Return lines of editable files, most suspicious first, for failures that share a cause."""
    traces = _trace_scores(failures, editable)
    spectra = _spectra(sandbox, failures, tests, editable)
    # Ochiai values are small wherever many passing tests share the code: only their proportions say anything.
    best = max(spectra.values(), default=1.0)
    scores = {location: score / best for location, score in spectra.items() if editable(location[0])}
    # A line of the traceback counts even where no coverage is known (import-time failures, hangs).
    scores |= {location: max(scores.get(location, 0.0), 0.5) for location in traces}
    why: dict[Location, str] = {}
    for failure in failures:
        if failure.timed_out:
            _add_loops(failure, read, editable, scores, why)
    for path in {path for path, _ in scores}:
        _add_referred(path, read(path), scores, why)
    for location, (weight, reason) in traces.items():
        scores[location] += weight
        why[location] = reason
    top = max(scores.values(), default=1.0)
    return ordered({location: score / top for location, score in scores.items()}, why)


def _trace_scores(failures: Iterable[Failure], editable: Callable[[str], bool]) -> dict[Location, tuple[float, str]]:
    scores: dict[Location, tuple[float, str]] = {}
    for failure in failures:
        frames = [frame for frame in failure.frames if frame.line > 0 and editable(frame.path)]
        for index, frame in enumerate(reversed(frames)):
            weight, reason = _weight(frame, index)
            location = (frame.path, frame.line)
            if weight > scores.get(location, (0.0, ""))[0]:
                scores[location] = (weight, reason)
    return scores


def _add_loops(
    failure: Failure,
    read: Callable[[str], bytes | None],
    editable: Callable[[str], bool],
    scores: dict[Location, float],
    why: dict[Location, str],
) -> None:
    """Suspect every line of the loops in which a hanging test was stopped; no coverage of it is ever complete.

    The stack shows where the clock struck, which is any line of the loop, seldom the one that keeps it from ending.
    """
    for frame in (f for f in failure.frames if f.line > 0 and editable(f.path)):
        for loop in (
            n for n in ast.walk(_parsed(read(frame.path))) if isinstance(n, ast.For | ast.AsyncFor | ast.While)
        ):
            if loop.lineno <= frame.line <= (loop.end_lineno or loop.lineno):
                for node in ast.walk(loop):
                    if isinstance(node, ast.stmt):
                        _raise_to(scores, why, (frame.path, node.lineno), IN_LOOP, "in the loop that did not end")


def _parsed(data: bytes | None) -> ast.Module:
    try:
        return ast.parse(data or b"")
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _weight(frame: Frame, distance: int) -> tuple[float, str]:
    """Return (bonus, reason) of a traceback's frame, `distance` frames from the innermost."""
    if distance:
        return IN_TRACE / distance, "in the traceback"
    return (ON_PURPOSE if frame.source.startswith(("raise", "assert")) else INNERMOST), "innermost frame"


def _spectra(
    sandbox: Sandbox, failures: tuple[Failure, ...], tests: TestMap, editable: Callable[[str], bool]
) -> dict[Location, float]:
    failing = tuple(dict.fromkeys(f.nodeid for f in failures if f.when is not Phase.COLLECT and not f.timed_out))
    if not failing:
        return {}
    functions = frozenset(f for nodeid in failing for f in tests.functions(nodeid) if editable(f.partition("::")[0]))
    paths = tuple(sorted({function.partition("::")[0] for function in functions}))
    if not paths:
        return {}
    passing = tests.sharing(functions)[:PASSING_TESTS]
    request = RunRequest((*failing, *passing), mode=Mode.WARM, record="lines", line_paths=paths)
    found = sandbox.run_tests(request).by_nodeid()
    return rank(
        [_locations(found[n].lines) for n in failing if n in found],
        [_locations(found[n].lines) for n in passing if n in found],
    )


def _locations(lines: dict[str, tuple[int, ...]]) -> list[Location]:
    return [(path, line) for path, numbers in lines.items() for line in numbers]


def _add_referred(path: str, data: bytes | None, scores: dict[Location, float], why: dict[Location, str]) -> None:
    """Give def lines (defaults), class-level and module-level assignments a share of the suspicion of their users.

    They run at import, so that no test's spectrum holds them, and a quarter of real faults sits there.
    """
    tree = _parsed(data)
    assigned = _level_assignments(tree)
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)):
        span = range(function.lineno, (function.end_lineno or function.lineno) + 1)
        inside = [scores[path, line] for line in span if (path, line) in scores and line != function.lineno]
        if not inside:
            continue
        score = max(inside)
        if function.args.defaults or any(function.args.kw_defaults):  # None stands for a keyword without default
            _raise_to(scores, why, (path, function.lineno), score * REFERRED, "default of a suspicious function")
        for name in _names(function) & assigned.keys():
            for line in assigned[name]:
                _raise_to(scores, why, (path, line), score * REFERRED, f"defines {name}")


def _level_assignments(tree: ast.Module) -> dict[str, list[int]]:
    """Return name -> lines of the module-level and class-level assignments to it."""
    found: dict[str, list[int]] = {}
    bodies = [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    for statement in (statement for body in bodies for statement in body):
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        span = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
        for target in (t for t in targets if isinstance(t, ast.Name)):
            found.setdefault(target.id, []).extend(span)
    return found


def _names(function: ast.AST) -> set[str]:
    names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute)}


def _raise_to(
    scores: dict[Location, float], why: dict[Location, str], location: Location, score: float, reason: str
) -> None:
    if score > scores.get(location, 0.0):
        scores[location] = score
        why.setdefault(location, reason)
