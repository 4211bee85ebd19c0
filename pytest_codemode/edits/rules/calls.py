"""What single calls give away: attributes by hidden names, descriptors by number, changes of test files."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pytest_codemode.edits.rules.folding import folded, hides_a_name
from pytest_codemode.edits.rules.tables import FILE_CHANGES, FILE_METHODS, TEST_PLACE, TRACEBACKS

Resolve = Callable[[ast.expr], str]
"""Returns the dotted name an expression stands for, an empty text if it is none of an import or a builtin."""

_GETTERS = frozenset({"operator.attrgetter", "operator.methodcaller"})
_HINTS = frozenset({"typing.get_type_hints", "inspect.get_annotations", "typing_extensions.get_type_hints"})
_OPEN = frozenset({"builtins.open", "io.open", "_io.open", "codecs.open"})
_ANY_ATTRIBUTE = frozenset({"__getattribute__", "__getattr__"})


class Found(NamedTuple):
    """What a call gives away."""

    rule: str
    key: str
    sentence: str
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What the function around a call has in its hands."""

    tracebacks: bool = False
    numbers: frozenset[str] = frozenset()
    """Names that hold numbers."""

    def within(self, tree: ast.AST) -> Around:
        """Return what a function inside this one has."""
        nodes = list(ast.walk(tree))
        tracebacks = any(isinstance(node, ast.Attribute) and node.attr in TRACEBACKS for node in nodes)
        return Around(self.tracebacks or tracebacks, self.numbers.union(*map(_numbered, nodes)))


def _numbered(node: ast.AST) -> frozenset[str]:
    """Return the names to which a node binds a number."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_number(value):
            return frozenset({name})
        case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"))):
            return frozenset({name})
        case ast.comprehension(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"))):
            return frozenset({name})
    return frozenset()


def judged(node: ast.Call, resolve: Resolve, around: Around) -> Iterator[Found]:
    """Yield what one call gives away.

    Args:
        node: the call.
        resolve: of the place where it stands.
        around: what the code around it has in its hands.
    """
    name = resolve(node.func)
    yield from _by_name(node, name, tracebacks=around.tracebacks)
    if name in _OPEN and node.args and _is_number(node.args[0], around.numbers):
        yield Found("touches-descriptors", "open", f"new code opens a file by number: `{ast.unparse(node)}`")
    if name in _HINTS and node.args and not isinstance(node.args[0], ast.Name | ast.Attribute):
        yield Found("executes-code", name, f"new code evaluates annotations: `{ast.unparse(node)}`")
    place = _changed_place(node, name)
    if place and TEST_PLACE.fullmatch(place):
        yield Found("imports-tests", "tests", f"new code changes the test file {place!r}")


def _by_name(node: ast.Call, name: str, *, tracebacks: bool) -> Iterator[Found]:
    """Judge an attribute that is asked for by a name that is computed."""
    for wanted in _asked(node, name):
        if folded(wanted) is None:
            yield attribute_by(node, wanted, tracebacks=tracebacks)


def attribute_by(node: ast.expr, wanted: ast.expr | str, *, tracebacks: bool) -> Found:
    """Return what it means that `node` asks for an attribute whose name `wanted` computes."""
    shown = ast.unparse(node)
    if isinstance(wanted, ast.expr) and hides_a_name(wanted):
        return Found("reaches-internals", shown, f"new code hides the name of an attribute: `{shown}`")
    if tracebacks:
        return Found("reaches-internals", shown, f"new code computes an attribute beside a traceback: `{shown}`")
    return Found("computed-attribute", "attribute", f"new code computes the name in `{shown}`", counted=True)


def calling_annotations(annotation: ast.expr | None) -> Iterator[Found]:
    """Yield whether an annotation in quotes would call something when it is evaluated (`Annotated[int, Gt(0)]` may)."""
    inner = ast.walk(annotation) if annotation is not None else ()
    for text in (item.value for item in inner if isinstance(item, ast.Constant) and isinstance(item.value, str)):
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError):
            continue
        calls = [ast.unparse(item.func) for item in ast.walk(tree) if isinstance(item, ast.Call)]
        if any(not name.rpartition(".")[2][:1].isupper() for name in calls):
            yield Found("executes-code", "annotation", f"new code holds the annotation {text!r}, which calls something")


def _asked(node: ast.Call, name: str) -> list[ast.expr]:
    """Return the expressions that name attributes."""
    if name in _GETTERS:
        return node.args[:1] if name.endswith("methodcaller") else node.args
    if name == "builtins.getattr":
        return node.args[1:2] or node.args[:1]
    if isinstance(node.func, ast.Attribute) and node.func.attr in _ANY_ATTRIBUTE:
        return node.args[-1:]
    return []


def _is_number(node: ast.expr, known: frozenset[str] = frozenset()) -> bool:
    """Return whether an expression surely gives an int."""
    match node:
        case ast.Name(id=name):
            return name in known
        case ast.Constant(value=int()):
            return True
        case ast.UnaryOp(operand=operand):
            return _is_number(operand, known)
        case ast.BinOp(left=left, right=right):
            return _is_number(left, known) and _is_number(right, known)
        case ast.Call(func=ast.Name(id="int")):
            return True
    return False


def _changed_place(node: ast.Call, name: str) -> str:
    """Return the constant path of a file that a call changes, the one of a test first."""
    parts: list[ast.expr] = []
    if name in FILE_CHANGES or (name in _OPEN and _writes(node, 1)):
        parts = list(node.args)
    elif isinstance(node.func, ast.Attribute) and _path_like(node.func.value) and _changes(node, node.func.attr):
        parts = [node.func.value]
    inner = (item for part in parts for item in ast.walk(part) if isinstance(item, ast.expr))
    texts = [text for item in inner if (text := folded(item))]
    return next((text for text in texts if TEST_PLACE.fullmatch(text)), "")


def _changes(node: ast.Call, method: str) -> bool:
    return method in FILE_METHODS or (method == "open" and _writes(node, 0))


def _writes(node: ast.Call, position: int) -> bool:
    modes = [*node.args[position : position + 1], *(item.value for item in node.keywords if item.arg == "mode")]
    return any(set(folded(mode) or "") & set("wax+") for mode in modes)


def _path_like(node: ast.expr) -> bool:
    """Return whether an expression calls something named like `Path`."""
    calls = (item.func for item in ast.walk(node) if isinstance(item, ast.Call))
    return any(ast.unparse(function).endswith("Path") for function in calls)
