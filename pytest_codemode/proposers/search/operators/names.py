"""Names that the exception text says are wrong: undefined names, attributes, imports, keywords, keys."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator

from pytest_codemode.core.patch import AddImport
from pytest_codemode.proposers.search.operators.shapes import called_name
from pytest_codemode.proposers.search.scope import is_self, parameters
from pytest_codemode.proposers.search.similarity import nearest
from pytest_codemode.proposers.search.site import Draft, Site

_BUILTINS = tuple(name for name in dir(builtins) if not name.startswith("_"))

_STANDARD_HOMES: dict[str, str] = {
    name: module
    for module, names in {
        "collections": "defaultdict Counter OrderedDict deque namedtuple ChainMap",
        "collections.abc": "Iterable Iterator Sequence Mapping MutableMapping Callable Generator Hashable",
        "dataclasses": "dataclass field asdict astuple replace",
        "datetime": "timedelta timezone date",
        "decimal": "Decimal ROUND_HALF_UP ROUND_HALF_EVEN",
        "enum": "Enum IntEnum Flag auto",
        "fractions": "Fraction",
        "functools": "partial reduce wraps lru_cache cached_property total_ordering singledispatch",
        "heapq": "heappush heappop heapify nlargest nsmallest",
        "itertools": "chain groupby product permutations combinations islice accumulate takewhile zip_longest count",
        "math": "sqrt ceil floor isclose pi gcd inf log isnan",
        "operator": "itemgetter attrgetter",
        "pathlib": "Path PurePath",
        "random": "randint shuffle",
        "typing": "Any Optional Union List Dict Protocol NamedTuple TypeVar ClassVar cast",
        "contextlib": "contextmanager suppress ExitStack",
        "copy": "deepcopy",
        "io": "StringIO BytesIO",
        "textwrap": "dedent indent",
        "uuid": "uuid4",
        "bisect": "bisect_left bisect_right insort",
        "string": "ascii_letters ascii_lowercase digits",
    }.items()
    for name in names.split()
}
"""Names that programs use unqualified -> the standard module they usually come from."""


def undefined(site: Site) -> Iterator[Draft]:
    """The name that is not defined becomes a near one that is, `self.name`, or is imported."""
    hints = site.project.hints
    for node in site.nodes:
        if not isinstance(node, ast.Name) or node.id not in hints.unknown_names or isinstance(node.ctx, ast.Store):
            continue
        visible = [name for name in site.scope.visible(node) if name not in hints.unknown_names]
        for alike, name in nearest(node.id, [*visible, *_BUILTINS], 0.4)[:12]:
            bonus = 0.1 if name in hints.suggestions else 0.0
            yield site.replace(node, name, min(1.0, alike + bonus))
        owner = site.source.class_of(site.statement)
        if owner is not None and site.function and node.id in site.scope.members(owner):
            first = next(iter(parameters(site.function)), "self")
            yield site.replace(node, f"{first}.{node.id}", 0.95)
        for statement, weight in _imports_for(site, node.id):
            yield Draft((AddImport(site.path, statement),), weight, f"add `{statement}`")
        local = site.scope.visible_locals(site.statement)
        for name in local[:8]:
            if name not in hints.unknown_names:
                yield site.replace(node, name, 0.3)


def _imports_for(site: Site, name: str) -> Iterator[tuple[str, float]]:
    known = site.project.imports.get(name)
    if known:
        yield known, 0.9
    local = site.project.defining_module(name, site.path)
    if local:
        yield local, 0.9
    if name in _STANDARD_HOMES:
        yield f"from {_STANDARD_HOMES[name]} import {name}", 0.85
    if name in sys.stdlib_module_names:
        yield f"import {name}", 1.0 if name not in _STANDARD_HOMES else 0.6


def module_name(site: Site) -> Iterator[Draft]:
    """A qualified use of a module that was not imported: `math` in `math.sqrt`; `x.name` for an imported name."""
    for node in site.nodes:
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            continue
        module = node.value.id
        if module in site.project.hints.unknown_names and node.attr in site.scope.module_names:
            yield site.replace(node, node.attr, 0.8)


def attribute(site: Site) -> Iterator[Draft]:
    """The attribute that an object does not have becomes a near one that it, or any class of the task, has."""
    wrong = {name: owner for owner, name in site.project.hints.unknown_attributes}
    for node in site.nodes:
        if not isinstance(node, ast.Attribute) or node.attr not in wrong:
            continue
        start, end = site.source.span(node.value)[1], site.source.span(node)[1]
        at = site.source.text.rfind(node.attr, start, end)
        for name, weight in _attributes(site, node, wrong[node.attr]):
            yield site.splice(at, at + len(node.attr), name, weight)
        yield site.replace(node, site.text(node.value), 0.3)


_STANDARD: dict[str, tuple[str, ...]] = {
    kind.__name__: tuple(name for name in dir(kind) if not name.startswith("_"))
    for kind in (str, bytes, int, float, list, dict, set, frozenset, tuple)
}


def _attributes(site: Site, node: ast.Attribute, owner: str) -> Iterator[tuple[str, float]]:
    hints = site.project.hints
    own: tuple[str, ...] = _STANDARD.get(owner, ())
    if owner in site.project.classes:
        source, definition = site.project.classes[owner]
        own = site.project.scope(source).members(definition)
    elif is_self(node.value) and (inside := site.source.class_of(site.statement)):
        own = site.scope.members(inside)
    for alike, name in nearest(node.attr, own, 0.0)[:15]:
        yield name, min(1.0, 0.3 + 0.7 * alike + 0.1 * (name in hints.suggestions))
    for name in sorted(hints.suggestions):
        yield name.rpartition(".")[2], 0.9
    others = [name for name in (*site.project.attributes, *site.scope.uses) if name not in own]
    for alike, name in nearest(node.attr, others, 0.5)[:8]:
        yield name, 0.7 * alike


def imported(site: Site) -> Iterator[Draft]:
    """An import of a name or module that does not exist names a near one that does."""
    node = site.statement
    if not isinstance(node, ast.ImportFrom | ast.Import) or not site.whole:
        return
    for module, name in sorted(site.project.hints.unknown_imports):
        for alias in node.names:
            if isinstance(node, ast.ImportFrom) and name and alias.name == name:
                for weight, new in nearest(name, _exported(site, module), 0.4)[:8]:
                    yield site.replace_statement(site.header.replace(name, new, 1), weight)
                home = site.project.defining_module(name, site.path)
                if home and len(node.names) == 1:
                    yield site.replace_statement(home, 0.9)
        wanted = module if not name else ""
        if wanted and wanted.rpartition(".")[2] in site.header:
            for weight, new in nearest(wanted, _modules(site), 0.5)[:6]:
                yield site.replace_statement(site.header.replace(wanted, new, 1), weight)


def _exported(site: Site, module: str) -> tuple[str, ...]:
    path = module.replace(".", "/")
    for source in site.project.files:
        if source.path.removesuffix(".py").removesuffix("/__init__").endswith(path):
            return site.project.scope(source).module_names
    return tuple(name for name in _STANDARD_HOMES if _STANDARD_HOMES[name] == module)


def _modules(site: Site) -> tuple[str, ...]:
    own = [source.path.removesuffix(".py").removeprefix("src/").replace("/", ".") for source in site.project.files]
    return (*own, *sorted(name for name in sys.stdlib_module_names if not name.startswith("_")))


def keyword(site: Site) -> Iterator[Draft]:
    """The keyword argument that a callee does not take becomes one that it takes, positional, or is dropped."""
    for callee, wrong in sorted(site.project.hints.unknown_keywords):
        for node in site.nodes:
            if isinstance(node, ast.Call) and wrong in {word.arg for word in node.keywords}:
                yield from _other_keyword(site, node, callee, wrong)
        if isinstance(site.statement, ast.FunctionDef) and site.statement.name in (callee, "__init__"):
            for arg in (*site.statement.args.args, *site.statement.args.kwonlyargs):
                for alike, _ in nearest(arg.arg, [wrong], 0.6):
                    yield site.replace(arg, wrong + site.text(arg)[len(arg.arg) :], 0.5 * alike)


def _other_keyword(site: Site, call: ast.Call, callee: str, wrong: str) -> Iterator[Draft]:
    used = {word.arg for word in call.keywords}
    names = [name for name in _parameters_of(site, callee, called_name(call)) if name not in used]
    for index, word in enumerate(call.keywords):
        if word.arg == wrong:
            for alike, name in nearest(wrong, names, 0.0)[:6]:
                yield site.replace(word, f"{name}={site.text(word.value)}", min(1.0, 0.4 + 0.6 * alike))
            if index == 0:
                yield site.replace(word, site.text(word.value), 0.4)


def _parameters_of(site: Site, *names: str) -> list[str]:
    found: list[str] = []
    for name in names:
        for _, function in site.project.functions.get(name, ()):
            found += [parameter for parameter in parameters(function) if parameter not in ("self", "cls")]
    return found


def key(site: Site) -> Iterator[Draft]:
    """`d[key]` with a key that is not there becomes `d.get(key)`, or is looked up under a near key."""
    hints = site.project.hints
    if "KeyError" not in hints.exceptions:
        return
    known = [text for text in site.scope.texts if text.isidentifier()]
    for node in site.expressions:
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            value = node.slice.value
            if isinstance(value, str) and value in hints.unknown_keys:
                for alike, name in nearest(value, known, 0.5)[:8]:
                    quote = site.text(node.slice)[0]
                    yield site.replace(node.slice, f"{quote}{name}{quote}", alike)


def unbound(site: Site) -> Iterator[Draft]:
    """A local name that has no value yet is set at the start of its function."""
    hints = site.project.hints
    if site.function is None or "UnboundLocalError" not in hints.exceptions:
        return
    for name in sorted(hints.unknown_names):
        if not any(isinstance(node, ast.Name) and node.id == name for node in site.nodes):
            continue
        if name in site.scope.module_names:
            first = Site(site.source, _first_statement(site.function), site.score, site.project)
            yield first.insert_before(f"global {name}", 0.6)
        outer = site.source.enclosing(site.function, (ast.FunctionDef, ast.AsyncFunctionDef))
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef) and name in site.scope.locals_of(outer):
            first = Site(site.source, _first_statement(site.function), site.score, site.project)
            yield first.insert_before(f"nonlocal {name}", 1.0)
        place = Site(site.source, _first_statement(site.function), site.score, site.project)
        if place.whole:
            for value in ("None", "0", "[]", '""', "{}", "1", "False"):
                yield place.insert_before(f"{name} = {value}", 0.7 if value in ("None", "0") else 0.5)


def _first_statement(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    first = function.body[0]
    docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(function.body) > 1
    return function.body[1] if docstring else first
