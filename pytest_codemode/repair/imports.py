"""Which project files a module imports: read from its text, never by importing."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from pytest_codemode.edits.imported import files_of, imported_names, parent


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
        for name, level in imported_names(tree)
        for start in ([parent(path, level)] if level else roots)
        for candidate in files_of(start, name)
        if read(candidate) is not None
    }
    return tuple(sorted(found - {path}))
