"""Foreign values as data: what a test can say of them."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from types import BuiltinFunctionType, FunctionType, ModuleType, WrapperDescriptorType
from typing import Any

from pytest_codemode.core.credentials import RANDOM_TEXT, SECRET_VALUE, is_secret_text
from pytest_codemode.core.exploring import Shown
from pytest_codemode.worker.explore.building import built, is_standard
from pytest_codemode.worker.members import slot_value, slots_of

MAX_DEPTH = 6
MAX_PARTS = 100
"""Elements of one container, fields of one object."""
MAX_NODES = 400
"""Of one value, all depths together."""
MAX_TEXT = 4_000
"""Characters of one literal."""
MAX_CHARS = 20_000
"""Of all texts of one value."""

ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
_missing: Any = object()
_type_name: Callable[[type], Any] = type.__dict__["__qualname__"].__get__
_SCALARS = (str, bytes, int, float)
_OPAQUE = (FunctionType, BuiltinFunctionType, ModuleType)
_OPEN: dict[Any, str] = {list: "[", tuple: "(", set: "{"}
_CLOSE: dict[Any, str] = {list: "]", tuple: ")", set: "}"}
_KINDS: dict[Any, Any] = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset", dict: "dict"}


def path_of(kind: type) -> str:
    """Return `module:qualname` of a class, however its metaclass answers."""
    try:
        module = type.__getattribute__(kind, "__module__")
    except AttributeError:
        module = ""
    return f"{module if type(module) is str else ''}:{_type_name(kind)!s}"


class Show:
    """Shows values.

    Args:
        places: folders of this machine; text that names one means nothing elsewhere.
        deep: private attributes too, and nothing that runs code of the value's: to see whether it has changed.
    """

    def __init__(self, places: tuple[str, ...], *, deep: bool = False) -> None:
        self._places = places
        self._deep = deep
        self._nodes = 0
        self._room = MAX_CHARS
        self._above: list[int] = []

    def __call__(self, value: Any) -> Shown:
        """Show one value."""
        self._nodes = 0
        self._room = MAX_CHARS
        self._above.clear()
        try:
            return self._show(value, 0)
        except Exception:  # noqa: BLE001  # an object that answers in its own way to what every object is asked
            return Shown("opaque", "", path_of(type(value)))

    def _show(self, value: Any, depth: int) -> Shown:  # noqa: PLR0911  # a table of kinds, one return each
        kind = type(value)
        self._nodes += 1
        if value is None or kind is bool:
            return Shown("literal", repr(value), f"builtins:{_type_name(kind)}")
        if kind is int:
            return self._int(value)
        if kind is str or kind is bytes:
            return self._text(value, path_of(kind))
        if kind is float:
            return Shown("float", repr(value), "builtins:float")
        if kind is complex:
            finite = math.isfinite(value.real) and math.isfinite(value.imag)
            return Shown("literal", repr(value), "builtins:complex") if finite else Shown("opaque", "", path_of(kind))
        if value is Ellipsis:
            return Shown("literal", "...", "builtins:ellipsis")
        if depth >= MAX_DEPTH or self._nodes > MAX_NODES or self._room < 0 or id(value) in self._above:
            return Shown("opaque", "", path_of(kind), cut=True)
        self._above.append(id(value))
        try:
            return self._compound(value, kind, depth)
        finally:
            self._above.pop()

    def _compound(self, value: Any, kind: type, depth: int) -> Shown:  # noqa: PLR0911  # as above
        if kind in _KINDS:
            return self._container(value, kind, depth)
        if isinstance(value, type):
            return Shown("class", "", path_of(value))
        if isinstance(value, enum.Enum):
            return self._member(value, kind)
        if kind in _OPAQUE:
            return Shown("opaque", "", path_of(kind))
        if self._deep and is_standard(kind):
            return Shown("built", repr(value)[:MAX_TEXT], path_of(kind))  # its attributes are caches
        expression = None if self._deep else built(value)
        if expression is not None and len(expression.text) <= MAX_TEXT and self._plain(expression.text):
            return Shown("built", expression.text, path_of(kind), imports=expression.imports)
        return self._other(value, kind, depth)

    def _int(self, value: int) -> Shown:
        if value.bit_length() > 4 * MAX_TEXT // 2:  # also beyond what Python converts to text
            return Shown("opaque", "", "builtins:int", cut=True)
        return Shown("literal", repr(value), "builtins:int")

    def _text(self, value: str | bytes, path: str) -> Shown:
        text = repr(value if len(value) <= MAX_TEXT else value[:MAX_TEXT])
        if self._room < 0 or not self._plain(text):
            return Shown("opaque", "", path, cut=self._room < 0)
        self._room -= len(text)
        return Shown("literal", text, path, cut=len(value) > MAX_TEXT)

    def _plain(self, text: str) -> bool:
        """Whether a text says the same on another machine, and no secret."""
        if " 0x" in text and ADDRESS.search(text):
            return False
        return not any(place in text for place in self._places) and not (len(text) > 16 and SECRET_VALUE.search(text))

    def _unless_secret(self, name: Any, value: Any, shown: Shown) -> Shown:
        """Return what is shown of a value without its text, if it is a credential by its name."""
        if self._deep or type(name) is not str or type(value) is not str:
            return shown
        secret = RANDOM_TEXT.search(value) and is_secret_text(name, value)
        return Shown("opaque", "", shown.type) if secret else shown

    def _container(self, value: Any, kind: type, depth: int) -> Shown:
        items = _flat(kind, value)
        parts = [self._show(item, depth + 1) for item in items]
        if kind is dict:
            parts[1::2] = map(self._unless_secret, items[::2], items[1::2], parts[1::2])
        if kind is set or kind is frozenset:
            parts.sort(key=canonical)
        cut = len(value) > MAX_PARTS
        if kind is not frozenset and not cut and all(part.kind == "literal" and not part.cut for part in parts):
            text = _joined([part.text for part in parts], kind)
            if text is not None and len(text) <= MAX_TEXT:
                return Shown("literal", text, path_of(kind))
        return Shown(_KINDS[kind], "", path_of(kind), tuple(parts), cut=cut)

    def _member(self, value: enum.Enum, kind: type) -> Shown:
        name = getattr(value, "_name_", None)
        if type(name) is str and name.isidentifier() and getattr(kind, name, None) is value:
            return Shown("enum", name, path_of(kind))
        return Shown("opaque", "", path_of(kind))

    def _other(self, value: Any, kind: type, depth: int) -> Shown:
        fields = [
            (name, self._unless_secret(name, item, self._show(item, depth + 1)))
            for name, item in sorted(self._attributes(value, kind))[:MAX_PARTS]
        ]
        base = next((base for base in _KINDS if isinstance(value, base)), None)
        if base is not None and not _named(kind):
            parts = [self._show(item, depth + 1) for item in _flat(base, value)]
            if base is set or base is frozenset:
                parts.sort(key=canonical)
            cut = base.__len__(value) > MAX_PARTS
            return Shown(_KINDS[base], "", path_of(kind), tuple(parts), tuple(fields), cut=cut)
        bare = not hasattr(kind, "__slots__") and not _has_dict(value)
        if base is None and not fields and (bare or isinstance(value, _SCALARS)):
            return self._scalar(value, kind)
        return Shown("object", "", path_of(kind), (), tuple(fields), cut=len(fields) == MAX_PARTS)

    def _scalar(self, value: Any, kind: type) -> Shown:
        """Show what has no attributes."""
        base: Any = next((base for base in _SCALARS if isinstance(value, base)), None)
        # A comparison in C, as that of `numpy.float64`, still takes it for the number that it is.
        if base is None or not (kind.__eq__ is base.__eq__ or type(kind.__eq__) is WrapperDescriptorType):
            return Shown("opaque", "", path_of(kind))
        return replace(self._show(base.__add__(value, base()), MAX_DEPTH), type=path_of(kind))

    def _attributes(self, value: Any, kind: type) -> Iterator[tuple[str, Any]]:
        """Yield data attributes and, unless `deep`, properties that give the same twice."""
        found: dict[str, Any] = {}
        for name, item in [*_instance_items(value), *_slot_items(value, kind)]:
            if type(name) is str and (self._deep or not name.startswith("_")):
                found[name] = item
        if isinstance(value, BaseException):
            found["args"] = value.args
        if _named(kind):
            found |= zip(kind._fields, tuple.__iter__(value), strict=False)  # type: ignore[attr-defined]
        yield from found.items()
        if not self._deep:
            yield from self._properties(value, kind, found)

    def _properties(self, value: Any, kind: type, found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        names = {name for base in kind.__mro__ for name, item in vars(base).items() if type(item) is property}
        for name in sorted(names - found.keys()):
            if name.startswith("_"):
                continue
            try:
                once, again = getattr(value, name), getattr(value, name)
            except Exception:  # noqa: BLE001  # a property of the project's: without a value it is no data
                continue
            quick = Show(self._places, deep=True)
            if canonical(quick(once)) == canonical(quick(again)):
                yield name, once


def canonical(shown: Shown) -> str:
    """Return all that is shown, as text."""
    parts = "".join(f"({canonical(part)})" for part in shown.parts)
    fields = "".join(f"<{name} {canonical(field)}>" for name, field in shown.fields)
    return f"{shown.kind} {shown.type} {shown.text!r}{parts}{fields}{'~' if shown.cut else ''}"


def public(shown: Shown) -> Shown:
    """Return it without private attributes."""
    fields = tuple((name, public(field)) for name, field in shown.fields if not name.startswith("_"))
    return replace(shown, fields=fields, parts=tuple(map(public, shown.parts)))


def _joined(texts: list[str], kind: type) -> str | None:
    if kind is dict:
        return "{" + ", ".join(f"{key}: {item}" for key, item in zip(texts[::2], texts[1::2], strict=True)) + "}"
    if kind is set and not texts:
        return None
    return _OPEN[kind] + ", ".join(texts) + ("," if kind is tuple and len(texts) == 1 else "") + _CLOSE[kind]


def _first(items: Any) -> list[Any]:
    return list(islice(items, MAX_PARTS))


def _flat(base: Any, value: Any) -> list[Any]:
    """Return the first elements of a container, of a dict keys and values in turn, past what a subclass overrides."""
    if base is dict:
        return [item for pair in _first(dict.items(value)) for item in pair]
    return _first(base.__iter__(value))


def _named(kind: type) -> bool:
    return issubclass(kind, tuple) and type(vars(kind).get("_fields", vars(kind.__mro__[1]).get("_fields"))) is tuple


def _has_dict(value: Any) -> bool:
    return type(_dict_of(value)) is dict


def _dict_of(value: Any) -> Any:
    try:
        return object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None


def _instance_items(value: Any) -> list[tuple[Any, Any]]:
    found = _dict_of(value)
    return [*found.items()] if type(found) is dict else []


def _slot_items(value: Any, kind: type) -> Iterator[tuple[str, Any]]:
    for slot in slots_of(kind):
        item = slot_value(slot, value, _missing)
        if item is not _missing:
            yield slot.__name__, item
