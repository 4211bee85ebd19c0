"""What a test asserts of one call, or why it can assert nothing that a reviewer would accept."""

from __future__ import annotations

import ast
import datetime
import re
from dataclasses import dataclass, replace
from typing import Literal

from pytest_codemode.core.exploring import Described, Import, Observation, Recipe, Shown
from pytest_codemode.testgen.writing.assertions import Assertion, assertions, equals, is_a
from pytest_codemode.testgen.writing.examples import contradiction, kept
from pytest_codemode.testgen.writing.raising import raising, refused_exception
from pytest_codemode.testgen.writing.shown import PYTEST, Expression, expression, leaves
from pytest_codemode.testgen.writing.source import expression_of
from pytest_codemode.testgen.writing.stability import unstable
from pytest_codemode.testgen.writing.warning import expected_warning, private_elsewhere

OracleKind = Literal["value", "approx", "raises", "fields", "after", "runs"]


@dataclass(frozen=True, slots=True)
class Oracle:
    """What a test asserts of one call."""

    lines: tuple[str, ...]
    """Assertion statements in terms of the result (`returned` if the setup has a name `result`, else `result`) and of
    the names of the setup, before layout; with `raises` the one line `with pytest.raises(...):`."""
    imports: tuple[Import, ...]
    """What the lines need."""
    kind: OracleKind
    """`after`: only what the call changed, or printed; `runs`: little more than that it comes back."""
    expected: str = ""
    """Source text for a parametrised table, where the oracle is the one line `call == expected` (or `is`)."""


_STATEMENTS = ("__setitem__", "__delitem__", "__setattr__", "__delattr__")
"""Special methods that a test calls by a statement, which has no value."""
_IDLE = "it returns nothing, and changes nothing that a test could look at"
_OUTCOMES = {
    "timeout": "it did not come back in time",
    "crashed": "it ended its process",
    "refused": "it needs the network, or files outside",
    "invalid": "its arguments cannot be made",
    "not run": "it was not run",
}


def oracle(
    described: Described, recipe: Recipe, observation: Observation, *, now: datetime.datetime | None = None
) -> Oracle | str:
    """Return what to assert, or in one phrase why nothing can be asserted that a reviewer would accept.

    Args:
        described: What was called.
        recipe: The call.
        observation: What came of it, told in full.
        now: The time of day, that no test should hold; by default the clock's.
    """
    try:
        return _oracle(described, recipe, observation, now)
    except (ValueError, RecursionError, MemoryError):  # nobody's values are nested, or written, like that
        return "a test cannot say what comes of it"


def _oracle(
    described: Described, recipe: Recipe, observation: Observation, now: datetime.datetime | None
) -> Oracle | str:
    if observation.outcome in _OUTCOMES:
        return _OUTCOMES[observation.outcome]
    if not observation.steady:
        return "it does not come out the same twice"
    wrong = contradiction(recipe, observation)
    if wrong:
        return wrong
    if observation.raised is not None:
        found = _raises(described, recipe, observation)
    elif observation.value is not None:
        found = _returns(described, recipe, observation, now or datetime.datetime.now().astimezone())
    else:
        found = "it was not told what came of it"
    return found if isinstance(found, str) else _accepted(described, recipe, observation, found)


def _accepted(described: Described, recipe: Recipe, observation: Observation, found: Oracle) -> Oracle | str:
    """Return the oracle with what its test needs beside, or why a reviewer would not accept that."""
    warning = expected_warning(observation, recipe.flavour)
    if isinstance(warning, str):
        return warning
    private = private_elsewhere((*recipe.imports, *found.imports), described)
    if private:
        return f"a test of it would import {private}, which is private"
    return found if warning is None else replace(found, imports=(*found.imports, *warning.imports))


def result_name(recipe: Recipe) -> str:
    """Return the name that stands for what the call returned."""
    return "returned" if any(name == "result" for name, _ in recipe.setup) or "result" in recipe.fixtures else "result"


def _raises(described: Described, recipe: Recipe, observation: Observation) -> Oracle | str:
    raised = observation.raised
    assert raised is not None
    reason = refused_exception(described, recipe, observation.outcome, raised)
    if reason:
        return reason
    found = raising(raised)
    if found is None:
        return "it raises an exception that a test cannot name"
    return Oracle((f"with {found.text}:",), found.imports, "raises")


def _returns(described: Described, recipe: Recipe, observation: Observation, now: datetime.datetime) -> Oracle | str:
    value = observation.value
    assert value is not None
    given = "\n".join((recipe.call, *(text for _, text in recipe.setup)))
    changed = tuple((name, shown) for name, shown in observation.after if name.isidentifier())
    reason = unstable((value, *(shown for _, shown in changed)), given, now)
    if reason:
        return reason
    after = tuple(item for name, shown in changed for item in assertions(name, shown))
    nothing = value.kind == "literal" and value.text == "None"
    if nothing and after:
        return _made(after, "after")
    printed = _printed(observation) if nothing else None
    if printed is not None and not unstable((Shown("literal", printed.text),), given, now):
        return _made((printed,), "after")
    found = _of_value(described, recipe, value)
    if not found:
        return _made(after, "after") if after else _nothing(described, recipe, value)
    if nothing and described.returns.kind in ("none", "any"):
        statement = described.qualname.rpartition(".")[2] in _STATEMENTS
        return _IDLE if statement else _made(found, "runs")
    return _whole(result_name(recipe), value, found, after)


def _whole(target: str, value: Shown, found: tuple[Assertion, ...], after: tuple[Assertion, ...]) -> Oracle:
    """Return the oracle of a returned value, and of what the call changed beside."""
    near = any(item.approx for item in (*found, *after))
    parts = value.kind == "object" or len(found) > 1
    kind: OracleKind = "fields" if parts else "approx" if near else "value"
    expected = found[0].expected if len(found) == 1 and not after and not parts else ""
    if not found[0].text.startswith((f"assert {target} == ", f"assert {target} is ")):
        kind, expected = ("fields" if f"{target}." in found[0].text else kind), ""
    return _made((*found, *after), kind, expected)


def _of_value(described: Described, recipe: Recipe, value: Shown) -> tuple[Assertion, ...]:
    target = result_name(recipe)
    if _is_hash(described, recipe):
        return _same_hash(target, recipe)
    if value.cut and recipe.flavour == "generator":
        return _endless(target, value)
    own = kept(recipe, value)
    if own and not any(leaf.kind == "float" for leaf in leaves(value)):
        return (equals(target, Expression(own)),)
    if value.kind == "built" and (described.kind == "constructor" or _same_text(value.text, recipe.call)):
        value = _by_fields(value, recipe)
    found = assertions(target, value)
    if value.kind == "object" and found and described.kind != "constructor" and described.returns.kind != "class":
        kind = is_a(target, value)
        return (kind, *found) if kind else found
    return found


def _is_hash(described: Described, recipe: Recipe) -> bool:
    tree = expression_of(recipe.call)
    called = isinstance(tree, ast.Call) and ast.unparse(tree.func) == "hash"
    return called or described.qualname.endswith(".__hash__")


def _same_hash(target: str, recipe: Recipe) -> tuple[Assertion, ...]:
    """Return that an equal object has the same hash: the number itself means nothing, and differs elsewhere."""
    made = dict(recipe.setup)
    tree = expression_of(recipe.call)
    named = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)] if tree is not None else []
    own = [name for name in named if name in made]
    alone = len(recipe.setup) == len(own) == 1
    return (Assertion(f"assert {target} == hash({made[own[0]]})"),) if alone else ()


def _by_fields(value: Shown, recipe: Recipe) -> Shown:
    """Return a constructed value as its fields, by the keywords of the text that builds it.

    That it is equal to what was called would say nothing. Text without keywords stays, if it is not the call's.
    """
    tree = expression_of(value.text)
    keywords = tree.keywords if isinstance(tree, ast.Call) and not tree.args else []
    fields = value.fields or tuple(
        (item.arg, Shown(_kind_of(item.value), ast.unparse(item.value), imports=value.imports))
        for item in keywords
        if item.arg is not None
    )
    if fields or _same_text(value.text, recipe.call):
        return Shown("object", type=value.type, fields=fields)
    return value


def _kind_of(node: ast.expr) -> Literal["literal", "float", "built"]:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError):
        return "built"
    return "float" if isinstance(value, float) else "literal"


def _endless(target: str, value: Shown) -> tuple[Assertion, ...]:
    """Return what a generator that yields more than was looked at yields first."""
    tree = expression_of(value.text) if value.kind == "literal" else None
    parts = value.parts
    if isinstance(tree, ast.List):
        parts = tuple(Shown(_kind_of(item), ast.unparse(item)) for item in tree.elts)
    first = Shown("list", parts=parts[:5])
    found = expression(first)
    if found is None or not first.parts:
        return ()
    text = f"assert list(itertools.islice({target}, {len(first.parts)})) == {found.text}"
    return (Assertion(text, (*found.imports, Import("itertools")), found.approx),)


def _printed(observation: Observation) -> Assertion | None:
    if not observation.stdout or len(observation.stdout) > 160:
        return None
    return Assertion(f"assert capsys.readouterr().out == {observation.stdout!r}")


def _nothing(described: Described, recipe: Recipe, value: Shown) -> str:
    if _is_hash(described, recipe):
        return "it returns a hash, which is another number elsewhere"
    name = value.type.partition(":")[2] or "value"
    if value.cut:
        return f"it returns a {name} too large for a test"
    if value.kind in ("object", "built"):
        return f"it returns a {name} without a field that a test could look at"
    return f"it returns a {name}, of which a test cannot say what it is"


def _same_text(one: str, other: str) -> bool:
    """Return whether two expressions are the same but for where their names come from: it would say nothing."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    tree = expression_of(text)
    return re.sub(r"\b\w+\.(?=[A-Za-z_])", "", ast.unparse(tree)) if tree is not None else text


def _made(found: tuple[Assertion, ...], kind: OracleKind, expected: str = "") -> Oracle:
    imports = dict.fromkeys(item for assertion in found for item in assertion.imports)
    if any("pytest." in assertion.text for assertion in found):
        imports[PYTEST] = None
    return Oracle(tuple(assertion.text for assertion in found), tuple(imports), kind, expected)
