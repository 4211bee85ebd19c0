"""Where names are defined and called, by reading alone: no import, no type inference.

A method is found by its last name, so that `x.total()` counts as a call of every `total`: too many are shown rather
than too few.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pytest_codemode.edits.outline import outline, parse_quietly
from pytest_codemode.edits.text import SourceError


@dataclass(frozen=True, slots=True)
class Place:
    """A definition or a call."""

    path: str
    """Posix path relative to rootdir."""
    line: int
    """1-based."""
    end_line: int
    qualname: str
    """Of the definition itself, or of the definition that the call stands in (empty at module level)."""
    text: str
    """The first line as it stands, stripped."""


class CodeIndex:
    """Looks names up in files that are read once; a file that does not parse has none."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)

    def all(self) -> tuple[Place, ...]:
        """Return every definition, in the order of files and lines."""
        return self._definitions

    def definitions(self, name: str) -> tuple[Place, ...]:
        """Return the functions, classes and module-level assignments of `name`.

        `name` is a last name (`total`), a qualname (`Cart.total`), or either behind a path (`cart.py::Cart.total`).
        """
        path, found, wanted = name.rpartition("::")
        return tuple(
            place
            for place in self._definitions
            if (not found or place.path == path) and (place.qualname == wanted or place.qualname.endswith(f".{wanted}"))
        )

    def callers(self, name: str) -> tuple[Place, ...]:
        """Return the calls of `name` (its last part counts), each with the definition it stands in."""
        last = name.rpartition("::")[2].rpartition(".")[2]
        return self._calls.get(last, ())

    def used_in(self, path: str, start: int, end: int) -> tuple[str, ...]:
        """Return the names read in lines `start` to `end` of a file, in the order of their first use."""
        tree = self._trees.get(path)
        if tree is None:
            return ()
        named = sorted(
            (node.lineno, node.col_offset, _name_of(node))
            for node in ast.walk(tree)
            if isinstance(node, ast.Name | ast.Attribute) and start <= node.lineno <= end
        )
        return tuple(dict.fromkeys(name for _, _, name in named))

    @cached_property
    def _trees(self) -> dict[str, ast.Module]:
        trees = {}
        for path, raw in self._files.items():
            try:
                trees[path] = parse_quietly(raw)
            except SourceError:
                continue
        return trees

    @cached_property
    def _definitions(self) -> tuple[Place, ...]:
        found = (place for path in self._trees for place in self._defined_in(path))
        return tuple(sorted(found, key=lambda place: (place.path, place.line)))

    def _defined_in(self, path: str) -> Iterator[Place]:
        try:
            found = outline(self._files[path])
        except SourceError:
            return
        for item in found.definitions:
            statement = item.statement
            text = found.source.text[statement.keyword : statement.header_end]
            yield Place(path, statement.line, statement.end_line, item.qualname, _first_line(text))
        for node in self._trees[path].body:
            for target in _targets(node):
                text = ast.get_source_segment(found.source.text, node) or target
                yield Place(path, node.lineno, node.end_lineno or node.lineno, target, _first_line(text))

    @cached_property
    def _calls(self) -> dict[str, tuple[Place, ...]]:
        calls: dict[str, list[Place]] = {}
        for path, tree in self._trees.items():
            found = outline(self._files[path])
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and (name := _name_of(node.func)):
                    end = node.end_lineno or node.lineno
                    text = _first_line(found.source.text[found.source.starts[node.lineno - 1] :])
                    calls.setdefault(name, []).append(
                        Place(path, node.lineno, end, found.qualname_at(node.lineno), text)
                    )
        return {name: tuple(sorted(places, key=lambda p: (p.path, p.line))) for name, places in calls.items()}


def _name_of(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _targets(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


def _first_line(text: str) -> str:
    return text.partition("\n")[0].strip()[:200]
