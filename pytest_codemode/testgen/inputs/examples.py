"""Examples in docstrings, as a person wrote them: calls, what they need, and what they say comes out."""

from __future__ import annotations

import ast
import builtins
import doctest
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_codemode.core.exploring import Described, Import
from pytest_codemode.testgen.inputs.expressions import parsed, unparsed
from pytest_codemode.testgen.inputs.plans import Setup

_PARSER = doctest.DocTestParser()
_LONGEST = 400
_BUILTINS = frozenset(dir(builtins))
_TICKED = re.compile(r"`([^`\n]+\([^`\n]+\))`")
_TRACEBACK = "Traceback (most recent call last):"


@dataclass(frozen=True, slots=True)
class Example:
    """One call of the target in a docstring."""

    call: str
    expected: str
    setup: Setup = ()
    imports: tuple[Import, ...] = ()


@dataclass(slots=True)
class _Seen:
    """What the lines before an example have made known."""

    setup: list[tuple[str, str]] = field(default_factory=list)
    imports: dict[str, Import] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Names bound in a way that a setup cannot repeat."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Names that imports give -> what they stand for, as source text."""


def examples(described: Described, docstrings: list[str], known: dict[str, Import]) -> Iterator[Example]:
    """Yield the examples that call a target.

    Args:
        described: What has to be called.
        docstrings: Of the function, its class, its module.
        known: How names of the module that examples use can be imported.
    """
    for text in dict.fromkeys(docstrings):
        try:
            parts = _PARSER.get_examples(text)
        except ValueError:  # a prompt without a blank after it, lines out of line: no doctest
            continue
        seen = _Seen()
        for part in parts:
            yield from _example(part, described, seen, known)
        for call in unprompted(text):
            if (node := parsed(call)) is not None and any(_has_arguments(one) for one in own_calls(node, described)):
                yield from _called(node, "", described, seen, known)


def _example(part: doctest.Example, described: Described, seen: _Seen, known: dict[str, Import]) -> Iterator[Example]:
    try:
        body = ast.parse(part.source).body
    except (SyntaxError, ValueError):
        return
    for written in body:
        statement = _Unaliased(seen.aliases).visit(written) if seen.aliases else written
        match statement:
            case ast.Import() | ast.ImportFrom():
                _import(statement, seen)
            case ast.Expr(value=call):
                found = list(_called(call, _expected(part), described, seen, known))
                if not found and isinstance(call, ast.Call):
                    seen.setup.append(("_", unparsed(call)))
                yield from found
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield from _called(value, "", described, seen, known)
                seen.setup.append((name, unparsed(value)))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield from _called(value, "", described, seen, known)
                seen.setup.append((name, unparsed(value)))
            case ast.Assign(targets=[ast.Tuple(elts=elements)], value=value) if _are_names(elements):
                yield from _called(value, "", described, seen, known)
                seen.setup.extend(_unpacked(elements, value))
            case _:
                for call in own_calls(statement, described):
                    yield from _called(call, "", described, seen, known)
                seen.broken.update(_bound(statement))


def _are_names(nodes: list[ast.expr]) -> bool:
    return all(isinstance(node, ast.Name) for node in nodes)


def _unpacked(names: list[ast.expr], value: ast.expr) -> Iterator[tuple[str, str]]:
    """Yield what binds each of several names to its part of a value."""
    words = [unparsed(name) for name in names]
    whole = "_".join(words)
    if isinstance(value, ast.Tuple) and len(value.elts) == len(words):
        yield from ((word, unparsed(part)) for word, part in zip(words, value.elts, strict=True))
        return
    yield whole, f"tuple({unparsed(value)})"
    yield from ((word, f"{whole}[{at}]") for at, word in enumerate(words))


class _Unaliased(ast.NodeTransformer):
    """Puts what imports stand for in the place of the names that they give."""

    def __init__(self, aliases: dict[str, str]) -> None:
        self._aliases = aliases

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return what the name stands for."""
        meant = parsed(self._aliases[node.id]) if node.id in self._aliases else None
        return meant if meant is not None and isinstance(node.ctx, ast.Load) else node


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds."""
    nodes = list(ast.walk(statement))
    names = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _expected(part: doctest.Example) -> str:
    if part.exc_msg is not None:
        return part.exc_msg.strip() or _TRACEBACK
    return part.want.rstrip("\n")


def _called(
    node: ast.expr, expected: str, described: Described, seen: _Seen, known: dict[str, Import]
) -> Iterator[Example]:
    """Yield the example, if it calls the target: without `print`, and without what comes out if that shows more."""
    calls = own_calls(node, described)
    if not calls:
        return
    shown = _printed(node)
    whole = shown if shown is not None and own_calls(shown, described) else calls[0]
    found = _needing(whole, expected if whole is shown else "", seen, known)
    if found is not None:
        yield found


def _import(statement: ast.Import | ast.ImportFrom, seen: _Seen) -> None:
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            seen.imports[alias.name.partition(".")[0]] = Import(alias.name)
            if alias.asname is not None:
                seen.aliases[alias.asname] = alias.name
        return
    for alias in statement.names:
        if statement.module and not statement.level:
            seen.imports[alias.name] = Import(statement.module, alias.name)
            if alias.asname is not None:
                seen.aliases[alias.asname] = alias.name
        elif alias.asname is not None:
            seen.broken.add(alias.asname)


def own_calls(node: ast.AST, described: Described) -> list[ast.expr]:
    """Return the calls of the target in an expression or statement, outermost first; of a property its readings."""
    owner, _, name = described.qualname.rpartition(".")
    wanted = owner.rpartition(".")[2] if described.kind == "constructor" else name
    found: list[ast.expr] = []
    for inner in ast.walk(node):
        func = inner.func if isinstance(inner, ast.Call) else inner if described.kind == "property" else None
        plain = isinstance(func, ast.Name) and func.id == wanted and described.kind in ("function", "constructor")
        if plain or (isinstance(func, ast.Attribute) and func.attr == wanted):
            found.append(inner)  # type: ignore[arg-type]
    return found


def unprompted(text: str) -> Iterator[str]:
    """Yield what may be calls in documentation without a prompt: in backquotes, on a line of their own."""
    yield from _TICKED.findall(text)
    for line in text.splitlines():
        stripped = line.strip()
        if "(" in stripped and not stripped.startswith((">>>", "...")):
            call = re.split(r"(?<!\s)\s+(?:#|->|=>|==|returns)\s*", stripped)[0]
            yield re.sub(r"^[\w, ]+ = ", "", call)


def _has_arguments(call: ast.expr) -> bool:
    return isinstance(call, ast.Call) and bool(call.args or call.keywords)


def _printed(node: ast.expr) -> ast.expr | None:
    """Return what a call of `print` shows, if it is one thing; None if it shows more."""
    match node:
        case ast.Call(func=ast.Name(id="print"), args=[ast.expr() as shown], keywords=[]):
            return None if isinstance(shown, ast.Starred) else shown
        case ast.Call(func=ast.Name(id="print")):
            return None
    return node


def _needing(node: ast.expr, expected: str, seen: _Seen, known: dict[str, Import]) -> Example | None:
    """Return the example with what its names need; None if one of them cannot be had."""
    call = unparsed(node)
    names = _loaded(node)
    setup: list[tuple[str, str]] = []
    imports: dict[str, Import] = {}
    variables = {name for name, _ in seen.setup}
    for name, text in reversed(seen.setup):  # what an earlier line did to an object counts too
        tree = parsed(text)
        if name in names or (name == "_" and tree is not None and _loaded(tree) & names & variables):
            setup.append((name, text))
            names |= _loaded(tree) if tree is not None else set()
    assigned = {name for name, _ in setup}
    for name in sorted(names - assigned):
        if name in seen.broken:
            return None
        if name in seen.imports or name in known:
            imports[name] = seen.imports.get(name) or known[name]
        elif name not in _BUILTINS:
            return None
    if len(call) > _LONGEST:
        return None
    return Example(call, expected, tuple(reversed(setup)), tuple(imports.values()))


def _loaded(node: ast.AST) -> set[str]:
    """Return the names that an expression takes from outside."""
    bound = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
    bound |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} - bound
