"""Exception types that are caught or raised."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.site import Draft, Site

_USUAL = (
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "OSError",
    "LookupError",
    "ZeroDivisionError",
)


def caught(site: Site) -> Iterator[Draft]:
    """An `except` around the statement also catches what was raised, or that instead."""
    handlers = list(_handlers(site))
    raised = [name for name in sorted(site.project.hints.exceptions) if name != "AssertionError" and name[:1].isupper()]
    for handler in handlers:
        if handler.type is None:
            continue
        old = site.source.text_of(handler.type)
        for index, name in enumerate(dict.fromkeys([*(r for r in raised if r != "Timeout"), *_USUAL])):
            if name in old:
                continue
            weight = 1.0 if name in raised else max(0.4 - 0.04 * index, 0.1)
            both = f"{old[:-1].rstrip(', ')}, {name})" if old.startswith("(") else f"({old}, {name})"
            yield (
                site.replace(handler.type, name, weight * 0.9)
                if not old.startswith("(")
                else site.replace(handler.type, both, weight)
            )
            yield site.replace(handler.type, both, weight)


def _handlers(site: Site) -> Iterator[ast.ExceptHandler]:
    current: ast.AST | None = site.statement
    while current is not None:
        if isinstance(current, ast.Try | ast.TryStar):
            yield from current.handlers
        if isinstance(current, ast.ExceptHandler):
            yield current
        current = site.source.parents.get(current)


def raised(site: Site) -> Iterator[Draft]:
    """Another exception is raised: one that the failing tests name, a usual one, or one of the module."""
    statement = site.statement
    if not isinstance(statement, ast.Raise) or statement.exc is None:
        return
    target = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    old = site.text(target)
    named = site.project.expected_exceptions
    own = [name for name in site.scope.module_names if name.endswith(("Error", "Exception"))]
    for index, name in enumerate(dict.fromkeys([*named, *own, *_USUAL])):
        if name != old and (name in own or name in _USUAL):
            yield site.replace(target, name, max((1.0 if name in named else 0.6) - 0.04 * index, 0.1))


def translated(site: Site) -> Iterator[Draft]:
    """What the statement raises is turned into the exception that the tests want."""
    hints, statement = site.project.hints, site.statement
    happened = sorted(name for name in hints.exceptions if name in _USUAL)
    if not site.whole or not isinstance(statement, ast.Return | ast.Assign | ast.Expr | ast.AugAssign):
        return
    text = "\n    ".join(site.text(statement).split("\n"))
    for old in happened:
        for new in site.project.expected_exceptions:
            if new != old and (new in _USUAL or new in site.scope.module_names):
                handler = f"except {old} as error:\n    raise {new}(str(error)) from error"
                yield site.replace_statement(f"try:\n    {text}\n{handler}", 0.8)
