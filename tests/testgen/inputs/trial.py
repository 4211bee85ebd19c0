"""A small explorer for tests: makes a generator's calls in this process and counts the branches they execute.

    python -m tests.testgen.inputs.trial 5 colorsys textwrap /some/folder:package.module

prints per module the share of branches that each function's calls execute in so many seconds of processor time
per module.
"""

from __future__ import annotations

import ast
import asyncio
import collections.abc
import contextlib
import dataclasses
import enum
import importlib
import importlib.machinery
import importlib.util
import inspect
import io
import operator
import signal
import sys
import tempfile
import time
import types
import typing
import warnings
from itertools import count
from pathlib import Path

from coverage.parser import PythonParser

from pytest_codemode.core.exploring import ANY, Arc, Compared, Described, Observation, Parameter, Raised, Recipe, Shape
from pytest_codemode.testgen.inputs.generator import Target, propose, unfit

_OPERATORS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
              ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not"}  # fmt: skip
_METHODS = ("startswith", "endswith")
_PLAIN = {bool: "bool", int: "int", float: "float", complex: "complex", str: "str", bytes: "bytes", type(None): "none"}
_CONTAINERS = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset", dict: "dict"}
_ABSTRACT = {
    collections.abc.Iterable: "list", collections.abc.Sequence: "list", collections.abc.Mapping: "dict",
    collections.abc.Collection: "list", collections.abc.Iterator: "iterator", collections.abc.Generator: "iterator",
    collections.abc.Callable: "callable", collections.abc.MutableMapping: "dict", collections.abc.Set: "set",
}  # fmt: skip


class TooLong(BaseException):
    """A call took too long."""


def shape_of(annotation: object, depth: int = 0) -> Shape:  # noqa: PLR0911  # one return per kind
    """Return an annotation as a shape."""
    if annotation in (inspect.Parameter.empty, typing.Any, object) or depth > 3:
        return ANY
    if annotation in _PLAIN or annotation is None:
        return Shape(_PLAIN.get(annotation, "none"))
    if isinstance(annotation, typing.TypeVar):
        return shape_of(annotation.__bound__, depth + 1) if annotation.__bound__ else ANY
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return Shape("union", items=tuple(shape_of(item, depth + 1) for item in arguments))
    if origin is typing.Literal:
        return Shape("literal", members=tuple(map(repr, arguments)))
    if origin is typing.Annotated:
        return shape_of(arguments[0], depth)
    bare = origin or annotation
    kind = _CONTAINERS.get(bare) or _ABSTRACT.get(bare)
    if kind == "callable":
        taken = arguments[0] if arguments and isinstance(arguments[0], list) else ()
        result = (shape_of(arguments[1], depth + 1),) if len(arguments) == 2 else ()
        return Shape("callable", items=result, parameters=tuple(Parameter(f"x{at}") for at, _ in enumerate(taken)))
    if kind == "tuple" and arguments[-1:] == (...,):
        return Shape("tuple", items=(shape_of(arguments[0], depth + 1),), variadic=True)
    if kind:
        return Shape(kind, items=tuple(shape_of(item, depth + 1) for item in arguments))
    return class_of(bare, depth) if isinstance(bare, type) else ANY


def class_of(cls: type, depth: int = 0) -> Shape:
    """Return a class as a shape."""
    name = f"{cls.__module__}:{cls.__qualname__}"
    if issubclass(cls, enum.Enum):
        return Shape("enum", name, members=tuple(cls.__members__))
    if typing.is_typeddict(cls):
        keys = typing.get_type_hints(cls)
        optional = cls.__optional_keys__
        return Shape("typeddict", name, parameters=tuple(
            Parameter(key, shape=shape_of(hint, depth + 1), default="..." if key in optional else None)
            for key, hint in keys.items()
        ))  # fmt: skip
    if getattr(cls, "_is_protocol", False):
        return Shape("protocol", name)
    kind = "dataclass" if dataclasses.is_dataclass(cls) else "namedtuple" if hasattr(cls, "_fields") else "class"
    abstract = inspect.isabstract(cls)
    return Shape(kind, name, parameters=parameters_of(cls, depth + 1), abstract=abstract)


def parameters_of(function: object, depth: int = 0, *, skip: int = 0) -> tuple[Parameter, ...]:
    """Return what a callable takes."""
    try:
        found = list(inspect.signature(function).parameters.values())[skip:]
    except (TypeError, ValueError):
        return ()
    try:
        hints = typing.get_type_hints(function.__init__ if isinstance(function, type) else function)
    except Exception:  # noqa: BLE001  # an annotation may be anything
        hints = {}
    kinds = {0: "positional", 1: "either", 2: "args", 3: "keyword", 4: "kwargs"}
    return tuple(
        Parameter(p.name, kinds[int(p.kind)], shape_of(hints.get(p.name, p.empty), depth), _default(p)) for p in found
    )


def _default(parameter: inspect.Parameter) -> str | None:
    if parameter.default is parameter.empty:
        return None
    try:
        ast.literal_eval(repr(parameter.default))
    except (ValueError, SyntaxError):
        return "..."
    return repr(parameter.default)


def described_in(module: types.ModuleType, path: str) -> list[Described]:
    """Return everything of a module that can be called."""
    found: list[Described] = []
    for name, value in list(vars(module).items()):
        if inspect.isfunction(value) and value.__code__.co_filename == path and value.__name__ == name:
            found.append(_function(value, name, module, path, kind="function", skip=0, owner=None))
        elif isinstance(value, type) and value.__module__ == module.__name__ and value.__name__ == name:
            found.extend(_methods(value, module, path))
    return found


def _methods(cls: type, module: types.ModuleType, path: str) -> list[Described]:
    owner, found = class_of(cls), []
    for name, value in vars(cls).items():
        inner = inspect.unwrap(getattr(value, "__func__", None) or getattr(value, "fget", None) or value)
        if not inspect.isfunction(inner) or inner.__code__.co_filename != path:
            continue
        kind = (
            "classmethod" if isinstance(value, classmethod)
            else "staticmethod" if isinstance(value, staticmethod)
            else "property" if isinstance(value, property)
            else "constructor" if name == "__init__"
            else "method"
        )  # fmt: skip
        if not (owner.kind == "enum" and kind == "constructor") and name != "__new__":
            found.append(
                _function(
                    inner,
                    f"{cls.__qualname__}.{name}",
                    module,
                    path,
                    kind=kind,
                    skip=kind != "staticmethod",
                    owner=owner,
                )
            )
    return found


def _function(value, qualname, module, path, *, kind, skip, owner) -> Described:
    lines = value.__code__.co_firstlineno
    node = next(
        (n for n in ast.walk(ast.parse(Path(path).read_text()))
         if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
         and min([n.lineno, *(d.lineno for d in n.decorator_list)]) == lines), None)  # fmt: skip
    flavour = (
        "coroutine"
        if inspect.iscoroutinefunction(value)
        else "generator"
        if inspect.isgeneratorfunction(value)
        else "plain"
    )
    if hasattr(value, "__wrapped__") and flavour == "generator":
        flavour = "plain"
    return Described(
        path, module.__name__, qualname, node.lineno if node else lines, kind, flavour,
        parameters_of(value, skip=int(skip)), doc=inspect.getdoc(value) or "", owner=owner,
    )  # fmt: skip


class _Watched(ast.NodeTransformer):
    """Makes each comparison tell its operands."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) != 1:
            return node
        return self._told(node, _OPERATORS[type(node.ops[0])], node.left, node.comparators[0])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS and len(node.args) == 1:
            return self._told(node, node.func.attr, node.func.value, node.args[0])
        return node

    def _told(self, node: ast.expr, operator: str, left: ast.expr, right: ast.expr) -> ast.AST:
        arguments = [ast.Constant(node.lineno), ast.Constant(operator), left, right]
        call = ast.Call(ast.Name("__compared__", ast.Load()), arguments, [])
        return ast.fix_missing_locations(ast.copy_location(call, node))


_APPLIED = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "in": lambda left, right: left in right, "not in": lambda left, right: left not in right,
    "is": operator.is_, "is not": operator.is_not,
}  # fmt: skip


def _apply(name: str, left, right):
    return _APPLIED[name](left, right) if name in _APPLIED else getattr(left, name)(right)


class Explorer:
    """One module, loaded so that its comparisons tell their operands; makes calls into it."""

    def __init__(self, name: str, path: str) -> None:
        self.path, self.source = path, Path(path).read_text()
        self._compared: dict[tuple[int, str], Compared] = {}
        self._arcs: set[Arc] = set()
        self.module = self._loaded(name)
        parser = PythonParser(text=self.source)
        parser.parse_source()
        self._first = parser.first_line
        self.branches = _branches(parser)
        self._folder = Path(tempfile.mkdtemp())
        self._folders = count()

    def _loaded(self, name: str) -> types.ModuleType:
        explorer = self

        class Loader(importlib.machinery.SourceFileLoader):
            def source_to_code(self, data, path, **_):
                tree = _Watched().visit(ast.parse(data))
                return compile(tree, path, "exec", dont_inherit=True)

            def get_code(self, fullname):
                return self.source_to_code(self.get_data(self.path), self.path)

            def exec_module(self, module):
                module.__dict__["__compared__"] = explorer._told
                super().exec_module(module)

        if "." in name:
            importlib.import_module(name.rpartition(".")[0])
        locations = [str(Path(self.path).parent)] if self.path.endswith("__init__.py") else None
        spec = importlib.util.spec_from_file_location(
            name, self.path, loader=Loader(name, self.path), submodule_search_locations=locations
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        if "." in name:
            setattr(sys.modules[name.rpartition(".")[0]], name.rpartition(".")[2], module)
        return module

    def _told(self, line: int, operator: str, left, right):
        result = _apply(operator, left, right)
        holds = bool(result) if isinstance(result, bool) else True
        self._compared[line, operator] = Compared(
            line, operator, _short(left), _short(right), holds, _distance(left, right)
        )
        return result

    def callables(self) -> list[Described]:
        return described_in(self.module, self.path)

    def observed(self, recipe: Recipe, known: set[Arc], call_s: float = 0.3) -> Observation:
        """Make one call."""
        self._compared.clear()
        self._arcs = set()
        outcome, raised = "returned", None
        names: dict[str, object] = {}
        try:
            self._prepare(recipe, names)
        except BaseException as error:  # noqa: BLE001  # a call may raise anything
            return Observation(recipe.key, "invalid", raised=Raised(type(error).__name__, str(error)))
        signal.signal(signal.SIGALRM, _alarm)
        sys.settrace(self._trace)
        signal.setitimer(signal.ITIMER_REAL, call_s)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                outcome = "invalid"
                for name, text in recipe.setup:
                    names[name] = eval(text, names)
                outcome = "returned"
                _used(eval(recipe.call, names), recipe)
        except TooLong:
            outcome = "timeout"
        except BaseException as error:  # noqa: BLE001  # a call may raise anything
            outcome = "raised" if outcome == "returned" else "invalid"
            with contextlib.suppress(Exception):
                raised = Raised(type(error).__name__, str(error)[:100])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            sys.settrace(None)
        if outcome == "invalid":
            return Observation(recipe.key, outcome, raised=raised, new=False)
        arcs = tuple(sorted(self._arcs))
        new = not known.issuperset(arcs)
        return Observation(
            recipe.key,
            outcome,
            raised=raised,
            arcs=arcs if new else (),
            compared=tuple(self._compared.values()),
            new=new,
        )

    def _prepare(self, recipe: Recipe, names: dict[str, object]) -> None:
        for needed in recipe.imports:
            module = importlib.import_module(needed.module)
            names[needed.bound] = getattr(module, needed.name) if needed.name else sys.modules[needed.bound]
        if "tmp_path" in recipe.fixtures:
            folder = self._folder / str(next(self._folders))
            folder.mkdir()
            names["tmp_path"] = folder
        for _, text in (*recipe.setup, ("", recipe.call)):
            compile(text, "<recipe>", "eval")

    def _trace(self, frame, event, argument):
        if frame.f_code.co_filename != self.path:
            return None
        last, own, arcs = [-frame.f_code.co_firstlineno], frame.f_code.co_firstlineno, self._arcs

        def inside(frame, event, argument):
            if event == "line":
                arcs.add((last[0], frame.f_lineno))
                last[0] = frame.f_lineno
            elif event == "return":
                arcs.add((last[0], -own))
            return inside

        return inside

    def numbered(self, arcs) -> set[Arc]:
        """Return arcs with the first lines of statements, as coverage.py counts them."""
        return {(self._line(start), self._line(end)) for start, end in arcs}

    def _line(self, line: int) -> int:
        return self._first(line) if line > 0 else -self._first(-line)


def _branches(parser: PythonParser) -> set[Arc]:
    counts = parser.exit_counts()
    return {arc for arc in parser.arcs() if arc[0] > 0 and counts.get(arc[0], 0) > 1}


def _alarm(*_):
    raise TooLong


def _used(value, recipe: Recipe) -> None:
    if inspect.iscoroutine(value):
        asyncio.run(value)
    elif inspect.isgenerator(value) or recipe.flavour == "generator":
        for at, _ in enumerate(value):
            if at > 50:
                break


def _short(value) -> str:
    plain = (bool, int, float, str, bytes, type(None))
    if type(value) in plain or (type(value) in (list, tuple, set, dict, frozenset) and len(value) < 20):
        try:
            text = repr(value)
            ast.literal_eval(text)
        except Exception:  # noqa: BLE001  # see above
            return ""
        return text if len(text) < 120 else ""
    return ""


def _distance(left, right) -> float:
    if isinstance(left, int | float) and isinstance(right, int | float):
        with contextlib.suppress(Exception):
            distance = abs(float(left) - float(right)) + 0.5
            return distance / (distance + 1)
    return 0.999


@dataclasses.dataclass
class Trial:
    """One function under trial."""

    explorer: Explorer
    described: Described
    others: list[Described]
    own: set[Arc] = dataclasses.field(default_factory=set)
    """Branches of the function, as coverage.py counts them."""
    missing: set[Arc] = dataclasses.field(default_factory=set)
    log: list[tuple[Recipe, Observation]] = dataclasses.field(default_factory=list)
    over: bool = False

    def __post_init__(self) -> None:
        first, last = _span(self.explorer, self.described)
        self.own = {arc for arc in self.explorer.branches if first <= arc[0] <= last}
        self.missing = set(self.own)
        self._known: set[Arc] = set()
        rest = tuple(other for other in self.others if other is not self.described)
        target = Target(self.described, self.explorer.source, rest, ())
        self._inputs = propose(target, lambda: frozenset(self.missing))
        self._batch: tuple[Recipe, ...] | None = None

    def turn(self, until: float) -> None:
        """Make the calls of one batch."""
        observations: list[Observation] = []
        for recipe in self._next(None) if self._batch is None else self._batch:
            if time.process_time() > until:
                return
            observation = self.explorer.observed(recipe, self._known)
            observations.append(observation)
            self.log.append((recipe, observation))
            self._known.update(observation.arcs)
            self.missing -= self.explorer.numbered(observation.arcs)
        self._batch = self._next(tuple(observations)) if not self.over else None

    def _next(self, observations: tuple[Observation, ...] | None) -> tuple[Recipe, ...]:
        try:
            return next(self._inputs) if observations is None else self._inputs.send(observations)
        except StopIteration:
            self.over = True
            return ()


def explored(
    explorer: Explorer, described: Described, others: list[Described], seconds: float, calls: int = 12_000
) -> Trial:
    """Run the generator on one function."""
    trial = Trial(explorer, described, others)
    until = time.process_time() + seconds
    while not trial.over and time.process_time() < until and len(trial.log) < calls:
        trial.turn(until)
    return trial


def _span(explorer: Explorer, described: Described) -> tuple[int, int]:
    for node in ast.walk(ast.parse(explorer.source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.lineno == described.line:
            return node.lineno, node.end_lineno
    return 0, -1


def main(arguments: list[str]) -> None:
    """Print what the generator reaches in modules."""
    seconds, verbose = float(arguments[0]), "-v" in arguments
    for name in [argument for argument in arguments[1:] if argument != "-v"]:
        folder, _, module = name.rpartition(":")
        if folder:
            sys.path.insert(0, folder)
        _module(module, seconds, verbose)


def _module(module: str, seconds: float, verbose: bool) -> None:
    start = time.process_time()
    explorer = Explorer(module, importlib.util.find_spec(module).origin)
    everything = explorer.callables()
    fit = [described for described in everything if not unfit(described, explorer.source)]
    trials = [Trial(explorer, described, everything) for described in fit]
    queue, until, done = list(trials), time.process_time() + seconds, set()
    while queue and time.process_time() < until:
        trial = queue.pop(0)
        trial.turn(until)
        for _, observation in trial.log:
            done |= explorer.numbered(observation.arcs)
        for other in trials:
            other.missing -= done  # what other functions' calls execute counts too, as it does for a file
        if not trial.over and len(trial.log) < 12_000:
            queue.append(trial)
    total = set().union(*(trial.own for trial in trials))
    if verbose:
        for trial in trials:
            invalid = sum(observation.outcome == "invalid" for _, observation in trial.log)
            print(f"  {trial.described.qualname:40} {len(trial.own - trial.missing):3}/{len(trial.own):3} "
                  f"{len(trial.log):6} calls {invalid} invalid", sorted(trial.missing)[:12])  # fmt: skip
    share = 100 * len(total & done) / len(total) if total else 100.0
    calls = sum(len(trial.log) for trial in trials)
    print(f"{module:30} {share:6.1f} % of {len(total):4} branches, {len(fit)} of {len(everything)} callables, "
          f"{calls} calls, {time.process_time() - start:.1f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path.cwd()))
    main(sys.argv[1:])
