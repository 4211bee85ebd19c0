"""The last look at a written test before it is put into a file: it will run in the user's suite, outside the sandbox.

What a test is made of came from where the project's code ran: docstrings, names, defaults, values. Whatever of that has
become code, only what is listed here may be in it. Everything else is refused, however it came there.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence

from pytest_codemode.edits.outline import parse_quietly
from pytest_codemode.edits.text import SourceError
from pytest_codemode.testgen.asking.standard import BUILTINS, HIDDEN
from pytest_codemode.testgen.writing.cases import Needed
from pytest_codemode.testgen.writing.closed import (
    INVISIBLE,
    bound_by,
    is_bare,
    is_dunder,
    is_harmless,
    is_name,
    reaches,
    texts_of,
)
from pytest_codemode.testgen.writing.permitted import MODULES_BEHIND, Permitted
from pytest_codemode.testgen.writing.tempting import Paths

MAX_TEXT = 200_000
"""Characters of a test."""
_PLAIN = (
    *(ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp),
    *(ast.Subscript, ast.Slice, ast.Await, ast.IfExp, ast.Starred, ast.keyword),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context),
)
"""What may stand in an expression, with whatever is in it looked at in turn."""
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_OPERATORS = frozenset(
    f"__{name}__"
    for name in (
        *("eq", "ne", "lt", "le", "gt", "ge", "hash", "bool", "len", "iter", "next", "reversed", "contains"),
        *("getitem", "setitem", "delitem", "missing", "call", "enter", "exit", "aenter", "aexit", "aiter", "anext"),
        *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow", "lshift", "rshift", "and"),
        *("or", "xor", "neg", "pos", "abs", "invert", "int", "float", "complex", "index", "round", "trunc", "floor"),
        *("radd", "rsub", "rmul", "rmatmul", "rtruediv", "rfloordiv", "rmod", "rdivmod", "rpow", "rlshift", "ror"),
        *("rrshift", "rand", "rxor", "iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "iand", "ior"),
        *("ixor", "ilshift", "irshift", "imatmul", "str", "repr", "bytes", "format", "fspath", "ceil", "copy"),
        *("deepcopy", "post_init", "length_hint", "name", "qualname", "doc", "version", "all", "init", "new", "set"),
        *("get", "delete", "dir", "set_name", "instancecheck", "subclasscheck", "await", "cause", "notes", "context"),
    )
)
_BY_NAME = frozenset({"__getattr__", "__getattribute__", "__setattr__", "__delattr__", "__setstate__"})
"""Methods that reach attributes by a name: what they are given must be one that could stand there."""
_BUILTINS = BUILTINS | {"memoryview"}
_MARKS = ("asyncio", "anyio")
_PATCHING = frozenset({"setattr", "delattr", "setitem", "delitem", "setenv", "delenv", "chdir", "syspath_prepend"})
_CLOSED_FIXTURES = frozenset({"request", "pytester", "testdir", "pytestconfig", "doctest_namespace"})


def refusal(code: str, needed: Iterable[Needed], permitted: Permitted) -> str:
    """Return why a test function may not be written, as one phrase; empty if it may.

    Args:
        code: The function's text.
        needed: What it imports, by the names that it uses.
        permitted: What may be imported.
    """
    if len(code) > MAX_TEXT:
        return "it is too long"
    if INVISIBLE.search(code):
        return "it holds characters that nobody sees"
    try:
        tree = parse_quietly(code)
        return next(_Gate(needed, permitted).problems(tree), "")
    except (SourceError, ValueError, RecursionError, MemoryError):
        return "it does not parse"


class _Gate:
    """Looks at one test."""

    def __init__(self, needed: Iterable[Needed], permitted: Permitted) -> None:
        self._permitted = permitted
        self._needed = tuple(needed)
        self._modules: dict[str, str] = {}
        for one in self._needed:
            item = one.item
            longer = f"{item.module}.{item.name}" if item.name else item.module
            if not item.name:
                whole = one.bound != item.bound
                self._modules[one.bound] = item.module if whole else item.bound
            elif permitted.is_module(longer):
                self._modules[one.bound] = longer
        self._imported = {one.bound for one in self._needed}
        self._paths = Paths()

    def problems(self, tree: ast.Module) -> Iterator[str]:
        """Yield all that is wrong."""
        for one in self._needed:
            if not is_name(one.bound) and one.bound != one.item.name:
                yield f"{one.bound[:60]!r} is no name"
            if problem := self._permitted.problem(one.item):
                yield problem
        if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef | ast.AsyncFunctionDef):
            yield "it is more than a function"
            return
        yield from self._test(tree.body[0])

    def _test(self, test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
        arguments = test.args
        names = [item.arg for item in arguments.args]
        if arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg or arguments.defaults:
            yield "it takes arguments that no fixture gives"
        if getattr(test, "type_params", None):
            yield "it is generic"
        columns: set[str] = set()
        for decorator in test.decorator_list:
            yield from self._decorator(decorator, names, columns)
        if closed := next((name for name in names if name in _CLOSED_FIXTURES and name not in columns), ""):
            yield f"the fixture `{closed}` gives more than values"
        annotations = [item.annotation for item in arguments.args] + [test.returns]
        for annotation in annotations:
            if annotation is not None:
                yield from self._expression(annotation, frozenset())
        self._paths.imported(one.item for one in self._needed)
        yield from self._body(test.body, frozenset(names) | bound_by(test.body), nested=False)

    # -- statements -------------------------------------------------------------------------------------------------

    def _decorator(self, node: ast.expr, names: Sequence[str], columns: set[str]) -> Iterator[str]:
        called = node.func if isinstance(node, ast.Call) else node
        mark = ast.unparse(called)
        if self._modules.get("pytest") != "pytest":
            yield "its decorator is none of pytest's"
        elif isinstance(node, ast.Call) and mark == "pytest.mark.parametrize" and len(node.args) == 2:
            heads = texts_of(node.args[0])
            if node.keywords or not heads or not set(heads) <= set(names):
                yield "its table does not give it its arguments"
            columns |= set(heads)
            yield from self._expression(node.args[1], frozenset())
        elif isinstance(node, ast.Call) or mark not in {f"pytest.mark.{name}" for name in _MARKS}:
            yield f"the decorator `{mark[:60]}` may not stand there"

    def _body(self, body: Sequence[ast.stmt], known: frozenset[str], *, nested: bool) -> Iterator[str]:
        for node in body:
            match node:
                case ast.Assign(targets=[target], value=value):
                    yield from self._target(target, known)
                    yield from self._expression(value, known)
                    self._paths.bind(target, value)
                case ast.Expr(value=ast.Call() | ast.Await() | ast.BinOp() | ast.Subscript() | ast.ListComp() as value):
                    yield from self._expression(value, known)
                case ast.Delete(targets=[ast.Attribute() | ast.Subscript() as target]):
                    yield from self._target(target, known)
                case ast.Assert(test=test, msg=None):
                    yield from self._expression(test, known)
                case ast.With(items=items, body=inner) | ast.AsyncWith(items=items, body=inner):
                    yield from self._entered(items, known)
                    yield from self._body(inner, known, nested=nested)
                case ast.AsyncFunctionDef(name="scenario", body=inner) if not nested and is_bare(node):
                    yield from self._body(inner, known | bound_by(inner), nested=True)
                case _ if not isinstance(node, ast.Pass):
                    yield f"`{ast.unparse(node)[:60]}` may not stand in it"

    def _entered(self, items: Sequence[ast.withitem], known: frozenset[str]) -> Iterator[str]:
        for item in items:
            yield from self._expression(item.context_expr, known)
            if item.optional_vars is not None:
                yield from self._target(item.optional_vars, known)

    def _target(self, node: ast.expr, known: frozenset[str]) -> Iterator[str]:
        root = node
        while isinstance(root, ast.Attribute | ast.Subscript):
            if isinstance(root, ast.Attribute):
                yield from self._attribute(root.attr)
            else:
                yield from self._expression(root.slice, known)
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in known or is_dunder(root.id):
            yield f"`{ast.unparse(node)[:60]}` may not be assigned to"

    # -- expressions ------------------------------------------------------------------------------------------------

    def _expression(self, node: ast.AST, known: frozenset[str]) -> Iterator[str]:
        match node:
            case ast.Name(id=name):
                yield from self._name(name, known)
            case ast.Attribute():
                yield from self._chain(node, known)
            case ast.Call():
                yield from self._call(node, known)
            case ast.Lambda(args=arguments, body=body):
                for default in (*arguments.defaults, *(one for one in arguments.kw_defaults if one is not None)):
                    yield from self._expression(default, known)
                own = {item.arg for item in ast.walk(arguments) if isinstance(item, ast.arg)}
                yield from self._expression(body, known | own)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                yield from self._comprehension(node, known)
            case _ if isinstance(node, _PLAIN):
                for inner in ast.iter_child_nodes(node):
                    yield from self._expression(inner, known)
            case _:
                yield f"a {type(node).__name__} may not stand in it"

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, known: frozenset[str]
    ) -> Iterator[str]:
        for part in node.generators:
            yield from self._expression(part.iter, known)
            targets = part.target.elts if isinstance(part.target, ast.Tuple | ast.List) else [part.target]
            if not all(isinstance(item, ast.Name) for item in targets):
                yield f"`{ast.unparse(part.target)[:60]}` may not be assigned to"
            known |= {item.id for item in targets if isinstance(item, ast.Name)}
            for condition in part.ifs:
                yield from self._expression(condition, known)
        made = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        for inner in made:
            yield from self._expression(inner, known)

    def _name(self, name: str, known: Collection[str]) -> Iterator[str]:
        if name in known:
            if is_dunder(name):
                yield f"`{name[:60]}` may not be used here"
        elif name in self._modules:
            yield f"`{name}` is a module: use a name of it"
        elif name not in self._imported and name not in _BUILTINS:
            yield f"`{name[:60]}` is nothing that a test may use"

    def _chain(self, node: ast.Attribute, known: frozenset[str]) -> Iterator[str]:
        parts: list[str] = []
        root: ast.expr = node
        while isinstance(root, ast.Attribute):
            parts.insert(0, root.attr)
            root = root.value
        module = self._modules.get(root.id) if isinstance(root, ast.Name) and root.id not in known else None
        behind = parts
        if module is not None:
            if problem := self._permitted.follow(module, parts):
                yield problem
            while behind and self._permitted.is_module(f"{module}.{behind[0]}"):
                module, behind = f"{module}.{behind[0]}", behind[1:]
            behind = behind[1:] if behind and not is_dunder(behind[0]) else behind
        else:
            yield from self._expression(root, known)
        if isinstance(root, ast.Name) and root.id == "monkeypatch" and parts[0] not in _PATCHING:
            yield f"`monkeypatch.{parts[0][:60]}` may not be used here"
        for part in behind:
            yield from self._attribute(part)

    def _attribute(self, name: str) -> Iterator[str]:
        if name in self._permitted.own:
            return
        if (name.startswith("__") and name not in _OPERATORS) or name in HIDDEN or name in MODULES_BEHIND:
            yield f"`.{name[:60]}` may not be used here"

    def _call(self, node: ast.Call, known: frozenset[str]) -> Iterator[str]:
        function = node.func
        given = [*node.args, *(item.value for item in node.keywords)]
        own = function.id if isinstance(function, ast.Name) and function.id not in known | self._imported else ""
        if own == "setattr":
            yield from self._setattr(node, known)
        elif own == "getattr":
            if len(node.args) != 2 or node.keywords or not all(map(is_harmless, node.args[1:])):
                yield "`getattr` may not be used like that"
        elif isinstance(function, ast.Attribute) and self._is_patching(function):
            yield from self._expression(function, known)
            given = [one for one in given if not (isinstance(one, ast.Name) and one.id in self._modules)]
            if any(reaches(text) for one in given for text in texts_of(one)):
                yield "it patches what is no attribute of its own"
        else:
            yield from self._expression(function, known)
        by_name = isinstance(function, ast.Attribute) and function.attr in _BY_NAME
        if by_name and (not node.args or not is_harmless(node.args[0])):
            yield f"`{ast.unparse(function)[:60]}` is asked for what may not be used here"
        if problem := self._paths.problem(node, self._permitted.own):
            yield problem
        for inner in given:
            yield from self._expression(inner, known)

    def _is_patching(self, function: ast.Attribute) -> bool:
        return isinstance(function.value, ast.Name) and function.value.id == "monkeypatch"

    def _setattr(self, node: ast.Call, known: frozenset[str]) -> Iterator[str]:
        match node.args:
            case [ast.Name(id=owner), ast.Constant(value=str(name)), _] if owner in known and not node.keywords:
                if name.startswith("_") or not name.isidentifier() or name in HIDDEN | MODULES_BEHIND:
                    yield f"`setattr` of {name[:60]!r} may not stand in it"
            case _:
                yield "`setattr` may not be used like that"
