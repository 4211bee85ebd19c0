"""What names of functions promise: `decode(encode(x)) == x`, and that to normalise twice is to normalise once.

A promise that does not hold is a possible bug; the names may also promise more than anybody meant.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_codemode.core.exploring import Described, Import, Recipe, Shown
from pytest_codemode.core.written import PossibleBug
from pytest_codemode.testgen.program import as_program
from pytest_codemode.testgen.subject import Tried

INVERSES = (
    ("format", "parse"),
    ("encode", "decode"),
    ("dumps", "loads"),
    ("dump", "load"),
    ("serialize", "deserialize"),
    ("serialise", "deserialise"),
    ("marshal", "unmarshal"),
    ("escape", "unescape"),
    ("quote", "unquote"),
    ("pack", "unpack"),
    ("compress", "decompress"),
    ("encrypt", "decrypt"),
    ("flatten", "unflatten"),
    ("to", "from"),
)
"""(there, back): words that stand in the place of each other in the names of two functions."""
IDEMPOTENT = frozenset(
    ("normalize", "normalise", "canonicalize", "canonicalise", "sanitize", "sanitise", "canonical", "normalized")
)
"""Words in a name that say that doing it twice is doing it once."""
MOST = 48
"""Inputs on which one relation is tried: all that may become tests, for often only few of them show what is lost."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One call of a relation, and what it has to come out as."""

    recipe: Recipe
    kind: str
    function: Described
    expected: Shown
    told: str
    """As `7 (what it was given)`."""
    of: str
    """Key of the call that it is made of: what came of that is no better than the promise."""


def promises(described: Sequence[Described], tried: Mapping[str, Sequence[Tried]]) -> Iterator[Promise]:
    """Yield the calls that show whether functions keep what their names promise.

    Args:
        described: all functions of a file.
        tried: qualname -> calls that returned, most readable first.
    """
    functions = [one for one in described if one.kind in ("function", "staticmethod") and one.flavour == "plain"]
    by_name = {one.qualname: one for one in functions}
    for there in functions:
        calls = [one for one in tried.get(there.qualname, ()) if _sole_argument(one.recipe) is not None]
        if _words(there.qualname) & IDEMPOTENT:
            yield from _twice(there, calls[:MOST])
        for back in filter(None, map(by_name.get, _inverse_names(there.qualname))):
            yield from _there_and_back(there, back, calls[:MOST])


def broken(promise: Promise, shown: Shown | None) -> PossibleBug | None:
    """Return the bug if the promise was not kept; a result of another type shows that nothing was promised."""
    if shown is None or shown.type != promise.expected.type or shown.kind != promise.expected.kind:
        return None
    if shown.text == promise.expected.text or not shown.text or shown.cut:
        return None
    described = promise.function
    kind = "round trip" if promise.kind == "round trip" else "idempotence"
    return PossibleBug(
        described.path,
        described.line,
        described.qualname,
        kind,  # type: ignore[arg-type]  # one of two
        as_program(promise.recipe),
        promise.told,
        shown.text[:200],
    )


def _twice(function: Described, calls: Sequence[Tried]) -> Iterator[Promise]:
    for one in calls:
        value, argument = one.observation.value, _sole_argument(one.recipe)
        if value is None or argument is None or value.kind != "literal" or value.type != _type_of(argument):
            continue
        call = f"{_called(one.recipe)}({one.recipe.call})"
        recipe = replace(one.recipe, key=f"{one.recipe.key}:twice", call=call, origin="pair", expected="")
        yield Promise(recipe, "idempotence", function, value, f"{value.text} (as of doing it once)", one.recipe.key)


def _there_and_back(there: Described, back: Described, calls: Sequence[Tried]) -> Iterator[Promise]:
    for one in calls:
        argument = _sole_argument(one.recipe)
        given = None if argument is None else _literal(argument)
        if given is None or one.observation.value is None:
            continue
        imports = tuple(dict.fromkeys((*one.recipe.imports, *(_import_of(one.recipe, back)))))
        call = f"{back.qualname.rpartition('.')[2] if '.' not in back.qualname else back.qualname}({one.recipe.call})"
        recipe = replace(
            one.recipe, key=f"{one.recipe.key}:back", call=call, imports=imports, origin="pair", expected=""
        )
        told = f"{given.text} (what {there.qualname} was given)"
        yield Promise(recipe, "round trip", back, given, told, one.recipe.key)


def _import_of(recipe: Recipe, back: Described) -> Iterator[Import]:
    name = back.qualname.partition(".")[0]
    yield from (replace(one, name=name) for one in recipe.imports if one.module == back.module)


def _sole_argument(recipe: Recipe) -> ast.expr | None:
    """Return the argument of a call that has one and no setup."""
    if recipe.setup or recipe.fixtures:
        return None
    try:
        node = ast.parse(recipe.call, mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        return node.args[0]
    return None


def _called(recipe: Recipe) -> str:
    return recipe.call.partition("(")[0]


def _literal(node: ast.expr) -> Shown | None:
    try:
        value = ast.literal_eval(node)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return Shown("float" if isinstance(value, float) else "literal", repr(value), f"builtins:{type(value).__name__}")


def _type_of(node: ast.expr) -> str:
    shown = _literal(node)
    return shown.type if shown is not None else ""


def _words(qualname: str) -> set[str]:
    return set(qualname.rpartition(".")[2].lower().split("_"))


def _inverse_names(qualname: str) -> Iterator[str]:
    """Yield the names that a function's inverse could have."""
    owner, dot, name = qualname.rpartition(".")
    parts = name.split("_")
    for there, back in INVERSES:
        for index, part in enumerate(parts):
            if part == there:
                yield owner + dot + "_".join((*parts[:index], back, *parts[index + 1 :]))
