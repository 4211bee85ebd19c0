"""From a type to expressions of that type: the most typical first, few of each, never deep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice, zip_longest

from pytest_codemode.core.exploring import Import, Parameter, Shape
from pytest_codemode.testgen.inputs.expressions import quoted
from pytest_codemode.testgen.inputs.names import guessed, narrow, samples
from pytest_codemode.testgen.inputs.plans import Value
from pytest_codemode.testgen.inputs.standard import BUILTIN, CALLABLES, KEYS, PREDICATES, UNKNOWN, paths, typical

_DEPTH = 3
_MANY = 60
_CONCRETE = {"Iterable": "list", "Sequence": "list", "Mapping": "dict", "MutableMapping": "dict", "Collection": "list",
             "Container": "list", "MutableSequence": "list", "Set": "set", "MutableSet": "set", "Reversible": "list",
             "Iterator": "iterator", "Generator": "iterator", "Callable": "callable", "Hashable": "str",
             "Sized": "list",
             "SupportsInt": "float", "SupportsFloat": "int", "SupportsIndex": "int", "SupportsAbs": "int",
             "SupportsRound": "float", "SupportsBytes": "bytes", "Number": "int", "Real": "float", "Integral": "int",
             "Complex": "complex", "Rational": "int", "Buffer": "bytes", "PathLike": "path"}  # fmt: skip


def values(shape: Shape, name: str = "", depth: int = 0) -> tuple[Value, ...]:
    """Return expressions of a shape for a parameter of that name; none where none can be written."""
    return tuple(dict.fromkeys(islice(_values(shape, name, depth), _MANY)))


def _values(shape: Shape, name: str, depth: int) -> Iterator[Value]:  # noqa: C901, PLR0912  # one way per kind
    if depth > _DEPTH:
        return
    match shape.kind:
        case "any" | "recursive":
            yield from _of_any(name, depth)
        case "str":
            yield from texts(name)
        case "none" | "bool" | "int" | "float" | "complex" | "bytes":
            yield from _plain(BUILTIN[shape.kind])
        case "literal":
            yield from _plain(shape.members)
        case "enum":
            yield from (_named(shape.name, f".{member}") for member in shape.members)
        case "union":
            yield from interleaved([values(item, name, depth) for item in _none_last(shape.items)])
        case "list" | "set" | "frozenset":
            yield from _containers(shape, name, depth)
        case "iterator":  # what is only iterated over may be a list as well, which reads better
            lists = tuple(_containers(Shape("list", items=shape.items), name, depth))
            yield from interleaved([lists, tuple(_containers(shape, name, depth))])
        case "tuple":
            yield from _containers(shape, name, depth) if shape.variadic or not shape.items else _tuples(shape, depth)
        case "dict":
            yield from _dicts(shape, depth)
        case "callable":
            yield from _callables(shape, name)
        case "typeddict":
            yield from _typed_dicts(shape, depth)
        case "protocol":
            yield from _namespaces(shape, name, depth)
        case "type":
            yield from ([_named(item.name) for item in shape.items if ":" in item.name] or typical("builtins:type"))
        case "class" | "dataclass" | "namedtuple":
            yield from _objects(shape, name, depth)


def interleaved(pools: Sequence[Sequence[Value]]) -> Iterator[Value]:
    """Yield the first of each, then the second of each."""
    return (value for row in zip_longest(*pools) for value in row if value is not None)


def texts(name: str = "") -> Iterator[Value]:
    """Yield texts, those first that a parameter of this name holds."""
    special = samples(name)
    first = BUILTIN["str"][:4] if not narrow(name) else ()
    return _plain(dict.fromkeys((*first, *special, *BUILTIN["str"])))


def _plain(written: Sequence[str] | dict[str, None]) -> Iterator[Value]:
    return (Value(text) for text in written)


def _none_last(items: tuple[Shape, ...]) -> list[Shape]:
    return sorted(items, key=lambda item: item.kind == "none")


def _named(name: str, suffix: str = "") -> Value:
    module, _, qualname = name.partition(":")
    if module == "builtins":
        return Value(qualname + suffix)
    return Value(qualname + suffix, (Import(module, qualname.partition(".")[0]),))


def _of_any(name: str, depth: int) -> Iterator[Value]:
    by_name = guessed(name)
    if by_name:
        yield from interleaved([*(values(shape, name, depth) for shape in by_name), tuple(_plain(UNKNOWN))])
    else:
        yield from _plain(UNKNOWN)


def _joined(parts: Sequence[Value], form: str) -> Value:
    """Return a value made of others; `form` has a `{}` for their texts."""
    return Value(
        form.format(", ".join(part.text for part in parts)),
        tuple(dict.fromkeys(chain.from_iterable(part.imports for part in parts))),
        tuple(dict.fromkeys(chain.from_iterable(part.setup for part in parts))),
        tuple(dict.fromkeys(chain.from_iterable(part.fixtures for part in parts))),
    )


def _containers(shape: Shape, name: str, depth: int) -> Iterator[Value]:
    element = shape.items[0] if shape.items else Shape("any")
    singular = name[:-1] if name.endswith("s") else ""
    if element.kind == "any" and not singular:
        yield from (
            _wrapped(shape.kind, _plain(row)) for row in (("1", "2", "3"), ('"a"', '"b"'), (), ("3", "1", "2", "1"))
        )
    pool = values(element, singular, depth + 1)[:12]
    if element.kind in ("int", "float"):
        yield _wrapped(shape.kind, _plain(("1", "2", "3") if element.kind == "int" else ("1.5", "2.0", "0.5")))
    if element.kind == "str":
        yield _wrapped(shape.kind, _plain(('"a"', '"b"', '"c"')))
    for row in (pool[:2], (), pool[:1], pool[:3], (*pool[:1], *pool[:1]), pool[1:2], pool[3:6], pool[2:7], pool[5:10]):
        yield _wrapped(shape.kind, row)
    if element.kind in ("any", "int"):
        yield from (_wrapped(shape.kind, _plain(row)) for row in (("3", "1", "2"), ("1", "1", "2", "2", "5"), ("0",)))


def _wrapped(kind: str, parts: Sequence[Value] | Iterator[Value]) -> Value:
    row = tuple(parts)
    if kind == "set":
        return _joined(row, "{{{}}}") if row else Value("set()")
    if kind == "frozenset":
        return _joined(row, "frozenset({{{}}})") if row else Value("frozenset()")
    if kind == "tuple":
        return _joined(row, "({},)" if len(row) == 1 else "({})")
    return _joined(row, "iter([{}])" if kind == "iterator" else "[{}]")


def _tuples(shape: Shape, depth: int) -> Iterator[Value]:
    pools = [values(item, "", depth + 1)[:8] for item in shape.items]
    if all(pools):
        for at in range(max(map(len, pools))):
            yield _wrapped("tuple", [pool[at % len(pool)] for pool in pools])


def _dicts(shape: Shape, depth: int) -> Iterator[Value]:
    key, element = shape.items if len(shape.items) == 2 else (Shape("str"), Shape("any"))
    keys = tuple(_plain(('"a"', '"b"', '"c"'))) if key.kind in ("str", "any") else values(key, "", depth + 1)[:3]
    pool = values(element, "", depth + 1)[:6]
    if element.kind == "int":
        pool = tuple(_plain(("1", "2", "3", "0")))
    if not keys or not pool:
        yield Value("{}")
        return
    for count, start in ((1, 0), (2, 0), (0, 0), (3, 0), (2, 2), (1, 3)):
        row = [_pair(known, pool[(start + at) % len(pool)]) for at, known in enumerate(keys[:count])]
        yield _joined(row, "{{{}}}")
    if element.kind == "any":
        yield from _plain(('{"a": {"b": 1}}', '{"a": [1, 2], "b": None}', '{1: "x", 2: "y"}'))


def _pair(key: Value, value: Value) -> Value:
    return _joined([key, value], "{}").rewritten(f"{key.text}: {value.text}")


def _typed_dicts(shape: Shape, depth: int) -> Iterator[Value]:
    full = _members(shape.parameters, depth)
    required = [parameter for parameter in shape.parameters if parameter.default is None]
    without = [[other for other in full if other is not member] for member in full]
    rows = [full]
    if len(required) < len(full):
        rows.append([pair for pair in full if pair[0] in required])
    varied = [
        [(known, option if known is parameter else old) for known, old in full]
        for parameter, _ in full
        for option in values(parameter.shape, parameter.name, depth + 1)[1:4]
    ]
    for row in (*rows, *without[:6], [], *varied):
        pairs = [_pair(Value(quoted(parameter.name)), value) for parameter, value in row]
        yield _joined(pairs, "{{{}}}")


def _members(parameters: Sequence[Parameter], depth: int) -> list[tuple[Parameter, Value]]:
    found = []
    for parameter in parameters:
        if options := values(parameter.shape, parameter.name, depth + 1):
            found.append((parameter, options[0]))
    return found


def _namespaces(shape: Shape, name: str, depth: int) -> Iterator[Value]:
    short = shape.name.rpartition(":")[2].rpartition(".")[2] or ""
    if not shape.parameters and short in _CONCRETE:
        if _CONCRETE[short] == "path":
            yield from paths(as_text=False)
        else:
            yield from values(Shape(_CONCRETE[short], items=shape.items), name, depth)  # type: ignore[arg-type]
        return
    full = _members(shape.parameters, depth)
    if shape.parameters and len(full) == len(shape.parameters):
        pools = [(p.name, values(p.shape, p.name, depth + 1)) for p in shape.parameters]
        for at in range(3):
            parts = [_joined([pool[at % len(pool)]], f"{member}={{}}") for member, pool in pools]
            made = _joined(parts, "types.SimpleNamespace({})")
            yield Value(made.text, (*made.imports, Import("types")), made.setup, made.fixtures)


def _callables(shape: Shape, name: str) -> Iterator[Value]:
    arity = len(shape.parameters) if shape.parameters else None
    asked = arity is None and shape.items and shape.items[0].kind == "bool"
    if asked or (arity in (None, 1) and name.strip("_").startswith(("pred", "cond", "filter", "test"))):
        yield from _plain(PREDICATES)
    elif arity in (None, 1) and "key" in name:
        yield from _plain(KEYS)
    yield from _plain(CALLABLES.get(arity, ()) or CALLABLES[None])
    yield from _plain(CALLABLES[None])


def _objects(shape: Shape, name: str, depth: int) -> Iterator[Value]:
    known = typical(shape.name)
    if known:
        yield from known
        return
    short = shape.name.rpartition(":")[2]
    if shape.name.partition(":")[0] in ("typing", "collections.abc", "numbers", "os") and short in _CONCRETE:
        yield from _namespaces(Shape("protocol", shape.name, shape.items), name, depth)
        return
    if not shape.name or shape.abstract:
        return
    yield from constructed(shape, depth)


def constructed(shape: Shape, depth: int = 0) -> Iterator[Value]:
    """Yield calls of a class: with what it requires, then each parameter varied."""
    made = _named(shape.name)
    required = [p for p in shape.parameters if p.default is None and p.kind in ("positional", "either", "keyword")]
    pools = {p.name: values(p.shape, p.name, depth + 1) for p in shape.parameters if p.kind not in ("args", "kwargs")}
    if any(not pools[p.name] for p in required):
        return
    base = {p.name: pools[p.name][0] for p in required}
    yield _instance(made, shape, base)
    for at in range(1, 4):
        yield _instance(made, shape, {name: pools[name][at % len(pools[name])] for name in base})
    for parameter in shape.parameters:
        for value in pools.get(parameter.name, ())[: 6 if depth == 0 else 2]:
            if value.text != parameter.default:
                yield _instance(made, shape, {**base, parameter.name: value})


def _instance(made: Value, shape: Shape, given: dict[str, Value]) -> Value:
    parts: list[Value] = []
    by_position = True
    for parameter in shape.parameters:
        if parameter.name not in given:
            by_position = by_position and parameter.kind in ("positional", "args")
            continue
        value = given[parameter.name]
        positional = by_position and parameter.kind != "keyword" and parameter.default is None
        parts.append(value if positional else _joined([value], f"{parameter.name}={{}}"))
    call = _joined(parts, "{}")
    return Value(f"{made.text}({call.text})", (*made.imports, *call.imports), call.setup, call.fixtures)
