"""Guards: early returns, refusals, defaults for what is missing."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from pytest_codemode.proposers.search.hints import PLAIN
from pytest_codemode.proposers.search.kinds import NUMBERS
from pytest_codemode.proposers.search.operators.shapes import called_name, is_condition, is_text, means_the_same_before
from pytest_codemode.proposers.search.scope import is_self, parameters
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.source import Function

_NEUTRAL = ("None", "0", "[]", '""', "False", "True", "{}", "-1", "0.0")


def early_return(site: Site) -> Iterator[Draft]:
    """`if x is None: return ...` and `if not x: return ...` before the first statement that needs `x`."""
    if site.function is None or site.statement is site.function or not site.whole:
        return
    hints = site.project.hints
    nothing_missing = not hints.none_used and hints.exceptions <= {"AssertionError"}
    results = weighted_results(site, site.function)
    drafts = []
    for name, weight in _guarded(site):
        if _used_before(site, name):
            continue
        kind = site.kinds.name(name)
        tests = [(f"{name} is None", (0.3 if nothing_missing else 0.9) if kind in ("None", "") else 0.2)]
        tests.append((f"not {name}", 0.8))
        if kind in NUMBERS or not kind:
            tests += [(f"{name} < 0", 0.3), (f"{name} == 0", 0.4), (f"{name} <= 0", 0.35)]
        for test, likely in tests:
            for value, fits in results:
                body = f"if {test}:\n    return {value}".rstrip()
                drafts.append(site.insert_before(body, weight * likely * fits))
        if site.source.loop_of(site.statement) is not None:
            drafts.append(site.insert_before(f"if not {name}:\n    continue", 0.4 * weight))
            drafts.append(site.insert_before(f"if {name} is None:\n    continue", 0.4 * weight))
    yield from drafts


def refused(site: Site) -> Iterator[Draft]:
    """A bad value raises the exception that the tests want, before the first statement that needs the value."""
    known = site.scope.module_names
    wanted = [name for name in site.project.expected_exceptions if name in known or hasattr(builtins, name)]
    if site.function is None or site.statement is site.function or not site.whole or not wanted:
        return
    for name, weight in _guarded(site):
        if _used_before(site, name):
            continue
        tests = [(f"not {name}", 0.8), (f"{name} is None", 0.6)]
        if site.kinds.name(name) in NUMBERS or not site.kinds.name(name):
            tests += [(f"{name} < 0", 0.9), (f"{name} <= 0", 0.85), (f"{name} == 0", 0.4)]
        for test, likely in tests:
            for exception in wanted[:3]:
                body = f'if {test}:\n    raise {exception}(f"bad {name}: {{{name}!r}}")'
                yield site.insert_before(body, weight * likely)


def _used_before(site: Site, name: str) -> bool:
    """Whether a statement before this one in its block already needs the value as it is: a guard would stand there."""
    block = site.source.block_of(site.statement)
    used = False
    for statement in block[: block.index(site.statement)]:
        for node in site.source.inside(statement):
            if isinstance(node, ast.Name) and node.id == name.partition(".")[0]:
                used = isinstance(node.ctx, ast.Load) and not isinstance(statement, ast.If)
    return used


def weighted_results(site: Site, function: Function) -> list[tuple[str, float]]:
    """Return values for an early return with weights: an expected plain value first."""
    expected = site.project.hints.expected_plain
    unwanted = 0.3 if _known_answer(site) else 1.0
    found = []
    for index, value in enumerate(_results(site, function)):
        weight = 1.0 - 0.07 * index
        if value in PLAIN and expected:
            weight = 1.0 if value in expected else weight * 0.5
        elif value in PLAIN:
            weight *= unwanted
        found.append((value, weight))
    return sorted(found, key=lambda item: -item[1])


def _known_answer(site: Site) -> bool:
    """Whether every failure is a wrong value whose right one is known and not plain: no neutral value repairs it."""
    hints = site.project.hints
    return hints.exceptions == {"AssertionError"} and bool(hints.relations) and not hints.expected_plain


def _guarded(site: Site) -> Iterator[tuple[str, float]]:
    """Yield the values that the statement depends on, the likeliest first."""
    found: dict[str, float] = {}
    mine = parameters(site.function) if site.function else []
    for node in site.expressions:
        if not means_the_same_before(site, node):
            continue
        if isinstance(node, ast.Name) and not is_self(node) and node.id in site.scope.visible_locals(site.statement):
            found[node.id] = max(found.get(node.id, 0.0), 1.0 if node.id in mine else 0.8)
        elif isinstance(node, ast.Attribute) and is_self(node.value) and not _is_called(site, node):
            found[site.text(node)] = 0.8
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
            divisor = site.text(node.right)
            if called_name(node.right) == "len" and isinstance(node.right, ast.Call) and node.right.args:
                divisor = site.text(node.right.args[0])
            if "ZeroDivisionError" in site.project.hints.exceptions and not isinstance(node.right, ast.BinOp):
                found[divisor] = 1.0
    yield from sorted(found.items(), key=lambda item: -item[1])[:6]


def _is_called(site: Site, node: ast.AST) -> bool:
    parent = site.parent(node)
    return isinstance(parent, ast.Call) and node is parent.func


def _results(site: Site, function: Function) -> list[str]:
    """Return what the function may return early: neutral values of the kind it returns, its parameters."""
    found: dict[str, None] = {}
    returned = [node.value for node in site.source.inside(function) if isinstance(node, ast.Return)]
    for value in returned:
        if isinstance(value, ast.Constant | ast.List | ast.Dict) and len(site.text(value)) < 20:
            found[site.text(value)] = None
    if not any(returned):
        found[""] = None
    kinds = {_kind(value) for value in returned if value is not None}
    preferred = {"str": ['""'], "list": ["[]"], "dict": ["{}"], "bool": ["False", "True"], "number": ["0", "0.0", "1"]}
    for kind in sorted(kinds):
        found.update(dict.fromkeys(preferred.get(kind, [])))
    found.update(dict.fromkeys(_NEUTRAL))
    found.update(dict.fromkeys(name for name in parameters(function) if name not in ("self", "cls")))
    found.update(dict.fromkeys(site.text(value) for value in returned if isinstance(value, ast.Name)))
    return list(found)[:14]


def _kind(node: ast.expr) -> str:
    if is_text(node) or called_name(node) in ("join", "strip", "upper", "lower", "format", "str", "replace"):
        return "str"
    if isinstance(node, ast.List | ast.ListComp) or called_name(node) in ("sorted", "list"):
        return "list"
    if isinstance(node, ast.Dict | ast.DictComp) or called_name(node) == "dict":
        return "dict"
    if isinstance(node, ast.Compare | ast.BoolOp) or called_name(node) in ("any", "all", "bool", "isinstance"):
        return "bool"
    return "number" if isinstance(node, ast.BinOp) else ""


def ternary(site: Site) -> Iterator[Draft]:
    """The returned or assigned value only where what it depends on is there: `x / n if n else 0`."""
    value = getattr(site.statement, "value", None)
    if not isinstance(value, ast.expr) or not isinstance(site.statement, ast.Return | ast.Assign | ast.AugAssign):
        return
    if isinstance(value, ast.Name | ast.Constant | ast.IfExp) or site.function is None:
        return
    results = [result for result in weighted_results(site, site.function) if result[0]][:5]
    for name, weight in _guarded(site):
        for other, fits in results:
            for test, likely in ((name, 0.8), (f"{name} is not None", 0.6)):
                yield site.replace(value, f"{site.text(value)} if {test} else {other}", weight * likely * fits)


def lookup(site: Site) -> Iterator[Draft]:
    """`d[k]` becomes `d.get(k, ...)`; `d.get(k)` gets a default."""
    hints = site.project.hints
    for node in site.expressions:
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice | ast.Tuple):
            kind = site.kinds.of(node.value)
            if kind in ("dict", "") and ("KeyError" in hints.exceptions or not hints.exceptions - {"AssertionError"}):
                value, key = site.text(node.value), site.text(node.slice)
                for index, other in enumerate(_defaults(site, node)):
                    tail = f", {other}" if other != "None" else ""
                    yield site.replace(node, f"{value}.get({key}{tail})", 0.95 - 0.1 * index)
        elif called_name(node) == "get" and isinstance(node, ast.Call) and len(node.args) == 1:
            for index, other in enumerate(_defaults(site, node)):
                if other != "None":
                    yield site.replace(node, f"{site.text(node)[:-1]}, {other})", 0.8 - 0.1 * index)


def default(site: Site) -> Iterator[Draft]:
    """`x` becomes `x or ...`."""
    hints = site.project.hints
    for node in site.expressions:
        parent = site.parent(node)
        plain = isinstance(node, ast.Name) and node.id in site.scope.visible_locals(site.statement)
        if (plain or isinstance(node, ast.Attribute | ast.Call)) and not is_self(node) and not _is_called(site, node):
            if isinstance(parent, ast.Compare | ast.Expr | ast.Attribute | ast.withitem) or is_condition(site, node):
                continue
            for index, other in enumerate(("[]", '""', "0", "{}", "None")):
                yield site.replace(
                    node, f"{site.text(node)} or {other}", (0.5 if hints.none_used else 0.25) - 0.03 * index
                )


def _defaults(site: Site, node: ast.expr) -> tuple[str, ...]:
    """Return values for a missing key, by what is done with the item."""
    parent = site.parent(node)
    if isinstance(parent, ast.BinOp):
        other = parent.right if node is parent.left else parent.left
        if is_text(other):
            return ('""', "0", "None")
        return ("[]", "0", "None") if isinstance(other, ast.List) else ("0", "1", '""', "None")
    if isinstance(parent, ast.For | ast.comprehension | ast.Starred) or called_name(parent or node) in ("len", "list"):
        return ("[]", "()", '""', "{}")
    if isinstance(parent, ast.Attribute):
        return ('""', "{}", "[]")
    if isinstance(parent, ast.Subscript):
        return ("{}", "[]", '""')
    return ("None", "0", '""', "[]", "{}", "False", *(parameters(site.function) if site.function else ())[:3])


def mutable_default(site: Site) -> Iterator[Draft]:
    """A mutable default becomes None, set anew in each call."""
    function = site.statement
    if not isinstance(function, Function):
        return
    args = function.args
    positional = [*args.posonlyargs, *args.args]
    pairs = list(zip(reversed(positional), reversed(args.defaults), strict=False))
    pairs += [(arg, value) for arg, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value is not None]
    for arg, value in pairs:
        if isinstance(value, ast.List | ast.Dict | ast.Set) or called_name(value) in ("list", "dict", "set"):
            first = _first_statement(function)
            place = Site(site.source, first, site.score, site.project)
            none = site.replace(value, "None")
            body = f"if {arg.arg} is None:\n    {arg.arg} = {site.text(value)}"
            guard = place.insert_before(body)
            yield Draft((*none.edits, *guard.edits), 1.0, f"`{arg.arg}` no longer keeps its value between calls")


def _first_statement(function: Function) -> ast.stmt:
    first = function.body[0]
    text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return function.body[1] if text and len(function.body) > 1 else first
