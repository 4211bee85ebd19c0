"""Where an argument, a result or a class belongs: the other call of two, the name it is kept in, the object's own."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_codemode.core.patch import Edit
from pytest_codemode.proposers.search.operators.shapes import called_name
from pytest_codemode.proposers.search.scope import is_self, parameters
from pytest_codemode.proposers.search.site import Draft, Site


def moved(site: Site) -> Iterator[Draft]:
    """The last argument of a call inside another goes to the outer call, or the outer's to the inner one."""
    for outer in site.expressions:
        if not isinstance(outer, ast.Call):
            continue
        for place, inner in enumerate(outer.args):
            if isinstance(inner, ast.Call):
                for argument in _last(inner):
                    rest = _text(site, inner, without=argument)
                    if not _takes(outer, argument):
                        continue
                    yield site.replace(outer, _text(site, outer, {place: rest}, more=argument), 1.0)
                for argument in _last(outer):
                    if argument is not inner and _takes(inner, argument):
                        filled = _text(site, inner, more=argument)
                        yield site.replace(outer, _text(site, outer, {place: filled}, without=argument), 0.8)


def _last(call: ast.Call) -> list[ast.expr | ast.keyword]:
    """Return the last positional and the last keyword argument, stars left out."""
    found: list[ast.expr | ast.keyword] = []
    if call.args and not isinstance(call.args[-1], ast.Starred):
        found.append(call.args[-1])
    found += [word for word in call.keywords[-1:] if word.arg is not None]
    return found


def _takes(call: ast.Call, argument: ast.expr | ast.keyword) -> bool:
    """Whether the call has no keyword of that name yet."""
    return not isinstance(argument, ast.keyword) or argument.arg not in {word.arg for word in call.keywords}


def _text(
    site: Site,
    call: ast.Call,
    changed: dict[int, str] | None = None,
    *,
    without: ast.expr | ast.keyword | None = None,
    more: ast.expr | ast.keyword | None = None,
) -> str:
    """Return the call as text, with arguments changed, left out or added."""
    texts = [(changed or {}).get(at, site.text(arg)) for at, arg in enumerate(call.args) if arg is not without]
    words = [site.text(word) for word in call.keywords if word is not without]
    if isinstance(more, ast.keyword):
        words.append(site.text(more))
    elif more is not None:
        texts.append(site.text(more))
    return f"{site.text(call.func)}({', '.join([*texts, *words])})"


def computed(site: Site) -> Iterator[Draft]:
    """A call is replaced by the local name that holds the result of such a call already."""
    if site.function is None:
        return
    unread = site.scope.unread(site.function)
    for statement in site.source.inside(site.function):
        if not isinstance(statement, ast.Assign) or statement.lineno >= site.statement.lineno:
            continue
        name = statement.targets[0]
        if not isinstance(name, ast.Name) or not isinstance(statement.value, ast.Call):
            continue
        for node in site.expressions:
            if isinstance(node, ast.Call) and site.text(node.func) == site.text(statement.value.func):
                yield site.replace(node, name.id, 1.0 if name.id in unread else 0.5)


def roles(site: Site) -> Iterator[Draft]:
    """Two names change places over this statement and the next: what is first made of one is filled from the other."""
    block = site.source.block_of(site.statement)
    at = block.index(site.statement)
    if site.compound or at + 1 >= len(block):
        return
    following = Site(site.source, block[at + 1], site.score, site.project)
    if following.compound or site.function is None:
        return
    mine, theirs = _names(site), _names(following)
    for one in mine:
        for other in theirs:
            if one != other and other not in mine:
                edits = [edit for place in (site, following) for edit in _exchanged(place, one, other)]
                yield Draft(tuple(edits), 0.9, f"`{one}` and `{other}` change places in two statements")


def _names(site: Site) -> list[str]:
    """Return the local names that the statement reads as they are."""
    local = {*site.scope.visible_locals(site.statement), "self"}
    found = []
    for node in site.expressions:
        parent = site.parent(node)
        used = isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and node is parent.func)
        if isinstance(node, ast.Name) and node.id in local and not used:
            found.append(node.id)
    return list(dict.fromkeys(found))[:5]


def _exchanged(site: Site, one: str, other: str) -> Iterator[Edit]:
    for node in site.expressions:
        if isinstance(node, ast.Name) and node.id in (one, other):
            yield from site.replace(node, other if node.id == one else one).edits


def own_class(site: Site) -> Iterator[Draft]:
    """A method that makes an object of its class by name makes one of its own object's class: `type(self)(...)`."""
    owner = site.source.class_of(site.statement)
    if owner is None or site.function is None:
        return
    first = next(iter(parameters(site.function)), "")
    for node in site.expressions:
        if isinstance(node, ast.Name) and node.id == owner.name:
            if first == "self":
                yield site.replace(node, "type(self)", 0.9)
                yield site.replace(node, "self.__class__", 0.7)
            elif first == "cls":
                yield site.replace(node, "cls", 1.0)
        elif first == "cls" and isinstance(node, ast.Name) and is_self(node):
            yield site.replace(node, owner.name, 0.6)


def printed(site: Site) -> Iterator[Draft]:
    """What is printed goes out as it is, without a line end, or to the other stream."""
    for node in site.expressions:
        if called_name(node) != "print" or not isinstance(node, ast.Call) or not node.args:
            continue
        given = {word.arg for word in node.keywords}
        text = ", ".join(site.text(arg) for arg in node.args)
        rest = "".join(f", {site.text(word)}" for word in node.keywords)
        if "end" not in given:
            yield site.replace(node, f'print({text}, end=""{rest})', 0.9)
        if "sys" in site.scope.module_names:
            if len(node.args) == 1 and not given:
                yield site.replace(node, f"sys.stdout.write({text})", 0.8)
            if "file" not in given:
                yield site.replace(node, f"print({text}, file=sys.stderr{rest})", 0.7)


def fetched(site: Site) -> Iterator[Draft]:
    """An attribute that the object does not have is fetched with a default, or asked for first."""
    wrong = {name for _, name in site.project.hints.unknown_attributes}
    for node in site.expressions:
        if not isinstance(node, ast.Attribute) or node.attr not in wrong:
            continue
        value = site.text(node.value)
        called = isinstance(parent := site.parent(node), ast.Call) and parent.func is node
        if not called:
            for rank, default in enumerate(("None", '""', "0", "False", "[]", "()", "{}")):
                yield site.replace(node, f'getattr({value}, "{node.attr}", {default})', 0.9 - 0.08 * rank)
        test = getattr(site.statement, "test", None)
        if isinstance(test, ast.expr) and isinstance(site.statement, ast.If | ast.While):
            kept = f"({site.text(test)})" if isinstance(test, ast.BoolOp) else site.text(test)
            yield site.replace(test, f'hasattr({value}, "{node.attr}") and {kept}', 0.8)
