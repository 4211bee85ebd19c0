"""What the failing statement of a test looks at: functions it calls count more than those the set-up calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.core.failure import Failure, Phase
from pytest_codemode.core.observed import Values
from pytest_codemode.repair.localisation.code import Code, Function, header, own_statements
from pytest_codemode.repair.localisation.evidence import Evidence
from pytest_codemode.repair.localisation.weights import Weights


def reach(evidence: Evidence, weights: Weights) -> dict[str, float]:
    """Return a factor for each function (`path::qualname`) that the failing tests called, the mean over the tests.

    Empty where nothing is known. A function that is not named was called by none of them, as far as could be seen.
    """
    seen: dict[str, list[float]] = {}
    for failure in evidence.failures:
        values = evidence.values.get(failure.nodeid)
        if values is not None and failure.when is Phase.CALL and not failure.subtest:
            for function, factor in _of_test(failure, values, evidence, weights).items():
                seen.setdefault(function, []).append(factor)
    return {function: sum(factors) / len(factors) for function, factors in seen.items()}


def _of_test(failure: Failure, values: Values, evidence: Evidence, weights: Weights) -> dict[str, float]:
    path = failure.nodeid.partition("::")[0]
    found = failing_lines(failure, evidence.code(path))
    if found is None:
        return {}
    failing, sliced = found
    factors: dict[str, float] = {}
    for called in values.called:
        factor = 1.0 if called.line in failing else weights.sliced if called.line in sliced else weights.set_up
        for function in called.functions:
            factors[function] = max(factors.get(function, 0.0), factor)
    return factors


def failing_lines(failure: Failure, code: Code) -> tuple[frozenset[int], frozenset[int]] | None:
    """Return the lines of the test's failing statement, and those of the statements that worked out what it looks at.

    None if the failure did not come out of the test function itself.
    """
    line = _line_in_test(failure)
    function = next((node for _, node in code.functions if node.lineno <= line <= (node.end_lineno or 0)), None)
    statement = code.at(line)
    if function is None or statement is None or isinstance(statement, Function):
        return None
    whole = isinstance(statement, ast.With | ast.AsyncWith)  # `pytest.raises`: what did not raise stands in its body
    return frozenset(_lines(statement, whole=whole)), frozenset(_slice(function, statement))


def _line_in_test(failure: Failure) -> int:
    path, _, rest = failure.nodeid.partition("::")
    name = rest.rpartition("::")[2].partition("[")[0]
    lines = (frame.line for frame in failure.frames if frame.path == path and _plain(frame.function) == name)
    return next(lines, 0)


def _plain(qualname: str) -> str:
    return qualname.rpartition(".")[2]


def _slice(function: Function, failing: ast.stmt) -> Iterator[int]:
    """Yield the lines of statements that the failing one depends on, backwards through the text of the test."""
    needed = _loaded(failing)
    before = [one for one in own_statements(function) if one.lineno < failing.lineno]
    for statement in reversed(before):
        if _changed(statement) & needed:
            needed |= _loaded(statement)
            yield from _lines(statement, whole=False)


def _loaded(statement: ast.stmt) -> set[str]:
    return {n.id for n in header(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _changed(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds, and those of objects that it may change: `cart.add(2)`, `x.y = 1`."""
    names: set[str] = set()
    for node in header(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            names |= _base(node.func.value)
        elif isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            names |= _base(node.value)
    return names


def _base(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _lines(statement: ast.stmt, *, whole: bool) -> Iterator[int]:
    lines = {getattr(node, "lineno", statement.lineno) for node in header(statement)}
    last = statement.end_lineno or statement.lineno
    yield from range(statement.lineno, (last if whole else max(lines)) + 1)
