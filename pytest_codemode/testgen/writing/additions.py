"""What a test module gets beside what is there: tests, imports that they need, and a comment of one line."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from pytest_codemode.core.exploring import Import
from pytest_codemode.edits.outline import parse_quietly
from pytest_codemode.edits.text import SourceError
from pytest_codemode.testgen.writing.closed import INVISIBLE


def one_line(text: str) -> str:
    """Return a text as a comment can hold it: on one line, without what moves a reader's cursor."""
    return INVISIBLE.sub(" ", re.sub(r"[\r\n\f\v\x1c-\x1e]+", " ", text)).encode("utf-8", "replace").decode()


def unchanged(before: bytes | None, after: bytes, tests: Collection[str], imports: Collection[Import]) -> str:
    """Return what else a test module would get beside tests and imports, as one phrase; empty if there is nothing.

    Args:
        before: The module as it is, None for a new one.
        after: As it would be.
        tests: Names of the new functions.
        imports: What may be imported newly.
    """
    try:
        old, new = parse_quietly(before or b"").body, parse_quietly(after).body
    except SourceError:
        return "it does not parse"
    known = {(one.module, one.name) for one in imports} | set(_imports(old))
    if set(_imports(new)) - known:
        return "it imports what no test needs"
    rest = [
        node for node in new if not (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in tests)
    ]
    if before is None and rest and isinstance(rest[0], ast.Expr) and isinstance(rest[0].value, ast.Constant):
        del rest[0]  # where the tests come from
    if [*map(ast.dump, _without(old))] != [*map(ast.dump, _without(rest))]:
        return "what is there would change"
    return ""


def _without(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    return [node for node in body if not isinstance(node, ast.Import | ast.ImportFrom)]


def _imports(body: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (("." * node.level + (node.module or ""), alias.name) for alias in node.names)
