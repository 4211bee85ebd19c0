"""Which cases share a test: those of one function that are called alike and asserted alike become one table."""

from __future__ import annotations

import ast
import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from pytest_codemode.testgen.writing.cases import Case, Text, text_of
from pytest_codemode.testgen.writing.source import expression_of
from pytest_codemode.testgen.writing.words import rejection


@dataclass(frozen=True, slots=True)
class Group:
    """The cases of one test function."""

    texts: tuple[Text, ...]
    """At least one; with more than one they differ in some arguments and in what is expected."""
    columns: tuple[int, ...] = ()
    """Which arguments differ; empty for a case that stands alone."""

    @property
    def first(self) -> Text:
        """The case that stands for all in what they share."""
        return self.texts[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its recipes."""
        return tuple(dict.fromkeys(text.case.recipe.key for text in self.texts))


def grouped(cases: Sequence[Case]) -> tuple[tuple[Group, ...], ...]:
    """Return the groups of each function in the order of the files; what returns stands before what raises."""
    functions: dict[tuple[str, int, str], list[Text]] = {}
    for case in cases:
        try:
            text = text_of(case)
            _likeness(text)
        except (ValueError, RecursionError, MemoryError):  # SourceError is one: a call that does not parse is no test
            continue
        described = case.described
        functions.setdefault((described.path, described.line, described.qualname), []).append(text)
    return tuple(_of_function(functions[key]) for key in sorted(functions))


def _of_function(texts: list[Text]) -> tuple[Group, ...]:
    alike: dict[Hashable, list[Text]] = {}
    for number, text in enumerate(texts):
        alike.setdefault(_likeness(text) or number, []).append(text)
    found = [group for members in alike.values() for group in _split(members)]
    return tuple(sorted(found, key=lambda group: group.first.case.oracle.kind == "raises"))


def _likeness(text: Text) -> Hashable:
    """Return what cases of one table have in common, None for a case that stands alone."""
    recipe, oracle = text.case.recipe, text.case.oracle
    if not text.arguments or len(text.lines) != 1 or _calls_project(text):
        return None
    if oracle.kind == "raises":
        compared = text.lines[0].partition(", match=")[0].removesuffix("):") + rejection(text)
    elif text.expected and oracle.kind in ("value", "approx"):
        compared = "is" if f" is {text.expected}" in text.lines[0] else "=="
    else:
        return None
    warned = text.case.observation.warned
    return compared, text.function, shape(text), text.setup, recipe.fixtures, recipe.flavour, warned


def _calls_project(text: Text) -> bool:
    """Return whether an argument calls one of the project's functions: in a table it would run at collection."""
    own = {item.bound for item in text.imports if item.item.module.partition(".")[0] not in sys.stdlib_module_names}
    for argument in text.arguments or ():
        for node in ast.walk(expression_of(argument.text) or ast.Constant(0)):
            if isinstance(node, ast.Call):
                parts = ast.unparse(node.func).split(".")
                if parts[0] in own and not parts[-1][:1].isupper():
                    return True
    return False


def shape(text: Text) -> tuple[str, ...]:
    """Return how the arguments are given: a keyword's name, or nothing for a positional one."""
    return tuple(argument.keyword for argument in text.arguments or ())


def _split(members: list[Text]) -> list[Group]:
    """Return one table, and beside it the cases that differ from one in it by nothing that a table shows."""
    rows: dict[Hashable, Text] = {}
    rest: list[Group] = []
    for text in members:
        given = tuple(argument.text for argument in text.arguments or ())
        if len(members) == 1 or given in rows:
            rest.append(Group((text,)))
        else:
            rows[given] = text
    table = tuple(rows.values())
    if len(table) < 2:
        return [*(Group((text,)) for text in table), *rest]
    width = len(table[0].arguments or ())
    columns = tuple(place for place in range(width) if len({_given(text, place) for text in table}) > 1)
    return [Group(table, columns), *rest]


def _given(text: Text, place: int) -> str:
    assert text.arguments is not None
    return text.arguments[place].text
