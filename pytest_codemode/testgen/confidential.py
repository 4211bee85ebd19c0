"""What a project's own source shows to be a secret: constants under a secret's name, by reading alone."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from pytest_codemode.core.credentials import SECRET_VALUE, is_secret_name, is_secret_text
from pytest_codemode.edits.text import SourceError, decode_source

MAX_SECRETS = 400
MAX_BYTES = 6 * 2**20
"""Of source that is parsed for them: some seconds."""
_WORDS = re.compile(r"(?i)pass|token|secret|key|pwd|\bpw|_pw|cred|auth|cookie|dsn|jwt|bearer|://|\bpat\b|_pat")
"""A source file without one of these has no secret's name in it."""
_DEFAULTS = frozenset({"get", "getenv", "pop", "setdefault", "config", "env", "str", "getattr"})
"""Functions that are asked for a name, and told what to return where there is none."""
_PLAIN = frozenset(
    (
        *("encode", "decode", "strip", "lower", "upper", "casefold", "digest", "hexdigest", "get_secret_value", "str"),
        *("bytes", "sha1", "sha256", "sha512", "md5", "blake2b", "b64encode", "b64decode", "hexlify", "unhexlify"),
    )
)
"""Functions whose result is as secret as what they are given."""
_RETURNING = re.compile(r"_*(?:get|load|read|fetch|default|current)_")
Signatures = dict[str, tuple[str, ...]]
"""Name of a function or class -> names of its parameters."""
_COMPARING = re.compile(r"(?i)compare|equal|verif|check|match")


def secrets_in(sources: Iterable[bytes]) -> frozenset[str]:
    """Return the texts in source files that are secrets, by what they are assigned to, compared with or passed as."""
    found: set[str] = set()
    left = MAX_BYTES
    for raw in sources:
        try:
            text = decode_source(raw).text
        except SourceError:
            continue
        if not _WORDS.search(text):
            continue
        left -= len(raw)
        if left < 0 or len(found) >= MAX_SECRETS:
            break
        found |= _of_text(text)
    return frozenset(sorted(found)[:MAX_SECRETS])


def named_texts(tree: ast.AST, signatures: Signatures | None = None) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of texts that stand under a name in code.

    Args:
        tree: the code.
        signatures: name of a function or class -> its parameters, for what is passed without a name.
    """
    for node in ast.walk(tree):
        for name, value in _pairs(node, signatures or {}):
            for text in _texts(value):
                yield name, text


def _of_text(text: str) -> set[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    signatures = dict(_signatures(tree))
    trees: list[ast.AST] = [tree, *_examples(tree)]
    found = {one for part in trees for name, one in named_texts(part, signatures) if is_secret_text(name, one)}
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return found | {match.group() for one in constants if isinstance(one, str) for match in SECRET_VALUE.finditer(one)}


def _examples(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the code of the examples in docstrings."""
    parser = doctest.DocTestParser()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        doc = ast.get_docstring(node) or ""
        if ">>>" not in doc:
            continue
        try:
            parts = [part for part in parser.parse(doc) if isinstance(part, doctest.Example)]
        except ValueError:
            continue
        for source in (text for part in parts for text in (part.source, part.want)):
            try:
                yield ast.parse(source)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue


def _signatures(tree: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield functions, and classes by their constructor or their annotated attributes, with their parameters."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = tuple(one.arg for one in (*node.args.posonlyargs, *node.args.args))
            yield node.name, names[1:] if names[:1] in (("self",), ("cls",)) else names
        elif isinstance(node, ast.ClassDef):
            made = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
            if made:
                yield node.name, tuple(one.arg for one in made[0].args.args[1:])
            else:
                yield (
                    node.name,
                    tuple(
                        one.target.id
                        for one in node.body
                        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
                    ),
                )


def _pairs(node: ast.AST, signatures: Signatures) -> Iterator[tuple[str, ast.expr]]:  # noqa: C901, PLR0912  # a table
    """Yield (name, value) where a node puts the two together."""
    match node:
        case ast.Assign():
            for target in node.targets:
                yield from _assigned(target, node.value)
        case ast.AnnAssign(value=ast.expr() as value):
            yield name_of(node.target), value
        case ast.NamedExpr():
            yield name_of(node.target), node.value
        case ast.keyword(arg=str() as name):
            yield name, node.value
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                if key is not None:
                    yield _own_text(key) or name_of(key), value
        case ast.Compare():
            sides = [node.left, *node.comparators]
            for one, other in pairwise(sides):
                yield name_of(one), other
                yield name_of(other), one
        case ast.arguments():
            places = [*node.posonlyargs, *node.args]
            for parameter, default in zip(places[::-1], node.defaults[::-1], strict=False):
                yield parameter.arg, default
            for parameter, given in zip(node.kwonlyargs, node.kw_defaults, strict=True):
                if given is not None:
                    yield parameter.arg, given
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            for inner in ast.walk(node) if _RETURNING.match(node.name) else ():
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield node.name, inner.value
        case ast.Match():
            for pattern in ast.walk(node):
                if isinstance(pattern, ast.MatchValue):
                    yield name_of(node.subject), pattern.value
        case ast.Call():
            yield from _passed(node, signatures)


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Tuple | ast.List):
        if isinstance(value, ast.Tuple | ast.List):
            for one, other in zip(target.elts, value.elts, strict=False):
                yield from _assigned(one, other)
    else:
        yield name_of(target), value


def _passed(node: ast.Call, signatures: Signatures) -> Iterator[tuple[str, ast.expr]]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else name_of(node.func)
    yield from zip(signatures.get(called, ()), node.args, strict=False)
    if called in _DEFAULTS and len(node.args) > 1:
        for asked, default in zip(node.args, node.args[1:], strict=False):
            yield _own_text(asked), default
    if called == "setattr" and len(node.args) == len(("owner", "name", "value")):
        yield _own_text(node.args[1]), node.args[2]
    if _COMPARING.search(called):
        for one in node.args:
            for other in node.args:
                if one is not other:
                    yield name_of(one), other


def name_of(node: ast.expr) -> str:  # noqa: PLR0911  # a table of nodes, one return each
    """Return the name under which an expression's value goes: of what a method is called on, or a function given.

    `hashlib.sha256(password.encode()).hexdigest()` goes under `password`.
    """
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Subscript():
            return _own_text(node.slice) or name_of(node.value)
        case ast.Await() | ast.Starred():
            return name_of(node.value)
        case ast.Call():
            asked = next((text for one in node.args if is_secret_name(text := _own_text(one))), "")
            called = node.func.attr if isinstance(node.func, ast.Attribute) else name_of(node.func)
            if asked or called not in _PLAIN:
                return asked
            inner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            return next((name for one in (*inner, *node.args) if is_secret_name(name := name_of(one))), "")
        case _:
            return ""


def _own_text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _texts(node: ast.expr) -> Iterator[str]:  # noqa: C901  # a table of nodes
    """Yield the texts that an expression may come to, or that it makes something of."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Constant(value=bytes() as raw):
            yield raw.decode("latin-1")
        case ast.List() | ast.Tuple() | ast.Set():
            for one in node.elts:
                yield from _texts(one)
        case ast.Dict():
            for one in node.values:
                yield from _texts(one)
        case ast.BoolOp():
            for one in node.values:
                yield from _texts(one)
        case ast.IfExp():
            yield from _texts(node.body)
            yield from _texts(node.orelse)
        case ast.BinOp():
            yield from _texts(node.left)
            yield from _texts(node.right)
        case ast.Await() | ast.Starred():
            yield from _texts(node.value)
        case ast.Call():
            yield from _made_of(node)


def _made_of(node: ast.Call) -> Iterator[str]:
    """Yield what a value is made of: `SecretStr("...")`, `"...".encode()`, `Field(default="...")`."""
    if isinstance(node.func, ast.Attribute):
        yield from _texts(node.func.value)
        if node.func.attr in _DEFAULTS:  # the first is what is asked for
            for one in node.args[1:]:
                yield from _texts(one)
            return
    for one in (*node.args, *(word.value for word in node.keywords if word.arg in ("default", "value"))):
        yield from _texts(one)
