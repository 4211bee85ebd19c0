"""Displays, first values and formats: an element is missing, a search starts at the wrong value, digits are cut."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pytest_codemode.proposers.search.operators.shapes import is_text
from pytest_codemode.proposers.search.site import Draft, Site

_DISPLAY = ast.List | ast.Tuple | ast.Set


def element(site: Site) -> Iterator[Draft]:
    """A list, tuple or set gets an element that others of the file have, or a local name; or one is dropped."""
    for node in site.expressions:
        if not isinstance(node, _DISPLAY) or not node.elts:
            continue
        texts = [site.text(item) for item in node.elts]
        first, last = site.source.span(node.elts[-1])
        for rank, (other, weight) in zip(range(20), _elements(site, node, texts), strict=False):
            yield site.splice(first, last, f"{texts[-1]}, {other}", weight - 0.03 * rank)
        if len(node.elts) >= 3:
            for one, following in zip(node.elts, node.elts[1:], strict=False):
                start, stop = site.source.span(one)[0], site.source.span(following)[0]
                yield site.splice(start, stop, "", 0.3)


def _elements(site: Site, node: _DISPLAY, texts: list[str]) -> Iterator[tuple[str, float]]:
    """Yield what may be missing, from displays that have an element of the same kind."""
    seen: set[str] = set(texts)
    kind = type(getattr(node.elts[0], "value", None))
    for other in site.source.nodes:
        if other is node or not isinstance(other, _DISPLAY):
            continue
        for item in other.elts:
            if isinstance(item, ast.Constant) and type(item.value) is kind:
                text = site.source.text_of(item)
                if text not in seen:
                    seen.add(text)
                    yield text, 0.9
    for name in site.scope.visible_locals(site.statement)[:6]:
        if name not in seen and name not in ("self", "cls"):
            yield name, 0.5


def start(site: Site) -> Iterator[Draft]:
    """The first value of a search for the largest: `best = 0` becomes `best = values[0]`, infinity, None."""
    statement = site.statement
    if not isinstance(statement, ast.Assign) or site.function is None or not isinstance(statement.targets[0], ast.Name):
        return
    if not isinstance(statement.value, ast.Constant) or not isinstance(statement.value.value, int | float | None):
        return
    name = statement.targets[0].id
    if not _compared(site.function, name):
        return
    for loop in site.source.inside(site.function):
        if isinstance(loop, ast.For) and isinstance(loop.iter, ast.Name | ast.Attribute):
            yield site.replace(statement.value, f"{site.source.text_of(loop.iter)}[0]", 1.0)
    for form, weight in (('float("inf")', 0.9), ('float("-inf")', 0.9), ("None", 0.5), ("-1", 0.5)):
        yield site.replace(statement.value, form, weight)


def _compared(function: ast.AST, name: str) -> bool:
    """Whether `name` is compared by size, or goes into `min` or `max`."""
    for node in ast.walk(function):
        ordering = isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE)
        extreme = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("min", "max")
        if (ordering or extreme) and any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node)):
            return True
    return False


_SPECS = ("02d", ".2f", ".1f", ",", "!r", "d", ".0f", ">2", ".3f")
_FIELD = re.compile(r"(?<!\{)\{([\w.\[\]]+)(![rsa])?(:[^{}]*)?\}(?!\})")


def format_spec(site: Site) -> Iterator[Draft]:
    """A field of an f-string is formatted in another way: `{rest}` becomes `{rest:02d}`, `{price:.2f}`, `{name!r}`."""
    if "text" not in site.project.hints.relations:
        return
    for node in site.expressions:
        if not is_text(node) or not isinstance(node, ast.JoinedStr):
            continue
        text = site.text(node)
        for field in _FIELD.finditer(text):
            inside = field[1] + (field[2] or "") + (field[3] or "")
            forms = [field[1] + (spec if spec.startswith("!") else f":{spec}") for spec in _SPECS]
            for rank, form in enumerate([*forms, field[1]]):
                if form != inside:
                    new = f"{text[: field.start()]}{{{form}}}{text[field.end() :]}"
                    yield site.replace(node, new, 0.9 - 0.05 * rank)
