"""Texts steered by the failing comparison: corrected where actual and expected value differ, keys, separators."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pytest_codemode.core.patch import Edit
from pytest_codemode.proposers.search.contrast import corrected, small_changes
from pytest_codemode.proposers.search.operators.quoting import concerned, parts, texts, written
from pytest_codemode.proposers.search.operators.shapes import called_name
from pytest_codemode.proposers.search.similarity import likeness
from pytest_codemode.proposers.search.site import Draft, Site
from pytest_codemode.proposers.search.splices import trimmed

_NAMED: dict[str, tuple[str, ...]] = {
    ":": ("os.pathsep",),
    "/": ("os.sep",),
    "\n": ("os.linesep",),
    ".": ("os.curdir",),
    "..": ("os.pardir",),
}
"""Text -> the names under which the standard library keeps it, as it is on each system."""
_SEPARATORS = ("", " ", ", ", ",", "\n", "; ", "-", "_", "/", ":", "|", "\t")
_TOGETHER = 8
"""Texts that one candidate corrects."""
_CONTEXT = 6
"""Characters beside a change that make two texts alike."""
_PLACED = re.compile(r"\{([A-Za-z_]\w*)[^{}]*\}")


def aligned(site: Site) -> Iterator[Draft]:
    """A text that the actual value shows is changed as the expected value differs there, its placeholders kept."""
    for node, value in texts(site):
        for new, weight in _corrected(site, value):
            yield site.replace(node, written(site.text(node), new), weight)
    for formatted_text in site.expressions:
        if isinstance(formatted_text, ast.JoinedStr):
            for new, weight in _corrected(site, site.text(formatted_text)):
                yield site.replace(formatted_text, new, weight)


def _corrected(site: Site, value: str) -> Iterator[tuple[str, float]]:
    return corrected(value, site.project.hints.text_pairs)


def aligned_together(site: Site) -> Iterator[Draft]:
    """Every text of the file that the actual values show is changed at once, and with it those worded alike."""
    if not any(True for _, value in texts(site) for _ in _corrected(site, value)):
        return  # the file is looked through only where a change of this statement is part of it
    found: list[tuple[ast.Constant, str]] = []
    others: list[ast.Constant] = []
    for node in site.source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if isinstance(site.parent(node), ast.JoinedStr | ast.Expr):
                continue
            new = next((text for text, _ in _corrected(site, node.value)), None)
            if new is not None:
                found.append((node, new))
            else:
                others.append(node)
    direct = list(found)
    for other in others:
        new = next((text for node, right in direct if (text := _worded(other.value, node.value, right))), None)
        if new is not None:
            found.append((other, new))
    if 1 < len(found) <= _TOGETHER and any(node in site.nodes for node, _ in found):
        edits: list[Edit] = []
        for node, new in found:
            edits += site.replace(node, written(site.text(node), new)).edits
        yield Draft(tuple(edits), 1.0, f"correct {len(edits)} texts")


def _worded(text: object, old: object, new: str) -> str | None:
    """Return `text` with the change that made `new` of `old`, if the same words stand after it or before it."""
    if not isinstance(text, str) or not isinstance(old, str):
        return None
    start, gone, come = trimmed(0, old, new)
    before, after = old[max(start - _CONTEXT, 0) : start], old[start + len(gone) : start + len(gone) + _CONTEXT]
    for around in ((before, after), ("", after), (before, "")):
        whole = f"{around[0]}{gone}{around[1]}"
        if max(map(len, around)) >= _CONTEXT and text.count(whole) == 1:
            return text.replace(whole, f"{around[0]}{come}{around[1]}")
    return None


def key(site: Site) -> Iterator[Draft]:
    """A key of a mapping becomes another key that the file uses, the likest first."""
    known = site.scope.keys
    for node, value in texts(site):
        parent = site.parent(node)
        is_key = isinstance(parent, ast.Dict) and node in parent.keys
        is_key = is_key or (isinstance(parent, ast.Subscript) and node is parent.slice)
        is_key = is_key or (called_name(parent or node) in ("get", "pop", "setdefault") and _first(parent) is node)
        if is_key:
            others = sorted((other for other in known if other != value), key=lambda other: -likeness(value, other))
            for rank, other in enumerate(others[:12]):
                likely = concerned(site, parent) if isinstance(parent, ast.expr) else 1.0
                yield site.replace(node, written(site.text(node), other), likely * (0.8 - 0.05 * rank))


def _first(call: ast.AST | None) -> ast.expr | None:
    return call.args[0] if isinstance(call, ast.Call) and call.args else None


def separator(site: Site) -> Iterator[Draft]:
    """What joins or splits texts becomes another separator: one that the expected value has more of, or a usual one."""
    wanted = small_changes(site.project.hints.text_pairs)
    for node, value in texts(site):
        parent = site.parent(node)
        joins = isinstance(parent, ast.Attribute) and parent.attr == "join"
        splits = called_name(parent or node) in ("split", "rsplit", "partition", "rpartition", "join")
        if not (joins or (splits and _first(parent) is node)):
            continue
        for rank, other in enumerate(dict.fromkeys((*wanted, *_SEPARATORS))):
            if other != value and (other or joins):
                weight = 0.9 if other in wanted else 0.6 - 0.03 * rank
                yield site.replace(node, written(site.text(node), other), weight)
        alone = isinstance(parent, ast.Call) and len(parent.args) == 1 and not parent.keywords
        if alone and isinstance(parent, ast.Call) and called_name(parent) == "split":
            yield site.replace(parent, f"{site.text(parent.func)}()", 0.6)


def formatted(site: Site) -> Iterator[Draft]:
    """A text that names variables in braces becomes an f-string: each of its adjacent literals that does."""
    for node, value in texts(site):
        names = {name for name in _PLACED.findall(value) if name in site.scope.visible(site.statement)}
        text = site.text(node)
        if not names or isinstance(site.parent(node), ast.Attribute):
            continue
        pieces, at, count = [], 0, 0
        for start, end in parts(text):
            literal = text[start:end]
            plain = literal[:1] in "'\"" and names & set(_PLACED.findall(literal))
            pieces += [text[at:start], f"f{literal}" if plain else literal]
            at, count = end, count + bool(plain)
        if count:
            start, end = site.source.span(node)
            yield site.splice(start, end, "".join([*pieces, text[at:]]), 1.0)


def standard(site: Site) -> Iterator[Draft]:
    """A text becomes the name by which the standard library knows it, as `os.pathsep` for a colon."""
    for node, value in texts(site):
        for name in _NAMED.get(value, ()):
            if name.partition(".")[0] in site.scope.module_names:
                yield site.replace(node, name, 0.8)
