"""Binary and augmented operators, order and grouping of operands, signs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.operators.shapes import called_name, is_text, number_like, shifted, valued
from pytest_codemode.proposers.search.site import Draft, Site

_TEXT: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.MatMult: "@",
}
_OTHERS: dict[str, str] = {
    "+": "- * |",
    "-": "+ // %",
    "*": "/ // ** +",
    "/": "// * %",
    "//": "/ % * -",
    "%": "// / *",
    "**": "* //",
    "&": "| ^ -",
    "|": "& ^ +",
    "^": "& |",
    "<<": ">>",
    ">>": "<<",
    "@": "*",
}


def operator(site: Site) -> Iterator[Draft]:
    """Another binary operator."""
    for node in site.expressions:
        if isinstance(node, ast.BinOp) and not is_text(node.left):
            old = _TEXT[type(node.op)]
            start, end = site.source.span(node.left)[1], site.source.span(node.right)[0]
            at = site.source.text.find(old, start, end)
            if at >= 0 and not (is_text(node.right) and old == "+"):
                for index, new in enumerate(_OTHERS[old].split()):
                    yield site.splice(at, at + len(old), new, 1.0 - 0.2 * index)


def augmented(site: Site) -> Iterator[Draft]:
    """`+=` becomes `-=`, `=` and so on; `x = y` becomes `x += y`."""
    node = site.statement
    if isinstance(node, ast.AugAssign):
        old = f"{_TEXT[type(node.op)]}="
        start, end = site.source.span(node.target)[1], site.source.span(node.value)[0]
        at = site.source.text.find(old, start, end)
        others = [f"{word}=" for word in _OTHERS[old[:-1]].split()]
        for index, new in enumerate([others[0], "=", *others[1:]]):
            yield site.splice(at, at + len(old), new, 1.0 - 0.2 * index)
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and _rebinds(site, node.targets[0]):
        start, end = site.source.span(node.targets[0])[1], site.source.span(node.value)[0]
        at = site.source.text.find("=", start, end)
        for index, new in enumerate(("+=", "-=", "*=", "|=")):
            yield site.splice(at, at + 1, new, 0.6 - 0.15 * index)


def _rebinds(site: Site, target: ast.expr) -> bool:
    """Whether `target` may have a value already: an attribute, an item, or a name bound above."""
    if isinstance(target, ast.Attribute | ast.Subscript):
        return True
    if not isinstance(target, ast.Name) or site.function is None:
        return False
    return site.scope.locals_of(site.function).get(target.id, site.statement.lineno) < site.statement.lineno


def operands(site: Site) -> Iterator[Draft]:
    """Operands the other way round, or one of them dropped."""
    for node in site.expressions:
        if not isinstance(node, ast.BinOp):
            continue
        left, right = site.text(node.left), site.text(node.right)
        sign = _TEXT[type(node.op)]
        commutes = isinstance(node.op, ast.Mult | ast.BitAnd | ast.BitOr | ast.BitXor)
        if isinstance(node.op, ast.Mod) and is_text(node.left):
            continue
        plain = not isinstance(node.left, ast.BinOp) and not isinstance(node.right, ast.BinOp)
        if not commutes and plain:
            yield site.replace(node, f"{right} {sign} {left}", 0.8 if sign != "+" else 0.4)
        yield site.replace(node, left, 0.5)
        yield site.replace(node, right, 0.4)


def regrouped(site: Site) -> Iterator[Draft]:
    """`a + b * c` becomes `(a + b) * c`; the parentheses of `(a + b) * c` go."""
    for node in site.expressions:
        if not isinstance(node, ast.BinOp):
            continue
        start, end = site.source.span(node)
        text = site.source.text
        if isinstance(node.right, ast.BinOp) and not _enclosed(site, node.right):
            stop = site.source.span(_edge(site, node.right, "left"))[1]
            yield site.splice(start, end, f"({text[start:stop]}){text[stop:end]}", 0.9)
        if isinstance(node.left, ast.BinOp) and not _enclosed(site, node.left):
            begin = site.source.span(_edge(site, node.left, "right"))[0]
            yield site.splice(start, end, f"{text[start:begin]}({text[begin:end]})", 0.8)
        for side in (node.left, node.right):
            if isinstance(side, ast.BinOp) and _enclosed(site, side):
                first, last = site.source.span(side)
                yield site.splice(first - 1, last + 1, text[first:last], 0.7)


def _enclosed(site: Site, node: ast.expr) -> bool:
    start, end = site.source.span(node)
    return site.source.text[start - 1 : start] == "(" and site.source.text[end : end + 1] == ")"


def _edge(site: Site, node: ast.expr, side: str) -> ast.expr:
    """Return the outermost operand on one side of a chain without parentheses."""
    while isinstance(node, ast.BinOp) and not _enclosed(site, node):
        node = getattr(node, side)
    return node


def sign(site: Site) -> Iterator[Draft]:
    """A minus is added or dropped."""
    for node in site.expressions:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield site.replace(node, site.text(node.operand), 0.9)
        elif number_like(site, node) and isinstance(
            site.parent(node), ast.Return | ast.Assign | ast.BinOp | ast.Lambda
        ):
            text = site.text(node)
            yield site.replace(node, f"-({text})" if isinstance(node, ast.BinOp) else f"-{text}", 0.4)


def shift(site: Site) -> Iterator[Draft]:
    """One more or one less than a value that is returned, assigned, passed or an index."""
    for node in valued(site):
        parent = site.parent(node)
        if isinstance(parent, ast.Compare | ast.Attribute | ast.FormattedValue | ast.BoolOp):
            continue
        if isinstance(parent, ast.BinOp) and not isinstance(parent.op, ast.Mult | ast.FloorDiv | ast.Mod | ast.Div):
            continue
        if isinstance(parent, ast.Subscript) and node is parent.value:
            continue
        if isinstance(parent, ast.For | ast.comprehension | ast.withitem | ast.Expr | ast.If | ast.While):
            continue
        if number_like(site, node):
            likely = isinstance(node, ast.BinOp | ast.Call) or isinstance(
                parent, ast.Subscript | ast.Slice | ast.Return
            )
            likely = likely or (site.function is not None and called_name(parent or node) == site.function.name)
            for new in shifted(site, node):
                yield site.replace(node, new, 0.8 if likely else 0.4)


def joined(site: Site) -> Iterator[Draft]:
    """A returned or assigned value gets another operand: `x` becomes `x + other` or `other + x`."""
    value = getattr(site.statement, "value", None)
    if not isinstance(value, ast.expr) or not isinstance(site.statement, ast.Return | ast.Assign | ast.AugAssign):
        return
    if isinstance(value, ast.Compare | ast.BoolOp | ast.Dict | ast.Tuple | ast.Lambda):
        return
    text = site.text(value)
    used = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    whole = f"({text})" if isinstance(value, ast.IfExp) else text
    for index, name in enumerate(site.scope.visible_locals(site.statement)[:8]):
        if name in ("self", "cls"):
            continue
        weight = (0.5 if name in used else 0.8) - 0.03 * index
        yield site.replace(value, f"{name} + {whole}", weight)
        yield site.replace(value, f"{whole} + {name}", weight)
        yield site.replace(value, f"{whole} - {name}", weight * 0.6)


def extreme(site: Site) -> Iterator[Draft]:
    """A variable set again keeps the larger or smaller value: `best = x` becomes `best = max(best, x)`."""
    node = site.statement
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and _rebinds(site, node.targets[0]):
        target, value = site.text(node.targets[0]), site.text(node.value)
        if target not in value:
            again = site.source.loop_of(node) is not None
            for function in ("max", "min"):
                yield site.replace(node.value, f"{function}({target}, {value})", 1.0 if again else 0.6)
