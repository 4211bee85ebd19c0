"""A plan written down: `slugify("a b", max_length=3)`, with receivers and changeable arguments made beforehand."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pytest_codemode.core.exploring import Described, Import, Parameter, Recipe
from pytest_codemode.testgen.inputs.expressions import parsed, snake_case, unparsed
from pytest_codemode.testgen.inputs.plans import Plan, Setup, Value

_UNARY = {"__len__": "len", "__repr__": "repr", "__str__": "str", "__bool__": "bool", "__hash__": "hash",
          "__iter__": "list", "__abs__": "abs", "__int__": "int", "__float__": "float", "__next__": "next",
          "__bytes__": "bytes", "__reversed__": "list"}  # fmt: skip
_SIGNS = {"__neg__": "-", "__pos__": "+", "__invert__": "~"}
_BINARY = {"__add__": "+", "__sub__": "-", "__mul__": "*", "__truediv__": "/", "__floordiv__": "//", "__mod__": "%",
           "__pow__": "**", "__and__": "&", "__or__": "|", "__xor__": "^", "__lshift__": "<<", "__rshift__": ">>",
           "__eq__": "==", "__ne__": "!=", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">=",
           "__matmul__": "@"}  # fmt: skip
_REFLECTED = {f"__r{name[2:]}": sign for name, sign in _BINARY.items()}


_BUILTINS = frozenset(dir(builtins))


def target_import(described: Described) -> Import:
    """Return the import that makes a callable's outermost name known."""
    return Import(described.module, described.qualname.partition(".")[0])


def rendered(described: Described, plan: Plan, key: str) -> Recipe:
    """Return the recipe of a plan."""
    writer = _Writer(described, plan)
    call = writer.call()
    return Recipe(
        key=key,
        function=described.qualname,
        call=call,
        imports=tuple(dict.fromkeys(writer.imports)),
        setup=tuple(writer.setup),
        fixtures=tuple(dict.fromkeys(writer.fixtures)),
        flavour=described.flavour,
        origin=plan.origin,
        expected=plan.expected,
    )


def receiver_name(described: Described) -> str:
    """Return what the object is called whose method is called."""
    return snake_case(described.qualname.rpartition(".")[0].rpartition(".")[2])


@lru_cache(maxsize=20_000)
def is_changeable(text: str) -> bool:
    """Whether a call could change the value of an expression: lists, dicts, sets, iterators, objects."""
    node = parsed(text)
    if isinstance(node, ast.Call):
        name = _name(node.func)
        return name in _CHANGEABLE or (name[:1].isupper() and name not in _UNCHANGEABLE)
    return isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp)


_CHANGEABLE = frozenset(["list", "dict", "set", "bytearray", "deque", "defaultdict", "array"])
_UNCHANGEABLE = frozenset(
    ["Decimal", "Fraction", "Path", "PurePath", "PurePosixPath", "UUID", "ZoneInfo", "Template", "IPv4Address",
     "IPv6Address", "IPv4Network"]
)  # fmt: skip


class _Writer:
    """Puts one plan into text; collects what the text needs."""

    def __init__(self, described: Described, plan: Plan) -> None:
        self._described, self._plan = described, plan
        self.imports: list[Import] = [target_import(described)]
        self.setup: list[tuple[str, str]] = []
        self.fixtures: list[str] = []
        self._taken = {self.imports[0].bound}
        self._renamed: tuple[str, str] | None = None
        """What the object is called most often, and here, if that is another name."""

    def call(self) -> str:
        """Return the expression that makes the call."""
        if self._plan.verbatim is not None:
            return self._needing(self._plan.verbatim)
        receiver = self._receiver()
        arguments = [(name, self._argument(name, value)) for name, value in self._plan.arguments]
        name = self._described.qualname.rpartition(".")[2]
        if self._described.kind == "property":
            return f"{receiver}.{name}"
        if receiver and (special := _special(name, receiver, [text for _, text in arguments])):
            return special
        return f"{self._called(receiver, name)}({argument_list(self._described.parameters, arguments)})"

    def _called(self, receiver: str, name: str) -> str:
        if receiver:
            return receiver if name == "__call__" else f"{receiver}.{name}"
        if self._described.kind == "constructor":
            return self._described.qualname.rpartition(".")[0]
        return self._described.qualname

    def _receiver(self) -> str:
        if self._plan.receiver is None:
            return ""
        usual = receiver_name(self._described)
        name = self._free(usual)
        self._renamed = (usual, name) if name != usual else None
        text = self._needing(self._plan.receiver)
        self.setup.append((name, text))
        for bound, step in self._plan.steps:
            self.setup.append((bound, step if name == usual else renamed(step, usual, name)))
        return name

    def _argument(self, name: str, value: Value) -> str:
        text = self._needing(value)
        if self._renamed:
            text = renamed(text, self._renamed[0], self._renamed[1])  # an argument may refer to the object
        if value.fixtures and text in value.fixtures:
            return text
        if not is_changeable(text):
            return text
        bound = self._free(name.lstrip("*") if not name.lstrip("*").isdigit() else f"value_{name.lstrip('*')}")
        self.setup.append((bound, text))
        return bound

    def _needing(self, value: Value) -> str:
        self.imports.extend(value.imports)
        self.fixtures.extend(value.fixtures)
        self._taken.update(needed.bound for needed in value.imports)
        self._taken.update(value.fixtures)
        self.setup.extend(entry for entry in value.setup if entry not in self.setup)
        self._taken.update(name for name, _ in value.setup)
        return value.text

    def _free(self, name: str) -> str:
        while name in self._taken or name in _BUILTINS:
            name = f"{name}_"
        self._taken.add(name)
        return name


def argument_list(parameters: Iterable[Parameter], arguments: Sequence[tuple[str, str]]) -> str:
    """Return arguments as a person would pass them: required ones by position, the others by name."""
    given = dict(arguments)
    rest = [text for name, text in arguments if name.startswith("*") and not name.startswith("**")]
    texts: list[str] = []
    by_position = True
    for parameter in parameters:
        text = given.get(parameter.name)
        if parameter.kind == "args":
            texts.extend(rest)
        elif parameter.kind == "kwargs":
            texts.extend(f"{name[2:]}={text}" for name, text in arguments if name.startswith("**"))
        elif parameter.kind == "keyword":
            texts.extend([f"{parameter.name}={text}"] if text is not None else [])
        elif rest and (text is not None or parameter.default not in (None, "...")):
            texts.append(text if text is not None else str(parameter.default))
        elif text is None:
            by_position = False
        elif parameter.kind == "positional" or (by_position and parameter.default is None):
            texts.append(text)
        else:
            texts.append(f"{parameter.name}={text}")
    return ", ".join(texts)


def _special(name: str, receiver: str, texts: list[str]) -> str:
    """Return the call of a special method as its syntax, empty if it has none."""
    if not texts and name in _UNARY:
        inner = f"reversed({receiver})" if name == "__reversed__" else receiver
        return f"{_UNARY[name]}({inner})"
    if not texts and name in _SIGNS:
        return f"{_SIGNS[name]}{receiver}"
    if len(texts) != 1:
        return ""
    other = texts[0]
    operand = other if isinstance(parsed(other), ast.Constant | ast.Name | ast.Call) else f"({other})"
    if name in _BINARY:
        return f"{receiver} {_BINARY[name]} {operand}"
    if name in _REFLECTED:
        return f"{operand} {_REFLECTED[name]} {receiver}"
    return {"__getitem__": f"{receiver}[{other}]", "__contains__": f"{operand} in {receiver}"}.get(name, "")


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


@lru_cache(maxsize=20_000)
def renamed(text: str, old: str, new: str) -> str:
    """Return an expression with one of its names in another form."""
    tree = parsed(text)
    if tree is None:
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == old:
            node.id = new
    return unparsed(tree)


def identity(recipe: Recipe) -> tuple[str, Setup]:
    """Return what makes two recipes the same."""
    return recipe.call, recipe.setup
