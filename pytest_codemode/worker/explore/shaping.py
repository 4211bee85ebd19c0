"""Types as a generator of values needs them, from the annotations of live objects."""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import enum
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from pytest_codemode.core.exploring import ANY, Parameter, Shape
from pytest_codemode.worker.kinds import literal_of

MAX_DEPTH = 5
MAX_MEMBERS = 60
"""Members of an enum, literal or union; parameters of a constructor."""
MAX_NODES = 300
"""Shapes of one callable."""
MAX_DEFAULT = 200

_NONE = Shape("none")
_PLAIN: dict[Any, Shape] = {
    None: _NONE,
    type(None): _NONE,
    bool: Shape("bool"),
    int: Shape("int"),
    float: Shape("float"),
    complex: Shape("complex"),
    str: Shape("str"),
    bytes: Shape("bytes"),
    Any: ANY,
    object: ANY,
    inspect.Parameter.empty: ANY,
    getattr(typing, "LiteralString", str): Shape("str"),
    typing.Hashable: Shape("union", items=(Shape("str"), Shape("int"))),
    typing.Sized: Shape("list", items=(ANY,)),
    collections.abc.Hashable: Shape("union", items=(Shape("str"), Shape("int"))),
    collections.abc.Sized: Shape("list", items=(ANY,)),
    collections.abc.ByteString if sys.version_info < (3, 14) else bytes: Shape("bytes"),
}
_ONE = {  # one kind of element
    list: "list",
    set: "set",
    frozenset: "frozenset",
    collections.abc.Sequence: "list",
    collections.abc.MutableSequence: "list",
    collections.abc.Collection: "list",
    collections.abc.Container: "list",
    collections.abc.Reversible: "list",
    collections.abc.Set: "set",
    collections.abc.MutableSet: "set",
    collections.abc.KeysView: "list",
    collections.abc.ValuesView: "list",
    collections.abc.Iterable: "iterator",
    collections.abc.Iterator: "iterator",
    collections.abc.Generator: "iterator",
    collections.abc.AsyncIterable: "iterator",
    collections.abc.AsyncIterator: "iterator",
    collections.abc.AsyncGenerator: "iterator",
}
_TWO = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_TRANSPARENT = {
    one
    for name in ("Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "Unpack")
    if (one := getattr(typing, name, None)) is not None
}
_AWAITED = (collections.abc.Awaitable, collections.abc.Coroutine)
_ADJUSTED = {
    inspect.Parameter.POSITIONAL_ONLY: "positional",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "either",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_POSITIONAL: "args",
    inspect.Parameter.VAR_KEYWORD: "kwargs",
}


class Shaper:
    """Shapes of the types that one callable names."""

    def __init__(self, is_own: Callable[[type], bool], owner: type | None = None) -> None:
        """`is_own` says of a class whether it is the project's: of no other are the parameters told."""
        self._is_own = is_own
        self._owner = owner
        self._above: list[type] = []
        self._nodes = 0

    def shape(self, kind: Any) -> Shape:  # noqa: C901, PLR0911  # a table of kinds, one return each
        """Return the shape of an annotation."""
        self._nodes += 1
        try:
            if kind in _PLAIN:
                return _PLAIN[kind]
        except TypeError:  # it cannot be hashed: no annotation of a type
            return ANY
        if self._nodes > MAX_NODES or len(self._above) > MAX_DEPTH or isinstance(kind, str):
            return ANY
        if isinstance(kind, typing.TypeVar):
            return self._variable(kind)
        if kind is getattr(typing, "Self", None):
            return self.shape(self._owner) if self._owner is not None else ANY
        if isinstance(kind, typing.NewType):
            return self.shape(kind.__supertype__)
        if type(kind).__name__ == "TypeAliasType":  # 3.12 has it in `typing`, older ones in typing_extensions
            return self.shape(kind.__value__)
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated or origin in _TRANSPARENT:
            return self.shape(arguments[0])
        if origin is typing.Literal:
            return self._literal(arguments)
        if origin is typing.Union or isinstance(kind, types.UnionType):
            return self._union(arguments)
        return self._generic(origin or kind, arguments)

    def _variable(self, variable: Any) -> Shape:
        if variable.__constraints__:
            return self._union(variable.__constraints__)
        return self.shape(variable.__bound__) if variable.__bound__ is not None else ANY

    def _literal(self, values: tuple[Any, ...]) -> Shape:
        if all(isinstance(value, enum.Enum) for value in values):
            names = tuple(value.name for value in values)
            return Shape("enum", _name(type(values[0])), members=names[:MAX_MEMBERS])
        return Shape("literal", members=tuple(repr(value) for value in values if literal_of(value))[:MAX_MEMBERS])

    def _union(self, members: tuple[Any, ...]) -> Shape:
        return Shape("union", items=tuple(dict.fromkeys(self.shape(member) for member in members[:MAX_MEMBERS])))

    def _generic(self, origin: Any, arguments: tuple[Any, ...]) -> Shape:  # noqa: PLR0911  # as `shape`
        if origin in _ONE:
            return Shape(_ONE[origin], items=(self.shape(arguments[0]) if arguments else ANY,))  # type: ignore[arg-type]
        if origin in _TWO:
            items = tuple(map(self.shape, arguments[:2])) if len(arguments) == 2 else (ANY, ANY)
            return Shape("dict", items=items)
        if origin is collections.abc.ItemsView:
            pair = Shape("tuple", items=tuple(map(self.shape, arguments[:2])) or (ANY, ANY))
            return Shape("list", items=(pair,))
        if origin is tuple:
            return self._tuple(arguments)
        if origin is collections.abc.Callable:
            return Shape("callable", items=(self.shape(arguments[-1]) if arguments else ANY,))
        if origin in _AWAITED:
            return self.shape(arguments[-1]) if arguments else ANY
        if origin is type:
            return Shape("type", items=(self.shape(arguments[0]),) if arguments else ())
        return self.of_class(origin, arguments) if isinstance(origin, type) else ANY

    def _tuple(self, arguments: tuple[Any, ...]) -> Shape:
        if not arguments:
            return Shape("tuple", items=(ANY,), variadic=True)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return Shape("tuple", items=(self.shape(arguments[0]),), variadic=True)
        return Shape("tuple", items=() if arguments == ((),) else tuple(map(self.shape, arguments)))

    def of_class(self, kind: type, arguments: tuple[Any, ...] = ()) -> Shape:
        """Return the shape of a class."""
        name = _name(kind)
        if issubclass(kind, enum.Enum):
            return Shape("enum", name, members=tuple(kind.__members__)[:MAX_MEMBERS])
        if any(kind is above for above in self._above):
            return Shape("recursive", name)
        self._above.append(kind)
        try:
            if typing.is_typeddict(kind):
                return Shape("typeddict", name, parameters=self._keys(kind))
            if getattr(kind, "_is_protocol", False):
                return Shape("protocol", name, abstract=True)
            parameters = self.parameters(kind) if self._is_own(kind) else ()
            items = tuple(map(self.shape, arguments[:4]))
            return Shape(_kind(kind), name, items=items, parameters=parameters, abstract=inspect.isabstract(kind))  # type: ignore[arg-type]
        finally:
            self._above.pop()

    def _keys(self, kind: Any) -> tuple[Parameter, ...]:
        hints = _hints_of(kind)
        return tuple(
            Parameter(name, "keyword", self.shape(hint), None if _is_required(kind, name, hint) else "...")
            for name, hint in list(hints.items())[:MAX_MEMBERS]
        )

    def parameters(self, kind: Any) -> tuple[Parameter, ...]:
        """Return what a class's constructor takes."""
        if kind.__init__ is object.__init__ and kind.__new__ is object.__new__:
            return ()
        try:
            signature = inspect.signature(kind)
        except (ValueError, TypeError):
            return ()
        maker = kind.__init__ if kind.__init__ is not object.__init__ else kind.__new__
        hints = (
            {**_hints_of(kind), **_hints_of(maker)}
            if dataclasses.is_dataclass(kind) or _is_named(kind)
            else (_hints_of(maker))
        )
        return self.of_signature(list(signature.parameters.values()), hints)

    def of_signature(self, parameters: list[inspect.Parameter], hints: Mapping[str, Any]) -> tuple[Parameter, ...]:
        """Return parameters as they are to be given."""
        return tuple(
            Parameter(
                one.name,
                _ADJUSTED[one.kind],  # type: ignore[arg-type]
                self._hinted(one, hints),
                _default(one.default),
            )
            for one in parameters[:MAX_MEMBERS]
        )

    def _hinted(self, one: inspect.Parameter, hints: Mapping[str, Any]) -> Shape:
        if one.name in hints:
            return self.shape(hints[one.name])
        return ANY if isinstance(one.annotation, str) else self.shape(one.annotation)


def _default(value: Any) -> str | None:
    if value is inspect.Parameter.empty:
        return None
    text = literal_of(value)
    return text if text and len(text) <= MAX_DEFAULT else "()" if value == () and type(value) is tuple else "..."


def hints_of(function: Any, owner: type | None) -> dict[str, Any]:
    """Return the annotations of a function, resolved one by one if not all of them can be."""
    return _hints_of(function, vars(owner) if owner is not None else {})


def _hints_of(thing: Any, namespace: Mapping[str, Any] = types.MappingProxyType({})) -> dict[str, Any]:
    try:
        return typing.get_type_hints(thing, localns=dict(namespace) or None, include_extras=True)
    except Exception:  # noqa: BLE001  # a name that is only imported for type checkers, or anything else
        return _one_by_one(thing, namespace)


def _one_by_one(thing: Any, namespace: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    sources = reversed(thing.__mro__) if isinstance(thing, type) else [inspect.unwrap(thing)]
    for source in sources:
        module = sys.modules.get(getattr(source, "__module__", "") or "")
        names = {**vars(typing), **getattr(source, "__globals__", vars(module) if module else {})}
        for name, hint in list(getattr(source, "__annotations__", {}).items()):
            if not isinstance(hint, str):
                found[name] = hint
                continue
            try:
                found[name] = eval(hint, names, dict(namespace))  # as `get_type_hints` does
            except Exception:  # noqa: BLE001  # see above
                continue
    return found


def _is_required(kind: Any, name: str, hint: Any) -> bool:
    """Whether a key must be there; annotations that were text when the class was made tell it only now."""
    said = {typing.Required: True, typing.NotRequired: False}
    return said.get(typing.get_origin(hint), name in kind.__required_keys__)


def _kind(kind: type) -> str:
    if dataclasses.is_dataclass(kind):
        return "dataclass"
    return "namedtuple" if _is_named(kind) else "class"


def _is_named(kind: type) -> bool:
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"
