"""What a function does with a parameter: reads its tree, and those of the helpers that get it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterable
from itertools import pairwise

from pytest_codemode.testgen.inputs.expressions import unparsed
from pytest_codemode.testgen.inputs.scope import FunctionNode, Scope, aliases, parents_in, reads, walked
from pytest_codemode.testgen.inputs.uses import Uses
from pytest_codemode.testgen.inputs.vocabulary import CALLS, ISINSTANCE, MATCHING, by_operator

_TYPES = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type))
_LOOKED_INTO = 40
"""How many uses of one parameter are counted."""


def uses_of(name: str, function: FunctionNode, scope: Scope, depth: int = 2) -> Uses:
    """Return what a function, and the helpers it hands the parameter to, do with it."""
    key = (name, id(function))
    if key not in scope.uses:
        uses = scope.uses[key] = Uses()
        reader = _Reader(uses, scope, depth)
        reader.read({name}, function)
        if function.name == "__init__":
            reader.read_attributes(name, function)
    return scope.uses[key]


def uses_of_attribute(name: str, method: FunctionNode, scope: Scope) -> Uses:
    """Return what a method does with an attribute of its object."""
    uses = Uses()
    _Reader(uses, scope, 1).read(set(), method, {name})
    return uses


class _Reader:
    """Goes through a function once for one value and its aliases."""

    def __init__(self, uses: Uses, scope: Scope, depth: int) -> None:
        self._uses, self._scope, self._depth = uses, scope, depth

    def read_attributes(self, name: str, constructor: FunctionNode) -> None:
        """Take in what a class's methods do with the attributes that hold a constructor's argument."""
        attributes = {
            target.attr
            for node in ast.walk(constructor)
            if isinstance(node, ast.Assign)
            and any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node.value))
            for target in node.targets
            if isinstance(target, ast.Attribute)
        }
        owner = next((node for node in self._scope.classes.values() if constructor in node.body), None)
        if attributes and owner is not None:
            for method in owner.body:
                if isinstance(method, FunctionNode) and method is not constructor:
                    self.read(set(), method, attributes)

    def read(self, names: set[str], function: ast.AST, attributes: Collection[str] = ()) -> None:
        """Take in every use of the names, and of these attributes of the object."""
        names = names | aliases(names, function)
        parents = parents_in(function)
        found = 0
        for node in walked(function):
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id in names:
                self._vote(by_operator(node.op, node.value, left=True))
            if not reads(node, names, attributes):
                continue
            found += 1
            if found > _LOOKED_INTO:
                return
            parent = parents.get(id(node))
            if parent is not None:
                self._use(node, parent, parents)

    def _use(self, node: ast.expr, parent: ast.AST, parents: dict[int, ast.AST]) -> None:  # noqa: C901, PLR0912  # a table in code
        votes = self._uses.votes
        match parent:
            case ast.Attribute():
                self._uses.attributes.add(parent.attr)
                grandparent = parents.get(id(parent))
                if isinstance(grandparent, ast.Call) and grandparent.func is parent:
                    self._method(parent.attr, grandparent)
            case ast.Subscript() if parent.value is node:
                self._subscript(parent.slice)
            case ast.Subscript():
                votes["int"] += 0.5
                votes["str"] += 0.5
            case ast.Call() if parent.func is node:
                self._uses.arities.add(len(parent.args) + len(parent.keywords))
                votes["callable"] += 5
            case ast.Call():
                self._passed(node, parent)
            case ast.keyword(arg=None) | ast.Dict():
                whole = (
                    [(None, parent.value)]
                    if isinstance(parent, ast.keyword)
                    else zip(parent.keys, parent.values, strict=True)
                )
                votes["dict"] += 3 if any(key is None and value is node for key, value in whole) else 0
            case ast.keyword():
                call = parents.get(id(parent))
                if isinstance(call, ast.Call):
                    self._handed_on(call, keyword=parent.arg)
            case ast.Starred():
                votes["list"] += 3
            case ast.BinOp():
                other = parent.right if parent.left is node else parent.left
                self._vote(by_operator(parent.op, other, left=parent.left is node))
            case ast.UnaryOp(op=ast.USub() | ast.Invert()):
                votes["int"] += 2
            case ast.Compare():
                self._compared(node, parent)
            case ast.For() | ast.comprehension() if parent.iter is node:
                self._iterated(parent, parents)
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[ast.Constant(value=str(spec)), *_])):
                votes["float" if spec[-1:] in "fgeE%" else "int" if spec[-1:] in "d,xobn" else "str"] += 2
            case ast.Assign(targets=[ast.Tuple(elts=elements)]) if parent.value is node:
                self._uses.width = len(elements)
                votes["tuple"] += 2
            case ast.match_case() | ast.Match():
                self._matched(parent)
            case ast.YieldFrom():
                votes["list"] += 2
            case ast.withitem():
                votes["io:StringIO"] += 2
            case _:
                pass

    def _vote(self, kinds: Iterable[tuple[str, float]]) -> None:
        for kind, weight in kinds:
            self._uses.votes[kind] += weight

    def _subscript(self, index: ast.expr) -> None:
        votes = self._uses.votes
        match index:
            case ast.Constant(value=str(key)):
                self._uses.keys.setdefault(key)
                votes["dict"] += 3
            case ast.Slice():
                votes["str"] += 1.5
                votes["list"] += 1.5
            case ast.Constant() | ast.UnaryOp():
                votes["list"] += 1.5
                votes["str"] += 1
                votes["tuple"] += 1
            case _:
                votes["list"] += 1
                votes["dict"] += 1

    def _method(self, name: str, call: ast.Call) -> None:
        match name, call.args:
            case "get" | "pop" | "setdefault", [ast.Constant(value=str(key)), *_]:
                self._uses.keys.setdefault(key)
                self._uses.votes["dict"] += 1
            case "startswith" | "endswith" | "split" | "replace" | "strip", [ast.Constant(value=bytes()), *_]:
                self._uses.votes["bytes"] += 3

    def _compared(self, node: ast.expr, comparison: ast.Compare) -> None:
        operands = [comparison.left, *comparison.comparators]
        for (left, right), operator in zip(pairwise(operands), comparison.ops, strict=True):
            if node not in (left, right):
                continue
            other = self._resolved(right if left is node else left)
            if isinstance(operator, ast.In | ast.NotIn) and right is node:
                self._searched(other)
            else:
                self._against(other, inside=isinstance(operator, ast.In | ast.NotIn))

    def _against(self, other: ast.expr, *, inside: bool) -> None:
        """Take in what the value is compared with, or looked up in."""
        match other:
            case ast.Constant() | ast.UnaryOp():
                self._constant(other)
            case ast.Name(id=name) if name in _TYPES or (name[:1].isupper() and not name.isupper()):
                self._is_class(other)
            case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements) if inside:
                for element in elements:
                    self._constant(self._resolved(element))
            case ast.Dict(keys=keys):
                for key in keys:
                    if key is not None:
                        self._constant(key)

    def _is_class(self, other: ast.expr) -> None:
        """Take in that the value is a class, or compared with some."""
        self._uses.votes["type"] += 2
        for node in ast.walk(other):
            if isinstance(node, ast.Name):
                self._uses.classes.setdefault(node.id)

    def _searched(self, wanted: ast.expr) -> None:
        if isinstance(wanted, ast.Constant) and isinstance(wanted.value, str):
            self._uses.votes["str"] += 1.5
            self._uses.votes["dict"] += 1
            self._uses.keys.setdefault(wanted.value)
        else:
            self._uses.votes["dict"] += 1
            self._uses.votes["list"] += 1

    def _constant(self, node: ast.expr) -> None:
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            self._uses.constants.setdefault(unparsed(node))
            self._uses.votes[type(node.operand.value).__name__] += 2
        elif isinstance(node, ast.Constant):
            if node.value is None:
                self._uses.may_be_none = True
                return
            self._uses.constants.setdefault(unparsed(node))
            kind = type(node.value).__name__
            if kind in ("str", "int", "float", "bytes", "bool"):
                self._uses.votes[kind] += 2

    def _resolved(self, node: ast.expr) -> ast.expr:
        return self._scope.assigned.get(node.id, node) if isinstance(node, ast.Name) else node

    def _passed(self, node: ast.expr, call: ast.Call) -> None:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        at = call.args.index(node) if node in call.args else -1
        if name in ("isinstance", "issubclass") and at == 0 and len(call.args) == 2:
            if name == "issubclass":
                self._is_class(self._resolved(call.args[1]))
            else:
                self._asked(self._resolved(call.args[1]))
            return
        if isinstance(call.func, ast.Attribute) and name == "join":
            self._uses.votes["list"] += 2
            self._uses.votes["list-str"] += 0.01
        elif isinstance(call.func, ast.Attribute) and name in MATCHING:
            self._uses.votes["str"] += 2
        elif name in ("map", "filter", "reduce") and at == 0:
            self._uses.arities.add(2 if name == "reduce" else 1)
            self._uses.votes["callable"] += 3
        elif name == "hasattr" and isinstance(call.args[-1], ast.Constant):
            self._uses.checked = True
        else:
            self._vote(CALLS.get(name, ()))
            self._handed_on(call, at)

    def _asked(self, classes: ast.expr) -> None:
        """Take in an `isinstance`: classes of the file or the standard library, alone, in a tuple or a union."""
        self._uses.checked = True
        match classes:
            case ast.Tuple(elts=elements):
                for element in elements:
                    self._asked(self._resolved(element))
            case ast.BinOp(left=left, right=right):
                self._asked(left)
                self._asked(right)
            case ast.Name(id=name) | ast.Attribute(attr=name):
                if name in ISINSTANCE:
                    self._uses.votes[ISINSTANCE[name]] += 6
                else:
                    self._uses.classes.setdefault(name)

    def _handed_on(self, call: ast.Call, at: int = -1, keyword: str | None = None) -> None:
        """Look into a function of the same file that gets the value."""
        if self._depth <= 0:
            return
        found = self._scope.callee(call)
        if found is None:
            return
        callee, parameters = found
        if keyword is None and 0 <= at < len(parameters):
            keyword = parameters[at]
        if keyword:
            _Reader(self._uses, self._scope, self._depth - 1).read({keyword}, callee)

    def _iterated(self, loop: ast.For | ast.comprehension, parents: dict[int, ast.AST]) -> None:
        self._uses.votes["list"] += 2
        body: ast.AST = loop if isinstance(loop, ast.For) else parents[id(loop)]
        if isinstance(loop.target, ast.Name):
            uses = Uses()
            _Reader(uses, self._scope, self._depth - 1).read({loop.target.id}, body)
            self._uses.elements.append(uses)
            if uses.votes["str"] > 1.4:
                self._uses.votes["str"] += 0.5
        elif isinstance(loop.target, ast.Tuple):
            self._uses.unpacked = len(loop.target.elts)

    def _matched(self, match: ast.AST) -> None:
        for node in ast.walk(match):
            if isinstance(node, ast.MatchValue):
                self._constant(node.value)
            elif isinstance(node, ast.MatchMapping):
                self._uses.votes["dict"] += 3
            elif isinstance(node, ast.MatchSequence):
                self._uses.votes["list"] += 2
