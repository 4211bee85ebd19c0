"""From suspicious lines to places worth changing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pytest_codemode.proposers.search.contrast import corrected
from pytest_codemode.proposers.search.project import Project
from pytest_codemode.proposers.search.site import Site
from pytest_codemode.proposers.search.source import Function, SourceFile

_HEADER = 0.45
"""Worth of a function's own header (defaults, parameters) against its most suspicious line."""
_REFERRED = 0.45
"""Worth of a constant or class attribute that a suspicious function reads."""
_AROUND = 0.9
"""Worth of a loop or condition around a suspicious line that is not suspicious itself."""
_NAMED = 0.9
"""Worth of a function that an error names."""
_WORDED = 0.6
"""Worth of a statement that holds the text which is wrong in the actual value."""
_SHORT = 4
"""Characters from which a text tells where it comes from."""
_REFUSED_CALL = re.compile(r"(\w+)\(\) (?:takes|missing|got)\b")
_RANK = 0.02
"""How much a place in the ranking costs."""


def find_sites(project: Project) -> list[Site]:
    """Return the statements of suspicious lines, and what they refer to, most suspicious first."""
    scores: dict[tuple[SourceFile, ast.stmt], float] = {}
    for source, line, score in _lines(project):
        for statement in source.statements_at(line):
            _raise_to(scores, source, statement, score)
    best: dict[tuple[SourceFile, Function], float] = {}
    for (source, statement), score in tuple(scores.items()):
        for outer in _around(source, statement):
            _raise_to(scores, source, outer, score * _AROUND)
        function = source.function_of(statement)
        if function is not None:
            best[source, function] = max(best.get((source, function), 0.0), score)
    for source, meant, score in _meant(project):
        _raise_to(scores, source, meant, score)
    for (source, function), score in best.items():
        for statement, factor in _referred(source, function):
            _raise_to(scores, source, statement, score * factor)
    sites = [
        Site(source, statement, score, project)
        for (source, statement), score in scores.items()
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ]
    return sorted(sites, key=lambda site: (-site.score, site.path, site.statement.lineno))


def _meant(project: Project) -> Iterator[tuple[SourceFile, ast.stmt, float]]:
    """Yield the statements that the failures themselves speak of, with their worth."""
    yield from ((source, raising, 1.0) for source, raising in project.culprits)
    yield from ((source, named, _NAMED) for source, named in _named(project))
    yield from ((source, worded, _WORDED) for source, worded in _worded(project))


def _named(project: Project) -> Iterator[tuple[SourceFile, Function]]:
    """Yield functions that an error names without having run them: `f() takes 1 positional argument but 2 were given`.

    Where a method was used as a value, the methods that are read without a call anywhere are meant.
    """
    names = set(_REFUSED_CALL.findall(project.hints.texts))
    if "'method'" in project.hints.texts or "bound method" in project.hints.texts:
        names |= {name for source in project.files for name in project.scope(source).attributes_read}
    for name in sorted(names):
        yield from project.functions.get(name, ())


def _worded(project: Project) -> Iterator[tuple[SourceFile, ast.stmt]]:
    """Yield statements with a text that the actual value shows where the expected one differs, wherever they stand."""
    pairs = project.hints.text_pairs
    for source in project.files if pairs else ():
        for node in source.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) >= _SHORT:
                if next(corrected(node.value, pairs), None) is None:
                    continue
                statement = source.enclosing(node, ast.stmt)
                if isinstance(statement, ast.stmt):
                    yield source, statement


def _raise_to(scores: dict[tuple[SourceFile, ast.stmt], float], source: SourceFile, at: ast.stmt, score: float) -> None:
    scores[source, at] = max(scores.get((source, at), 0.0), score)


def _lines(project: Project) -> Iterator[tuple[SourceFile, int, float]]:
    """Yield the suspicious lines with their score, a little less for each better score before them."""
    rank, last = -1, -1.0
    for suspect in project.task.suspects:
        rank, last = rank + (suspect.score != last), suspect.score
        source = project.file(suspect.path) if suspect.path in project.task.sources else None
        if source is not None and 0 < suspect.line <= len(source.lines):
            yield source, suspect.line, max(suspect.score, 0.01) * max(1.0 - _RANK * rank, 0.5)


def _around(source: SourceFile, statement: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the compound statements around: `while True` is compiled away, so that its line is never seen to run."""
    current = source.parents.get(statement)
    while current is not None and not isinstance(current, Function | ast.ClassDef | ast.Module):
        if isinstance(current, ast.stmt):
            yield current
        current = source.parents.get(current)


def _referred(source: SourceFile, function: Function) -> Iterator[tuple[ast.stmt, float]]:
    """Yield the function's header, statements it never reached, and assignments of names it reads from outside."""
    yield function, _HEADER
    nodes = list(ast.walk(function))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    for statement in source.tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and _targets(statement) & names:
            yield statement, _REFERRED
    owner = source.class_of(function)
    for statement in owner.body if owner is not None else ():
        if isinstance(statement, ast.Assign | ast.AnnAssign) and _targets(statement) & (names | attributes):
            yield statement, _REFERRED


def _targets(statement: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
