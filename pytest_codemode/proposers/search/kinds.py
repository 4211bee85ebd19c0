"""What kind of value an expression has, as far as the text of its function and the failure show."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.proposers.search.scope import local_nodes
from pytest_codemode.proposers.search.source import Function

NUMBERS = frozenset({"int", "float", "number", "bool"})
SEQUENCES = frozenset({"list", "tuple", "str", "iterable", "bytes"})

_CALLED: dict[str, str] = {
    name: kind
    for kind, names in {
        "int": "len int ord abs round sum count index find rfind bit_length",
        "float": "float sqrt total_seconds",
        "str": "str repr strip lstrip rstrip lower upper title join format replace capitalize center ljust rjust zfill "
        "strftime isoformat read chr hex bin",
        "list": "list sorted split rsplit splitlines readlines",
        "dict": "dict defaultdict Counter OrderedDict",
        "set": "set frozenset union intersection",
        "tuple": "tuple partition rpartition",
        "bool": "bool isinstance any all startswith endswith isdigit isalpha hasattr",
        "iterable": "range enumerate zip reversed map filter",
    }.items()
    for name in names.split()
}
"""Function or method -> kind of what it returns."""
_METHODS: dict[str, str] = {
    name: kind
    for kind, names in {
        "list": "append extend insert sort reverse",
        "dict": "items keys values setdefault",
        "set": "add discard issubset issuperset",
        "str": "strip lstrip rstrip lower upper title split startswith endswith join replace splitlines encode",
    }.items()
    for name in names.split()
}
"""Method -> kind of the object that has it."""
_NAMED = frozenset({"int", "float", "str", "list", "dict", "set", "tuple", "bool", "bytes"})


def kind_of_repr(text: str) -> str:
    """Return the type that a `repr` shows: `int`, `float`, `str`, `list`, ...; empty where it is not plain."""
    if text in ("True", "False", "None", ""):
        return {"": "", "None": "None"}.get(text, "bool")
    if text.lstrip("-")[:1].isdigit():
        return "int" if text.lstrip("-").isdigit() else "float"
    if text[0] == "{":
        return "dict" if ":" in text or text == "{}" else "set"
    return {"'": "str", '"': "str", "[": "list", "(": "tuple", "b": "bytes"}.get(text[0], "")


def same_kind(one: str, other: str) -> bool:
    """Whether two known kinds go together."""
    if one in NUMBERS and other in NUMBERS:
        return True
    return one == other or (one in SEQUENCES and other in SEQUENCES and "iterable" in (one, other))


class Kinds:
    """Kinds of the local names of one function."""

    def __init__(self, function: Function | None, recorded: dict[str, str]) -> None:
        self._names: dict[str, str] = {}
        if function is not None:
            for _ in range(2):  # what a name is assigned from may be known only after the first look
                for name, kind in _evidence(function, self):
                    self._names.setdefault(name, kind)
        for name, text in recorded.items():
            if kind := kind_of_repr(text):
                self._names[name] = kind

    def name(self, name: str) -> str:
        """Return the kind of a local name, empty if nothing tells."""
        return self._names.get(name, "")

    def of(self, node: ast.expr) -> str:
        """Return the kind of an expression, empty if nothing tells."""
        if isinstance(node, ast.Name):
            return self.name(node.id)
        if isinstance(node, ast.Constant):
            return "None" if node.value is None else type(node.value).__name__
        if isinstance(node, ast.Call):
            function = node.func
            return _CALLED.get(function.id if isinstance(function, ast.Name) else getattr(function, "attr", ""), "")
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            return self.of(node.value)
        if isinstance(node, ast.BinOp | ast.UnaryOp):
            return self._operation(node)
        return next((kind for types, kind in _DISPLAYS if isinstance(node, types)), "")

    def _operation(self, node: ast.BinOp | ast.UnaryOp) -> str:
        if isinstance(node, ast.UnaryOp):
            return "bool" if isinstance(node.op, ast.Not) else "number"
        left, right = self.of(node.left), self.of(node.right)
        if isinstance(node.op, ast.Add | ast.Mult | ast.Mod):
            return next((kind for kind in (left, right) if kind and kind not in NUMBERS), left or right)
        if isinstance(node.op, ast.Sub | ast.BitOr | ast.BitAnd | ast.BitXor):
            return "set" if "set" in (left, right) else "number"
        return "" if isinstance(node.op, ast.MatMult) else "number"


_DISPLAYS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((ast.List, ast.ListComp), "list"),
    ((ast.Dict, ast.DictComp), "dict"),
    ((ast.Set, ast.SetComp), "set"),
    ((ast.Tuple,), "tuple"),
    ((ast.JoinedStr,), "str"),
    ((ast.Compare,), "bool"),
    ((ast.GeneratorExp,), "iterable"),
)


def _evidence(function: Function, kinds: Kinds) -> Iterator[tuple[str, str]]:
    """Yield what shows the kind of a name, the strongest first: annotations, assignments, use."""
    args = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    for arg in args:
        note = arg.annotation.value if isinstance(arg.annotation, ast.Subscript) else arg.annotation
        if isinstance(note, ast.Name) and note.id in _NAMED:
            yield arg.arg, note.id
    nodes = list(local_nodes(function))
    for node in nodes:
        yield from _assigned(node, kinds)
    for node in nodes:
        yield from ((name, kind) for name, kind in _used(node, kinds) if name not in ("self", "cls"))


def _assigned(node: ast.AST, kinds: Kinds) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        kind = kinds.of(node.value)
        if kind not in ("", "None"):
            yield node.targets[0].id, kind
    elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Call):
        called = node.iter.func.id if isinstance(node.iter.func, ast.Name) else ""
        if called == "range" and isinstance(node.target, ast.Name):
            yield node.target.id, "int"
        if called == "enumerate" and isinstance(node.target, ast.Tuple) and isinstance(node.target.elts[0], ast.Name):
            yield node.target.elts[0].id, "int"


def _used(node: ast.AST, kinds: Kinds) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Pow):
        yield from ((side.id, "number") for side in (node.left, node.right) if isinstance(side, ast.Name))
    elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Add | ast.Mult):
        sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
        known = [kind for kind in map(kinds.of, sides) if kind in ("int", "float", "number")]
        yield from ((side.id, "number") for side in sides if known and isinstance(side, ast.Name))
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
        sides = (node.left, node.comparators[0])
        known = [kind for kind in map(kinds.of, sides) if kind in ("int", "float", "number")]
        yield from ((side.id, "number") for side in sides if known and isinstance(side, ast.Name))
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _METHODS:
        yield node.value.id, _METHODS[node.attr]
    elif isinstance(node, ast.For | ast.comprehension) and isinstance(node.iter, ast.Name):
        yield node.iter.id, "iterable"
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and isinstance(node.value, ast.Name):
        yield node.value.id, "iterable"
