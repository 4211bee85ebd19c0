"""Which of a test's own calls would change files: only below pytest's folder for temporary files may they."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

from pytest_codemode.core.exploring import Import

_ALWAYS = frozenset({"unlink", "rmdir", "write_text", "write_bytes", "symlink_to", "hardlink_to", "link_to", "chmod"})
"""Methods that nothing but paths has."""
_OF_PATHS = frozenset({"rename", "replace", "touch", "mkdir", "open", "lchmod", "copy", "move", "copy_into"})
"""Methods that other things have as well."""
_TEMPORARY = frozenset({"tmp_path", "tmp_path_factory", "tmpdir", "tmpdir_factory"})


class Paths:
    """Knows which names of a test are places for temporary files."""

    def __init__(self) -> None:
        self._places = set(_TEMPORARY)
        self._works_with_paths = False

    def imported(self, items: Iterable[Import]) -> None:
        """Take what the test imports."""
        self._works_with_paths = any(item.module == "pathlib" and not item.name.startswith("Pure") for item in items)

    def bind(self, target: ast.expr, value: ast.expr) -> None:
        """Take an assignment."""
        if not isinstance(target, ast.Name):
            return
        if self._is_place(value):
            self._places.add(target.id)
        else:
            self._places.discard(target.id)

    def problem(self, call: ast.Call, own: Collection[str]) -> str:
        """Return what is wrong about a call, empty if nothing is."""
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr in own:
            return ""
        changes = function.attr in _ALWAYS or (function.attr in _OF_PATHS and self._works_with_paths)
        if not changes or self._is_place(function.value) or isinstance(function.value, ast.Constant):
            return ""
        return f"it calls `.{function.attr}` on what is no place for temporary files"

    def _is_place(self, node: ast.expr) -> bool:
        """Return whether an expression stays below a temporary folder."""
        match node:
            case ast.Name(id=name):
                return name in self._places
            case ast.BinOp(left=left, op=ast.Div(), right=ast.Constant(value=str(text))):
                return self._is_place(left) and _stays(text)
            case ast.Call(func=ast.Attribute(value=inner, attr="joinpath" | "join" | "mktemp"), args=given):
                texts = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                return self._is_place(inner) and len(texts) == len(given) and all(map(_stays, texts))
            case ast.Call(func=ast.Name(id="str"), args=[inner]):
                return self._is_place(inner)
            case _:
                return False


def _stays(text: str) -> bool:
    return not text.startswith(("/", "\\", "~")) and ".." not in text and ":" not in text
