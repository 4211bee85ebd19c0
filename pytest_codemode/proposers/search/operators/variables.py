"""Another variable or attribute that is visible at the place."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from itertools import combinations

from pytest_codemode.proposers.search.kinds import SEQUENCES, same_kind
from pytest_codemode.proposers.search.scope import is_self, parameters
from pytest_codemode.proposers.search.similarity import likeness
from pytest_codemode.proposers.search.site import Draft, Site


def _candidates(site: Site, node: ast.Name) -> Iterator[tuple[str, float]]:
    """Yield other local names with a weight: alike, used near by, of the same kind at the failure."""
    kind = site.kinds.of(node)
    used_here = {other.id for other in site.nodes if isinstance(other, ast.Name)}
    mine = parameters(site.function) if site.function else []
    unread = site.scope.unread(site.function) if site.function else frozenset()
    twin = 0.25 if _beside_itself(site, node) else 0.0
    for position, name in enumerate(site.scope.visible_locals(node)):
        if name == node.id or name in ("self", "cls", "_"):
            continue
        weight = 0.45 + twin + 0.3 * likeness(node.id, name) - 0.02 * min(position, 10)
        weight += 0.1 if name in mine else 0.0
        weight -= 0.1 if name in used_here else 0.0
        weight += 0.35 if name in unread else 0.0
        other = site.kinds.name(name)
        if kind and other:
            weight += 0.2 if same_kind(kind, other) else -0.3
        yield name, min(max(weight, 0.05), 1.0)


def _beside_itself(site: Site, node: ast.expr) -> bool:
    """Whether the other side of an operation, comparison or call is the same: `a - a` is seldom meant."""
    parent = site.parent(node)
    if isinstance(parent, ast.BinOp):
        sides = [parent.left, parent.right]
    elif isinstance(parent, ast.Compare):
        sides = [parent.left, *parent.comparators]
    else:
        sides = parent.args if isinstance(parent, ast.Call) and node in parent.args else []
    return any(side is not node and site.text(side) == site.text(node) for side in sides)


def name(site: Site) -> Iterator[Draft]:
    """A variable becomes another one in scope."""
    drafts = []
    for node in site.nodes:
        if not isinstance(node, ast.Name) or is_self(node) or isinstance(node.ctx, ast.Del):
            continue
        parent = site.parent(node)
        if isinstance(parent, ast.Call) and node is parent.func and node.id not in site.scope.visible_locals(node):
            continue
        if isinstance(site.statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import):
            continue
        stored = isinstance(node.ctx, ast.Store)
        for other, weight in _candidates(site, node):
            drafts.append(site.replace(node, other, weight * (0.4 if stored else 1.0)))
    yield from drafts


def exchanged(site: Site) -> Iterator[Draft]:
    """Two variables of the statement change places: `found[key] = value` becomes `found[value] = key`."""
    local = set(site.scope.visible_locals(site.statement)) - {"self", "cls"}
    nodes = [node for node in site.expressions if isinstance(node, ast.Name) and node.id in local]
    names = list(dict.fromkeys(node.id for node in nodes if not _is_callee(node, site.parent(node))))[:5]
    for one, other in combinations(names, 2):
        mine = sorted((site.source.span(node), node.id) for node in nodes if node.id in (one, other))
        kinds = {site.kinds.name(one), site.kinds.name(other)} - {""}
        new, at = "", mine[0][0][0]
        for (start, end), name_ in mine:
            new += site.source.text[at:start] + (other if name_ == one else one)
            at = end
        yield site.splice(mine[0][0][0], at, new, (0.9 if len(mine) == 2 else 0.6) * (0.4 if len(kinds) == 2 else 1.0))


def global_name(site: Site) -> Iterator[Draft]:
    """A variable becomes a constant or another name of the module that is like it."""
    drafts = []
    for node in site.expressions:
        if isinstance(node, ast.Name) and not is_self(node) and not hasattr(builtins, node.id):
            called = isinstance(site.parent(node), ast.Call)
            for other in site.scope.module_names:
                alike = likeness(node.id, other)
                same_style = node.id.isupper() == other.isupper()
                if other != node.id and (alike >= 0.4 or (node.id.isupper() and same_style)):
                    drafts.append(
                        site.replace(node, other, (0.3 + 0.6 * alike) * (1.0 if same_style or called else 0.4))
                    )
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
        ):
            drafts += [site.replace(node, other, 0.3) for other in site.scope.module_names if other.isupper()]
    yield from drafts


def attribute(site: Site) -> Iterator[Draft]:
    """`self.a` becomes `self.b`; `x.a` becomes `x.b` where both are attributes that the file uses."""
    drafts = []
    owner = site.source.class_of(site.statement)
    for node in site.nodes:
        if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Del):
            continue
        called = isinstance(site.parent(node), ast.Call) and node is getattr(site.parent(node), "func", None)
        own = owner is not None and is_self(node.value)
        names = site.scope.members(owner) if own and owner else (*site.project.attributes, *site.scope.attributes_read)
        methods = site.scope.methods(owner) if own and owner else frozenset()
        end = site.source.span(node)[1]
        twin = _beside_itself(site, node)
        for other in dict.fromkeys(names):
            if other == node.attr or (own and (other in methods) != called) or (called and not own):
                continue
            alike = likeness(node.attr, other)
            weight = (0.4 if own else 0.2) + 0.6 * alike
            weight += 0.3 if own and other in site.scope.unread_attributes else 0.0
            weight += 0.2 if twin and own else 0.0
            weight *= 0.4 if isinstance(node.ctx, ast.Store) else 1.0
            drafts.append(site.splice(end - len(node.attr), end, other, weight))
    yield from sorted(drafts, key=lambda draft: -draft.weight)[:60]


def access(site: Site) -> Iterator[Draft]:
    """Attribute access added or removed: `x` and `self.x`, `item` and `item.value`."""
    owner = site.source.class_of(site.statement)
    first = next(iter(parameters(site.function)), "") if site.function else ""
    mine = site.scope.members(owner) if owner is not None and first in ("self", "cls") else ()
    local = site.scope.visible_locals(site.statement)
    for node in site.nodes:
        if isinstance(node, ast.Name) and node.id in mine and not is_self(node):
            yield site.replace(node, f"{first}.{node.id}", 0.9)
        elif isinstance(node, ast.Attribute) and is_self(node.value) and node.attr in local:
            yield site.replace(node, node.attr, 0.9)
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(node, ast.Attribute) and not is_self(node.value) and not _is_callee(node, parent):
            yield site.replace(node, site.text(node.value), 0.4)
        elif isinstance(node, ast.Name) and node.id in local and not (is_self(node) or _is_callee(node, parent)):
            yield from _accessed(site, node, parent)


def _accessed(site: Site, node: ast.Name, parent: ast.AST | None) -> Iterator[Draft]:
    if isinstance(parent, ast.Attribute):
        return
    used = site.scope.attributes_of_names.get(node.id, ())
    named = site.project.named_attributes
    for attr in dict.fromkeys([*named, *used, *site.project.attributes[:12]]):
        yield site.replace(node, f"{node.id}.{attr}", 1.0 if attr in named else 0.5 if attr in used else 0.2)


def _is_callee(node: ast.AST, parent: ast.AST | None) -> bool:
    return isinstance(parent, ast.Call) and node is parent.func


def result_attribute(site: Site) -> Iterator[Draft]:
    """What is returned or assigned is an attribute of it: `max(lines, ...)` becomes `max(lines, ...).text`."""
    value = getattr(site.statement, "value", None)
    if not isinstance(value, ast.Call | ast.Subscript) or not isinstance(site.statement, ast.Return | ast.Assign):
        return
    for rank, attr in enumerate(site.project.attributes[:12]):
        methods = {name for source, node in site.project.classes.values() for name in site.scope.methods(node)}
        weight = 0.8 - 0.03 * rank
        yield site.replace(value, f"{site.text(value)}.{attr}{'()' if attr in methods else ''}", weight)


def index(site: Site) -> Iterator[Draft]:
    """An index is added or removed: `pair` and `pair[0]`."""
    local = site.scope.visible_locals(site.statement)
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            yield site.replace(node, site.text(node.value), 0.5)
        elif (
            not isinstance(node, ast.Name) or node.id not in local or isinstance(parent, ast.Subscript | ast.Attribute)
        ):
            continue
        elif site.kinds.of(node) in ("list", "tuple", "dict", "iterable", ""):
            for part in ("0", "-1", "1"):
                yield site.replace(node, f"{node.id}[{part}]", 0.4 if part != "1" else 0.3)


def part(site: Site) -> Iterator[Draft]:
    """Something walked, returned or passed is cut first: `x` becomes `x[1:]`, `x[:-1]`, `x[n:]`, `x[:n]`."""
    local = site.scope.visible_locals(site.statement)
    numbers = [name for name in local if site.kinds.name(name) in ("int", "number", "")][:6]
    for node in site.expressions:
        parent = site.parent(node)
        if not isinstance(node, ast.Name | ast.Attribute) or is_self(node) or _is_callee(node, parent):
            continue
        if isinstance(
            parent, ast.Subscript | ast.Attribute | ast.BinOp | ast.Compare | ast.BoolOp | ast.If | ast.While
        ):
            continue
        kind = site.kinds.of(node)
        if kind and kind not in SEQUENCES:
            continue
        text = site.text(node)
        likely = 1.0 if isinstance(parent, ast.For | ast.comprehension) else 0.6
        for bounds in ("1:", ":-1"):
            yield site.replace(node, f"{text}[{bounds}]", 0.8 * likely)
        for name_ in numbers:
            if name_ != text:
                yield site.replace(node, f"{text}[{name_}:]", 0.7 * likely)
                yield site.replace(node, f"{text}[:{name_}]", 0.6 * likely)
        yield site.replace(node, f"{text}[::-1]", 0.4 * likely)
