"""Guesses about what an expression is, shared by the families."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.kinds import NUMBERS
from pytest_codemode.proposers.search.scope import parameters
from pytest_codemode.proposers.search.site import Site, is_atom


def called_name(node: ast.AST) -> str:
    """Return the last name of what a call calls, empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def number_like(site: Site, node: ast.expr) -> bool:
    """Whether `node` may be a number, so that one more or one less makes sense."""
    if isinstance(node, ast.Constant):
        return False
    kind = site.kinds.of(node)
    if isinstance(node, ast.Call | ast.IfExp):
        return kind in NUMBERS or called_name(node) in ("min", "max")
    if isinstance(node, ast.Name | ast.BinOp | ast.Attribute | ast.Subscript):
        return kind == "" or (kind in NUMBERS and kind != "bool")
    return False


def shifted(site: Site, node: ast.expr) -> Iterator[str]:
    """Yield `node` plus one and minus one, as a person would write them."""
    text = site.text(node)
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and node.right.value == 1:
        if isinstance(node.op, ast.Add | ast.Sub):
            yield site.text(node.left)
        return
    plain = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.FloorDiv | ast.Mod)
    if not plain and not is_atom(text):
        text = f"({text})"
    yield f"{text} + 1"
    yield f"{text} - 1"


def is_docstring(site: Site, node: ast.AST) -> bool:
    """Whether `node` is text that nothing reads."""
    return isinstance(site.statement, ast.Expr) and site.statement.value is node


def is_text(node: ast.AST) -> bool:
    """Whether `node` is surely a string."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def is_literal(node: ast.AST) -> bool:
    """Whether identity with `node` makes no sense: a number, a text, a display."""
    if isinstance(node, ast.Constant):
        return node.value is not None and not isinstance(node.value, bool)
    return isinstance(node, ast.List | ast.Dict | ast.Set | ast.Tuple | ast.JoinedStr | ast.UnaryOp)


def is_condition(site: Site, node: ast.expr) -> bool:
    """Whether the truth of `node` decides something."""
    parent = site.parent(node)
    if isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert) and node is parent.test:
        return True
    if isinstance(parent, ast.comprehension) and node in parent.ifs:
        return True
    return isinstance(parent, ast.BoolOp) or (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not))


def valued(site: Site) -> Iterator[ast.expr]:
    """Yield expressions whose value goes somewhere: returned, assigned, passed, compared, indexed; outside in."""
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(node, ast.Starred | ast.Slice | ast.Lambda) or is_docstring(site, node):
            continue
        if isinstance(parent, ast.Call) and (node is parent.func or isinstance(node, ast.GeneratorExp)):
            continue  # a generator's parentheses may be those of the call
        if isinstance(parent, ast.FormattedValue | ast.JoinedStr) and isinstance(node, ast.Constant):
            continue
        yield node


def means_the_same_before(site: Site, node: ast.expr) -> bool:
    """Whether `node` can stand before the statement: no name of a comprehension, a lambda or the loop itself in it."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    if isinstance(site.statement, ast.For | ast.AsyncFor) and names & _stored(site.statement.target):
        return False
    current: ast.AST | None = site.parent(node)
    while isinstance(current, ast.expr | ast.comprehension | ast.keyword):
        bound = set(parameters(current)) if isinstance(current, ast.Lambda) else set()
        for generator in getattr(current, "generators", ()):
            bound |= _stored(generator.target)
        if bound & names:
            return False
        current = site.parent(current)
    return True


def _stored(target: ast.expr) -> set[str]:
    return {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}


def negation(site: Site, node: ast.expr) -> str:
    """Return the opposite of a condition, as a person would write it."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return site.text(node.operand)
    text = site.text(node)
    if isinstance(node, ast.BoolOp | ast.IfExp | ast.NamedExpr | ast.Lambda):
        return f"not ({text})"
    return f"not {text}"
