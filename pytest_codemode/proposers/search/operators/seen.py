"""What the names of a function held in failing runs and never in passing ones: guards, defaults, conversions."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from pytest_codemode.core.observed import ObservedFunction, ObservedName, type_of
from pytest_codemode.proposers.search.operators.guards import weighted_results
from pytest_codemode.proposers.search.operators.shapes import means_the_same_before
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.source import Function

_TESTS: dict[str, tuple[str, ...]] = {
    "NoneType": ("{} is None", "not {}"),
    "empty": ("not {}",),
    "blank": ("not {}.strip()",),
    "zero": ("{} == 0", "not {}", "{} <= 0"),
    "negative": ("{} < 0", "{} <= 0"),
    "one": ("len({}) == 1", "len({}) < 2"),
    "bool true": ("{}",),
    "bool false": ("not {}",),
    "nan": ("{0} != {0}",),
}
"""Kind or shape -> conditions that hold for such values."""
_EMPTY = {"int": "0", "float": "0.0", "str": '""', "list": "[]", "dict": "{}", "set": "set()", "tuple": "()"}
_CONVERTED = frozenset({"int", "float", "str", "list", "tuple", "set", "dict", "bytes", "bool", "frozenset"})


def observed(site: Site) -> ObservedFunction | None:
    """Return what was seen of the function around the site."""
    return site.project.observed(site.source, site.function)


def _odd(site: Site) -> Iterator[tuple[ObservedName, str, list[str]]]:
    """Yield `(name, kind, conditions)` for what only failing runs held and the statement can be guarded against."""
    seen = observed(site)
    if seen is None or site.function is None:
        return
    visible = site.scope.visible_locals(site.statement)
    for one in seen.names:
        if one.role in ("argument", "local") and one.name in visible and one.name not in ("self", "cls"):
            for kind in one.only_failing:
                yield one, kind, [test.format(one.name) for test in _conditions(one, kind)]


def _conditions(one: ObservedName, kind: str) -> tuple[str, ...]:
    name, _, shape = kind.partition(" ")
    known = _TESTS.get(kind) or _TESTS.get(shape) or _TESTS.get(name)
    if known:
        return known
    if name in _CONVERTED and name not in one.passing.types:
        return (f"isinstance({{}}, {name})",)
    return ()


def guard(site: Site) -> Iterator[Draft]:
    """A value that only failing runs held is met by an early return, an exception or a default before its first use."""
    if site.function is None or observed(site) is None or site.statement is site.function:
        return
    if not site.whole or not _reads_first(site):
        return
    results = weighted_results(site, site.function)[:7]
    wanted = [name for name in site.project.expected_exceptions if _known(site, name)][:2]
    for one, kind, tests in _odd(site):
        if not _is_read(site, one.name):
            continue
        for rank, test in enumerate(tests):
            likely = 1.0 - 0.1 * rank
            for value, fits in results:
                yield site.insert_before(f"if {test}:\n    return {value}".rstrip(), likely * fits)
            for name in wanted:
                yield site.insert_before(f'if {test}:\n    raise {name}(f"bad {one.name}: {{{one.name}!r}}")', likely)
            if site.source.loop_of(site.statement) is not None:
                yield site.insert_before(f"if {test}:\n    continue", 0.8 * likely)
            for value in _defaults(one, kind):
                yield site.insert_before(f"if {test}:\n    {one.name} = {value}", 0.8 * likely)


def _reads_first(site: Site) -> bool:
    """Whether no statement before this one in its block is a better place: it reads one of the names first."""
    block = site.source.block_of(site.statement)
    before = block[: block.index(site.statement)]
    seen = {node.id for statement in before for node in site.source.inside(statement) if isinstance(node, ast.Name)}
    return any(isinstance(node, ast.Name) and node.id not in seen for node in site.expressions)


def _is_read(site: Site, name: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and means_the_same_before(site, node)
        for node in site.expressions
    )


def _known(site: Site, name: str) -> bool:
    return name in site.scope.module_names or hasattr(builtins, name)


def _defaults(one: ObservedName, kind: str) -> list[str]:
    """Return values of the type that passing runs held, for one that is missing."""
    if type_of(kind) != "NoneType":
        return []
    return [_EMPTY[name] for name in one.passing.types if name in _EMPTY][:2]


def conversion(site: Site) -> Iterator[Draft]:
    """A value that came in another type only in failing runs becomes the type that passing runs held."""
    for one, kind, _ in _odd(site):
        name = type_of(kind)
        usual = [other for other in one.passing.types if other in _CONVERTED and other != name]
        if name == "NoneType" or name in one.passing.types or not usual:
            continue
        forms = _forms(name, usual[0], one.name)
        for node in site.expressions:
            if isinstance(node, ast.Name) and node.id == one.name:
                for rank, form in enumerate(forms):
                    yield site.replace(node, form, 1.0 - 0.1 * rank)
        if _starts(site):
            for rank, form in enumerate(forms):
                yield site.insert_before(f"{one.name} = {form}", 0.8 - 0.1 * rank)
                yield site.insert_before(
                    f"if isinstance({one.name}, {name}):\n    {one.name} = {form}"
                    if name in _CONVERTED
                    else f"if not isinstance({one.name}, {usual[0]}):\n    {one.name} = {form}",
                    0.9 - 0.1 * rank,
                )


def _starts(site: Site) -> bool:
    """Whether the statement is the first of its function that does something."""
    function = site.function
    if function is None or not site.whole or site.statement is function:
        return False
    return site.statement is first_statement(function)


def first_statement(function: Function) -> ast.stmt:
    """Return the first statement of a function that is no docstring."""
    first = function.body[0]
    text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return function.body[1] if text and len(function.body) > 1 else first


def _forms(name: str, usual: str, text: str) -> list[str]:
    if usual == "list" and name in ("str", "int", "float", "dict"):
        return [f"[{text}]", f"list({text})"]
    if usual == "tuple" and name in ("str", "int", "float"):
        return [f"({text},)", f"tuple({text})"]
    if name == "bytes" and usual == "str":
        return [f"{text}.decode()", f"str({text})"]
    if name == "str" and usual == "bytes":
        return [f"{text}.encode()"]
    return [f"{usual}({text})"]


def only_where(site: Site) -> Iterator[Draft]:
    """A statement is left out, or a condition fails or holds, for a value that only failing runs held."""
    for one, _, tests in _odd(site):
        if not _is_read(site, one.name):
            continue
        for rank, test in enumerate(tests):
            likely = 1.0 - 0.1 * rank
            condition = getattr(site.statement, "test", None)
            if isinstance(condition, ast.expr) and isinstance(site.statement, ast.If | ast.While):
                text = site.text(condition)
                kept = f"({text})" if isinstance(condition, ast.BoolOp | ast.IfExp) else text
                yield site.replace(condition, f"{_opposite(test)} and {kept}", 0.9 * likely)
                yield site.replace(condition, f"{test} or {kept}", 0.8 * likely)
            elif site.whole and isinstance(site.statement, ast.Expr | ast.Assign | ast.AugAssign):
                body = "\n    ".join(site.text(site.statement).split("\n"))
                yield site.replace_statement(f"if {_opposite(test)}:\n    {body}", 0.8 * likely)


def _opposite(test: str) -> str:
    if test.startswith("not "):
        return test.removeprefix("not ")
    for sign, other in ((" is None", " is not None"), (" == ", " != "), (" <= ", " > "), (" < ", " >= ")):
        if sign in test:
            return test.replace(sign, other)
    return f"not {test}"
