"""Arguments of calls and what is called."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from itertools import combinations

from pytest_codemode.proposers.search.operators.shapes import called_name
from pytest_codemode.proposers.search.scope import is_self, parameters
from pytest_codemode.proposers.search.similarity import likeness
from pytest_codemode.proposers.search.site import Draft, Site

_KIN = (
    "append extend insert add",
    "append appendleft",
    "pop popleft popitem",
    "strip lstrip rstrip removeprefix removesuffix",
    "find index rfind rindex",
    "split rsplit splitlines partition rpartition",
    "partition rpartition",
    "lower upper title capitalize casefold swapcase",
    "ljust rjust center zfill",
    "startswith endswith",
    "isdigit isalpha isalnum isdecimal isnumeric isspace",
    "isupper islower istitle",
    "keys values items",
    "get pop setdefault",
    "remove discard pop",
    "union intersection difference symmetric_difference",
    "update setdefault",
    "issubset issuperset isdisjoint",
    "sort reverse",
    "copy deepcopy",
    "min max",
    "any all",
    "sum max min len",
    "sorted reversed list",
    "list tuple set frozenset",
    "int float round",
    "str repr",
    "floor ceil trunc round",
    "sin cos tan",
    "zip zip_longest",
    "isinstance issubclass",
    "getattr hasattr",
    "enumerate zip",
    "dumps dump",
    "loads load",
    "read readline readlines",
    "write writelines",
    "days seconds total_seconds",
    "isoformat strftime",
    "heappop heappush",
    "nlargest nsmallest",
    "bisect_left bisect_right bisect",
    "permutations combinations product",
    "match search fullmatch",
    "findall finditer",
)
_SIBLINGS: dict[str, tuple[str, ...]] = {}
for _row in _KIN:
    for _name in _row.split():
        _SIBLINGS[_name] = (*_SIBLINGS.get(_name, ()), *(other for other in _row.split() if other != _name))

_ONE_ARGUMENT = ("int", "str", "float", "len", "list", "sum", "abs", "set", "sorted", "bool", "tuple")
"""Functions of one argument that stand for one another, if less often than their kin."""
_KEYWORDS: dict[str, tuple[str, ...]] = {
    "sorted": ("reverse=True", "key=len", "key=str.lower", "key=lambda item: item[1]", "key=lambda item: item[0]"),
    "sort": ("reverse=True", "key=len", "key=str.lower", "key=lambda item: item[1]", "key=lambda item: item[0]"),
    "max": ("default=0", "default=None", "key=len"),
    "min": ("default=0", "default=None", "key=len"),
    "enumerate": ("start=1",),
    "round": ("2", "1"),
    "dumps": ("sort_keys=True", "ensure_ascii=False", "indent=2"),
    "split": ("maxsplit=1",),
    "next": ("None",),
    "get": ("0", '""', "[]", "{}"),
    "pop": ("None", "0", "-1"),
    "getattr": ("None",),
    "sum": ("[]", "1"),
    "open": ('encoding="utf-8"',),
    "rsplit": ("maxsplit=1",),
}
"""What is often missing in calls of standard functions; position or keyword as a person would write it."""


def callee(site: Site) -> Iterator[Draft]:
    """Another function or method of the same kind."""
    drafts = []
    for node in site.expressions:
        name = called_name(node)
        if not isinstance(node, ast.Call) or not name:
            continue
        end = site.source.span(node.func)[1]
        for rank, other in enumerate(_SIBLINGS.get(name, ())):
            drafts.append(site.splice(end - len(name), end, other, max(1.0 - 0.08 * rank, 0.4)))
        if name in _ONE_ARGUMENT and len(node.args) == 1 and not node.keywords:
            for other in _ONE_ARGUMENT:
                drafts.append(site.splice(end - len(name), end, other, 0.2))
        for other, weight in _project_callees(site, node, name):
            drafts.append(site.splice(end - len(name), end, other, weight))
    yield from drafts


def _project_callees(site: Site, call: ast.Call, name: str) -> Iterator[tuple[str, float]]:
    """Yield functions of the module, or methods of the class, that can be called like `name`."""
    if name in _SIBLINGS and name not in site.project.functions:
        return
    if isinstance(call.func, ast.Attribute):
        owner = site.source.class_of(site.statement) if is_self(call.func.value) else None
        methods = site.scope.methods(owner) if owner else frozenset(_methods(site))
        names = sorted(method for method in methods if not method.startswith("__"))
    else:
        names = [other for other in site.scope.module_names if other in site.project.functions]
    inside = site.function.name if site.function else ""
    for other in names:
        if other != name and any(_takes(function, call) for _, function in site.project.functions.get(other, ())):
            yield other, (0.4 + 0.5 * likeness(name, other)) * (0.3 if other == inside else 1.0)


def _methods(site: Site) -> Iterator[str]:
    for source, definition in site.project.classes.values():
        yield from site.project.scope(source).methods(definition)


def _takes(function: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call) -> bool:
    """Whether `function` can take as many arguments as `call` passes."""
    args = function.args
    positional = [arg for arg in (*args.posonlyargs, *args.args) if arg.arg not in ("self", "cls")]
    given = len(call.args) + len(call.keywords)
    most = len(positional) + len(args.kwonlyargs)
    least = len(positional) - len(args.defaults)
    return least <= given and (given <= most or args.vararg is not None or args.kwarg is not None)


def swapped(site: Site) -> Iterator[Draft]:
    """Two positional arguments change places."""
    for node in site.expressions:
        if isinstance(node, ast.Call) and 2 <= len(node.args) <= 6:
            pairs = sorted(combinations(range(len(node.args)), 2), key=lambda pair: pair[1] - pair[0])
            for one, other in pairs[:10]:
                texts = [site.text(arg) for arg in node.args]
                texts[one], texts[other] = texts[other], texts[one]
                yield _with_arguments(site, node, texts, 1.0 if other - one == 1 else 0.6)
        elif isinstance(node, ast.Tuple) and len(node.elts) in (2, 3) and isinstance(node.ctx, ast.Load):
            texts = [site.text(item) for item in node.elts]
            start, end = site.source.span(node.elts[0])[0], site.source.span(node.elts[1])[1]
            yield site.splice(start, end, f"{texts[1]}, {texts[0]}", 0.5)
    yield from _method_turned(site)


def _method_turned(site: Site) -> Iterator[Draft]:
    """`a.method(b)` becomes `b.method(a)`."""
    for node in site.expressions:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
            value, argument = node.func.value, node.args[0]
            if isinstance(value, ast.Name) and isinstance(argument, ast.Name) and not node.keywords:
                yield site.replace(node, f"{argument.id}.{node.func.attr}({value.id})", 0.4)


def _with_arguments(site: Site, call: ast.Call, positional: list[str], weight: float) -> Draft:
    words = [site.text(word) for word in call.keywords]
    return site.replace(call, f"{site.text(call.func)}({', '.join([*positional, *words])})", weight)


def fewer(site: Site) -> Iterator[Draft]:
    """An argument is dropped."""
    for node in site.expressions:
        if not isinstance(node, ast.Call):
            continue
        texts = [site.text(arg) for arg in node.args]
        words = [site.text(word) for word in node.keywords]
        function = site.text(node.func)
        for index in reversed(range(len(words))):
            kept = [*texts, *words[:index], *words[index + 1 :]]
            yield site.replace(node, f"{function}({', '.join(kept)})", 0.8)
        for index in reversed(range(len(texts))):
            kept = [*texts[:index], *texts[index + 1 :], *words]
            if kept or not hasattr(builtins, function):
                yield site.replace(node, f"{function}({', '.join(kept)})", 0.6)


def more(site: Site) -> Iterator[Draft]:
    """An argument is added: one that the callee takes and is not given, or a name in scope."""
    drafts = []
    for node in site.expressions:
        name = called_name(node)
        if isinstance(node, ast.Call) and name:
            for argument, weight in _missing_arguments(site, node, name):
                texts = [*(site.text(arg) for arg in node.args), *(site.text(word) for word in node.keywords)]
                at = len(texts) if "=" in argument or not node.keywords else len(node.args)
                texts.insert(at, argument)
                drafts.append(site.replace(node, f"{site.text(node.func)}({', '.join(texts)})", weight))
    yield from drafts


def _missing_arguments(site: Site, call: ast.Call, name: str) -> Iterator[tuple[str, float]]:
    given = {word.arg for word in call.keywords}
    local = [other for other in site.scope.visible_locals(call) if other not in ("self", "cls")]
    used = {arg.id for arg in call.args if isinstance(arg, ast.Name)}
    definitions = site.project.functions.get(name, ())
    for _, function in definitions[:3]:
        names = [parameter for parameter in parameters(function) if parameter not in ("self", "cls")]
        for index, parameter in enumerate(names):
            if index < len(call.args) or parameter in given:
                continue
            for other in local:
                if other not in used:
                    text = other if index == len(call.args) and not call.keywords else f"{parameter}={other}"
                    yield text, 0.3 + 0.65 * likeness(parameter, other)
            owner = site.source.class_of(site.statement)
            if owner is not None and parameter in site.scope.members(owner):
                yield f"{parameter}=self.{parameter}", 0.7
            yield from ((f"{parameter}={value}", 0.3) for value in _opposites(function, parameter))
    for argument in _KEYWORDS.get(name, ()) if not definitions else ():
        if argument.partition("=")[0] not in given and len(call.args) + len(call.keywords) < 3:
            yield argument, 0.8 if argument == "reverse=True" else 0.5
    if not definitions and len(call.args) <= 3:
        unread = site.scope.unread(site.function) if site.function else frozenset()
        wanted = [other for other in local if other not in used and (other in unread or name not in _KEYWORDS)]
        yield from ((other, 0.8 if other in unread else 0.25) for other in wanted)


def _opposites(function: ast.FunctionDef | ast.AsyncFunctionDef, parameter: str) -> Iterator[str]:
    """Yield the other boolean than the default of a parameter."""
    args = function.args
    positional = [*args.posonlyargs, *args.args]
    pairs = list(zip(reversed(positional), reversed(args.defaults), strict=False))
    pairs += [(arg, value) for arg, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value is not None]
    for arg, value in pairs:
        if arg.arg == parameter and isinstance(value, ast.Constant) and isinstance(value.value, bool):
            yield str(not value.value)


def keyword(site: Site) -> Iterator[Draft]:
    """Order and key of a sort: `reverse` is added, dropped or turned; elements compared by another part."""
    for node in site.expressions:
        if called_name(node) not in ("sorted", "sort", "max", "min") or not isinstance(node, ast.Call):
            continue
        words = {word.arg: word for word in node.keywords}
        texts = [site.text(arg) for arg in node.args]
        others = [site.text(word) for word in node.keywords if word.arg != "reverse"]
        if called_name(node) in ("sorted", "sort"):
            if "reverse" in words:
                inside = [*texts, *others]
                yield site.replace(node, f"{site.text(node.func)}({', '.join(inside)})", 1.0)
                value = words["reverse"].value
                yield site.replace(value, f"not {site.text(value)}", 0.7)
            else:
                inside = [*texts, *others, "reverse=True"]
                yield site.replace(node, f"{site.text(node.func)}({', '.join(inside)})", 1.0)
        key = words["key"].value if "key" in words else None
        if isinstance(key, ast.Lambda):
            yield from _keys(site, key)


def _keys(site: Site, key: ast.Lambda) -> Iterator[Draft]:
    body = site.text(key.body)
    if not isinstance(key.body, ast.Tuple):
        yield site.replace(key.body, f"-{body}" if not body.startswith("-") else body[1:], 0.7)
        name = key.args.args[0].arg if key.args.args else "item"
        if body != name:
            yield site.replace(key.body, f"({body}, {name})", 0.5)
    else:
        for item in key.body.elts:
            text = site.text(item)
            yield site.replace(item, text[1:] if text.startswith("-") else f"-{text}", 0.7)


def starred(site: Site) -> Iterator[Draft]:
    """An argument is unpacked, or no longer."""
    for node in site.expressions:
        if isinstance(node, ast.Call):
            for argument in node.args:
                if isinstance(argument, ast.Starred):
                    yield site.replace(argument, site.text(argument.value), 0.5)
                elif isinstance(argument, ast.Name) and site.kinds.of(argument) in ("", "list", "tuple", "iterable"):
                    yield site.replace(argument, f"*{argument.id}", 0.3)
