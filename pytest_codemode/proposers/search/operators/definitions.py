"""Headers of functions: decorators and the parameters that the calls need."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pytest_codemode.core.patch import ReplaceDefinition
from pytest_codemode.proposers.search.scope import parameters
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.source import Function

_COUNT = re.compile(r"(\w+)\(\) takes (?:from )?\d+ .*positional arguments? but \d+ (?:was|were) given")


def decorated(site: Site) -> Iterator[Draft]:
    """A method becomes a property, a static or a class method, where an error says that it is used as one."""
    function = site.statement
    if not isinstance(function, Function) or function.decorator_list or site.source.class_of(function) is None:
        return
    texts = site.project.hints.texts
    names = parameters(function)
    if names[:1] == ["self"] and len(names) == 1 and ("method" in texts or "not callable" in texts):
        yield site.replace_statement(f"@property\n{site.header}", 0.9, header_only=True)
    if names[:1] == ["cls"]:
        yield site.replace_statement(f"@classmethod\n{site.header}", 0.9, header_only=True)
    elif names[:1] != ["self"] and function.name in _COUNT.findall(texts):
        yield site.replace_statement(f"@staticmethod\n{site.header}", 0.7, header_only=True)


def called(site: Site) -> Iterator[Draft]:
    """A method that is read without a call is called; what is not callable is no longer called."""
    texts = site.project.hints.texts
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(node, ast.Attribute) and not (isinstance(parent, ast.Call) and node is parent.func):
            if node.attr in site.project.functions and node.attr not in site.project.decorated:
                yield site.replace(node, f"{site.text(node)}()", 1.0 if "method" in texts else 0.4)
        elif isinstance(node, ast.Call) and not node.args and not node.keywords and "not callable" in texts:
            yield site.replace(node, site.text(node.func), 1.0)


def undecorated(site: Site) -> Iterator[Draft]:
    """A property becomes a method, where an error says that it is called."""
    function = site.statement
    if not isinstance(function, Function) or "not callable" not in site.project.hints.texts:
        return
    if [site.text(decorator) for decorator in function.decorator_list] == ["property"]:
        body = "\n".join(site.source.lines[function.lineno - 1 : function.end_lineno])
        yield Draft((ReplaceDefinition(site.path, _qualname(site, function), body),), 0.8, "no longer a property")


def parameter(site: Site) -> Iterator[Draft]:
    """A method takes `self`; a function takes the keyword that it is called with."""
    function = site.statement
    if not isinstance(function, Function):
        return
    names = parameters(function)
    counted = {name.rpartition(".")[2] for name in _COUNT.findall(site.project.hints.texts)}
    at = site.header.find("(") + 1
    if site.source.class_of(function) is not None and names[:1] not in (["self"], ["cls"]) and function.name in counted:
        rest = site.header[at:]
        new = f"{site.header[:at]}self{', ' if names else ''}{rest}"
        yield site.replace_statement(new, 0.9, header_only=True)
    for callee, word in sorted(site.project.hints.unknown_keywords):
        if callee == function.name and word not in names and function.args.kwarg is None:
            end = site.header.rfind(")")
            inside = f"{site.header[at:end].rstrip().rstrip(',')}, " if names else ""
            for default in ("None", "False", "True", "0"):
                new = f"{site.header[:at]}{inside}{word}={default}{site.header[end:]}"
                yield site.replace_statement(new, 0.4, header_only=True)


def _qualname(site: Site, function: Function) -> str:
    owner = site.source.class_of(function)
    return f"{owner.name}.{function.name}" if owner is not None else function.name
