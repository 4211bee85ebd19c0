"""The text of a test function, before the formatter: setup, call and assertions, in the project's style."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_codemode.core.exploring import Import
from pytest_codemode.testgen.writing.cases import Needed, Text
from pytest_codemode.testgen.writing.grouping import Group
from pytest_codemode.testgen.writing.idiom import statement
from pytest_codemode.testgen.writing.names import column_name, row_id
from pytest_codemode.testgen.writing.shown import PYTEST, Expression
from pytest_codemode.testgen.writing.source import NoLiteral, count_name, expression_of, literal, replaced, segment
from pytest_codemode.testgen.writing.style import Style
from pytest_codemode.testgen.writing.warning import expected_warning

_ASYNCIO = Import("asyncio")
_MARKS = {"asyncio strict": "@pytest.mark.asyncio", "anyio": "@pytest.mark.anyio"}
_WAITS = ("coroutine", "async generator", "async context manager")
_INLINED = (ast.Call, ast.Attribute, ast.Subscript, ast.Await, ast.ListComp, ast.BinOp, ast.UnaryOp)
"""What may stand left of `==` as it is."""
_IS_TRUE, _IS_FALSE = "assert %s is True", "assert %s is False"
_OPPOSITES: dict[type[ast.cmpop], str] = {
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is"
}  # fmt: skip
"""Of `==` and `<` there are none: `__ne__` and `__ge__` are methods of their own."""
_TYPES = {"str": "str", "int": "int", "float": "float", "bool": "bool", "bytes": "bytes"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A test function's text, and what it needs."""

    name: str
    code: str
    imports: tuple[Needed, ...]
    keys: tuple[str, ...]
    word: str
    """What the function under test is called, to find other tests of it by."""


def rendered(group: Group, name: str, style: Style) -> Rendered:
    """Return the text of the test of a group."""
    first = group.first
    columns = _columns(group) if len(group.texts) > 1 else ()
    needed = list(dict.fromkeys(item for text in group.texts for item in text.imports))
    body, asynchronous = _body(_in_table(group, columns) if columns else first, style)
    decorators = _table(group, columns) if columns else []
    if asynchronous and style.asynchronous in _MARKS:
        decorators.append(_MARKS[style.asynchronous])
    code = "\n".join(
        (*decorators, _header(group, name, columns, style, asynchronous), *(f"    {line}" for line in body))
    )
    needed += [Needed(item, item.bound) for item in (PYTEST, _ASYNCIO) if count_name(code, item.bound)]
    parts = first.case.described.qualname.split(".")
    word = parts[-2] if first.case.described.kind == "constructor" and len(parts) > 1 else parts[-1]
    return Rendered(name, code, tuple(dict.fromkeys(needed)), group.keys, word)


def _header(group: Group, name: str, columns: Sequence[str], style: Style, asynchronous: bool) -> str:
    fixtures = [*group.first.case.recipe.fixtures]
    if any("capsys" in line for line in group.first.lines) and "capsys" not in fixtures:
        fixtures.append("capsys")
    types = _column_types(group, columns) if style.annotated and columns else {}
    known = {"capsys": "pytest.CaptureFixture[str]"} if style.annotated else {}
    given = [f"{item}: {known[item]}" if item in known else item for item in fixtures]
    given += [f"{column}: {types[column]}" if column in types else column for column in columns]
    returns = " -> None" if style.annotated else ""
    return f"{'async ' if asynchronous else ''}def {name}({', '.join(given)}){returns}:"


# -- tables ---------------------------------------------------------------------------------------------------------


def _columns(group: Group) -> tuple[str, ...]:
    """Return the names of a table's columns: arguments that differ, and what is expected of them."""
    first = group.first
    assert first.arguments is not None
    taken = {item.bound for text in group.texts for item in text.imports}
    taken |= {name for name, _ in first.setup} | {*first.case.recipe.fixtures, "pytest", "asyncio", "capsys"}
    taken |= {_last_column(group), first.result}
    names: list[str] = []
    for place in group.columns:
        names.append(column_name(first.arguments[place], place, taken | set(names)))
    return (*names, _last_column(group)) if _last_column(group) else tuple(names)


def _last_column(group: Group) -> str:
    if group.first.case.oracle.kind != "raises":
        return "expected"
    return "message" if len({text.lines for text in group.texts}) > 1 else ""


def _last_text(group: Group, text: Text) -> str:
    if group.first.case.oracle.kind != "raises":
        return text.expected
    return _match_of(text.lines[0]) or '""'


def _match_of(line: str) -> str:
    return line.partition(", match=")[2].removesuffix("):")


def _cells(group: Group, text: Text) -> tuple[str, ...]:
    assert text.arguments is not None
    cells = tuple(text.arguments[place].text for place in group.columns)
    return (*cells, _last_text(group, text)) if _last_column(group) else cells


def _table(group: Group, columns: tuple[str, ...]) -> list[str]:
    rows = []
    for text, name in zip(group.texts, _ids(group), strict=True):
        cells = ", ".join(_cells(group, text))
        if name:
            rows.append(f"pytest.param({cells}, id={name!r}),")
        else:
            rows.append(f"({cells})," if len(columns) > 1 else f"{cells},")
    heads = ", ".join(f'"{column}"' for column in columns)
    heads = f"({heads})" if len(columns) > 1 else heads
    return [f"@pytest.mark.parametrize(\n    {heads},\n    [", *(f"        {row}" for row in rows), "    ],\n)"]


def _ids(group: Group) -> list[str]:
    """Return ids of the rows whose values make no readable ones, each unlike the others."""
    found: list[str] = []
    for text in group.texts:
        wanted = row_id(text, group.columns)
        number, own = 2, wanted
        while own and own in found:
            own, number = f"{wanted} {number}", number + 1
        found.append(own)
    return found


def _in_table(group: Group, columns: tuple[str, ...]) -> Text:
    """Return the text that all rows share, columns in the place of what differs."""
    text = group.first
    assert text.arguments is not None
    by_place = dict(zip(group.columns, columns, strict=False))
    given = []
    for place, argument in enumerate(text.arguments):
        value = by_place.get(place, argument.text)
        given.append(f"{argument.keyword}={value}" if argument.keyword else value)
    call = f"{text.function}({', '.join(given)})"
    if text.case.oracle.kind == "raises":
        line = text.lines[0]
        if _last_column(group):
            line = line.partition(", match=")[0].removesuffix("):") + ", match=message):"
        lines: tuple[str, ...] = (line,)
    else:
        operator = "is" if f" is {text.expected}" in text.lines[0] else "=="
        lines = (f"assert {text.result} {operator} expected",)
    return Text(
        text.case, text.setup, call, lines, "expected", text.imports, text.result, text.function, text.arguments
    )


def _column_types(group: Group, columns: Sequence[str]) -> dict[str, str]:
    """Return the types of columns; `object` where the rows' values are of several."""
    rows = [_cells(group, text) for text in group.texts]
    return {column: _type_of([row[place] for row in rows]) for place, column in enumerate(columns)}


def _type_of(texts: Sequence[str]) -> str:
    try:
        names = {type(literal(text)).__name__ for text in texts}
    except NoLiteral:
        return "object"
    return _TYPES.get(names.pop(), "object") if len(names) == 1 else "object"


# -- bodies ---------------------------------------------------------------------------------------------------------


def _body(text: Text, style: Style) -> tuple[list[str], bool]:
    """Return the statements of a test, and whether it is a coroutine."""
    flavour = text.case.recipe.flavour
    setup = [statement(value) if name == "_" else f"{name} = {value}" for name, value in text.setup]
    plugin = style.asynchronous != "none"
    if flavour in _WAITS and (plugin or flavour != "coroutine"):
        act = _act(text, "await " if flavour == "coroutine" else "")
        if plugin:
            return [*setup, *act], True
        inner = [f"    {line}" for line in act]
        return [*setup, "async def scenario():", *inner, "", "asyncio.run(scenario())"], False
    return [*setup, *_act(text, "")], False


def _act(text: Text, wait: str) -> list[str]:
    flavour = text.case.recipe.flavour
    if text.case.oracle.kind == "raises":
        return _raising(text, wait)
    if flavour in ("context manager", "async context manager"):
        start = "async with" if flavour.startswith("async") else "with"
        used = any(count_name(line, text.result) for line in text.lines)
        name = f" as {text.result}" if used else ""
        return [f"{start} {text.call}{name}:", *(f"    {_wrapped(line)}" for line in text.lines)]
    return _asserting(text, _value(text, wait))


def _asserting(text: Text, value: str) -> list[str]:
    """Return the call and the assertions, in one line where that reads well."""
    warning = expected_warning(text.case.observation, text.case.recipe.flavour)
    if isinstance(warning, Expression):
        return _warned(text, value, warning.text)
    told = _told(text.lines[0], text.result, value)
    if told:
        return [told, *map(_wrapped, text.lines[1:])]
    mentions = [count_name(line, text.result) for line in text.lines]
    if not any(mentions):
        return [statement(value), *map(_wrapped, text.lines)]
    if mentions[0] == sum(mentions) == 1 and _may_inline(text, value):
        return [_wrapped(replaced(text.lines[0], {text.result: value})), *map(_wrapped, text.lines[1:])]
    return [f"{text.result} = {value}", *map(_wrapped, text.lines)]


def _told(line: str, result: str, value: str) -> str:
    """Return the assertion of a comparison, as `assert a in b` where its result is True; empty if it is none."""
    tree = expression_of(value)
    if not isinstance(tree, ast.Compare) or "\n" in value or line not in (_IS_TRUE % result, _IS_FALSE % result):
        return ""
    if line == _IS_TRUE % result:
        return f"assert {value}"
    opposite = _OPPOSITES.get(type(tree.ops[0])) if len(tree.ops) == 1 else None
    if opposite is None:
        return f"assert not {value}"
    return f"assert {segment(value, tree.left)} {opposite} {segment(value, tree.comparators[0])}"


def _may_inline(text: Text, value: str) -> bool:
    """Return whether the call may stand in the assertion itself: short, and not to be put in parentheses first."""
    line = text.lines[0]
    starts = ("assert {} ", "assert list(itertools.islice({},", "assert math.isnan({})")
    subject = line.startswith(tuple(start.format(text.result) for start in starts))
    simple = isinstance(expression_of(value), _INLINED)
    return subject and simple and "\n" not in value and len(value) + len(line) <= 120


def _raising(text: Text, wait: str) -> list[str]:
    flavour = text.case.recipe.flavour
    line = text.lines[0]
    if flavour == "context manager":
        return [f"{line.removesuffix(':')}, {text.call}:", "    pass"]
    if flavour == "async context manager":
        return [line, f"    async with {text.call}:", "        pass"]
    warning = expected_warning(text.case.observation, flavour)
    if isinstance(warning, Expression):
        line = f"with {warning.text}, {line.removeprefix('with ')}"
    return [line, f"    {statement(_value(text, wait))}"]


def _warned(text: Text, value: str, expecting: str) -> list[str]:
    """Return the call within what expects its warning, the assertions below."""
    used = any(count_name(line, text.result) for line in text.lines)
    call = f"{text.result} = {value}" if used else statement(value)
    return [f"with {expecting}:", f"    {call}", *map(_wrapped, text.lines)]


def _value(text: Text, wait: str) -> str:
    flavour = text.case.recipe.flavour
    if flavour == "generator":
        return text.call if any("itertools.islice(" in line for line in text.lines) else f"list({text.call})"
    if flavour == "async generator":
        return f"[item async for item in {text.call}]"
    if flavour == "coroutine":
        return f"{wait}{text.call}" if wait else f"asyncio.run({text.call})"
    return text.call


def _wrapped(line: str) -> str:
    """Return an assertion; a long text that it compares with is put on lines of its own, cut where it breaks lines."""
    tree = ast.parse(line).body[0]
    compared = tree.test if isinstance(tree, ast.Assert) else None
    if not isinstance(compared, ast.Compare) or not isinstance(compared.comparators[-1], ast.Constant):
        return line
    value = compared.comparators[-1].value
    if not isinstance(value, str) or len(line) <= 88 or len(value) < 50:
        return line
    pieces = [part[start : start + 70] for part in value.splitlines(keepends=True) for start in range(0, len(part), 70)]
    head = line[: line.index(" == ") + 4] if " == " in line else ""
    left = f"assert {ast.unparse(compared.left)} == "
    return f"{head if head.count(' == ') == 1 else left}({' '.join(map(repr, pieces))})"
