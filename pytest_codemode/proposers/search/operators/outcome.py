"""The result put right as the failing comparison shows: rounded, scaled, filtered, cut, decoded, each item once."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.contrast import offsets, roundings, scales
from pytest_codemode.proposers.search.operators.shapes import number_like
from pytest_codemode.proposers.search.site import Draft, Site, is_atom


def _results(site: Site) -> Iterator[tuple[ast.expr, float]]:
    """Yield the expressions whose value may be the result: returned, yielded, assigned, appended."""
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(parent, ast.Return | ast.Yield):
            yield node, 1.0
        elif isinstance(parent, ast.Assign | ast.AugAssign | ast.AnnAssign) and node is parent.value:
            yield node, 0.7
        elif (isinstance(parent, ast.Call) and node in parent.args) or isinstance(
            parent, ast.Tuple | ast.List | ast.Dict | ast.ListComp | ast.DictComp | ast.GeneratorExp
        ):
            yield node, 0.5


def _numbers(site: Site) -> Iterator[tuple[ast.expr, str, float]]:
    for node, weight in _results(site):
        if number_like(site, node) or isinstance(node, ast.Call | ast.IfExp):
            yield node, site.text(node), weight


def rounded(site: Site) -> Iterator[Draft]:
    """A number is rounded to as many digits as make the actual value the expected one."""
    for digits in roundings(site.project.hints.number_pairs):
        for node, text, weight in _numbers(site):
            yield site.replace(node, f"round({text}, {digits})" if digits else f"round({text})", weight)


def scaled(site: Site) -> Iterator[Draft]:
    """A number is multiplied or divided by the unit that the actual value is off by: 60, 100, 1000 and the like."""
    for factor in scales(site.project.hints.number_pairs):
        for node, text, weight in _numbers(site):
            bare = text if is_atom(text) else f"({text})"
            if factor > 1:
                yield site.replace(node, f"{bare} * {factor:g}", weight)
            else:
                yield site.replace(node, f"{bare} / {1 / factor:g}", weight)
                yield site.replace(node, f"{bare} // {1 / factor:g}", 0.9 * weight)


def shifted(site: Site) -> Iterator[Draft]:
    """A number is moved by what every actual value is off by; at least two comparisons have to agree."""
    for offset in offsets(site.project.hints.number_pairs):
        for node, text, weight in _numbers(site):
            yield site.replace(node, f"{text} {'+' if offset > 0 else '-'} {abs(offset)}", weight)


def filtered(site: Site) -> Iterator[Draft]:
    """Empty elements are left out: a comprehension gets a condition, a list is filtered."""
    for node in site.expressions:
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            last = node.generators[-1]
            names = [part.id for part in ast.walk(last.target) if isinstance(part, ast.Name)]
            start, end = site.source.span(last.ifs[-1] if last.ifs else last.iter)
            word = "and" if last.ifs else "if"
            for name in names:
                for test in (name, f"{name} is not None", f"{name}.strip()", f"not {name}"):
                    likely = 1.0 if test == name else 0.7 if "None" in test else 0.4
                    yield site.splice(start, end, f"{site.source.text[start:end]} {word} {test}", likely)
    if "surplus" in site.project.hints.relations:
        for node, weight in _results(site):
            if site.kinds.of(node) in ("list", "iterable", "") and not isinstance(node, ast.Constant):
                yield site.replace(node, f"[item for item in {site.text(node)} if item]", 0.7 * weight)
                yield site.replace(node, f"[item for item in {site.text(node)} if item is not None]", 0.6 * weight)


def unique(site: Site) -> Iterator[Draft]:
    """Repetitions are left out, in order or sorted."""
    for node, weight in _results(site):
        if site.kinds.of(node) in ("list", "iterable", "tuple", "") and not isinstance(node, ast.Constant):
            text = site.text(node)
            yield site.replace(node, f"list(dict.fromkeys({text}))", weight)
            yield site.replace(node, f"sorted(set({text}))", 0.9 * weight)
            yield site.replace(node, f"list(set({text}))", 0.4 * weight)


_MARKS = (",", "/", ".", ";", ":", "-", "_", "\\n", '\\"', "'", "|")


def trimmed(site: Site) -> Iterator[Draft]:
    """The first or last element or character too many is cut off, a mark at an end stripped."""
    pairs = site.project.hints.text_pairs
    for node, weight in _results(site):
        text = site.text(node) if is_atom(site.text(node)) else f"({site.text(node)})"
        if isinstance(node, ast.Constant) or isinstance(site.parent(node), ast.Attribute):
            continue
        for mark in _MARKS:
            raw = {"\\n": "\n", '\\"': '"'}.get(mark, mark)
            for method in ("strip", "rstrip", "lstrip"):
                if any(getattr(actual, method)(raw) == wanted for actual, wanted in pairs):
                    yield site.replace(node, f'{text}.{method}("{mark}")', weight)
        if "surplus" in site.project.hints.relations:
            yield from (site.replace(node, f"{text}[{cut}]", 0.7 * weight) for cut in ("1:", ":-1"))


def coded(site: Site) -> Iterator[Draft]:
    """Bytes are decoded to a text, a text is encoded to bytes."""
    relations = site.project.hints.relations
    for node, weight in _results(site):
        text = site.text(node) if is_atom(site.text(node)) else f"({site.text(node)})"
        if "to_str" in relations:
            yield site.replace(node, f"{text}.decode()", weight)
            yield site.replace(node, f'{text}.decode("utf-8")', 0.9 * weight)
        if "to_bytes" in relations:
            yield site.replace(node, f"{text}.encode()", weight)
            yield site.replace(node, f'{text}.encode("utf-8")', 0.9 * weight)
