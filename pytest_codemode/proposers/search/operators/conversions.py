"""The exception names a value of the wrong type: it is converted, called, or read in another way."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.culprits import Culprit
from pytest_codemode.proposers.search.operators.absent import origins
from pytest_codemode.proposers.search.operators.shapes import called_name
from pytest_codemode.proposers.search.site import Draft, Site, is_atom

_LAZY = frozenset({"generator", "map", "filter", "zip", "range", "enumerate", "reversed", "set", "frozenset", "dict"})
_LAZY |= {"dict_keys", "dict_values", "dict_items"}
"""Types whose items are there, but not as a list."""
_NUMBERS = frozenset({"int", "float", "bool", "complex", "Decimal", "Fraction"})
_CALLABLES = frozenset({"method", "function", "builtin_function_or_method", "method-wrapper"})
_CLASSES: tuple[type, ...] = (str, list, dict, set, float)


def converted(site: Site) -> Iterator[Draft]:
    """`x` becomes `str(x)`, `int(x)`, `list(x)`, `x()` and so on, in place or where it was assigned."""
    for culprit in site.culprits:
        if culprit.trouble != "type":
            continue
        for form, weight in _forms(site, culprit):
            node = culprit.use if isinstance(culprit.use, ast.expr) and "{use}" in form else culprit.node
            if isinstance(getattr(node, "ctx", None), ast.Store):
                continue
            yield site.replace(node, _filled(site, form, culprit.node), weight * culprit.sure)
        for source in origins(site, culprit.node):
            for form, weight in _forms(site, culprit):
                if "{use}" not in form and not isinstance(source, ast.Constant):
                    yield site.replace(source, _filled(site, form, source), 0.8 * weight * culprit.sure)


def _filled(site: Site, form: str, node: ast.expr) -> str:
    text = site.text(node)
    tight = "{x}(" in form or "{x}[" in form or "{x}." in form
    bare = f"({text})" if tight and not is_atom(text) else text
    return form.replace("{use}", "").replace("{x}", bare)


def _forms(site: Site, culprit: Culprit) -> Iterator[tuple[str, float]]:
    """Yield how the value may be had instead, `{x}` for it as it stands; `{use}` where the whole use is replaced."""
    actual, use = culprit.actual, culprit.use
    if actual in _CALLABLES:
        yield "{x}()", 1.0
    if isinstance(use, ast.Attribute):
        yield from _received(site, use, actual)
    elif isinstance(use, ast.Call) and culprit.node is use.func:
        yield from _uncalled(site, use)
    elif culprit.other in ("str items", "hash items", "hash"):
        yield from _WANTED[culprit.other]
    elif isinstance(use, ast.Subscript) and culprit.node is use.value:
        yield from _subscripted(site, use, actual)
    elif culprit.other:
        yield from _matched(actual, culprit.other)
    elif called_name(use) == "len":
        yield ("len({x})" if actual in _LAZY else "str({x})"), 0.5
        yield "list({x})", 1.0 if actual in _LAZY else 0.4
        yield "{use}{x}", 0.7
    elif isinstance(use, ast.Call):
        yield from (("int({x})", 1.0), ("len({x})", 0.8), ("round({x})", 0.6))
    elif actual in _NUMBERS:
        yield from (("range({x})", 1.0), ("[{x}]", 0.8), ("str({x})", 0.8), ("({x},)", 0.5))


_WANTED: dict[str, tuple[tuple[str, float], ...]] = {
    "str items": (("str(item) for item in {x}", 1.0), ("map(str, {x})", 0.95)),
    "hash items": (("map(tuple, {x})", 1.0), ("tuple(item) for item in {x}", 0.9), ("map(str, {x})", 0.6)),
    "hash": (("tuple({x})", 1.0), ("str({x})", 0.8), ("frozenset({x})", 0.8), ("{x}[0]", 0.6)),
}


def _received(site: Site, use: ast.Attribute, actual: str) -> Iterator[tuple[str, float]]:
    """`x.name` where x has no such attribute: x as a type that has it, or its item."""
    for kind in _CLASSES:
        if hasattr(kind, use.attr) and kind.__name__ != actual:
            yield f"{kind.__name__}({{x}})", 0.9
    called = isinstance(parent := site.parent(use), ast.Call) and use is parent.func
    if actual in ("dict", "defaultdict", "Counter") and not called:
        yield f'{{use}}{{x}}["{use.attr}"]', 1.0
        yield f'{{use}}{{x}}.get("{use.attr}")', 0.8
    if actual in ("list", "tuple"):
        yield "{x}[0]", 0.8
        yield "{x}[-1]", 0.6
    if called and actual in _NUMBERS | {"str"}:
        yield "{use}{x}", 0.3


def _uncalled(site: Site, use: ast.Call) -> Iterator[tuple[str, float]]:
    if not use.args and not use.keywords:
        yield "{use}{x}", 1.0
    elif len(use.args) == 1:
        yield f"{{use}}{{x}}[{site.text(use.args[0])}]", 0.9


def _subscripted(site: Site, use: ast.Subscript, actual: str) -> Iterator[tuple[str, float]]:
    if actual in _LAZY:
        yield from (("list({x})", 1.0), ("sorted({x})", 0.7))
    if isinstance(use.slice, ast.Constant) and isinstance(use.slice.value, str) and use.slice.value.isidentifier():
        yield f"{{use}}{{x}}.{use.slice.value}", 1.0
    if actual in _NUMBERS:
        yield from (("str({x})", 0.9), ("{use}{x}", 0.6))
    if actual == "tuple" and isinstance(use.ctx, ast.Store):
        yield "list({x})", 0.8


def _matched(actual: str, other: str) -> Iterator[tuple[str, float]]:
    """A value of type `actual` where one of type `other` goes."""
    if actual == "str" and other in _NUMBERS:
        yield from ((f"{other}({{x}})", 1.0), ("float({x})", 0.8), ("len({x})", 0.6))
    elif other == "list" and actual not in _LAZY | {"tuple", "str", "deque"}:
        yield from (("[{x}]", 1.0), ("list({x})", 0.5))
    elif other in ("str", "int", "float", "list", "tuple", "set", "dict", "bytes"):
        yield f"{other}({{x}})", 1.0
        if other == "int":
            yield from (("len({x})", 0.7), ("round({x})", 0.5))
        if other == "str":
            yield "repr({x})", 0.3
    elif actual in _NUMBERS and other in ("Decimal", "Fraction", "timedelta"):
        yield f"{other}({{x}})", 1.0
