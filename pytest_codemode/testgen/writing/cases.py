"""One observed call with what is asserted of it, and its text made as short as a reader wants it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_codemode.core.exploring import Described, Import, Observation, Recipe
from pytest_codemode.testgen.writing.idiom import idiomatic
from pytest_codemode.testgen.writing.oracle import Oracle, result_name
from pytest_codemode.testgen.writing.shown import Expression
from pytest_codemode.testgen.writing.source import (
    BUILTINS,
    count_name,
    expression_of,
    names_in,
    replaced,
    segment,
    snake,
)
from pytest_codemode.testgen.writing.warning import expected_warning

_MAX_INLINE = 40
"""Characters of an argument that may stand in the call; longer ones keep their name."""


@dataclass(frozen=True, slots=True)
class Case:
    """A call that was observed, and what a test asserts of it."""

    described: Described
    recipe: Recipe
    observation: Observation
    oracle: Oracle


@dataclass(frozen=True, slots=True)
class Needed:
    """An import that a text needs, and the name by which the text uses it."""

    item: Import
    bound: str


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call."""

    parameter: str
    """Name of the parameter that takes it; empty if that is not known."""
    keyword: str
    """As written, empty for a positional one."""
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A case as it would stand in a test of its own."""

    case: Case
    setup: tuple[tuple[str, str], ...]
    call: str
    lines: tuple[str, ...]
    """Assertions; with an oracle of kind `raises` the `with` line."""
    expected: str
    imports: tuple[Needed, ...]
    result: str
    """Name by which `lines` know what was returned."""
    function: str
    """What is called, as `slugify` or `cart.add`; empty if the call is none, as that of a property."""
    arguments: tuple[Argument, ...] | None
    """None if they cannot be told apart, as with `*args`."""


def text_of(case: Case) -> Text:
    """Return the case's text: arguments that the call leaves alone stand in it, no name means two things."""
    setup, call, lines, expected = _without_shadows(case)
    needed, lines, expected = _imports(case, lines, expected)
    setup, call = _inlined(setup, idiomatic(call), lines)
    function, arguments = _taken_apart(call, case.described)
    used = names_in("\n".join((call, *(text for _, text in setup), *map(_parseable, lines))))
    warning = expected_warning(case.observation, case.recipe.flavour)
    used |= names_in(warning.text) if isinstance(warning, Expression) else frozenset()
    needed = tuple(item for item in needed if item.bound in used)
    return Text(case, setup, call, lines, expected, needed, result_name(case.recipe), function, arguments)


def _parseable(line: str) -> str:
    return f"{line} ..." if line.endswith(":") else line


def _renamed(line: str, names: dict[str, str]) -> str:
    return replaced(_parseable(line), names).removesuffix(" ...") if line.endswith(":") else replaced(line, names)


def _without_shadows(case: Case) -> tuple[tuple[tuple[str, str], ...], str, tuple[str, ...], str]:
    """Give names of the setup that an import binds too another one, so that a function does not hide what it reads."""
    recipe, oracle = case.recipe, case.oracle
    bound = {item.bound for item in (*recipe.imports, *oracle.imports)}
    taken = bound | {name for name, _ in recipe.setup} | set(recipe.fixtures)
    names: dict[str, str] = {}
    setup = []
    for name, text in recipe.setup:
        if name == "_" and text.startswith("print("):  # an example shows what it has there
            continue
        own = replaced(text, names)
        if name in bound and name not in names:
            names[name] = free_name(f"a_{name}" if name[0] not in "aeiou" else f"an_{name}", taken)
            taken.add(names[name])
        setup.append((names.get(name, name), own))
    lines = tuple(_renamed(line, names) for line in oracle.lines)
    return tuple(setup), replaced(recipe.call, names), lines, oracle.expected


def _imports(case: Case, lines: tuple[str, ...], expected: str) -> tuple[tuple[Needed, ...], tuple[str, ...], str]:
    """Return what is imported by which name; an oracle's import of a name that the call uses otherwise gets another."""
    needed = {item.bound: Needed(item, item.bound) for item in case.recipe.imports}
    names: dict[str, str] = {}
    for item in case.oracle.imports:
        other = needed.get(item.bound)
        if other is None:
            needed[item.bound] = Needed(item, item.bound)
        elif other.item != item and not (not other.item.name and not item.name):
            names[item.bound] = alias_of(item, needed.keys())
            needed[names[item.bound]] = Needed(item, names[item.bound])
    more = (Needed(item, item.bound) for item in (*case.recipe.imports, *case.oracle.imports) if not item.name)
    found = dict.fromkeys((*needed.values(), *(item for item in more if needed[item.bound].item.name == "")))
    return tuple(found), tuple(_renamed(line, names) for line in lines), replaced(expected, names)


def alias_of(item: Import, taken: object) -> str:
    """Return a name for an import whose own name means something else here."""
    last = item.module.rpartition(".")[2]
    wanted = f"{last}_{item.name}" if item.name else f"{item.module.replace('.', '_')}_module"
    return free_name(wanted.strip("_"), taken)


def free_name(wanted: str, taken: object) -> str:
    """Return the name, with a number if it is taken."""
    assert hasattr(taken, "__contains__")
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _inlined(
    setup: tuple[tuple[str, str], ...], call: str, lines: tuple[str, ...]
) -> tuple[tuple[tuple[str, str], ...], str]:
    """Put what is only passed on to the call, and asserted nothing of, into the call."""
    kept = list(setup)
    for name, text in reversed(setup):
        tree = expression_of(call)
        others = "\n".join((*(other for _, other in kept), *map(_parseable, lines)))
        arguments = tuple(_argument_nodes(tree))
        passed = any(isinstance(node, ast.Name) and node.id == name for node in arguments)
        alone = count_name(call, name) == 1 and name not in names_in(others)
        once = sum(own == name for own, _ in kept) == 1 and kept[-1][0] == name
        operand = isinstance(tree, ast.BinOp) and not isinstance(expression_of(text), ast.Call | ast.Constant)
        if passed and alone and once and not operand and len(text) <= _MAX_INLINE and "\n" not in text:
            call = replaced(call, {name: text})
            kept.remove((name, text))
    return tuple(kept), call


def _argument_nodes(tree: ast.expr | None) -> Iterator[ast.expr]:
    if isinstance(tree, ast.Call):
        yield from tree.args
        yield from (keyword.value for keyword in tree.keywords)
    elif isinstance(tree, ast.BinOp):
        yield tree.right


def _taken_apart(call: str, described: Described) -> tuple[str, tuple[Argument, ...] | None]:
    tree = expression_of(call)
    if not isinstance(tree, ast.Call):
        return "", None
    function = segment(call, tree.func)
    if any(isinstance(node, ast.Starred) for node in tree.args) or any(item.arg is None for item in tree.keywords):
        return function, None
    names = _positional_names(function, described)
    arguments = [
        Argument(names[place] if place < len(names) else "", "", segment(call, node))
        for place, node in enumerate(tree.args)
    ]
    arguments += [Argument(item.arg or "", item.arg or "", segment(call, item.value)) for item in tree.keywords]
    return function, tuple(arguments)


def _positional_names(function: str, described: Described) -> tuple[str, ...]:
    """Return the names of what the call's positional arguments go to, if it is a call of what is described."""
    parts = described.qualname.split(".")
    own = parts[-2] if described.kind == "constructor" and len(parts) > 1 else parts[-1]
    if function in BUILTINS and own.startswith("__") and len(parts) > 1:  # `str(cart)`
        return (snake(parts[-2]),)
    if function.rpartition(".")[2] != own:
        return ()
    return tuple(item.name for item in described.parameters if item.kind in ("positional", "either"))
