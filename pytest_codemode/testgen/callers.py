"""Where a function is called in the project: what stands there tells what it is called with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from pytest_codemode.edits.text import SourceError, decode_source

MOST = 4
"""Callers of one function."""
_LONGEST = 4_000
"""Characters of one caller."""


class Callers:
    """Finds callers by name in the texts of a project.

    Args:
        sources: path -> bytes of the project's own files.
    """

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        self._texts: dict[str, str] = {}
        for path, raw in sources.items():
            try:
                self._texts[path] = decode_source(raw).text
            except SourceError:
                continue
        self._functions: dict[str, tuple[str, ...]] = {}

    def of(self, path: str, qualname: str) -> tuple[str, ...]:
        """Return the source of functions in other files that call what is called like the last part of `qualname`."""
        name = qualname.rpartition(".")[2]
        name = qualname.split(".")[-2] if name == "__init__" and "." in qualname else name
        call = re.compile(rf"\b{re.escape(name)}\(")
        found: list[str] = []
        for other, text in self._texts.items():
            if other == path or not call.search(text):
                continue
            found += (one for one in self._of_file(other, text) if call.search(one))
            if len(found) >= MOST:
                break
        return tuple(found[:MOST])

    def _of_file(self, path: str, text: str) -> tuple[str, ...]:
        if path not in self._functions:
            self._functions[path] = tuple(_functions(text))
        return self._functions[path]


def _functions(text: str) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            source = ast.get_source_segment(text, node, padded=True) or ""
            if 0 < len(source) <= _LONGEST:
                yield source
