"""Comparisons: boundaries, operators, swapped or shifted operands."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.operators.shapes import is_literal, number_like, shifted
from pytest_codemode.proposers.search.site import Draft, Site

_ORDER: dict[str, tuple[tuple[str, float], ...]] = {
    "<": (("<=", 1.0), (">", 0.6), (">=", 0.5), ("!=", 0.3), ("==", 0.2)),
    "<=": (("<", 1.0), (">=", 0.6), (">", 0.5), ("==", 0.2), ("!=", 0.2)),
    ">": ((">=", 1.0), ("<", 0.6), ("<=", 0.5), ("!=", 0.3), ("==", 0.2)),
    ">=": ((">", 1.0), ("<=", 0.6), ("<", 0.5), ("==", 0.2), ("!=", 0.2)),
    "==": (("!=", 0.9), (">=", 0.5), ("<=", 0.5), ("in", 0.3), ("<", 0.2), (">", 0.2), ("is", 0.1)),
    "!=": (("==", 0.9), ("<", 0.4), (">", 0.4), ("not in", 0.3), ("is not", 0.1)),
    "in": (("not in", 1.0), ("==", 0.4)),
    "not in": (("in", 1.0), ("!=", 0.4)),
    "is": (("is not", 1.0), ("==", 0.9)),
    "is not": (("is", 1.0), ("!=", 0.9)),
}
_TEXT: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}


def comparisons(site: Site) -> Iterator[tuple[ast.Compare, int, ast.expr, str, ast.expr]]:
    """Yield each comparison as `(node, index of the operator, left, operator, right)`."""
    for node in site.expressions:
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            for index, operator in enumerate(node.ops):
                yield node, index, operands[index], _TEXT[type(operator)], operands[index + 1]


def operator(site: Site) -> Iterator[Draft]:
    """Another comparison operator, the boundary first."""
    drafts = []
    for _, _, left, old, right in comparisons(site):
        start, end = site.source.span(left)[1], site.source.span(right)[0]
        between = site.source.text[start:end]
        at = between.find(old)
        if at < 0 or "#" in between:
            continue
        for new, weight in _ORDER[old]:
            if new in ("is", "is not") and any(is_literal(side) for side in (left, right)):
                continue
            if isinstance(right, ast.Constant) and (new in ("in", "not in")) != isinstance(right.value, str):
                weight *= 0.1 if new in ("in", "not in") else 1.0  # noqa: PLW2901  # a guess about this operand only
            drafts.append(site.splice(start + at, start + at + len(old), new, weight))
    yield from drafts


def operands(site: Site) -> Iterator[Draft]:
    """Operands the other way round, one beyond, or one before."""
    for _, _, left, old, right in comparisons(site):
        if old in ("==", "!=", "is", "is not"):
            continue
        for side in (right, left):
            if number_like(site, side) and old not in ("in", "not in"):
                for new in shifted(site, side):
                    yield site.replace(side, new, 0.8 if side is right else 0.5)


def swapped(site: Site) -> Iterator[Draft]:
    """`a in b` becomes `b in a`."""
    for node, _, left, old, right in comparisons(site):
        if len(node.ops) == 1 and old in ("in", "not in"):
            yield site.replace(node, f"{site.text(right)} {old} {site.text(left)}", 0.6)
