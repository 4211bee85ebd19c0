"""Which names of a module or class a patch gives another value, so that it can be tried by putting that value in.

Importing the patched file would give the same if nothing else was made from the old value meanwhile. What the file
itself does with the name while it is imported is seen here; what others do, only where the modules live
(`worker.swap`).
"""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_codemode.edits.spans import Definition, Outline, Statement
from pytest_codemode.edits.splice import Splice, spliced
from pytest_codemode.edits.text import LINE_END

_FUNCTIONS = frozenset(
    {"bytes", "complex", "dict", "float", "frozenset", "int", "len", "list", "max", "min", "range", "round", "set",
     "sorted", "str", "sum", "tuple"}
)  # fmt: skip
_METHODS = frozenset({"compile", "encode", "escape", "format", "fromkeys", "join", "lower", "maketrans", "split",
                      "strip", "union", "upper"})  # fmt: skip
"""Called by an expression, these make a value and do nothing else; `compile` is that of `re`."""
_STEADY = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.keyword),
    *(ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.comprehension),
    *(ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr, ast.FormattedValue, ast.Call),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context),
)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class NewValue:
    """One name and the statement that binds it."""

    qualname: str
    """`NAME`, or `Class.NAME`."""
    line: int
    """1-based, in the patched file."""
    source: str
    """Its lines as they stand in the patched file."""


def new_values(outline: Outline, splices: Sequence[Splice]) -> tuple[NewValue, ...]:
    """Return the names that the ordered `splices` give other values, () if they change anything else."""
    groups: dict[int, list[Splice]] = {}
    for splice in splices:
        statement = _around(outline, splice)
        if statement is None:
            return ()
        groups.setdefault(statement.index, []).append(splice)
    found: list[NewValue] = []
    shift = 0
    for index, inside in groups.items():
        statement = outline.statements[index]
        source = outline.source
        start, stop = source.line_start(statement.start), source.next_line(statement.full_end)
        new = spliced(source.text, inside, start, stop)
        name = _bound(new)
        if name is None or name != _bound(source.text[start:stop]):
            return ()
        if not _class_is_plain(outline, statement.owner) or not _only_bound(source.text, statement, name):
            return ()
        qualname = f"{statement.owner}.{name}" if statement.owner else name
        found.append(NewValue(qualname, statement.line + shift, new))
        shift += len(LINE_END.findall(new)) - len(LINE_END.findall(source.text, start, stop))
    return tuple(found)


def _around(outline: Outline, splice: Splice) -> Statement | None:
    """Return the assignment directly in a module or class within which the splice lies."""
    statement = outline.statement_at(outline.source.line_of(splice.start))
    if statement is None or statement.kind not in ("Assign", "AnnAssign"):
        return None
    header = outline.blocks[statement.block].header
    if header >= 0 and outline.statements[header].kind != "ClassDef":
        return None
    return statement if statement.start <= splice.start and splice.stop <= statement.end else None


def _bound(text: str) -> str | None:
    """Return the one name that a statement binds to a steady value."""
    try:
        body = ast.parse(f"if 1:\n{text}" if text[:1] in " \t" else text).body
    except (SyntaxError, ValueError):
        return None
    if len(body) == 1 and isinstance(body[0], ast.If):
        body = body[0].body
    if len(body) != 1:
        return None
    statement = body[0]
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    value = getattr(statement, "value", None)
    if len(targets) != 1 or not isinstance(target := targets[0], ast.Name) or not isinstance(value, ast.expr):
        return None
    return target.id if not target.id.startswith("__") and all(map(_is_steady, ast.walk(value))) else None


def _is_steady(node: ast.AST) -> bool:
    """Whether evaluating `node` depends on nothing but the names in it, and changes nothing."""
    if isinstance(node, ast.Call):
        named = node.func.id in _FUNCTIONS if isinstance(node.func, ast.Name) else False
        return named or (isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS)
    private = isinstance(node, ast.Name) and node.id.startswith("__") and not node.id.endswith("__")
    return isinstance(node, _STEADY) and not private  # a private name means another one in a class


def _class_is_plain(outline: Outline, owner: str) -> bool:
    """Whether a class is named once and nobody is told to make something else of it; no class at all is plain, too."""
    parts = owner.split(".") if owner else []
    classes = [outline.occurrences(".".join(parts[: end + 1])) for end in range(len(parts))]
    return all(len(found) == 1 and _is_plain(found[0]) for found in classes)


def _is_plain(definition: Definition) -> bool:
    statement = definition.statement
    return not definition.function and statement.start == statement.keyword


def _only_bound(text: str, statement: Statement, name: str) -> bool:
    """Whether the file, while it is imported, does nothing with the name but bind it once, in this statement."""
    uses = _uses_at_import(text)
    return uses.bound.get((statement.owner, name), 0) == 1 and name not in uses.read


@dataclass(frozen=True, slots=True)
class _Uses:
    bound: Mapping[tuple[str, str], int]
    """(qualname of the class, empty for the module; name) -> how often it is bound; `global` in a function counts."""
    read: frozenset[str]
    """Names and attributes that are read."""


@functools.lru_cache(maxsize=32)
def _uses_at_import(text: str) -> _Uses:
    bound: Counter[tuple[str, str]] = Counter()
    read: set[str] = set()
    for owner, node in _at_import(ast.parse(text), ""):
        read |= _read(node)
        bound.update((owner, name) for name in _binds(node))
        if isinstance(node, ast.Global):
            bound.update(("", name) for name in node.names)
    return _Uses(bound, frozenset(read))


def _read(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return {node.id}
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return {node.attr} if isinstance(node, ast.Attribute) else set()


def _binds(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    return [(node.asname or node.name).partition(".")[0]] if isinstance(node, ast.alias) else []


def _at_import(tree: ast.AST, owner: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield what is evaluated while the file is imported, with the class it stands in, and each `global` elsewhere."""
    for node in ast.iter_child_nodes(tree):
        yield owner, node
        if isinstance(node, ast.ClassDef):
            yield from _at_import(node, f"{owner}.{node.name}".lstrip("."))
        elif isinstance(node, _SCOPES):
            inside = node.body if isinstance(node.body, list) else [node.body]
            for child in ast.iter_child_nodes(node):
                if child in inside:
                    yield from ((owner, part) for part in ast.walk(child) if isinstance(part, ast.Global))
                else:
                    yield owner, child
                    yield from _at_import(child, owner)
        else:
            yield from _at_import(node, owner)
