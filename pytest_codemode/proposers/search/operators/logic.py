"""Truth: negation, `and` and `or`, and booleans."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pytest_codemode.proposers.search.operators.shapes import is_condition, negation
from pytest_codemode.proposers.search.site import Draft, Site


def negated(site: Site) -> Iterator[Draft]:
    """A condition, or a returned comparison, becomes its opposite."""
    for node in site.expressions:
        returned = isinstance(site.statement, ast.Return) and node is site.statement.value
        if is_condition(site, node) or (returned and isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp)):
            simple = isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.UnaryOp)
            yield site.replace(node, negation(site, node), 1.0 if simple else 0.5)
        elif returned and isinstance(node, ast.Call | ast.Name) and "negated" in site.project.hints.relations:
            yield site.replace(node, negation(site, node), 0.5)


def connective(site: Site) -> Iterator[Draft]:
    """`and` becomes `or` and the other way round: in the whole chain, or at one place of it."""
    for node in site.expressions:
        if isinstance(node, ast.BoolOp):
            everywhere = range(1, len(node.values))
            yield _reconnected(site, node, set(everywhere), 1.0)
            if len(node.values) > 2:
                for index in reversed(everywhere):
                    yield _reconnected(site, node, {index}, 0.8)


def _reconnected(site: Site, node: ast.BoolOp, places: set[int], weight: float) -> Draft:
    """Return the draft with the other connective before each of the operands in `places`."""
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    parts = [site.text(node.values[0])]
    for index in range(1, len(node.values)):
        before, after = node.values[index - 1], node.values[index]
        between = site.source.text[site.source.span(before)[1] : site.source.span(after)[0]]
        changed = re.sub(rf"\b{old}\b", new, between, count=1) if index in places else between
        parts += [changed, site.text(after)]
    start, end = site.source.span(node.values[0])[0], site.source.span(node.values[-1])[1]
    return site.splice(start, end, "".join(parts), weight)


def fewer_operands(site: Site) -> Iterator[Draft]:
    """One operand of `and` / `or` is dropped."""
    for node in site.expressions:
        if isinstance(node, ast.BoolOp):
            word = " and " if isinstance(node.op, ast.And) else " or "
            for dropped in range(len(node.values)):
                kept = [site.text(value) for index, value in enumerate(node.values) if index != dropped]
                yield site.replace(node, word.join(kept), 0.6)


def regrouped(site: Site) -> Iterator[Draft]:
    """`a and b or c` becomes `a and (b or c)`; `not a and b` becomes `not (a and b)`."""
    for node in site.expressions:
        if not isinstance(node, ast.BoolOp):
            continue
        word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for index, value in enumerate(node.values):
            texts = [site.text(item) for item in node.values]
            if isinstance(value, ast.BoolOp) and not isinstance(value.op, type(node.op)):
                inner = [site.text(item) for item in value.values]
                if index + 1 < len(texts):
                    tail = f"({inner[-1]} {word} {texts[index + 1]})"
                    yield site.replace(node, f" {other} ".join([*inner[:-1], tail]), 0.7)
                if index:
                    head = f"({texts[index - 1]} {word} {inner[0]})"
                    yield site.replace(node, f" {other} ".join([head, *inner[1:]]), 0.7)
        first = node.values[0]
        if isinstance(first, ast.UnaryOp) and isinstance(first.op, ast.Not):
            rest = [site.text(first.operand), *(site.text(item) for item in node.values[1:])]
            yield site.replace(node, f"not ({f' {word} '.join(rest)})", 0.5)


def boolean(site: Site) -> Iterator[Draft]:
    """True becomes False and the other way round."""
    for node in site.expressions:
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield site.replace(node, str(not node.value), 1.0)
