"""Which files a module may import: read from its text, never by importing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath


def imported_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield (dotted name, level) of each import in `tree`; what `from package import name` names may be a file too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level
            yield from (
                (f"{node.module}.{alias.name}" if node.module else alias.name, node.level) for alias in node.names
            )


def parent(path: str, level: int) -> str:
    """Return the folder that a relative import of `level` dots in the module at `path` starts from."""
    folder = PurePosixPath(path)
    for _ in range(level):
        folder = folder.parent
    return "" if folder.as_posix() == "." else folder.as_posix()


def files_of(start: str, name: str) -> tuple[str, ...]:
    """Return the files that may run when `name` is imported from `start`: the packages on the way, then the module."""
    parts = name.split(".") if name else []
    stems = ["/".join(filter(None, (start, *parts[:end]))) for end in range(min(1, len(parts)), len(parts) + 1)]
    packages = tuple(f"{stem}/__init__.py" for stem in stems if stem)
    return (*packages, f"{stems[-1]}.py") if stems[-1] else ()
