"""Which project files a module imports: read from its text, never by importing."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath


def imported_paths(
    path: str, data: bytes, roots: Iterable[str], read: Callable[[str], bytes | None]
) -> tuple[str, ...]:
    """Return the project files that the module at `path` imports directly, sorted.

    Args:
        roots: folders that stand on `sys.path`, posix and relative to rootdir (`""` for rootdir itself).
        read: returns a file's bytes, None if there is no such file.
    """
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return ()
    found = {
        candidate
        for name, level in _modules(tree)
        for start in ([_parent(path, level)] if level else roots)
        for candidate in _files(start, name)
        if read(candidate) is not None
    }
    return tuple(sorted(found - {path}))


def _modules(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level
            # `from package import module` names a file too.
            yield from (
                (f"{node.module}.{alias.name}" if node.module else alias.name, node.level) for alias in node.names
            )


def _parent(path: str, level: int) -> str:
    folder = PurePosixPath(path)
    for _ in range(level):
        folder = folder.parent
    return "" if folder.as_posix() == "." else folder.as_posix()


def _files(start: str, name: str) -> tuple[str, ...]:
    """Return the files that may run when `name` is imported from `start`: the packages on the way, then the module."""
    parts = name.split(".") if name else []
    stems = ["/".join(filter(None, (start, *parts[:end]))) for end in range(min(1, len(parts)), len(parts) + 1)]
    packages = tuple(f"{stem}/__init__.py" for stem in stems if stem)
    return (*packages, f"{stems[-1]}.py") if stems[-1] else ()
