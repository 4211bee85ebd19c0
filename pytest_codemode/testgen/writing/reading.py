"""What test modules show of a project's habits."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_codemode.edits.outline import parse_quietly
from pytest_codemode.edits.text import SourceError, decode_source


@dataclass(frozen=True, slots=True)
class Habits:
    """What is usual in a project's test modules."""

    functions: int
    """Test functions at module level."""
    unittest: bool
    annotated: bool
    """Whether most test functions say `-> None`."""
    asyncio: bool
    """Whether `pytest.mark.asyncio` is used."""
    anyio: bool
    single_quotes: bool
    """Whether most short strings stand in single quotes."""
    tabs: bool
    longest: int
    """Characters of the longest line that is not the only one so long; 0 if there are no tests."""


def habits(files: Iterable[bytes]) -> Habits:
    """Return the habits that the files show; files that do not parse show none."""
    count: Counter[str] = Counter()
    lengths: list[int] = [0, 0]
    for raw in files:
        try:
            text = decode_source(raw).text
            tree = parse_quietly(text)
        except SourceError:
            continue
        count.update(_marks(tree))
        lengths += (len(line) for line in text.splitlines() if "://" not in line)
        count["'"] += text.count("'")
        count['"'] += text.count('"') - 3 * text.count('"""')
        count["tabs"] += text.count("\n\t")
        count["spaces"] += text.count("\n  ")
    return Habits(
        functions=count["function"],
        unittest=count["TestCase"] > 0,
        annotated=count["annotated"] * 2 > count["function"] + count["method"],
        asyncio=count["asyncio"] > 0,
        anyio=count["anyio"] > 0,
        single_quotes=count["'"] > 2 * count['"'],
        tabs=count["tabs"] > count["spaces"],
        longest=sorted(lengths)[-2],
    )


def _marks(tree: ast.Module) -> Iterator[str]:
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield "function" if id(node) in top else "method"
            if isinstance(node.returns, ast.Constant) and node.returns.value is None:
                yield "annotated"
        elif (
            isinstance(node, ast.Attribute)
            and node.attr in ("asyncio", "anyio")
            and ast.unparse(node.value) == "pytest.mark"
        ):
            yield node.attr
        elif isinstance(node, ast.ClassDef) and any("TestCase" in ast.unparse(base) for base in node.bases):
            yield "TestCase"


def imported_modules(raw: bytes) -> tuple[str, ...]:
    """Return the modules that a file imports anywhere in it, `module.name` for what it takes from one."""
    try:
        tree = parse_quietly(decode_source(raw).text)
    except SourceError:
        return ()
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(dict.fromkeys(item.name for item in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update(dict.fromkeys(f"{node.module}.{item.name}" for item in node.names))
    return tuple(found)
