"""Literals: numbers, texts, slices and ranges."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pytest_codemode.proposers.search.operators.quoting import concerned
from pytest_codemode.proposers.search.operators.shapes import called_name, is_docstring, shifted
from pytest_codemode.proposers.search.similarity import near_text, nearest_part
from pytest_codemode.proposers.search.site import Draft, Site


def number(site: Site) -> Iterator[Draft]:
    """A number becomes its neighbour, 0, 1, its opposite, or another number of the file near in size."""
    for node in site.expressions:
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
            continue
        value = node.value
        if isinstance(value, int):
            nearby = [value + 1, value - 1, 0, 1, 2, -value, value * 10, value // 10, value * 2, value // 2]
            known = sorted({n for n in site.scope.numbers if isinstance(n, int)}, key=lambda n: (abs(n - value), n))
            for index, new in enumerate(dict.fromkeys([*nearby[:5], *known[:6], *nearby[5:]])):
                if new != value and not (new < 0 and isinstance(site.parent(node), ast.UnaryOp)):
                    yield site.replace(node, str(new), max(1.0 - 0.1 * index, 0.2))
        elif isinstance(value, float):
            known_floats = [n for n in site.scope.numbers if isinstance(n, float)]
            for index, number_ in enumerate(dict.fromkeys([value * 10, value / 10, *known_floats[:8], 1 - value])):
                if number_ != value:
                    yield site.replace(node, repr(round(number_, 12)), max(0.8 - 0.1 * index, 0.1))


def text(site: Site) -> Iterator[Draft]:
    """A text changes case or space, or becomes one that is nearly the same and known: expected, or in the file."""
    for node in site.expressions:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or is_docstring(site, node):
            continue
        if isinstance(site.parent(node), ast.JoinedStr):
            continue
        if _looks_formatted(site, node.value) and site.text(node)[:1] in ("'", '"'):
            yield site.replace(node, f"f{site.text(node)}", 1.0)
        likely = concerned(site, node)
        for new, weight in dict.fromkeys(_texts(site, node.value)):
            yield site.replace(node, _quoted(site.text(node), new), weight * likely)


def _looks_formatted(site: Site, value: str) -> bool:
    """Whether a text names variables in braces, as one that should be an f-string."""
    names = re.findall(r"\{(\w+)[^{}]*\}", value)
    return bool(names) and all(name in site.scope.visible(site.statement) for name in names)


def _texts(site: Site, value: str) -> Iterator[tuple[str, float]]:
    hints = site.project.hints
    pieces = [piece for whole in hints.expected_texts for piece in _pieces(whole)]
    for other in dict.fromkeys([*hints.unknown_keys, *pieces]):
        if near_text(value, other):
            yield other, 1.0
    for whole in sorted(hints.expected_texts):
        part = nearest_part(value, whole)
        if part is not None and near_text(value, part):
            yield part, 0.9
    for other in site.scope.texts:
        if near_text(value, other):
            yield other, 0.8
    if len(value) <= 40:
        variants = [value.lower(), value.upper(), value.title(), value.strip(), f"{value} ", f" {value}"]
        variants += ["", " "] if len(value) <= 1 else []
        variants += [value + end for end in (".", "\n", ",", ":") if value and value[-1].isalnum()]
        variants += [value[:-1], value[1:]] if len(value) > 1 else []
        for index, other in enumerate(variants):
            if other != value:
                yield other, max(0.6 - 0.05 * index, 0.1)


def _pieces(text: str) -> Iterator[str]:
    yield text
    yield from text.split("\n")
    yield from text.split()


def _quoted(old: str, new: str) -> str:
    """Return `new` as a literal with the quotes of the literal `old`."""
    body = repr(new)
    quote = '"' if old.rstrip().endswith('"') else "'"
    if quote not in new and not body.startswith(quote):
        return f"{quote}{body[1:-1]}{quote}"
    return body


def bounds(site: Site) -> Iterator[Draft]:
    """Bounds of slices and ranges: one more, one less, dropped, added."""
    for node in site.expressions:
        if isinstance(node, ast.Call) and called_name(node) == "range" and not node.keywords:
            yield from _range(site, node)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            yield from _slice(site, node, node.slice)
    for node in site.expressions:
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant | ast.UnaryOp):
            old = site.text(node.slice)
            for new in ("-1", "0", "1", "-2"):
                if new != old:
                    yield site.replace(node.slice, new, 0.6)


def _range(site: Site, call: ast.Call) -> Iterator[Draft]:
    args = [site.text(arg) for arg in call.args]
    if len(args) == 1:
        more, less = (*shifted(site, call.args[0]), f"{args[0]} - 1")[:2]
        forms = [more, f"1, {more}", f"1, {args[0]}", less, f"{less}, -1, -1", f"2, {args[0]}"]
    elif len(args) >= 2:
        step = "".join(f", {arg}" for arg in args[2:])
        ends = [*_moved(site, call.args[1])]
        starts = [*_moved(site, call.args[0])]
        forms = [f"{args[0]}, {end}{step}" for end in ends] + [f"{start}, {args[1]}{step}" for start in starts]
        if len(args) == 2:
            forms += [args[1], f"{args[0]}, {args[1]}, -1", f"{args[1]} - 1, {args[0]} - 1, -1"]
        forms += [f"{args[0]}, {args[1]}, -{args[2]}"] if len(args) == 3 else []
    else:
        return
    function = site.text(call.func)
    for index, form in enumerate(forms):
        yield site.replace(call, f"{function}({form})", max(1.0 - 0.1 * index, 0.3))


def _moved(site: Site, node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield from (str(node.value + 1), str(node.value - 1))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
        yield from ("-2", "-1", "0") if site.text(node) == "-1" else ("-1", "0")
    else:
        yield from shifted(site, node)


def _slice(site: Site, whole: ast.Subscript, part: ast.Slice) -> Iterator[Draft]:
    value = site.text(whole.value)
    lower, upper = (site.text(edge) if edge else "" for edge in (part.lower, part.upper))
    step = f":{site.text(part.step)}" if part.step else ""
    forms: list[tuple[str, float]] = []
    if part.upper:
        forms += [(f"{lower}:{new}{step}", 0.9) for new in _moved(site, part.upper)]
        forms.append((f"{lower}:{step}", 0.7))
    else:
        forms += [(f"{lower}:-1{step}", 0.6)]
    if part.lower:
        forms += [(f"{new}:{upper}{step}", 0.9) for new in _moved(site, part.lower)]
        forms.append((f":{upper}{step}", 0.7))
    else:
        forms += [(f"1:{upper}{step}", 0.6)]
    if lower and not upper:
        forms.append((f":{lower}{step}", 0.5))
    if upper and not lower:
        forms.append((f"{upper}:{step}", 0.5))
    if not step:
        forms.append((f"{lower}:{upper}:-1", 0.3))
    elif step == ":-1":
        forms.append((f"{lower}:{upper}", 0.5))
    for form, weight in forms:
        yield site.replace(whole, f"{value}[{form}]", weight)
