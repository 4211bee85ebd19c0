"""The exception names a key that is not there: the item is looked up in another way, or starts from nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.operators.shapes import called_name, is_text
from pytest_codemode.proposers.search.scope import parameters
from pytest_codemode.proposers.search.site import Draft, Site


def lookup(site: Site) -> Iterator[Draft]:
    """`d[k]` becomes `d.get(k, ...)` or `d.setdefault(k, ...)`; `d[k] += n` starts from nothing."""
    for culprit in site.culprits:
        use = culprit.use
        if culprit.trouble != "key" or not isinstance(use, ast.Subscript):
            continue
        value, key = site.text(use.value), site.text(use.slice)
        statement = site.statement
        if isinstance(statement, ast.AugAssign) and use is statement.target:
            yield from _augmented(site, statement, value, key, culprit.sure)
        elif isinstance(use.ctx, ast.Load):
            for wrapper, weight in _looked_up(site, use, value, key):
                yield site.replace(use, wrapper, weight * culprit.sure)
            outer = site.parent(use)
            if isinstance(outer, ast.Subscript) and outer.value is use and isinstance(outer.ctx, ast.Load):
                yield site.replace(outer, f"{value}.get({key}, {{}}).get({site.text(outer.slice)})", 0.8 * culprit.sure)
            for form in (f"str({key})", f"int({key})", f"{key}.lower()", f"{key}.strip()", f"{key}.upper()"):
                if not isinstance(use.slice, ast.Constant):
                    yield site.replace(use.slice, form, 0.5 * culprit.sure)


def _augmented(site: Site, statement: ast.AugAssign, value: str, key: str, sure: float) -> Iterator[Draft]:
    text = site.source.text_of(statement)
    symbol = text[len(site.text(statement.target)) :].split("=", 1)[0].strip()
    added = statement.value
    start = '""' if is_text(added) else {"list": "[]", "str": '""'}.get(site.kinds.of(added), "0")
    for index, first in enumerate(dict.fromkeys((start, "0", "1", "[]"))):
        weight = sure * (1.0 - 0.2 * index)
        new = f"{value}[{key}] = {value}.get({key}, {first}) {symbol} {site.text(added)}"
        if site.whole:
            yield site.replace_statement(new, weight)
            yield site.insert_before(f"{value}.setdefault({key}, {first})", 0.8 * weight)
            yield site.insert_before(f"if {key} not in {value}:\n    {value}[{key}] = {first}", 0.8 * weight)


_FILLED = {"append": "[]", "extend": "[]", "insert": "[]", "add": "set()", "update": "{}", "discard": "set()"}
"""Method that fills a container -> the empty container that has it."""


def _looked_up(site: Site, use: ast.Subscript, value: str, key: str) -> Iterator[tuple[str, float]]:
    parent = site.parent(use)
    if isinstance(parent, ast.Attribute):
        if parent.attr in _FILLED:
            yield f"{value}.setdefault({key}, {_FILLED[parent.attr]})", 1.0
        kinds = ((str, '""'), (dict, "{}"), (list, "[]"))
        values = [text for kind, text in kinds if hasattr(kind, parent.attr)]
    elif isinstance(parent, ast.BinOp | ast.AugAssign):
        values = ["0", "1", '""', "[]"]
    elif isinstance(parent, ast.For | ast.comprehension | ast.Starred) or called_name(parent or use) in (
        "len",
        "sorted",
    ):
        values = ["[]", "()", "{}"]
    elif isinstance(parent, ast.Subscript):
        values = ["{}", "[]"]
        yield f"{value}.setdefault({key}, {{}})", 0.7
    else:
        values = ["None", "0", '""', "[]", "False", "{}"]
        values += [
            name for name in (parameters(site.function) if site.function else ()) if name not in (value, key, "self")
        ]
    mappings = [node.id for node in site.nodes if isinstance(node, ast.Name) and site.kinds.of(node) in ("dict", "")]
    values[1:1] = [f"{name}[{key}]" for name in dict.fromkeys(mappings) if name not in (value, key)][:2]
    for index, other in enumerate(values[:8]):
        yield f"{value}.get({key})" if other == "None" else f"{value}.get({key}, {other})", 0.95 - 0.08 * index
