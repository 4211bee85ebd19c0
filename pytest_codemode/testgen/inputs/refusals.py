"""Values that code guards against: of types that it does not ask for, callables that fail, what cannot be unpacked."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

from pytest_codemode.core.exploring import Import
from pytest_codemode.testgen.inputs.plans import Value
from pytest_codemode.testgen.inputs.scope import Scope
from pytest_codemode.testgen.inputs.uses import Uses

OTHER_TYPES = ("None", '"text"', "1", "1.5", "[1, 2]", '{"a": 1}', "True", "object()", 'b"a"', "(1, 2)", "{1, 2}")
_KINDS = (("1", ("int", "float")), ("None", ("none",)), ('"text"', ("str", "list")), ("object()", ()),
          ("[1, 2]", ("list",)))  # fmt: skip
"""Value -> kinds that it is of, or close enough to."""
_OF_WRONG_TYPES = frozenset(["TypeError", "AttributeError", "Exception", "BaseException"])
_FAILING = {
    "ZeroDivisionError": "1 / 0", "ArithmeticError": "1 / 0", "Exception": "1 / 0", "BaseException": "1 / 0",
    "ValueError": 'int("x")', "TypeError": "None + 1", "KeyError": '{}["missing"]', "IndexError": "[][0]",
    "LookupError": "[][0]", "AttributeError": "None.missing", "StopIteration": "next(iter([]))",
    "UnicodeDecodeError": 'b"\\xff".decode()', "UnicodeEncodeError": '"é".encode("ascii")',
    "UnicodeError": 'b"\\xff".decode()',
}  # fmt: skip
"""Exception -> the plainest expression that raises it."""
_ARGUMENTS = {0: "", 1: " x", 2: " a, b", 3: " a, b, c"}


def refused(uses: Uses) -> Iterator[Value]:
    """Yield two values of types that the code does not ask for, where it asks or is ready for others."""
    if uses.checked or uses.caught.keys() & _OF_WRONG_TYPES:
        fitting = [Value(text) for text, kinds in _KINDS if not uses.asked.intersection(kinds)]
        yield from fitting[:2]


def failing(uses: Uses, scope: Scope, module: str) -> Iterator[Value]:
    """Yield callables that raise what is caught around their call, and that return what their result is tested for."""
    if not uses.arities:
        return
    head = f"lambda{_ARGUMENTS.get(min(uses.arities), ' *args')}:"
    for name in uses.caught:
        if name in _FAILING:
            yield Value(f"{head} {_FAILING[name]}")
        elif name in scope.classes or isinstance(getattr(builtins, name, None), type):
            needed = (Import(module, name),) if name in scope.classes and module else ()
            yield Value(f'{head} (_ for _ in ()).throw({name}("wrong"))', needed)
    if uses.tested:
        yield from (Value(f"{head} {result}") for result in ("True", "False", "None"))


def misfits(uses: Uses) -> Iterator[Value]:
    """Yield what cannot be unpacked into as many names as the code does, and what ends too early."""
    if uses.unpacked:
        yield from (Value("[(1,)]"), Value(f"[{tuple(range(uses.unpacked + 1))!r}]"), Value("[1]"))
    if uses.width:
        yield from (Value("(1,)" if uses.width > 1 else "()"), Value(repr(tuple(range(uses.width + 1)))))
