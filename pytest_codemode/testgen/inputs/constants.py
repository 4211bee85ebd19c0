"""Constants that a function's code compares with, looks up, splits at or matches: what inputs should hold."""

from __future__ import annotations

import ast
import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pytest_codemode.testgen.inputs.composing import composed, looked_for, reworded
from pytest_codemode.testgen.inputs.expressions import literal, unparsed
from pytest_codemode.testgen.inputs.numbering import asked_numbers, layouts, recounted, renumbered
from pytest_codemode.testgen.inputs.patterns import matching, nearly
from pytest_codemode.testgen.inputs.scope import Scope

_LONGEST_TEXT = 120
_MOST = 120
_FEW = 15
_RE_FUNCTIONS = frozenset(["compile", "match", "search", "sub", "subn", "findall", "finditer", "split", "fullmatch"])
_EDGES = frozenset(["startswith", "removeprefix", "lstrip"])
_ENDS = frozenset(["endswith", "removesuffix", "rstrip"])
_CUTS = frozenset(["split", "rsplit", "partition", "rpartition", "replace", "find", "index", "count", "join", "strip"])
_INSTANT = datetime.datetime(2024, 2, 29, 13, 5, 9, 120000, datetime.UTC)


@dataclass(slots=True)
class Constants:
    """What was harvested, each kind in the order of how much it says."""

    texts: dict[str, None] = field(default_factory=dict)
    numbers: dict[int | float, None] = field(default_factory=dict)
    matched: dict[str, None] = field(default_factory=dict)
    """Texts that a regular expression or a format of the function takes."""
    unmatched: dict[str, None] = field(default_factory=dict)
    """Texts that it nearly takes."""
    others: dict[str, None] = field(default_factory=dict)
    """Source text of other literals: bytes, tuples, tables."""
    documented: dict[str, None] = field(default_factory=dict)
    """Texts that documentation shows."""
    numbered: dict[str, None] = field(default_factory=dict)
    """Texts with numbers in them that the function compares with others."""
    reworded: dict[str, None] = field(default_factory=dict)
    """Texts that match, with words of the code in them."""
    composed: dict[str, None] = field(default_factory=dict)
    """Texts of the single characters that the function looks for."""

    def strings(self) -> Iterator[str]:
        """Yield texts for an argument: those that match, constants, and what can be made of them."""
        yield from self.harvested()
        around = (made for text in list(self.texts)[:20] for made in _around(text))
        yield from _alternating(
            [*self.unmatched, *around], self.documented, self.numbered, self.reworded, self.composed
        )

    def harvested(self) -> Iterator[str]:
        """Yield the texts that match, and those that the code holds."""
        yield from _alternating(self.matched, self.texts)

    def pieces(self) -> Iterator[str]:
        """Yield texts to put into others: of those that were only made up no more than a few."""
        yield from self.harvested()
        yield from self.unmatched
        for made in (self.documented, self.numbered, self.reworded, self.composed):
            yield from list(made)[:_FEW]

    def neighbours(self) -> Iterator[int | float]:
        """Yield numbers for an argument: the constants, and those next to them."""
        yield from self.numbers
        for number in list(self.numbers)[:30]:
            yield from (number - 1, number + 1, -number)
        for number in list(self.numbers)[:8]:
            yield from (number * 2, number // 2, number + 0.5)


def harvested(scope: Scope, callers: Iterable[str] = (), seed: int = 0, documented: Iterable[str] = ()) -> Constants:
    """Return the constants of a function, of the helpers that it reaches, of module tables and of its callers.

    `documented` are texts that documentation shows.
    """
    constants = Constants()
    if scope.function is None:
        return constants
    reader = _Reader(constants, scope, seed)
    reader.read(scope.function)
    for helper in scope.helpers()[:8]:
        reader.read(helper)
    for caller in list(callers)[:8]:
        if (tree := _tree(caller)) is not None:
            reader.read(tree, weak=True)
    functions = (scope.function, *scope.helpers()[:8])
    constants.documented.update(dict.fromkeys(documented))
    numbers, bases = asked_numbers(functions)
    laid_out = list(layouts(functions)) if bases else []
    known = [text for text in (*laid_out, *constants.documented, *constants.matched) if any(map(str.isdigit, text))]
    constants.numbered.update(dict.fromkeys((*laid_out, *renumbered(known, numbers, bases))))
    constants.numbered.update(dict.fromkeys(recounted(functions, (*constants.documented, *constants.matched))))
    words = [text for text in constants.texts if len(text) > 1 and text.isidentifier()]
    constants.reworded.update(dict.fromkeys(reworded(list(constants.matched)[:2], words)))
    constants.composed.update(dict.fromkeys(composed(looked_for(functions, scope), seed)))
    return constants


def _tree(source: str) -> ast.AST | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _alternating(*pools: Iterable[str]) -> Iterator[str]:
    lists = [list(pool) for pool in pools]
    for at in range(max(map(len, lists), default=0)):
        yield from (pool[at] for pool in lists if at < len(pool))


def _around(text: str) -> Iterator[str]:
    """Yield texts with a constant at their beginning, at their end and in their middle, and in other cases."""
    if len(text) <= 3 and not text.isalnum():
        yield from (f"a{text}b", f"{text}a", f"a{text}", f"a{text}b{text}c", text * 2)
        return
    yield from (f"{text}s", f"a {text} b", f"{text}1", f"x{text}", text.upper(), text.capitalize())


class _Reader:
    """Collects from trees; strings that are documentation or messages say nothing."""

    def __init__(self, constants: Constants, scope: Scope, seed: int) -> None:
        self._constants, self._scope, self._seed = constants, scope, seed
        self._resolved: set[str] = set()

    def read(self, tree: ast.AST, *, weak: bool = False) -> None:
        """Take in the constants of a tree."""
        silent = _silent(tree)
        for node in ast.walk(tree):
            if id(node) in silent:
                continue
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Constant):
                self._constant(node.value)
            elif isinstance(node, ast.Name) and not weak:
                self._name(node.id)
            elif isinstance(node, ast.Attribute) and not weak:
                self._name(node.attr)
            elif isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
                self._display(node)

    def _constant(self, value: object) -> None:
        constants = self._constants
        if isinstance(value, bool):
            return
        if isinstance(value, str) and len(value) <= _LONGEST_TEXT and len(constants.texts) < _MOST:
            constants.texts.setdefault(value)
        elif isinstance(value, int | float) and abs(value) < 1e300 and len(constants.numbers) < _MOST:
            constants.numbers.setdefault(value)
        elif isinstance(value, bytes) and len(value) <= _LONGEST_TEXT:
            constants.others.setdefault(literal(value))

    def _display(self, node: ast.Tuple | ast.List | ast.Set | ast.Dict) -> None:
        text = unparsed(node)
        if len(text) <= _LONGEST_TEXT and _is_constant(node) and len(self._constants.others) < _MOST:
            self._constants.others.setdefault(text)

    def _name(self, name: str) -> None:
        """Take in what the module binds to a name, or a class to an attribute: a table, a limit, an expression."""
        if name in self._resolved:
            return
        self._resolved.add(name)
        self._members(name)
        found = self._scope.assigned.get(name) or self._attribute(name)
        if found is None:
            return
        if isinstance(found, ast.Call):
            self._call(found)
        for node in _few(found):
            if isinstance(node, ast.Constant):
                self._constant(node.value)
                if isinstance(node.value, str) and re.search(r"\\[dwsb]|\(\?|\][*+?{]", node.value):
                    self._pattern(node.value, 0)
            elif isinstance(node, ast.Name):
                self._name(node.id)

    def _members(self, name: str) -> None:
        """Take in the members of an enumeration of the file: texts are looked up in it by name or value."""
        node = self._scope.classes.get(name)
        if node is None or not any("Enum" in unparsed(base) or "Flag" in unparsed(base) for base in node.bases):
            return
        for statement in node.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                self._constant(statement.targets[0].id)
                self._constant(statement.targets[0].id.lower())
                if isinstance(statement.value, ast.Constant):
                    self._constant(statement.value.value)

    def _attribute(self, name: str) -> ast.expr | None:
        for node in self._scope.classes.values():
            for statement in node.body:
                targets = statement.targets if isinstance(statement, ast.Assign) else []
                if isinstance(statement, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in targets):
                    return statement.value
        return None

    def _call(self, call: ast.Call) -> None:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        texts = [node for argument in call.args for node in _strings(argument, self._scope)]
        if name in _RE_FUNCTIONS and isinstance(call.func, ast.Attribute) and texts:
            owner = call.func.value
            if isinstance(owner, ast.Name) and owner.id in ("re", "regex"):
                self._pattern(texts[0], _flags(call))
        elif name in ("strptime", "strftime") and texts:
            formatted = texts[-1]
            self._constants.matched.setdefault(_formatted(formatted))
        for text in texts[:4]:
            if name in _EDGES and len(text) > 1:
                self._constants.matched.setdefault(f"{text}rest")
            elif name in _ENDS and len(text) > 1:
                self._constants.matched.setdefault(f"word{text}")
            elif name in _CUTS and 0 < len(text) <= 6:
                self._constants.matched.setdefault(f"a{text}b")
                self._constants.matched.setdefault(f"1{text}2{text}3")

    def _pattern(self, pattern: str, flags: int) -> None:
        found = matching(pattern, flags, self._seed)
        for text in found[:14]:
            self._constants.matched.setdefault(text)
        for text in found[:2]:
            for other in nearly(text):
                self._constants.unmatched.setdefault(other)


def _strings(node: ast.AST, scope: Scope) -> Iterator[str]:
    if isinstance(node, ast.Name) and node.id in scope.assigned:
        node = scope.assigned[node.id]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Tuple):
        yield from (e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = list(_strings(node.left, scope)), list(_strings(node.right, scope))
        if left and right:
            yield left[0] + right[0]


def _flags(call: ast.Call) -> int:
    flags = 0
    for node in ast.walk(call):
        if isinstance(node, ast.Attribute) and node.attr in ("X", "VERBOSE", "I", "IGNORECASE"):
            flags |= re.VERBOSE if node.attr in ("X", "VERBOSE") else re.IGNORECASE
    return flags


def _formatted(text: str) -> str:
    try:
        return _INSTANT.strftime(text)
    except (ValueError, UnicodeError):
        return text


def _few(tree: ast.AST, most: int = 200) -> Iterator[ast.AST]:
    for at, node in enumerate(ast.walk(tree)):
        if at >= most:
            return
        yield node


def _is_constant(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False
    return True


def _silent(tree: ast.AST) -> set[int]:
    """Return the nodes of documentation and of what a raised exception says."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            found.update(id(inner) for inner in ast.walk(node))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.add(id(node.value))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for annotation in (
                node.returns,
                *(argument.annotation for argument in ast.walk(node.args) if isinstance(argument, ast.arg)),
            ):
                if annotation is not None:
                    found.update(id(inner) for inner in ast.walk(annotation))
    return found
