"""Files only under `tmp_path`: what a call says of paths, judged by its syntax alone.

In the sandbox a wrong path does no harm; the test that comes of the call runs outside of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator

from pytest_codemode.core.exploring import Described
from pytest_codemode.edits.rules.tables import FILE_METHODS
from pytest_codemode.testgen.asking.harm import PATH_METHODS, is_path, root_of
from pytest_codemode.testgen.inputs.scope import called, scope_of
from pytest_codemode.testgen.inputs.unfit import touches_files

ELSEWHERE = 'works with files: its paths must be made of `tmp_path`, as `tmp_path / "a.txt"`'
_ROOTS = (
    "bin|boot|data|dev|etc|home|lib|lib64|media|mnt|opt|private|proc|root|run|sbin|srv|sys|tmp|usr|var|Applications|"
    "Library|System|Users|Volumes"
)
_OUTSIDE = re.compile(
    rf"\s*(?:file:/*)?(?:~|/(?:{_ROOTS})(?:/|\Z)|[A-Za-z]:[\\/])|(?:.*[\\/])?\.\.(?:[\\/]|\Z)", re.DOTALL
)
_METHODS = FILE_METHODS | PATH_METHODS | {"open", "symlink", "exists", "stat", "glob", "walk", "tofile", "fromfile"}
_CALLED_LIKE_OTHERS = frozenset({"replace", "open", "rename", "touch", "exists", "stat", "glob", "walk"})
"""Methods of other things too: of those only what may be a path counts."""
_READERS = frozenset({"read", "load", "save", "dump"})
"""Methods of settings, arrays and their like that are given a path, or a stream."""
_JOINS = frozenset({"joinpath", "with_name", "with_suffix", "with_stem"})
_MADE = ("__init__", "__new__", "__post_init__")
_LONGEST_NAME = 255
"""Characters of a file's name, at most; a longer text is none."""

_WORKS = re.compile(
    r"\b(?:open|unlink|remove|rmdir|rmtree|removedirs|rename|move|copy2?|copyfile|copytree|mkdir|makedirs|write_text|"
    r"write_bytes|touch|truncate|symlink|chmod|utime)\("
)


class Places:
    """What the names of one call's setup mean, as far as paths go.

    Args:
        fixtures: of the call.
        files: whether the function works with files, so that a text may be a path.
    """

    def __init__(self, fixtures: Collection[str], *, files: bool) -> None:
        self._files = files
        self._streams: set[str] = set()
        self._made: set[str] = set()
        self._under = {"tmp_path"} & set(fixtures)
        self._paths = {"Path", "pathlib", "tmp_path_factory", *self._under}

    def bind(self, name: str, value: ast.expr) -> None:
        """Note what a name of the setup stands for."""
        for known, holds in (
            (self._under, self.is_under(value)),
            (self._paths, self._is_path(value)),
            (self._streams, self._is_harmless(value)),
            (self._made, isinstance(value, ast.Call)),
        ):
            if holds:
                known.add(name)
            else:
                known.discard(name)

    def is_under(self, node: ast.expr) -> bool:
        """Return whether an expression surely is a path under `tmp_path`, or the text of one."""
        match node:
            case ast.Name(id=name):
                return name in self._under
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self.is_under(left) and _is_inner(right)
            case ast.Call(func=ast.Attribute(value=value, attr=method), args=args, keywords=[]) if method in _JOINS:
                beside = method != "joinpath" and isinstance(value, ast.Name)  # of `tmp_path` itself: outside of it
                return self.is_under(value) and not beside and all(map(_is_inner, args))
            case ast.Call(func=ast.Name(id="str"), args=[value], keywords=[]):
                return self.is_under(value)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="tmp_path_factory"), attr="mktemp"), args=[name]):
                return _is_inner(name)
        return False

    def _is_path(self, node: ast.expr) -> bool:
        return any(isinstance(inner, ast.Name) and inner.id in self._paths for inner in ast.walk(node))

    def _is_harmless(self, node: ast.expr) -> bool:
        """Return whether a value is surely no path elsewhere: under `tmp_path`, a stream, or no name of a file."""
        match node:
            case ast.Constant(value=str() | bytes() as value):
                text = value if isinstance(value, str) else value.decode("latin-1")
                return "\n" in text or len(text) > _LONGEST_NAME
            case ast.Constant():
                return True
            case ast.UnaryOp() | ast.List() | ast.Tuple() | ast.Set():
                return all(map(self._is_harmless, _operands(node)))
            case ast.Dict(keys=keys):  # of `**other` nothing is known
                return None not in keys and all(map(self._is_harmless, _operands(node)))
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name[:1].isupper():
                stream = name in ("StringIO", "BytesIO")
                return stream or ("Path" not in name and all(map(self._is_harmless, _given(node))))
        return self.is_under(node) or (isinstance(node, ast.Name) and node.id in self._streams)

    def problem(self, node: ast.expr, own: str) -> str:
        """Return what an expression does to files elsewhere; `own` is the name of the function that is to be called."""
        called = {id(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call)}
        local: set[str] = {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
        local |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
        for inner in ast.walk(node):
            value = inner.value if isinstance(inner, ast.Constant) else None
            if self._files and isinstance(value, str | bytes) and _is_outside(value):
                return f"the path {str(value)[:60]!r} leads out of `tmp_path`"
            if isinstance(inner, ast.Attribute) and id(inner) not in called and self._is_of_files(inner, own, local, 1):
                return f"`.{inner.attr}` is no value: call it on a path that is made of `tmp_path`"
            if not isinstance(inner, ast.Call) or not isinstance(inner.func, ast.Attribute):
                continue
            if problem := self._call(inner, inner.func, own, local):
                return problem
        return ""

    def _call(self, call: ast.Call, func: ast.Attribute, own: str, local: set[str]) -> str:
        """Return what the call of a method does to files elsewhere."""
        given = _given(call)
        if func.attr == "chdir" and not all(map(self.is_under, given)):
            return "`chdir` may only go to a folder under `tmp_path`"
        if func.attr in _READERS and func.attr != own and not all(map(self._is_harmless, given)):
            return f"`{func.attr}` may only be given paths that are made of `tmp_path`, or a stream"
        if not self._is_of_files(func, own, local, len(call.args)):
            return ""
        moved = func.attr in ("rename", "replace", "symlink_to", "hardlink_to", "link_to")
        if not self.is_under(func.value) or (moved and not all(map(self.is_under, given))):
            return f"`{func.attr}` may only be called on paths that are made of `tmp_path`"
        return ""

    def _is_of_files(self, node: ast.Attribute, own: str, local: set[str], given: int) -> bool:
        """Return whether an attribute is a method of paths; of `own` only where it is surely asked of one."""
        if node.attr not in _METHODS:
            return False
        sure = self._is_path(node.value)
        if node.attr == own:
            return sure
        if node.attr not in _CALLED_LIKE_OTHERS:
            return True
        if node.attr == "replace" and given != 1:
            return sure and given == 0  # of a text, or of a date
        return sure or isinstance(node.value, ast.Call) or root_of(node) in local | self._made

    def arguments(self, call: ast.expr, described: Described, source: str) -> str:
        """Return whether a call of a function that works with files is given a path elsewhere."""
        calls = (inner for inner in ast.walk(call) if isinstance(inner, ast.Call))
        return next((problem for inner in calls if (problem := self._argument(inner, described, source))), "")

    def _argument(self, call: ast.Call, described: Described, source: str) -> str:
        owner, _, own = described.qualname.rpartition(".")
        kind = owner.rpartition(".")[2]
        last = _called(call.func)
        if last == (kind if own in _MADE else own) or (own == "__call__" and isinstance(call.func, ast.Name)):
            given = [value for name, value in _bound(call, described) if _names_a_file(name, described, source)]
        elif kind and last == kind and _keeps_paths(described, source):
            given = _given(call)
        else:
            return ""
        return "" if all(map(self._is_harmless, given)) else f"`{last}` {ELSEWHERE}"


def _operands(node: ast.expr) -> list[ast.expr]:
    return [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]


def _given(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _names_a_file(parameter: str, described: Described, source: str) -> bool:
    scope = scope_of(described, source)
    return scope.function is None or is_path(parameter, scope.function, scope)


def _keeps_paths(described: Described, source: str) -> bool:
    """Return whether a method, or what it calls, takes paths from its object."""
    scope = scope_of(described, source)
    if scope.function is None:
        return True
    return any(is_path("self", node, scope) for node in (scope.function, *scope.reached(scope.function, depth=3)))


def works_with_files(described: Described, source: str, imported: Callable[[str], str | None]) -> bool:
    """Return whether a function, or what it calls, opens, writes or deletes files; in doubt it does.

    Args:
        described: the function.
        source: of its file.
        imported: returns the text of another of the project's modules, by its name.
    """
    scope = scope_of(described, source)
    if scope.function is None:
        return True
    nodes = (scope.function, *scope.reached(scope.function, depth=3))
    if any(touches_files(node) for node in nodes):
        return True
    names = {name for node in nodes for name in called(node)} | {_called(node) for one in nodes for node in _reads(one)}
    for node in scope.imports:
        if isinstance(node, ast.ImportFrom):
            used = any((alias.asname or alias.name) in names for alias in node.names)
            sources = [node.module or "", *(f"{node.module or ''}.{alias.name}".strip(".") for alias in node.names)]
        else:
            used = any((alias.asname or alias.name.partition(".")[0]) in names for alias in node.names)
            sources = [alias.name for alias in node.names]
        if used and any(_WORKS.search(imported(source) or "") for source in sources if source):
            return True
    return False


def _reads(node: ast.AST) -> Iterator[ast.expr]:
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Name))


def _bound(call: ast.Call, described: Described) -> Iterator[tuple[str, ast.expr]]:
    names = [one.name for one in described.parameters if one.kind in ("positional", "either")]
    for place, value in enumerate(call.args):
        yield names[place] if place < len(names) and not isinstance(value, ast.Starred) else "path", value
    for keyword in call.keywords:
        yield keyword.arg or "path", keyword.value


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_inner(node: ast.expr) -> bool:
    """Return whether an operand is a plain relative path downwards."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    text = node.value
    return not text.startswith(("/", "\\", "~")) and ":" not in text and ".." not in re.split(r"[\\/]", text)


def _is_outside(value: str | bytes) -> bool:
    text = value if isinstance(value, str) else value.decode("latin-1")
    return len(text) <= 4_000 and _OUTSIDE.match(text) is not None
