"""Parameters that are handed on: one that is missing on the way is added everywhere it has to go through."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.core.patch import Edit
from pytest_codemode.proposers.search.operators.shapes import called_name
from pytest_codemode.proposers.search.scope import local_nodes, parameters
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.source import Function, header_text

_DEFAULTS = ("None", "False", "True", "0", '""')
_MOST = 6
"""Calls of one function that are changed together."""


def parameter(site: Site) -> Iterator[Draft]:
    """A function takes the keyword that it is called with, and hands it on to what it calls that takes it too."""
    function = site.statement
    if not isinstance(function, Function):
        return
    names = parameters(function)
    for callee, word in sorted(site.project.hints.unknown_keywords):
        owner = site.source.class_of(function)
        meant = callee in (function.name, owner.name if owner is not None and function.name == "__init__" else "")
        if not meant or word in names:
            continue
        calls = list(_takers(site, function, word))
        for rank, default in enumerate(_preferred(site, word)):
            header = _with_parameter(site, function, f"{word}={default}")
            for chosen, likely in _choices(calls):
                edits: list[Edit] = [edit for call in chosen for edit in _handed(site, call, word).edits]
                edits += header.edits
                yield Draft(tuple(edits), (0.9 - 0.08 * rank) * likely, f"`{function.name}` takes `{word}`")


def _choices(calls: list[ast.Call]) -> Iterator[tuple[list[ast.Call], float]]:
    """Yield the calls that get the keyword: all of them, or each alone."""
    if calls:
        yield calls[:_MOST], 1.0
        if len(calls) > 1:
            yield from (([call], 0.7) for call in calls[:_MOST])


def _takers(site: Site, function: Function, word: str) -> Iterator[ast.Call]:
    """Yield the calls in `function` whose callee takes `word` and is not given it; `super().f()` by its name."""
    for node in local_nodes(function):
        if not isinstance(node, ast.Call) or word in {other.arg for other in node.keywords}:
            continue
        if any(other.arg is None for other in node.keywords):
            continue
        for _, definition in site.project.functions.get(called_name(node), ()):
            if definition is not function and (word in parameters(definition) or definition.args.kwarg is not None):
                yield node
                break


def _handed(site: Site, call: ast.Call, word: str) -> Draft:
    """Return the edit that adds `word=word` to a call."""
    parts = [site.text(arg) for arg in call.args] + [site.text(other) for other in call.keywords]
    return site.replace(call, f"{site.text(call.func)}({', '.join([*parts, f'{word}={word}'])})")


def _with_parameter(site: Site, function: Function, parameter: str) -> Draft:
    """Return the edit that adds a parameter behind the others, before `**kwargs`."""
    header = header_text(site.source, function)
    arguments = function.args
    known = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    start, _ = site.source.span(function)
    place = Site(site.source, function, site.score, site.project)
    if arguments.kwarg is not None:
        at = site.source.span(arguments.kwarg)[0] - start
        at = header.rindex("**", 0, at)
        new = f"{header[:at]}{parameter}, {header[at:]}"
    elif known or arguments.vararg is not None:
        ends = [site.source.span(arg)[1] for arg in (*known, *filter(None, [arguments.vararg]))]
        ends += [site.source.span(value)[1] for value in (*arguments.defaults, *filter(None, arguments.kw_defaults))]
        at = max(ends) - start
        new = f"{header[:at]}, {parameter}{header[at:]}"
    else:
        at = header.index("(") + 1
        new = f"{header[:at]}{parameter}{header[at:]}"
    return place.replace_statement(new, header_only=True)


def _preferred(site: Site, word: str) -> tuple[str, ...]:
    """Return defaults for a parameter: those that functions of the project give one of the same name first."""
    found: dict[str, None] = {}
    for definitions in site.project.functions.values():
        for source, definition in definitions:
            value = default_of(definition, word)
            if value is not None:
                found[source.text_of(value)] = None
    return tuple(dict.fromkeys([*found, *_DEFAULTS]))[:5]


def default_of(function: Function, name: str) -> ast.expr | None:
    """Return the default of a parameter, None where it has none."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    pairs += [(arg, value) for arg, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    return next((value for arg, value in pairs if arg.arg == name), None)


def passed_on(site: Site) -> Iterator[Draft]:
    """Every call that takes a parameter of this function by the same name gets it; or it is taken in order to."""
    function = site.function
    if function is None:
        return
    mine = [name for name in parameters(function) if name not in ("self", "cls")]
    calls = [node for node in local_nodes(function) if isinstance(node, ast.Call)]
    wanted: dict[str, list[ast.Call]] = {}
    for call in calls:
        for name in _not_given(site, function, call):
            wanted.setdefault(name, []).append(call)
    for name, places in wanted.items():
        if name in mine and 1 < len(places) <= _MOST:
            edits = [edit for call in places for edit in _handed(site, call, name).edits]
            yield Draft(tuple(edits), 0.9, f"hand `{name}` on {len(places)} times")
        elif name not in mine and site.statement is function and _handed_on_elsewhere(site, function, name):
            for default in _preferred(site, name)[:2]:
                more: list[Edit] = [edit for call in places[:_MOST] for edit in _handed(site, call, name).edits]
                more += _with_parameter(site, function, f"{name}={default}").edits
                yield Draft(tuple(more), 0.8, f"`{function.name}` takes `{name}` and hands it on")


def _not_given(site: Site, function: Function, call: ast.Call) -> Iterator[str]:
    """Yield the parameters of the callee that the call leaves out, from its first definition in the project."""
    for _, definition in site.project.functions.get(called_name(call), ())[:1]:
        if definition is function or any(word.arg is None for word in call.keywords):
            return
        names = [name for name in parameters(definition) if name not in ("self", "cls")]
        extra = {arg.arg for arg in (definition.args.vararg, definition.args.kwarg) if arg is not None}
        given = {word.arg for word in call.keywords} | set(names[: len(call.args)])
        yield from (name for name in names if name not in given | extra)


def _handed_on_elsewhere(site: Site, function: Function, name: str) -> bool:
    """Whether another function of the file takes a parameter of this name and hands it on as it is."""
    others = (other for other in site.source.statements if isinstance(other, Function) and other is not function)
    return any(name in parameters(other) and any(_hands(node, name) for node in ast.walk(other)) for other in others)


def _hands(node: ast.AST, name: str) -> bool:
    return (
        isinstance(node, ast.keyword)
        and node.arg == name
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    )
