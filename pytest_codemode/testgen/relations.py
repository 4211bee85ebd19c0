"""What names of functions promise: `decode(encode(x)) == x`, and that to normalise twice is to normalise once.

A promise that does not hold is a possible bug; the names may also promise more than anybody meant.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_codemode.core.exploring import Described, Import, Observation, Recipe, Shown
from pytest_codemode.core.written import BugKind, PossibleBug
from pytest_codemode.testgen.conforming import literal
from pytest_codemode.testgen.plausible import is_plausible
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
REPETITIVE = ("a   b    c", "a--b__c//d", "  aa bb  ", "Ab-Ab", "ÄÖ ß İ", "((a))")
"""Texts with something in them that is often removed once for all and sometimes not."""
MOST = 48
"""Inputs on which one relation is tried: all that may become tests, for often only few of them show what is lost."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One call of a relation, and what it has to come out as."""

    recipe: Recipe
    kind: BugKind
    function: Described
    expected: Shown
    told: str
    """As `7 (what it was given)`."""
    of: str = ""
    """Key of the call that it is made of: what came of that is no better than the promise."""
    plausible: bool = False
    """Whether that call is one that somebody could make: then to raise is to break the promise."""


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


def broken(promise: Promise, observation: Observation) -> PossibleBug | None:
    """Return the bug if the promise was not kept; a result of another type shows that nothing was promised."""
    shown, raised = observation.value, observation.raised
    if observation.outcome == "raised" and raised is not None and promise.plausible and raised.path:
        actual = f"raises {raised.type.partition(':')[2]}: {raised.message}"
    elif observation.outcome != "returned" or shown is None or not _differs(promise.expected, shown):
        return None
    else:
        actual = shown.text
    described = promise.function
    return PossibleBug(
        described.path,
        described.line,
        described.qualname,
        promise.kind,
        as_program(promise.recipe),
        promise.told,
        actual[:200],
    )


def _differs(expected: Shown, shown: Shown) -> bool:
    same_type = (shown.type, shown.kind) == (expected.type, expected.kind)
    return same_type and bool(shown.text) and not shown.cut and shown.text != expected.text


def _twice(function: Described, calls: Sequence[Tried]) -> Iterator[Promise]:
    for one in calls:
        value, argument = one.observation.value, _sole_argument(one.recipe)
        if value is None or argument is None or value.kind != "literal" or value.type != _type_of(argument):
            continue
        call = f"{_called(one.recipe)}({one.recipe.call})"
        yield Promise(
            replace(one.recipe, key=f"{one.recipe.key}:twice", call=call, origin="pair", expected=""),
            "idempotence",
            function,
            expected=value,
            told=f"{value.text} (as of doing it once)",
            of=one.recipe.key,
        )
    texts = [one for one in calls if isinstance(_given(one), str)]
    for number, text in enumerate(REPETITIVE if texts else ()):
        once = f"{_called(texts[0].recipe)}({text!r})"
        call = f"{_called(texts[0].recipe)}({once}) == {once}"
        yield Promise(
            replace(texts[0].recipe, key=f"again{number}", call=call, origin="pair", expected=""),
            "idempotence",
            function,
            expected=literal(value=True),
            told="True (to do it twice is to do it once)",
        )


def _there_and_back(there: Described, back: Described, calls: Sequence[Tried]) -> Iterator[Promise]:
    for one in calls:
        given = _literal(_sole_argument(one.recipe))
        if given is None or one.observation.value is None:
            continue
        imports = tuple(dict.fromkeys((*one.recipe.imports, *(_import_of(one.recipe, back)))))
        call = f"{back.qualname}({one.recipe.call})"
        yield Promise(
            replace(one.recipe, key=f"{one.recipe.key}:back", call=call, imports=imports, origin="pair", expected=""),
            "round trip",
            back,
            expected=given,
            told=f"{given.text} (what {there.qualname} was given)",
            of=one.recipe.key,
            plausible=is_plausible(there, one.recipe),
        )


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


def _literal(node: ast.expr | None) -> Shown | None:
    try:
        return None if node is None else literal(ast.literal_eval(node))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _given(one: Tried) -> object:
    node = _sole_argument(one.recipe)
    return node.value if isinstance(node, ast.Constant) else None


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
