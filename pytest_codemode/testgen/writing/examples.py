"""What a docstring's example says, and whether it came out so."""

from __future__ import annotations

import ast
import re
from typing import Any

from pytest_codemode.core.exploring import Observation, Raised, Recipe, Shown
from pytest_codemode.testgen.writing.shown import expression
from pytest_codemode.testgen.writing.source import NoLiteral, expression_of, literal

_RAISES = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?", re.DOTALL)
_TRACEBACK = "Traceback (most recent call last):"


def contradiction(recipe: Recipe, observation: Observation) -> str:
    """Return in one phrase how the call came out otherwise than its docstring's example says; empty if it did not."""
    if recipe.origin != "docstring" or not recipe.expected.strip():
        return ""
    expected = recipe.expected.strip()
    if observation.raised is not None:
        agrees, got = _raised_so(expected, observation.raised), _named(observation.raised)
    elif observation.value is not None:
        agrees, got = _came_out_so(expected, observation.value), observation.value.text or observation.value.type
    else:
        return ""
    return "" if agrees else f"contradicts its docstring example: expected {_short(expected)}, got {_short(got)}"


def kept(recipe: Recipe, shown: Shown) -> str:
    """Return the expected value as the human wrote it, if it is a literal that is equal to what came out."""
    expected = recipe.expected.strip()
    if recipe.origin != "docstring" or not expected or "\n" in expected:
        return ""
    try:
        return expected if _same(literal(expected), literal(shown.text)) else ""
    except NoLiteral:
        return ""


def _raised_so(expected: str, raised: Raised) -> bool:
    if expected.startswith(_TRACEBACK):
        return True
    found = _RAISES.fullmatch(expected)
    if not found:
        return False
    name = found["type"].rpartition(".")[2]
    if name != raised.type.partition(":")[2].rpartition(".")[2]:
        return False
    message = found["message"]
    # What the interpreter itself says differs from release to release.
    return not message or not raised.explicit or _like(message, raised.message)


def _came_out_so(expected: str, shown: Shown) -> bool:
    if expected.startswith(_TRACEBACK):
        return False
    if shown.kind not in ("literal", "float", "list", "tuple", "set", "frozenset", "dict"):
        return not _certainly_other(expected, shown)
    own = expression(shown)
    if own is None or (own.imports and shown.kind not in ("float",) and not own.approx):
        return True
    got = shown.text or own.text
    try:
        value, wanted = literal(got), literal(expected)
    except NoLiteral:
        return _like(expected, got) or _printed(expected, got) or shown.kind not in ("literal", "float")
    return _same(wanted, value) or _rounded(expected, wanted, value) or ("..." in expected and _like(expected, got))


def _certainly_other(expected: str, shown: Shown) -> bool:
    """Return whether an example shows a plain value where something else came out."""
    try:
        literal(expected)
    except NoLiteral:
        pass
    else:
        return shown.kind in ("built", "enum", "class")
    tree, got = expression_of(expected), expression_of(shown.text)
    if shown.kind != "built" or not isinstance(tree, ast.Call) or not isinstance(got, ast.Call):
        return False
    # Other arguments in the same form; `Point(1, 2)` against `Point(x=1, y=2)` says nothing.
    same_form = len(tree.args) == len(got.args) and [k.arg for k in tree.keywords] == [k.arg for k in got.keywords]
    plain = all(_is_literal(node) for call in (tree, got) for node in _given(call))
    name = ast.unparse(tree.func).rpartition(".")[2]
    if not same_form or not plain or name != ast.unparse(got.func).rpartition(".")[2]:
        return False
    return not all(_same(*map(ast.literal_eval, pair)) for pair in zip(_given(tree), _given(got), strict=True))


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError):
        return False
    return True


def _same(one: Any, other: Any) -> bool:
    """Return whether two literals are equal and of the same types all through."""
    if type(one) is not type(other) or one != other:
        return bool(one != one and other != other)  # noqa: PLR0124  # two that are no number
    if isinstance(one, list | tuple):
        return all(_same(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, dict):
        return all(_same(value, other[key]) for key, value in one.items())
    return True


def _rounded(expected: str, wanted: Any, value: Any) -> bool:
    """Return whether an example shows a number with fewer digits than came out."""
    if not isinstance(wanted, float) or not isinstance(value, float):
        return False
    digits = len(expected.partition(".")[2])
    return digits > 0 and expected.partition(".")[2].isdigit() and round(value, digits) == wanted


def _like(expected: str, got: str) -> bool:
    """Return whether a text is as expected, `...` standing for anything as in doctest."""
    first, *others = (" ".join(part.split()) for part in expected.split("..."))
    text = " ".join(got.split())
    if not others:
        return text == first
    *between, last = others
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for part in between:  # each as early as may be, as doctest does it: an expression could take for ever
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _printed(expected: str, got: str) -> bool:
    try:
        return _like(expected, str(literal(got)))
    except NoLiteral:
        return False


def _named(raised: Raised) -> str:
    name = raised.type.partition(":")[2] or raised.type
    return f"{name}: {raised.message}" if raised.message else name


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:77] + "..."
