"""Calls that were seen while tests ran, as source text; what comes from where foreign code ran is checked here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pytest_codemode.core.credentials import RANDOM_TEXT, SECRET_VALUE, is_secret_name

MAX_CALLS = 40
"""Different calls of one function."""
MAX_TEXT = 500
"""Characters of one expression."""
MAX_ARGUMENTS = 60
_MODULES = frozenset({"collections", "datetime", "decimal", "fractions", "pathlib", "uuid", "zoneinfo"})
"""Of the standard library; everything else there stays out of what is written into tests."""
_BUILTINS = frozenset({"float", "frozenset", "set", "range", "slice", "bytearray", "complex"})
_OTHER_MEANINGS = frozenset({"key", "keys", "pass", "pat", "auth", "cookie", "cookies"})
_ALLOWED = (
    *(ast.Expression, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Load, ast.Name, ast.Attribute),
    *(ast.Call, ast.keyword, ast.UnaryOp, ast.USub, ast.UAdd, ast.BinOp, ast.Add, ast.Sub),
)


@dataclass(frozen=True, slots=True)
class CallSeen:
    """One call, as it would be written."""

    function: str
    """`path::qualname`."""
    arguments: tuple[tuple[str, str], ...] = ()
    """(parameter's name, `*0` for the first of `*args`, or the name of a keyword that `**kwargs` took; source text).
    Those that are the parameter's own default are left out."""
    receiver: str = ""
    """Source text of the object whose method it is; empty if that cannot be written, and where there is none."""
    imports: tuple[tuple[str, str], ...] = ()
    """What the texts need: (module, name), see `core.exploring.Import`, which cannot be imported here."""


def checked(call: CallSeen, watched: Collection[str]) -> CallSeen | None:
    """Return a call as far as it can be believed and told: without its receiver if that is in doubt.

    Nothing but values is in it: literals, and names of the imports, called or with attributes. None if it is no such
    call, or something in it looks like a credential.
    """
    if call.function not in watched or len(call.arguments) > MAX_ARGUMENTS or not all(map(_is_import, call.imports)):
        return None
    names = _BUILTINS | {name or module.partition(".")[0] for module, name in call.imports}
    if not all(_is_name(name) and _is_value(text, names) for name, text in call.arguments):
        return None
    if holds_secret(call):
        return None
    fine = not call.receiver or _is_value(call.receiver, names)
    return call if fine else CallSeen(call.function, call.arguments, "", call.imports)


def holds_secret(call: CallSeen) -> bool:
    """Return whether a call holds what may be a credential: as an argument, or in what makes one or the receiver."""
    given = (*call.arguments, ("", call.receiver))
    return any(looks_secret(name, text) or any(looks_secret(*one) for one in _named_in(text)) for name, text in given)


def _named_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield (name, source text) of keywords and of what stands behind a text in a dict."""
    try:
        nodes = ast.walk(ast.parse(text, mode="eval")) if text else ()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in nodes:
        if isinstance(node, ast.keyword) and node.arg:
            yield node.arg, ast.unparse(node.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, ast.unparse(value)


def looks_secret(name: str, text: str) -> bool:
    """Return whether an argument may be a credential: by its value, or a text under a secret's name.

    A `key` is more often one of a dict: under such a name only what is no word is one.
    """
    if SECRET_VALUE.search(text) or not is_secret_name(name):
        return SECRET_VALUE.search(text) is not None
    if is_secret_name("_".join(word for word in name.lower().split("_") if word not in _OTHER_MEANINGS)):
        return text[:1] in "'\"b" and text not in ("''", '""', "b''")
    return RANDOM_TEXT.search(text) is not None


def _is_import(one: tuple[str, str]) -> bool:
    module, name = one
    parts = [*module.split("."), *([name] if name else [])]
    top = parts[0]
    return all(part.isidentifier() for part in parts) and (top in _MODULES or top not in sys.stdlib_module_names)


def _is_name(name: str) -> bool:
    return name.isidentifier() or (name.startswith("*") and name[1:].isdigit())


def _is_value(text: str, names: Collection[str]) -> bool:
    if len(text) > MAX_TEXT:
        return False
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(isinstance(node, _ALLOWED) and _is_plain(node, names) for node in nodes)


def _is_plain(node: ast.AST, names: Collection[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in names or node.id in _PLAIN_NAMES
    if isinstance(node, ast.Attribute):
        return not node.attr.startswith("_")
    if isinstance(node, ast.Call):
        called = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        return isinstance(called, ast.Name) and called.id in names
    return True


_PLAIN_NAMES = frozenset(
    {
        *("bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "dict", "set", "frozenset", "object"),
        *("len", "abs", "min", "max", "sum", "sorted", "repr", "callable", "ord", "chr", "hash", "type"),
    }
)
"""Built-ins that may stand as values; a call needs one of `_BUILTINS` or an import."""
