"""Whole expressions and statements of similar code, in the file and in the other files that the tests executed."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from pytest_codemode.proposers.search.operators.copies import adapted
from pytest_codemode.proposers.search.roles import roles_of
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.source import SourceFile

_MOST = 10
"""Donors of one expression or statement."""
_NEAR = 120
"""Statements of the file that are looked at: those of a table of thousands say nothing."""
_LONGEST = 120
_KINDS = ast.Call | ast.BinOp | ast.Compare | ast.BoolOp | ast.Subscript | ast.JoinedStr | ast.IfExp | ast.ListComp
_KINDS |= ast.List | ast.Dict | ast.Tuple | ast.DictComp | ast.GeneratorExp | ast.Lambda
_SIMPLE = ast.Expr | ast.Assign | ast.AugAssign | ast.Return | ast.Raise


def expression(site: Site) -> Iterator[Draft]:
    """An expression becomes another that stands in its role elsewhere: same target, keyword, callee, operand."""
    for node in site.expressions:
        if isinstance(node, _KINDS):
            text = site.text(node)
            found: dict[str, float] = {}
            for source, other in _in_role(site, node):
                donor = source.text_of(other)
                if donor != text and len(donor) <= _LONGEST and "\n" not in donor and _means_here(site, other):
                    found[donor] = max(
                        found.get(donor, 0.0), _kin(node, other) * (1.0 if source is site.source else 0.8)
                    )
            for donor, alike in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_MOST]:
                if alike >= 0.2:
                    yield site.replace(node, donor, 0.3 + 0.7 * alike)


def _in_role(site: Site, node: ast.expr) -> Iterator[tuple[SourceFile, ast.expr]]:
    for role in roles_of(site.source, node):
        yield from site.project.by_role.get(role, ())


def _words(node: ast.AST) -> set[str]:
    """Return the names, attributes and literals of an expression."""
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.Constant):
            found.add(repr(part.value))
    return found


def _kin(one: ast.AST, other: ast.AST) -> float:
    """Return how many words two pieces of code share, 0 to 1."""
    mine, theirs = _words(one), _words(other)
    shared = len(mine & theirs) / max(len(mine | theirs), 1)
    return shared if type(one) is type(other) else 0.7 * shared


def _means_here(site: Site, node: ast.AST) -> bool:
    """Whether every name of the code means something at the site, or is bound in the code itself."""
    known = set(site.scope.visible(site.statement))
    bound = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    bound |= {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return all(name in known or name in bound or hasattr(builtins, name) for name in names)


def statement(site: Site) -> Iterator[Draft]:
    """A statement becomes one that does the same kind of thing in similar code, with names adapted."""
    if not isinstance(site.statement, _SIMPLE) or not site.whole or site.function is None:
        return
    text = site.text(site.statement)
    found: dict[str, float] = {}
    for source, other in _like(site, site.statement):
        donor = source.text_of(other)
        alike = _kin(site.statement, other)
        if other is not site.statement and len(donor) <= _LONGEST and "\n" not in donor and alike >= 0.2:
            for form, weight in adapted(site, donor):
                if form != text:
                    found[form] = max(found.get(form, 0.0), alike * weight)
    for form, weight in sorted(found.items(), key=lambda item: (-item[1], item[0]))[: 2 * _MOST]:
        yield site.replace_statement(form, min(1.0, 0.3 + weight))


def _like(site: Site, statement: ast.stmt) -> Iterator[tuple[SourceFile, ast.stmt]]:
    """Yield statements of the same kind: near ones of functions of the file, and in like functions of other files."""
    near = [
        other
        for other in site.source.statements
        if type(other) is type(statement) and site.source.function_of(other) is not None
    ]
    near.sort(key=lambda other: abs(other.lineno - statement.lineno))
    yield from ((site.source, other) for other in near[:_NEAR])
    name = site.function.name if site.function is not None else ""
    for source, function in site.project.functions.get(name, ())[:_NEAR]:
        if source is not site.source:
            for node in source.inside(function):
                if isinstance(node, ast.stmt) and type(node) is type(statement):
                    yield source, node
