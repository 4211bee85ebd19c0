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
_TEXT_METHODS = frozenset({"encode", "format", "join", "lower", "split", "strip", "upper"})
"""Called by an expression, these make a value and do nothing else."""
_STEADY = (
    *(ast.Constant, ast.Name, ast.Attribute, ast.Starred, ast.keyword),
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
    shift, loaded = 0, set[str]()
    for index, inside in groups.items():
        statement = outline.statements[index]
        source = outline.source
        start, stop = source.line_start(statement.start), source.next_line(statement.full_end)
        text = spliced(source.text, inside, start, stop)
        old, new = _binding(source.text[start:stop]), _binding(text)
        if old is None or new is None or (old.name, old.form) != (new.name, new.form):
            return ()
        if not _is_plain_class(outline, statement.owner) or not _is_known(new, statement, source.text):
            return ()
        loaded |= new.loaded
        found.append(NewValue(f"{statement.owner}.{new.name}".lstrip("."), statement.line + shift, text))
        shift += len(LINE_END.findall(text)) - len(LINE_END.findall(source.text, start, stop))
    return () if loaded & {one.qualname for one in found} else tuple(found)


def _around(outline: Outline, splice: Splice) -> Statement | None:
    """Return the assignment directly in a module or class within which the splice lies."""
    statement = outline.statement_at(outline.source.line_of(splice.start))
    if statement is None or statement.kind not in ("Assign", "AnnAssign"):
        return None
    header = outline.blocks[statement.block].header
    if header >= 0 and outline.statements[header].kind != "ClassDef":
        return None
    return statement if statement.start <= splice.start and splice.stop <= statement.end else None


@dataclass(frozen=True, slots=True)
class _Binding:
    """One assignment of a value to a name."""

    name: str
    form: str
    """What kind of assignment, and its annotation."""
    value: ast.expr

    @property
    def loaded(self) -> set[str]:
        """Names that the value reads, without those of its own comprehensions."""
        names = [node for node in ast.walk(self.value) if isinstance(node, ast.Name)]
        own = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
        return {node.id for node in names} - own


def _binding(text: str) -> _Binding | None:
    """Return the binding that a statement is, None if it is another one."""
    try:
        body = ast.parse(f"if 1:\n{text}" if text[:1] in " \t" else text).body
    except (SyntaxError, ValueError):
        return None
    if len(body) == 1 and isinstance(body[0], ast.If):
        body = body[0].body
    if len(body) != 1 or not isinstance(statement := body[0], ast.Assign | ast.AnnAssign):
        return None
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    form = ast.dump(statement.annotation) if isinstance(statement, ast.AnnAssign) else ""
    if len(targets) != 1 or not isinstance(target := targets[0], ast.Name) or statement.value is None:
        return None
    return None if target.id.startswith("__") else _Binding(target.id, form, statement.value)


def _is_known(new: _Binding, statement: Statement, text: str) -> bool:
    """Whether the value is the same whenever it is worked out, and the file binds the name here and nowhere else.

    While it is imported the file may not read the name either: something could be made of the old value.
    """
    uses = _uses_at_import(text)
    if uses.bound.get((statement.owner, new.name), 0) != 1 or new.name in uses.read:
        return False

    def known(name: str) -> bool:
        if name.startswith("__"):  # in a class it may mean another one
            return False
        if any(bound == name for owner, bound in uses.bound if owner):  # in a class; which one is not worth asking
            return False
        times = uses.bound.get(("", name), 0)
        return times == 0 if name in _FUNCTIONS else times == 1 and (name in uses.constants or name == "re")

    return all(map(known, new.loaded)) and all(map(_is_steady, ast.walk(new.value)))


def _is_steady(node: ast.AST) -> bool:
    """Whether evaluating `node` changes nothing and gives the same each time, if the names in it do."""
    if isinstance(node, ast.Call):
        function = node.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Constant | ast.JoinedStr):
            return function.attr in _TEXT_METHODS
        named = isinstance(function, ast.Name) and function.id in _FUNCTIONS
        return named or _is_of_re(function)
    if isinstance(node, ast.Attribute):
        return _is_of_re(node) or isinstance(node.value, ast.Constant | ast.JoinedStr)
    return isinstance(node, _STEADY)


def _is_of_re(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "re"


def _is_plain_class(outline: Outline, owner: str) -> bool:
    """Whether a class is named once and nobody is told to make something else of it; no class at all is plain, too."""
    parts = owner.split(".") if owner else []
    classes = [outline.occurrences(".".join(parts[: end + 1])) for end in range(len(parts))]
    return all(len(found) == 1 and _is_plain(found[0]) for found in classes)


def _is_plain(definition: Definition) -> bool:
    statement = definition.statement
    return not definition.function and statement.start == statement.keyword


@dataclass(frozen=True, slots=True)
class _Uses:
    bound: Mapping[tuple[str, str], int]
    """(qualname of the class, empty for the module; name) -> how often it is bound; `global` in a function counts."""
    read: frozenset[str]
    """Names and attributes that are read."""
    constants: frozenset[str]
    """Names that an assignment in the module binds to a plain constant."""


@functools.lru_cache(maxsize=32)
def _uses_at_import(text: str) -> _Uses:
    bound: Counter[tuple[str, str]] = Counter()
    read, constants = set[str](), set[str]()
    for owner, node in _at_import(ast.parse(text), ""):
        read |= _read(node)
        bound.update((owner, name) for name in _binds(node))
        if isinstance(node, ast.Global):
            bound.update(("", name) for name in node.names)
        if isinstance(node, ast.Assign) and not owner and isinstance(node.value, ast.Constant):
            constants.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return _Uses(bound, frozenset(read), frozenset(constants))


def _read(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return {node.id}
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    return {node.attr} if isinstance(node, ast.Attribute) else set()


def _binds(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [] if isinstance(node.ctx, ast.Load) else [node.id]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchAs):
        return [node.name] if node.name else []
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
