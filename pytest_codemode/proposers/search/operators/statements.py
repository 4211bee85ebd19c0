"""Statements added, moved, indented, and (last of all) dropped."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.core.patch import DeleteStatement, InsertStatement
from pytest_codemode.proposers.search.scope import parameters
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.source import SIMPLE, Function, is_text


def _at(site: Site, statement: ast.stmt) -> Site:
    return Site(site.source, statement, site.score, site.project)


def missing_return(site: Site) -> Iterator[Draft]:
    """The function returns the variable it computed, at its end; a bare expression is returned."""
    function = site.function
    if function is None:
        return
    last = function.body[-1]
    names = [name for name in site.scope.locals_of(function) if name not in ("self", "cls")]
    names.sort(key=lambda name: -site.scope.locals_of(function)[name])
    preferred = [name for name in names if name in ("result", "results", "total", "out", "output", "found", "ret")]
    if not isinstance(last, ast.Return | ast.Raise):
        for index, name in enumerate(dict.fromkeys([*preferred, *_built(function), *names])):
            yield _at(site, last).insert_after(f"return {name}", max(1.0 - 0.06 * index, 0.2))
        for value in ("self", "True", "False", "[]", "0"):
            if value != "self" or "self" in parameters(function)[:1]:
                yield _at(site, last).insert_after(f"return {value}", 0.3)
    if isinstance(site.statement, ast.Expr) and not is_text(site.statement) and site.whole:
        yield site.replace_statement(f"return {site.text(site.statement.value)}", 0.9)
    if isinstance(site.statement, ast.Assign) and site.statement is last and site.whole:
        yield site.replace_statement(f"return {site.text(site.statement.value)}", 0.6)


def _built(function: Function) -> list[str]:
    """Return the names that the function starts as something empty: what it builds."""
    return [
        node.targets[0].id
        for node in function.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.List | ast.Dict | ast.Constant | ast.Set | ast.Call)
    ]


def changed_return(site: Site) -> Iterator[Draft]:
    """Another variable is returned."""
    if isinstance(site.statement, ast.Return) and site.function is not None and site.whole:
        old = site.text(site.statement.value) if site.statement.value is not None else ""
        for name in site.scope.visible_locals(site.statement)[:10]:
            if name != old:
                yield site.replace_statement(f"return {name}", 0.6)
        for value in ("None", "True", "False", "0", "[]", '""', "self"):
            if value != old and (value != "self" or "self" in parameters(site.function)[:1]):
                yield site.replace_statement(f"return {value}", 0.2)


def field(site: Site) -> Iterator[Draft]:
    """A parameter of `__init__` that is not stored is stored; an attribute that is missing is set."""
    owner = site.source.class_of(site.statement)
    if owner is None:
        return
    init = next((node for node in owner.body if isinstance(node, Function) and node.name == "__init__"), None)
    if init is None or not init.body:
        return
    place = _at(site, init.body[-1])
    stored = site.scope.members(owner)
    wrong = {name for _, name in site.project.hints.unknown_attributes}
    for name in parameters(init)[1:]:
        if name not in stored:
            yield place.insert_after(f"self.{name} = {name}", 1.0 if name in wrong else 0.7)
    for name in sorted(wrong - set(stored)):
        for value in ("None", "[]", "0", "{}", '""', "False", "set()"):
            yield place.insert_after(f"self.{name} = {value}", 0.5)


def filled(site: Site) -> Iterator[Draft]:
    """A collection that is asked `x in seen` and never filled gets `seen.add(x)`, after the statement or before."""
    if site.function is None or not site.whole or site.statement is site.function:
        return
    changed = {
        node.func.value.id
        for node in site.source.inside(site.function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    }
    local, visible = site.scope.visible_locals(site.statement), site.scope.visible(site.statement)
    outer = site.source.enclosing(site.function, _FUNCTIONS) or site.function
    for wanted, seen in _asked(outer):
        if seen in changed or wanted not in local or seen not in visible:
            continue
        for method in ("append", "add") if site.kinds.name(seen) == "list" else ("add", "append"):
            text = f"{seen}.{method}({wanted})"
            yield site.insert_before(text, 0.9 if method == "add" else 0.7)
            if not isinstance(site.statement, ast.Return):
                yield site.insert_after(text, 0.9 if method == "add" else 0.7)


def _asked(function: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield `(x, seen)` for each `x in seen` of two names."""
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            wanted, seen = node.left, node.comparators[0]
            if isinstance(wanted, ast.Name) and isinstance(seen, ast.Name):
                yield wanted.id, seen.id


def loop_control(site: Site) -> Iterator[Draft]:
    """`break`, `continue` or a step is added after the statement, or one becomes the other."""
    loop = site.source.loop_of(site.statement)
    if loop is None or not site.whole:
        return
    if isinstance(site.statement, ast.Break):
        yield site.replace_statement("continue", 0.9)
    elif isinstance(site.statement, ast.Continue):
        yield site.replace_statement("break", 0.9)
    elif not site.compound and not isinstance(site.statement, ast.Return | ast.Raise):
        block = site.source.block_of(site.statement)
        if block is not loop.body or block[-1] is not site.statement:
            yield site.insert_after("break", 0.7)
            yield site.insert_after("continue", 0.7)
        if isinstance(site.statement, ast.Assign) and len(site.statement.targets) == 1:
            yield site.replace_statement(f"return {site.text(site.statement.value)}", 0.3)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def step(site: Site) -> Iterator[Draft]:
    """A counter that a loop reads and nothing moves is moved at the end of the loop's body, or after the statement."""
    loop = site.statement if isinstance(site.statement, ast.For | ast.While) else None
    if loop is None:
        found = site.source.enclosing(site.statement, (ast.For, ast.While, *_FUNCTIONS))
        loop = found if isinstance(found, ast.For | ast.While) else None
    if loop is None or site.function is None:
        return
    moved = {
        node.target.id
        for node in site.source.inside(loop)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    counters = _counters(site.function)
    names = sorted(counters, key=lambda name: (name in moved, name))
    for name in names:
        weight = 0.5 if name in moved else 1.0
        yield _at(site, loop.body[-1]).insert_after(f"{name} += 1", weight)
        if site.statement is not loop and not site.compound and site.whole:
            yield site.insert_after(f"{name} += 1", weight * 0.7)
            yield site.insert_before(f"{name} += 1", weight * 0.5)
        yield _at(site, loop.body[-1]).insert_after(f"{name} -= 1", weight * 0.5)


def _counters(function: Function) -> set[str]:
    return {
        node.targets[0].id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, int)
        and not isinstance(node.value.value, bool)
    }


def moved_out(site: Site) -> Iterator[Draft]:
    """The last statement of a body stands after it instead; a loop that returns at its first turn, most of all."""
    parent = site.source.parents.get(site.statement)
    if not isinstance(parent, ast.For | ast.While | ast.If | ast.With) or not site.whole or site.compound:
        return
    if isinstance(site.statement, ast.Break | ast.Continue) and site.source.loop_of(parent) is None:
        return
    text = site.source.text_of(site.statement)
    block = site.source.block_of(site.statement)
    if block[-1] is site.statement:
        one_turn = isinstance(parent, ast.For | ast.While) and isinstance(site.statement, ast.Return)
        yield _moved(site, _at(site, _outermost(site, parent)), text, "after", 1.0 if one_turn else 0.5)
        grand = site.source.parents.get(parent)
        leaves = isinstance(site.statement, ast.Break | ast.Continue)
        if isinstance(grand, ast.For | ast.While | ast.If) and not leaves:
            yield _moved(site, _at(site, _outermost(site, grand)), text, "after", 0.4)
    if block[0] is site.statement:
        yield _moved(site, _at(site, _outermost(site, parent)), text, "before", 0.35)


def _outermost(site: Site, statement: ast.stmt) -> ast.stmt:
    """Return the `if` that an `elif` belongs to, else the statement itself."""
    while site.source.lines[statement.lineno - 1].lstrip().startswith("elif"):
        parent = site.source.parents[statement]
        if not isinstance(parent, ast.If):
            break
        statement = parent
    return statement


def moved_in(site: Site) -> Iterator[Draft]:
    """The statement after a loop or an `if` becomes the last one of its body, and the one before the first."""
    if not site.whole or not isinstance(site.statement, SIMPLE):
        return
    block = site.source.block_of(site.statement)
    at = block.index(site.statement)
    text = site.source.text_of(site.statement)
    before = block[at - 1] if at else None
    if isinstance(before, ast.For | ast.While | ast.If | ast.With):
        yield _moved(site, _at(site, before.body[-1]), text, "after", 0.9)
        inner = before.body[-1]
        if isinstance(inner, ast.For | ast.While | ast.If):
            yield _moved(site, _at(site, inner.body[-1]), text, "after", 0.6)
    after = block[at + 1] if at + 1 < len(block) else None
    if isinstance(after, ast.For | ast.While | ast.If):
        yield _moved(site, _at(site, after.body[0]), text, "before", 0.7)
        yield _moved(site, _at(site, after.body[-1]), text, "after", 0.4)


def _moved(site: Site, to: Site, text: str, where: str, weight: float) -> Draft:
    edit = InsertStatement(
        site.path, to.statement.lineno, to.first_line, "after" if where == "after" else "before", text
    )
    drop = DeleteStatement(site.path, site.statement.lineno, site.first_line)
    return Draft((drop, edit), weight, f"move `{site.first_line}` {where} `{to.first_line}`")


def swapped(site: Site) -> Iterator[Draft]:
    """The statement changes places with the next, or moves further down or to the top of its block."""
    block = site.source.block_of(site.statement)
    at = block.index(site.statement)
    if not site.whole or not isinstance(site.statement, SIMPLE):
        return
    text = site.source.text_of(site.statement)
    for distance, weight in ((1, 1.0), (2, 0.5)):
        if at + distance < len(block) and not isinstance(block[at + distance], ast.Return | ast.Raise):
            yield _moved(site, _at(site, block[at + distance]), text, "after", weight)
    if at and not is_text(block[at - 1]):
        yield _moved(site, _at(site, block[at - 1]), text, "before", 0.6)
    if at > 1 and not is_text(block[0]):
        yield _moved(site, _at(site, block[0]), text, "before", 0.4)


def deleted(site: Site) -> Iterator[Draft]:
    """The statement goes; for a condition, its body stays."""
    if not site.whole or isinstance(site.statement, Function | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Pass):
        return
    if isinstance(site.statement, ast.If) and not site.statement.orelse and site.header.startswith("if"):
        first, last = site.statement.body[0], site.statement.body[-1]
        if site.source.first_on_line(first):
            lines = site.source.lines[first.lineno - 1 : last.end_lineno]
            yield site.replace_statement("\n".join(lines), 0.6, f"always do what stands under `{site.first_line}`")
    if not is_text(site.statement):
        yield site.delete(0.5 if site.compound else 1.0)
