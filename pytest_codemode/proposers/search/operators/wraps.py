"""A value wrapped in a call, taken out of one, or asked for a method."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.operators.shapes import called_name, is_text, valued
from pytest_codemode.proposers.search.scope import is_self
from pytest_codemode.proposers.search.site import Draft, Site, is_atom

_FUNCTIONS = ("str", "int", "list", "sorted", "len", "set", "float", "tuple", "abs", "round", "reversed", "sum", "bool")
_METHODS = (
    "strip()",
    "lower()",
    "copy()",
    "items()",
    "upper()",
    "split()",
    "values()",
    "keys()",
    "rstrip()",
    "title()",
)
_WANTED: dict[str, tuple[str, ...]] = {
    "to_str": ("str", "repr"),
    "to_int": ("int", "len", "round", "sum"),
    "to_float": ("float",),
    "to_list": ("list", "sorted"),
    "to_tuple": ("tuple",),
    "to_set": ("set",),
    "to_dict": ("dict",),
    "to_bool": ("bool",),
    "order": ("sorted", "reversed"),
    "reversed": ("reversed", "sorted"),
    "duplicates": ("set", "dict.fromkeys"),
    "sign": ("abs",),
    "rounding": ("round", "int"),
    "number_type": ("int", "round", "float", "list", "tuple"),
    "case": ("lower", "upper", "title", "capitalize"),
    "space": ("strip", "rstrip", "lstrip"),
}
_KINDS: dict[str, tuple[str, ...]] = {
    "str": ("int", "float", "len", "list", "set", "tuple", "sorted", "reversed"),
    "int": ("str", "float", "abs", "round", "bool", "range"),
    "float": ("str", "int", "round", "abs"),
    "list": ("len", "sorted", "set", "tuple", "sum", "reversed", "str", "list"),
    "tuple": ("list", "len", "sorted", "set", "sum", "str"),
    "dict": ("len", "list", "sorted", "dict"),
    "set": ("sorted", "list", "len"),
    "number": ("str", "int", "round", "abs", "float", "bool"),
    "bool": ("str", "int"),
    "iterable": ("sorted", "list", "reversed", "set", "len", "sum", "tuple", "enumerate"),
}
"""Kind of a value, as its `repr` shows it -> functions that take it."""


def wrapped(site: Site) -> Iterator[Draft]:
    """`x` becomes `str(x)`, `sorted(x)`, `len(x)` and so on; inside `int()` and `/` a rounding."""
    relations = site.project.hints.relations
    wanted = {name for relation in relations for name in _WANTED.get(relation, ())}
    wanted |= _wanted_by_type_error(site.project.hints.texts)
    drafts = []
    for node in valued(site):
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.Compare | ast.BoolOp) or is_self(node):
            continue
        if isinstance(site.parent(node), ast.Expr | ast.Attribute):
            continue
        fitting = _KINDS.get(site.kinds.of(node))
        for index, name in enumerate(_FUNCTIONS):
            if called_name(node) == name or called_name(site.parent(node) or node) == name:
                continue
            if fitting is not None and name not in fitting:
                continue
            weight = (0.95 if name in wanted else 0.33 if fitting else 0.2) - 0.012 * index
            weight -= 0.1 if isinstance(site.parent(node), ast.Compare | ast.Subscript) else 0.0
            drafts.append(site.replace(node, f"{name}({site.text(node)})", max(weight, 0.05)))
        drafts += _bounded(site, node)
    yield from drafts


def _wanted_by_type_error(text: str) -> set[str]:
    found: set[str] = set()
    if "can only concatenate str" in text or "expected str instance" in text or "must be str" in text:
        found.add("str")
    if "not 'str'" in text or "cannot be interpreted as an integer" in text or "must be integers" in text:
        found.add("int")
    if "'str' and 'int'" in text or "'int' and 'str'" in text:
        found |= {"int", "str"}
    if "object of type" in text or "not subscriptable" in text or "is not an iterator" in text:
        found |= {"list", "iter"}
    if "changed size during iteration" in text:
        found.add("list")
    if "unhashable type" in text:
        found |= {"tuple", "str"}
    return found


def _bounded(site: Site, node: ast.expr) -> Iterator[Draft]:
    """Yield `max(0, x)` and the like where a number is returned, assigned or passed."""
    parent = site.parent(node)
    if isinstance(node, ast.BinOp) and isinstance(parent, ast.Return | ast.Assign | ast.Call | ast.Slice):
        text = site.text(node)
        for form in (f"max(0, {text})", f"max(1, {text})", f"min(1, {text})", f"min(100, {text})"):
            yield site.replace(node, form, 0.35)
        if isinstance(parent, ast.Return):
            yield site.replace(node, f"round({text}, 2)", 0.4)


def unwrapped(site: Site) -> Iterator[Draft]:
    """`str(x)` becomes `x`; `x.strip()` becomes `x`."""
    for node in site.expressions:
        if not isinstance(node, ast.Call) or isinstance(site.parent(node), ast.Expr):
            continue
        if len(node.args) >= 1 and not isinstance(node.args[0], ast.Starred) and isinstance(node.func, ast.Name):
            yield site.replace(node, site.text(node.args[0]), 0.7 if len(node.args) == 1 else 0.3)
        if isinstance(node.func, ast.Attribute):
            yield site.replace(node, site.text(node.func.value), 0.6 if not node.args else 0.3)


def method(site: Site) -> Iterator[Draft]:
    """`x` becomes `x.strip()`, `x.lower()`, `x.copy()`, `x.items()`; `await x`."""
    hints = site.project.hints
    wanted = {name for relation in hints.relations for name in _WANTED.get(relation, ())}
    drafts = []
    for node in valued(site):
        if isinstance(node, ast.Constant | ast.Compare | ast.BoolOp | ast.Lambda) or is_self(node):
            continue
        parent = site.parent(node)
        if isinstance(parent, ast.Expr) or (isinstance(parent, ast.Attribute) and not isinstance(node, ast.Call)):
            continue
        kind = site.kinds.of(node)
        text = site.text(node) if is_atom(site.text(node)) else f"({site.text(node)})"
        for index, name in enumerate(_METHODS):
            bare = name.removesuffix("()")
            if (
                called_name(node) == bare
                or (kind and not _has(kind, bare))
                or (is_text(node) and not _has("str", bare))
            ):
                continue
            weight = (0.95 if bare in wanted else 0.45 if kind else 0.3) - 0.015 * index
            weight = 0.95 if bare in _methods_beside(site, node) else weight
            weight += (
                0.3 if bare == "items" and isinstance(parent, ast.For | ast.comprehension) and _two(parent) else 0.0
            )
            drafts.append(site.replace(node, f"{text}.{name}", min(max(weight, 0.05), 1.0)))
    yield from drafts
    yield from _awaited(site)


def _methods_beside(site: Site, node: ast.expr) -> frozenset[str]:
    """Return the methods that the other side of a comparison is asked for: both are seldom of different form."""
    parent = site.parent(node)
    if not isinstance(parent, ast.Compare):
        return frozenset()
    others = [side for side in (parent.left, *parent.comparators) if side is not node]
    calls = [part for side in others for part in ast.walk(side) if isinstance(part, ast.Call) and not part.args]
    mine = {called_name(part) for part in ast.walk(node)}
    return frozenset(called_name(part) for part in calls) - mine


def _two(loop: ast.For | ast.comprehension) -> bool:
    return isinstance(loop.target, ast.Tuple) and len(loop.target.elts) == 2


def _has(kind: str, name: str) -> bool:
    types: dict[str, type] = {t.__name__: t for t in (str, int, float, list, tuple, dict, set, bool, bytes)}
    if kind == "iterable":
        return name == "copy"
    return kind in types and hasattr(types[kind], name)


def _awaited(site: Site) -> Iterator[Draft]:
    if not isinstance(site.function, ast.AsyncFunctionDef):
        return
    for node in site.expressions:
        if isinstance(node, ast.Call) and not isinstance(site.parent(node), ast.Await):
            yield site.replace(node, f"await {site.text(node)}", 0.8)
        elif isinstance(node, ast.Await):
            yield site.replace(node, site.text(node.value), 0.3)


def copied(site: Site) -> Iterator[Draft]:
    """A list or mapping that is stored, returned or walked is copied first."""
    for node in valued(site):
        parent = site.parent(node)
        stored = isinstance(parent, ast.Return | ast.Assign | ast.For) or (
            isinstance(parent, ast.Call) and called_name(parent) in ("append", "add", "insert", "yield")
        )
        if not stored or not isinstance(node, ast.Name | ast.Attribute) or is_self(node):
            continue
        kind = site.kinds.of(node)
        if kind in ("", "list", "dict", "set", "iterable"):
            text = site.text(node)
            yield site.replace(node, f"list({text})", 0.8 if kind in ("", "list", "iterable") else 0.2)
            yield site.replace(node, f"{text}.copy()", 0.7)
            yield site.replace(node, f"{text}[:]", 0.3)
            yield site.replace(node, f"dict({text})", 0.3)
