"""What a source file is made of, as checksums: one for each function's body, one for all that runs at its import.

Read from the file's bytes, never by importing. Comments and layout do not count.
"""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_codemode.edits.imported import imported_names

MODULE = "<module>"
"""Stands for the code of a file that runs when it is imported."""

_MAX_SOURCE = 4 * 2**20
"""Bytes; a larger file is taken as one piece."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file."""

    content: str
    """Checksum of its bytes."""
    module: str
    """Checksum of what runs at import: everything but the bodies of functions (their headers do run)."""
    functions: dict[str, str] = field(default_factory=dict)
    """`Cart.total` -> checksum of the outermost function or method, header included."""
    imports: tuple[tuple[str, int], ...] = ()
    """(dotted name, level) of each import anywhere in it."""

    def of(self, qualname: str) -> str:
        """Return the checksum of a function; what is none (a lambda, a class body) runs at import or is made there."""
        return self.functions.get(qualname, self.module)


def checksum(data: bytes) -> str:
    """Return a short digest: it is compared with what this program made itself, not with what an attacker offers."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def facts_of(data: bytes) -> FileFacts:
    """Return the facts about a file; one that cannot be parsed is all module."""
    content = checksum(data)
    if len(data) > _MAX_SOURCE:
        return FileFacts(content, content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the project's own code, as invalid escapes
            tree = ast.parse(data)
        imports = tuple(sorted({*imported_names(tree), *_plugins(tree)}))
        functions: dict[str, str] = {}
        for qualname, node in _functions(tree.body, ""):
            functions[qualname] = checksum((functions.get(qualname, "") + ast.dump(node)).encode("utf-8", "replace"))
            node.body = []
        module = checksum(ast.dump(tree).encode("utf-8", "replace"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return FileFacts(content, content)
    return FileFacts(content, module, functions, imports)


def _functions(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield the outermost functions and the methods, also those under `if`, `try` and the like."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.")
        else:
            yield from _functions(_below(node), prefix)


def _below(node: ast.AST) -> list[ast.stmt]:
    """Return the statements right below a compound statement, in its handlers and cases too."""
    found: list[ast.stmt] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            found.append(child)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            found += child.body
    return found


def _plugins(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the modules that a top-level `pytest_plugins = ...` names."""
    for node in tree.body:
        named = isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytest_plugins" for target in node.targets
        )
        if named:
            constants = (one for one in ast.walk(node) if isinstance(one, ast.Constant))
            yield from ((one.value, 0) for one in constants if isinstance(one.value, str))
