"""What is known of one function when a model is asked about it: plain data, from what the search has tried."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pytest_codemode.core.exploring import Arc, Compared, Recipe
from pytest_codemode.edits.text import SourceError, decode_source
from pytest_codemode.testgen.gaps import FunctionGap
from pytest_codemode.testgen.inputs.generator import Target
from pytest_codemode.testgen.readability import effort
from pytest_codemode.testgen.subject import Item, Subject, Tried

MOST_SHOWN = 8
"""Calls of before that are told."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A fixture of the project's own."""

    name: str
    path: str
    text: str
    """Its signature, and the first line of what it says of itself."""


@dataclass(frozen=True, slots=True)
class View:
    """What the prompt is made of."""

    target: Target
    gap: FunctionGap
    open: frozenset[Item]
    """Lines and branches that nothing takes yet."""
    nearest: Mapping[int, tuple[float, Compared, Recipe]]
    shown: tuple[Tried, ...]
    """A few of the calls that were made, each of another kind."""
    calls: int
    test_module: str
    """Path that tests of the function go to."""
    tests: str
    """Text of that module; empty if there is none."""
    fixtures: tuple[Fixture, ...]
    definitions: Mapping[str, bytes]
    """path -> bytes of the project's files from which the function's file imports something, its own first."""


def view_of(
    subject: Subject,
    target: Target,
    read: Callable[[str], bytes | None],
    definitions: Mapping[str, bytes],
) -> View:
    """Return what is known of a subject.

    Args:
        subject: the function and what was tried.
        target: the same, as the generator of inputs knows it.
        read: returns a file's bytes, accepted tests included.
        definitions: see `View`.
    """
    return View(
        target=target,
        gap=subject.gap,
        open=subject.open,
        nearest=dict(subject.nearest),
        shown=kinds(subject.pool),
        calls=subject.calls,
        test_module=subject.near,
        tests=text_of(read(subject.near)),
        fixtures=tuple(fixtures_near(subject.near, read)),
        definitions=definitions,
    )


def kinds(pool: Iterable[Tried]) -> tuple[Tried, ...]:
    """Return the most readable calls, one of each outcome first, in the order of what they took."""
    best: dict[str, Tried] = {}
    for tried in sorted(pool, key=lambda one: effort(one.recipe)):
        raised = tried.observation.raised
        kind = f"raised {raised.type} {raised.line}" if raised else f"{tried.observation.outcome} {sorted(tried.takes)}"
        best.setdefault(kind, tried)
    return tuple(best.values())[:MOST_SHOWN]


def text_of(raw: bytes | None) -> str:
    """Return a file's text; empty if there is none, or it cannot be read."""
    try:
        return decode_source(raw).text if raw is not None else ""
    except SourceError:
        return ""


def fixtures_near(test_module: str, read: Callable[[str], bytes | None]) -> Iterable[Fixture]:
    """Yield the fixtures that a test module of the project sees, its own first, by reading alone."""
    folder = test_module.rpartition("/")[0]
    parents = [folder.rsplit("/", number)[0] for number in range(folder.count("/") + 1)] if folder else []
    places = [test_module, *(f"{parent}/conftest.py" for parent in parents), "conftest.py"]
    seen: set[str] = set()
    for path in dict.fromkeys(places):
        try:
            tree = ast.parse(text_of(read(path)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in tree.body:
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
                and (name := _fixture(node))
                and name not in seen
            ):
                seen.add(name)
                said = (ast.get_docstring(node) or "").partition("\n")[0]
                returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
                text = f"{name}({ast.unparse(node.args)}){returns}" + (f": {said}" if said else "")
                yield Fixture(name, path, text[:300])


def _fixture(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the name of the fixture that a function is, empty if it is none."""
    for decorator in node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if last in ("fixture", "yield_fixture"):
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            given = next((item.value for item in keywords if item.arg == "name"), None)
            return str(given.value) if isinstance(given, ast.Constant) else node.name
    return ""


def lines_and_branches(items: Iterable[Item]) -> tuple[tuple[int, ...], tuple[Arc, ...]]:
    """Return lines and branches apart, sorted."""
    known = sorted(items)
    return tuple(line for line, end in known if not end), tuple(item for item in known if item[1])
