"""A pytest plugin: do two versions of the same functions behave alike? `bench.repair` copies this file beside a case.

The tests run on the tree as it is. The arguments of every call of a function that differs from its fixed version are
kept; at the end both versions are called with copies of these and of variations of them, and what they return, raise
and leave in their arguments is compared. It imports nothing of this project.

The file named by CODEMODE_BENCH_BEHAVIOUR holds `{"fixed": {path in the tree: file}, "inputs": N, "answer": file}`. The
answer is `{"compared": n, "differs": text, "unknown": text}`: the calls compared, the first that differs, and why
nothing can be said, if so.
"""

import ast
import copy
import gc
import inspect
import itertools
import json
import os
import random
import re
import signal
import sys
import types
from pathlib import Path

import pytest

VARIABLE = "CODEMODE_BENCH_BEHAVIOUR"
CALL_S = 1.0
MOST_KEPT = 60
"""Calls of one function whose arguments are kept."""
MOST_ITEMS = 2_000
"""Items that are taken of what a generator yields."""


class Unknown(Exception):
    """Nothing can be said, and why."""


class TooLong(BaseException):
    """A call took too long; no program catches it by chance."""


class Pair:
    """One function in both versions, and the arguments it was called with."""

    def __init__(self, qualname: str, function: types.FunctionType, fixed: types.FunctionType) -> None:
        self.qualname = qualname
        self.versions = (function, fixed)
        self.kept: list[dict[str, object]] = []

    def keep(self, frame: types.FrameType) -> None:
        """Keep the arguments that the frame begins with, where they can be copied."""
        if len(self.kept) < MOST_KEPT:
            code = frame.f_code
            count = code.co_argcount + code.co_kwonlyargcount
            count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
            names = code.co_varnames[:count]
            try:
                self.kept.append(copy.deepcopy({name: frame.f_locals[name] for name in names}))
            except Exception:  # noqa: BLE001  # whatever an object says to being copied
                return

    def compare(self, inputs: int, draw: random.Random) -> tuple[int, str]:
        """Return how many calls were compared, and the first that differs."""
        compared = 0
        for arguments in itertools.islice(self._inputs(draw), inputs):
            seen = []
            for function in self.versions:
                try:
                    own = copy.deepcopy(arguments)
                except Exception:  # noqa: BLE001
                    break
                seen.append(_called(function, own))
            if len(seen) == len(self.versions):
                compared += 1
                if seen[0] != seen[1]:
                    given = ", ".join(f"{name}={_shown(value)}" for name, value in arguments.items())
                    what = " is not ".join(" ".join(outcome) for outcome in seen)
                    return compared, f"{self.qualname}({given}): {what}"[:600]
        return compared, ""

    def _inputs(self, draw: random.Random):
        yield from self.kept
        while self.kept:
            arguments = dict(draw.choice(self.kept))
            for name in draw.sample(sorted(arguments), draw.randint(1, len(arguments))) if arguments else ():
                arguments[name] = varied(arguments[name], draw)
            yield arguments


def varied(value, draw: random.Random):
    """Return something like `value`: of the same type, where it is one that a literal has."""
    return _VARIATIONS.get(type(value), lambda same, _draw: same)(value, draw)


def _varied_int(value: int, draw: random.Random) -> int:
    return draw.choice((value + 1, value - 1, -value, value * 2, 0, 1, draw.randint(-20, 20), draw.randint(0, 200)))


def _varied_float(value: float, draw: random.Random) -> float:
    return draw.choice((value + 1, -value, value / 2, 0.0, draw.uniform(-10, 10)))


def _varied_dict(value: dict, draw: random.Random) -> dict:
    if not value:
        return value
    key = draw.choice(sorted(value, key=repr))
    rest = {k: v for k, v in value.items() if k != key}
    return draw.choice((rest, value | {key: varied(value[key], draw)}))


def _varied_items(value, draw: random.Random, join, more):
    items = list(value)
    place = draw.randrange(len(items) + 1)
    other = draw.choice(list(more)) if len(more) else None
    changes = [items[::-1], items[:place], items[place:], sorted(items, key=repr)]
    if other is not None:
        changes.append([*items[:place], copy.deepcopy(other), *items[place:]])
    if place < len(items):
        changes += [items[:place] + items[place + 1 :], [*items, items[place]]]
        if not isinstance(value, str):
            changes.append([*items[:place], varied(items[place], draw), *items[place + 1 :]])
    return join(draw.choice(changes))


_VARIATIONS = {
    bool: lambda value, draw: not value,
    int: _varied_int,
    float: _varied_float,
    str: lambda value, draw: _varied_items(value, draw, "".join, "aZ0 -_.,"),
    list: lambda value, draw: _varied_items(value, draw, list, value),
    tuple: lambda value, draw: _varied_items(value, draw, tuple, value),
    dict: _varied_dict,
    set: lambda value, draw: set(list(value)[1:]),
}


def _called(function: types.FunctionType, arguments: dict[str, object]):
    """Return what becomes of a call: comparable, and without addresses."""
    code = function.__code__
    names = list(arguments)
    plain = [arguments[name] for name in names[: code.co_argcount]]
    named = {name: arguments[name] for name in names[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]}
    rest = names[code.co_argcount + code.co_kwonlyargcount :]
    if code.co_flags & inspect.CO_VARARGS:
        plain += arguments[rest.pop(0)]
    if code.co_flags & inspect.CO_VARKEYWORDS:
        named |= arguments[rest.pop(0)]
    signal.setitimer(signal.ITIMER_REAL, CALL_S)
    try:
        result = function(*plain, **named)
        if isinstance(result, types.GeneratorType):
            result = list(itertools.islice(result, MOST_ITEMS))
        outcome = ("returns", _shown(result))
    except TooLong:
        outcome = ("takes too long", "")
    except Exception as problem:  # noqa: BLE001  # whatever it raises is what it does
        outcome = ("raises", type(problem).__name__)
    except SystemExit:
        outcome = ("exits", "")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return (*outcome, _shown(arguments) if outcome[0] == "returns" else "")


def _shown(value: object) -> str:
    try:
        text = _told(value, 3)
    except Exception as problem:  # noqa: BLE001
        text = f"<no repr: {type(problem).__name__}>"
    return re.sub(r"0x[0-9a-f]{6,}", "0x", text)


def _told(value: object, depth: int) -> str:
    """Return the repr, of plain objects with what they hold."""
    if type(value).__repr__ is not object.__repr__ or depth == 0:
        return repr(value)
    held = getattr(value, "__dict__", {})
    return f"{type(value).__name__}({', '.join(f'{name}={_told(held[name], depth - 1)}' for name in sorted(held))})"


class Behaviour:
    """Keeps arguments while the tests run, and compares at the end."""

    def __init__(self, told: dict[str, object], root: Path) -> None:
        self._told = told
        self._root = root
        self._pairs: dict[types.CodeType, Pair] = {}
        self._answer = {"compared": 0, "differs": "", "unknown": ""}

    def pytest_collection_finish(self) -> None:
        """Find the functions, and watch for their calls from now on."""
        try:
            for path, fixed in self._told["fixed"].items():
                self._pairs |= {pair.versions[0].__code__: pair for pair in pairs(self._root / path, Path(fixed))}
        except Unknown as problem:
            self._answer["unknown"] = str(problem)
            return
        sys.setprofile(self._watch)

    def _watch(self, frame: types.FrameType, event: str, _argument: object) -> None:
        if event == "call" and (pair := self._pairs.get(frame.f_code)) is not None:
            sys.setprofile(None)
            pair.keep(frame)
            sys.setprofile(self._watch)

    def pytest_sessionfinish(self) -> None:
        """Compare, and write the answer."""
        sys.setprofile(None)
        signal.signal(signal.SIGALRM, _stop)
        draw = random.Random(0)
        for pair in self._pairs.values():
            compared, differs = pair.compare(self._told["inputs"], draw)
            self._answer["compared"] += compared
            self._answer["differs"] = self._answer["differs"] or differs
            if not compared:
                self._answer["unknown"] = f"no call of {pair.qualname} could be repeated"
        Path(self._told["answer"]).write_text(json.dumps(self._answer), encoding="utf-8")


def _stop(_number: int, _frame: object) -> None:
    raise TooLong


def pairs(path: Path, fixed: Path):
    """Yield the functions of a loaded module that differ from those in the file `fixed`.

    Raises:
        Unknown: more than functions that both have differs, or a function cannot be found.
    """
    module = next((m for m in list(sys.modules.values()) if _is_from(m, path)), None)
    if module is None:
        raise Unknown(f"{path.name} was not imported")
    ours, theirs = (ast.parse(file.read_bytes()) for file in (path, fixed))
    own, known = _functions(ours), _functions(theirs)
    differing = [name for name in known if name in own and ast.dump(own[name]) != ast.dump(known[name])]
    if changed := [name for name in differing if _header(own[name]) != _header(known[name])]:
        raise Unknown(f"{changed[0]} has other parameters or decorators")
    if _without(ours, own, differing, theirs) != _without(theirs, known, differing, ours):
        raise Unknown(f"{path.name} differs in more than functions that both versions have")
    new_imports = [node for node in theirs.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = dict(vars(module))
    exec(compile(ast.Module(new_imports, []), str(path), "exec"), names)
    for name in names.keys() - vars(module).keys():
        vars(module)[name] = names[name]
    compiled = dict(_codes(compile(fixed.read_bytes(), str(path), "exec")))
    for name in differing:
        function = _live(module, name, own[name])
        if isinstance(known[name], ast.AsyncFunctionDef) or name not in compiled:
            raise Unknown(f"{name} cannot be called apart")
        yield Pair(name, function, _as(function, compiled[name]))


def _is_from(module: object, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and os.path.realpath(file) == os.path.realpath(path)


def _functions(tree: ast.Module) -> dict[str, ast.AST]:
    """Return the functions of a module and of its classes, by qualified name."""
    found: dict[str, ast.AST] = {}
    pending = [("", tree.body)]
    while pending:
        prefix, body = pending.pop()
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[prefix + node.name] = node
            elif isinstance(node, ast.ClassDef):
                pending.append((f"{prefix}{node.name}.", node.body))
    return found


def _header(function: ast.AST) -> str:
    return ast.dump(function.args) + "".join(map(ast.dump, function.decorator_list))


def _without(tree: ast.Module, functions: dict[str, ast.AST], names: list[str], other: ast.Module) -> str:
    """Return everything but the bodies of `names` and the imports that `other` lacks."""
    imports = {ast.dump(node) for node in other.body if isinstance(node, ast.Import | ast.ImportFrom)}
    bare = {id(functions[name]) for name in names}

    class Bare(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            return ast.Pass() if id(node) in bare else node

        visit_AsyncFunctionDef = visit_FunctionDef

        def visit_Import(self, node: ast.AST) -> ast.AST | None:
            return node if ast.dump(node) in imports else None

        visit_ImportFrom = visit_Import

        def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
            return None if isinstance(node.value, ast.Constant) else node  # a string that only says something

    return ast.dump(Bare().visit(ast.Module(list(tree.body), [])))


def _codes(code: types.CodeType, prefix: str = ""):
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType) and not constant.co_name.startswith("<"):
            yield f"{prefix}{constant.co_name}", constant
            yield from _codes(constant, f"{prefix}{constant.co_name}.")


def _live(module: types.ModuleType, name: str, node: ast.AST) -> types.FunctionType:
    """Return the function that was made from `node`, however it is wrapped now."""
    lines = range(node.lineno - len(node.decorator_list) - 40, node.lineno + 1)
    for found in gc.get_objects():
        if isinstance(found, types.FunctionType) and found.__globals__ is vars(module):
            code = found.__code__
            if code.co_qualname == name and code.co_firstlineno in lines:
                return found
    raise Unknown(f"{name} is not there")


def _as(function: types.FunctionType, code: types.CodeType) -> types.FunctionType:
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    if missing := [name for name in code.co_freevars if name not in cells]:
        raise Unknown(f"{function.__qualname__} needs {missing[0]} of its surroundings")
    made = types.FunctionType(
        code, function.__globals__, function.__name__, function.__defaults__,
        tuple(cells[name] for name in code.co_freevars),
    )  # fmt: skip
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def pytest_configure(config: pytest.Config) -> None:
    """Register where a file is named."""
    if path := os.environ.get(VARIABLE):
        told = json.loads(Path(path).read_text("utf-8"))
        config.pluginmanager.register(Behaviour(told, Path(config.rootpath)))
