"""What a function does with a parameter: reads its tree, and those of the helpers that get it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

from pytest_codemode.testgen.inputs.comparing import Comparisons, caught_around, is_tested
from pytest_codemode.testgen.inputs.scope import STILL, FunctionNode, Scope, aliases, parents_in, reads, walked
from pytest_codemode.testgen.inputs.uses import Uses
from pytest_codemode.testgen.inputs.vocabulary import CALLS, ISINSTANCE, MATCHING, by_operator

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
        self._comparisons = Comparisons(uses, scope)
        self._function: ast.AST | None = None

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
        self._function = function
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
                self._uses.caught.update(dict.fromkeys(caught_around(node, parents)))
                self._use(node, parent, parents)

    def _use(self, node: ast.expr, parent: ast.AST, parents: dict[int, ast.AST]) -> None:  # noqa: C901, PLR0912  # a table
        votes = self._uses.votes
        match parent:
            case ast.Attribute():
                self._uses.attributes.add(parent.attr)
                self._part(parent.attr, parent, parents)
                grandparent = parents.get(id(parent))
                if isinstance(grandparent, ast.Call) and grandparent.func is parent:
                    self._method(parent.attr, grandparent, parents)
            case ast.Subscript() if parent.value is node:
                self._subscript(parent.slice)
                if isinstance(parent.slice, ast.Constant) and isinstance(parent.slice.value, str):
                    self._part(parent.slice.value, parent, parents)
            case ast.Subscript():
                votes["int"] += 0.5
                votes["str"] += 0.5
                self._comparisons.looked_up(parent.value)
            case ast.Call() if parent.func is node:
                self._uses.arities.add(len(parent.args) + len(parent.keywords))
                self._uses.tested = self._uses.tested or is_tested(parent, parents)
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
            case ast.For() | ast.comprehension() if parent.iter is node:
                self._iterated(parent, parents)
            case ast.Compare():
                self._comparisons.compared(node, parent)
            case ast.match_case() | ast.Match():
                self._comparisons.matched(parent)
            case _:
                self._operand(node, parent)

    def _operand(self, node: ast.expr, parent: ast.AST) -> None:
        """Take in a use that says what it is by itself."""
        votes = self._uses.votes
        match parent:
            case ast.Starred():
                votes["list"] += 3
            case ast.BinOp():
                other = parent.right if parent.left is node else parent.left
                self._vote(by_operator(parent.op, other, left=parent.left is node))
            case ast.UnaryOp(op=ast.USub() | ast.Invert()):
                votes["int"] += 2
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=[ast.Constant(value=str(spec)), *_])):
                votes["float" if spec[-1:] in "fgeE%" else "int" if spec[-1:] in "d,xobn" else "str"] += 2
            case ast.Assign(targets=[ast.Tuple(elts=elements)]) if parent.value is node:
                self._uses.width = len(elements)
                votes["tuple"] += 2
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

    def _part(self, name: str, node: ast.expr, parents: dict[int, ast.AST]) -> None:
        """Take in what is done with a part of the value: what stands under a key of it, or an attribute."""
        outer = parents.get(id(node))
        if self._depth <= 0 or self._function is None or outer is None:
            return
        reader = _Reader(self._uses.members.setdefault(name, Uses()), self._scope, self._depth - 1)
        if isinstance(outer, ast.Assign) and len(outer.targets) == 1 and isinstance(outer.targets[0], ast.Name):
            reader.read({outer.targets[0].id}, self._function)
        else:
            reader._function = self._function  # of the same class
            reader._use(node, outer, parents)

    def _method(self, name: str, call: ast.Call, parents: dict[int, ast.AST]) -> None:
        if name in STILL and (outer := parents.get(id(call))) is not None:
            self._use(call, outer, parents)
        match name, call.args:
            case "get" | "pop" | "setdefault", [ast.Constant(value=str(key)), *_]:
                self._uses.keys.setdefault(key)
                self._uses.votes["dict"] += 1
                self._part(key, call, parents)
            case "startswith" | "endswith" | "split" | "replace" | "strip", [ast.Constant(value=bytes()), *_]:
                self._uses.votes["bytes"] += 3

    def _passed(self, node: ast.expr, call: ast.Call) -> None:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        at = call.args.index(node) if node in call.args else -1
        if name in ("isinstance", "issubclass") and at == 0 and len(call.args) == 2:
            if name == "issubclass":
                self._comparisons.is_class(self._comparisons.resolved(call.args[1]))
            else:
                self._asked(self._comparisons.resolved(call.args[1]))
            return
        if isinstance(call.func, ast.Attribute) and name in ("get", "pop") and at == 0:
            self._comparisons.looked_up(call.func.value)
        if isinstance(call.func, ast.Attribute) and name == "join":
            self._uses.votes["list"] += 2
            self._uses.votes["list-str"] += 0.01
        elif isinstance(call.func, ast.Attribute) and name in MATCHING:
            self._uses.votes["str"] += 2
        elif name in ("map", "filter", "reduce") and at == 0:
            self._uses.arities.add(2 if name == "reduce" else 1)
            self._uses.votes["callable"] += 3
        elif name in ("hasattr", "callable"):
            self._uses.checked = True
            self._vote(CALLS.get(name, ()))
        else:
            self._vote(CALLS.get(name, ()))
            self._handed_on(call, at)

    def _asked(self, classes: ast.expr) -> None:
        """Take in an `isinstance`: classes of the file or the standard library, alone, in a tuple or a union."""
        self._uses.checked = True
        match classes:
            case ast.Tuple(elts=elements):
                for element in elements:
                    self._asked(self._comparisons.resolved(element))
            case ast.BinOp(left=left, right=right):
                self._asked(left)
                self._asked(right)
            case ast.Name(id=name) | ast.Attribute(attr=name):
                if name in ISINSTANCE:
                    self._uses.asked.add(ISINSTANCE[name])
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
