"""The exception names a value that is None, zero, empty or lacks the key: what is done where the value is not there.

Only for the expressions in `Site.culprits`; the families of `guards` and `conditions` guess them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.culprits import Culprit
from pytest_codemode.proposers.search.operators.guards import weighted_results
from pytest_codemode.proposers.search.operators.shapes import called_name, is_condition, means_the_same_before
from pytest_codemode.proposers.search.scope import is_self, parameters
from pytest_codemode.proposers.search.site import Draft, Site

_Weighted = list[tuple[str, float]]


def _tests(site: Site, culprit: Culprit) -> list[tuple[str, str, float]]:
    """Return ways to ask whether the value is there: `(absent, present, weight)`."""
    text = site.text(culprit.node)
    if culprit.trouble == "none":
        return [(f"{text} is None", f"{text} is not None", 1.0), (f"not {text}", text, 0.9)]
    if culprit.trouble == "key" and isinstance(culprit.use, ast.Subscript):
        key = site.text(culprit.use.slice)
        return [(f"{key} not in {text}", f"{key} in {text}", 1.0)]
    if culprit.trouble == "index" and isinstance(culprit.use, ast.Subscript):
        return _index_tests(site, text, culprit.use.slice)
    if called_name(culprit.node) == "len" and isinstance(culprit.node, ast.Call) and culprit.node.args:
        text = site.text(culprit.node.args[0])
        return [(f"not {text}", text, 1.0)]
    if culprit.trouble == "zero":
        either = f"({text})" if isinstance(culprit.node, ast.BinOp) else text
        return [
            (f"not {either}", text, 1.0),
            (f"{text} == 0", f"{text} != 0", 0.95),
            (f"{text} <= 0", f"{text} > 0", 0.8),
        ]
    return [(f"not {text}", text, 1.0)]


def _index_tests(site: Site, text: str, index: ast.expr) -> list[tuple[str, str, float]]:
    try:
        place = ast.literal_eval(index)
    except ValueError:
        at = site.text(index)
        return [(f"{at} >= len({text})", f"{at} < len({text})", 0.8), (f"not {text}", text, 0.4)]
    if not isinstance(place, int):
        return []
    least = place if place >= 0 else -place - 1
    some = [(f"not {text}", text, 1.0)]
    return some if least == 0 else [(f"len({text}) <= {least}", f"len({text}) > {least}", 1.0), *some]


def _absent(site: Site) -> Iterator[Culprit]:
    """Yield the culprits that may be asked for twice: no displays, no generators."""
    for culprit in site.culprits:
        if culprit.trouble != "type" and isinstance(
            culprit.node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.BinOp
        ):
            yield culprit


def condition(site: Site) -> Iterator[Draft]:
    """`x.ok()` as a condition becomes `x is None or x.ok()` or `x is not None and x.ok()`."""
    for culprit in _absent(site):
        for depth, node in enumerate(_conditions(site, culprit.node)):
            negative = _turns_away(site, node)
            for absent, present, likely in _tests(site, culprit):
                weight = culprit.sure * likely * 0.85**depth
                yield _joined(site, node, absent, ast.Or(), weight * (1.0 if negative else 0.9))
                yield _joined(site, node, present, ast.And(), weight * (0.8 if negative else 1.0))


def _conditions(site: Site, node: ast.expr) -> Iterator[ast.expr]:
    """Yield the conditions that `node` is part of, inside out; what stands after `not` counts with it."""
    current: ast.AST | None = site.parent(node)
    while isinstance(current, ast.expr):
        parent = site.parent(current)
        negated = isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)
        boolean = isinstance(current, ast.Compare | ast.BoolOp) or (
            isinstance(current, ast.UnaryOp) and isinstance(current.op, ast.Not)
        )
        if not negated and (is_condition(site, current) or (boolean and not isinstance(parent, ast.expr))):
            yield current
        current = parent


def _turns_away(site: Site, node: ast.expr) -> bool:
    """Whether the condition asks for what is not so, or leads to leaving."""
    if isinstance(node, ast.UnaryOp) or (isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.NotIn)):
        return True
    body = getattr(site.statement, "body", None)
    return isinstance(body, list) and isinstance(body[0], ast.Raise | ast.Continue | ast.Break)


def _joined(site: Site, node: ast.expr, part: str, operator: ast.boolop, weight: float) -> Draft:
    """Return the draft that asks `part` before `node`, in parentheses only where they are needed."""
    text, parent = site.text(node), site.parent(node)
    word = "or" if isinstance(operator, ast.Or) else "and"
    loose = isinstance(node, ast.IfExp | ast.Lambda | ast.NamedExpr)
    if loose or (isinstance(node, ast.BoolOp) and type(node.op) is not type(operator)):
        text = f"({text})"
    new = f"{part} {word} {text}"
    if isinstance(parent, ast.BoolOp) and type(parent.op) is type(operator):
        return site.splice(*site.source.span(node), new, weight)
    return site.replace(node, new, weight)


def leave(site: Site) -> Iterator[Draft]:
    """`if x is None: return ...` (or `continue`, `break`) before the statement."""
    if (
        site.function is None
        or not site.whole
        or isinstance(site.statement, ast.While)
        or site.statement is site.function
    ):
        return
    results = weighted_results(site, site.function)[:6]
    looping = site.source.loop_of(site.statement) is not None
    for culprit in _absent(site):
        if not means_the_same_before(site, culprit.node):
            continue
        for absent, _, likely in _tests(site, culprit):
            weight = culprit.sure * likely
            if looping:
                yield site.insert_before(f"if {absent}:\n    continue", 0.9 * weight)
                yield site.insert_before(f"if {absent}:\n    break", 0.5 * weight)
            for value, fits in results:
                body = f"if {absent}:\n    return {value}".rstrip()
                likely_value = 1.0 if culprit.trouble == "none" and value in ("None", "") else fits
                yield site.insert_before(body, (0.6 if looping else 0.9) * weight * likely_value)


def only_if(site: Site) -> Iterator[Draft]:
    """The statement only where the value is there: `if x is not None: ...`."""
    if not site.whole or not isinstance(site.statement, ast.Expr | ast.Assign | ast.AugAssign | ast.For | ast.Delete):
        return
    body = "\n    ".join(site.source.text_of(site.statement).split("\n"))
    if isinstance(site.statement, ast.For) and '"""' in body:
        return  # a text over several lines would be moved with the code
    for culprit in _absent(site):
        if means_the_same_before(site, culprit.node):
            for _, present, likely in _tests(site, culprit):
                yield site.replace_statement(f"if {present}:\n    {body}", culprit.sure * likely * 0.9)


def otherwise(site: Site) -> Iterator[Draft]:
    """The value only where it can be had, else another: `x.name if x is not None else None`, `a / b if b else 0`."""
    for culprit in _absent(site):
        if culprit.trouble == "key":
            continue
        for depth, whole in enumerate(_wholes(site, culprit)):
            for absent, present, likely in _tests(site, culprit):
                del absent
                for other, fits in _others(site, whole):
                    weight = culprit.sure * likely * fits * 0.9**depth
                    yield site.replace(whole, f"{site.text(whole)} if {present} else {other}", weight)


def _wholes(site: Site, culprit: Culprit) -> Iterator[ast.expr]:
    """Yield what cannot be computed without the value: the whole value or argument, then the use alone."""
    use = culprit.use
    if not isinstance(use, ast.expr):
        if isinstance(use, ast.AugAssign):
            yield use.value
        return
    while isinstance(parent := site.parent(use), ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(parent, ast.Call) and use is not parent.func:
            break
        if isinstance(parent, ast.Subscript) and use is not parent.value:
            break
        use = parent
    outer = use
    while isinstance(parent := site.parent(outer), ast.BinOp | ast.UnaryOp):
        outer = parent
    if not is_condition(site, outer) and not isinstance(site.parent(outer), ast.Expr):  # see `only_if`
        yield outer
        if outer is not use:
            yield use
        value = getattr(site.statement, "value", None)
        if isinstance(value, ast.expr) and value not in (outer, use) and not isinstance(site.statement, ast.Expr):
            yield value


def _others(site: Site, whole: ast.expr) -> _Weighted:
    """Return what may stand for a value that cannot be had."""
    if site.function is None:
        return [("None", 1.0)]
    if isinstance(site.parent(whole), ast.Return):
        return [pair for pair in weighted_results(site, site.function) if pair[0]][:5]
    kind = site.kinds.of(whole)
    neutral = {"int": "0", "number": "0", "float": "0", "str": '""', "list": "[]", "dict": "{}", "bool": "False"}
    mine = [name for name in parameters(site.function) if name not in ("self", "cls")]
    used = {part.id for part in ast.walk(whole) if isinstance(part, ast.Name)}
    values = [neutral.get(kind, "None"), "None", *(name for name in mine if name not in used)][:4]
    values += ["0", '""']
    return [(value, 1.0 - 0.07 * index) for index, value in enumerate(dict.fromkeys(values))]


def default(site: Site) -> Iterator[Draft]:
    """`x` becomes `x or []`, is set before, or gets its default where it was looked up or stored."""
    for culprit in site.culprits:
        if culprit.trouble not in ("none", "zero", "empty"):
            continue
        for value, likely in _defaults(site, culprit):
            weight = culprit.sure * likely
            if culprit.trouble != "empty":
                yield from _replaced(site, culprit, value, weight)
            elif isinstance(culprit.use, ast.Call) and called_name(culprit.use) in ("min", "max"):
                yield site.replace(culprit.node, f"{site.text(culprit.node)}, default={value}", weight)


def _replaced(site: Site, culprit: Culprit, value: str, weight: float) -> Iterator[Draft]:
    node, text = culprit.node, site.text(culprit.node)
    if not isinstance(getattr(node, "ctx", None), ast.Store):
        yield site.replace(node, f"{text} or {value}", 0.9 * weight)
    named = isinstance(node, ast.Name | ast.Attribute) and site.whole and means_the_same_before(site, node)
    if named and not isinstance(site.statement, ast.While):
        test = f"{text} is None" if culprit.trouble == "none" else f"not {text}"
        yield site.insert_before(f"if {test}:\n    {text} = {value}", 0.8 * weight)
    for source in (node, *origins(site, node)):
        if called_name(source) == "get" and isinstance(source, ast.Call) and len(source.args) == 1:
            yield site.replace(source, f"{site.text(source)[:-1]}, {value})", weight)
        elif source is not node and not isinstance(source, ast.Constant | ast.BoolOp):
            yield site.replace(source, f"{site.text(source)} or {value}", 0.75 * weight)


def origins(site: Site, node: ast.expr) -> list[ast.expr]:
    """Return what a local name was last assigned before the statement, or an own attribute in its class."""
    around: ast.AST | None = site.function
    if isinstance(node, ast.Attribute) and is_self(node.value):
        around = site.source.class_of(site.statement)
    elif not isinstance(node, ast.Name):
        return []
    found: list[ast.expr] = []
    for statement in site.source.inside(around) if around is not None else ():
        if not isinstance(statement, ast.Assign) or site.source.text_of(statement.targets[0]) != site.text(node):
            continue
        if not isinstance(node, ast.Name) or statement.lineno < site.statement.lineno:
            found.append(statement.value)
    return found[-1:] if isinstance(node, ast.Name) else found[:2]


def _defaults(site: Site, culprit: Culprit) -> _Weighted:
    """Return values that can be used as the missing one is."""
    use = culprit.use
    values: tuple[str, ...] = {"int": ("0", "1"), "float": ("0.0", "0"), "str": ('""',), "list": ("[]",)}.get(
        culprit.other, ()
    )
    if culprit.trouble == "zero":
        values = ("1",)
    elif culprit.trouble == "empty":
        values = ("0", "None", '""')
    elif isinstance(use, ast.Attribute):
        kinds = ((str, '""'), (list, "[]"), (dict, "{}"), (set, "set()"))
        values = tuple(text for kind, text in kinds if hasattr(kind, use.attr))
    elif isinstance(use, ast.Subscript):
        values = ('""', "{}", "[]") if isinstance(use.slice, ast.Slice) else ("{}", "[]", '""')
    elif isinstance(use, ast.For | ast.AsyncFor | ast.comprehension | ast.Starred | ast.Compare) and not values:
        values = ("[]", "()", "{}", '""')
    elif isinstance(use, ast.Call) and culprit.node is not use.func and not values:
        values = (
            ("0", "1", '""')
            if called_name(use) in ("int", "float", "range", "round")
            else ("[]", '""', "0", "{}", "()")
        )
    elif isinstance(use, ast.BinOp | ast.AugAssign) and not values:
        values = ("0", '""', "[]")
    pairs = [(value, 1.0 - 0.1 * index) for index, value in enumerate(values)]
    mine = parameters(site.function) if site.function is not None else []
    return [*pairs, *((name, 0.55) for name in mine if name not in ("self", "cls", site.text(culprit.node)))][:6]
