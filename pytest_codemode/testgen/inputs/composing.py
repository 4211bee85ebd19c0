"""Texts for hand-written parsers: the single characters that code looks for, among letters, doubled, unbalanced."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from random import Random

from pytest_codemode.testgen.inputs.scope import FunctionNode, Scope, walked

_MOST_CHARACTERS = 12
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">", '"': '"', "'": "'", "`": "`"}
_BY_CHANCE = 40
_MOST_WORDS = 10


def looked_for(functions: Iterable[FunctionNode], scope: Scope) -> list[str]:
    """Return the characters, no letters or digits, that functions compare single characters with."""
    found: dict[str, None] = {}
    for function in functions:
        for node in walked(function):
            if isinstance(node, ast.Compare):
                inside = any(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops)
                for operand in (node.left, *node.comparators):
                    found.update(dict.fromkeys(_characters(operand, scope, inside=inside)))
            elif isinstance(node, ast.MatchValue):
                found.update(dict.fromkeys(_characters(node.value, scope, inside=False)))
    return [one for one in found if not one.isalnum()][:_MOST_CHARACTERS]


def _characters(node: ast.expr, scope: Scope, *, inside: bool) -> Iterator[str]:
    node = scope.assigned.get(node.id, node) if isinstance(node, ast.Name) else node
    match node:
        case ast.Constant(value=str(text)) if len(text) == 1 or (inside and len(text) <= _MOST_CHARACTERS):
            yield from text
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements) if inside:
            yield from _single(elements)
        case ast.Dict(keys=keys) if inside:
            yield from _single(keys)


def _single(nodes: Iterable[ast.expr | None]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) == 1:
            yield node.value


def composed(characters: Sequence[str], seed: int = 0) -> Iterator[str]:
    """Yield short texts with these characters at the beginning, in the middle, at the end; then several of them."""
    for one in characters:
        last = _CLOSING.get(one, one)
        yield from (f"a{one}b", f"{one}a{last}", f"a {one}b c{last} d", f"a{one}", f"{one}a", one * 2)
        if "\\" in characters and one != "\\":
            yield from (f"{one}a\\{last}b{last}", f"a\\{one}b")
        if last != one:
            yield from (f"{one}a{one}b{last}{last}", f"a{last}", f"{one}{last}", f"{one}a{last}{last}")
    for one in characters:
        for other in characters:
            if one != other:
                yield from (f"a{one}b{other}c", f"{one}a{other}b{_CLOSING.get(one, one)}")
    if characters:
        random = Random(f"{''.join(characters)} {seed}")
        pieces = [*characters, *characters, "a", "b", "ab", "1", " "]
        for _ in range(_BY_CHANCE):
            yield "".join(random.choices(pieces, k=random.randint(3, 8)))


def reworded(matched: Sequence[str], words: Sequence[str]) -> Iterator[str]:
    """Yield texts that an expression matches with words of the code in the place of theirs; then two in a row."""
    for word in words[:_MOST_WORDS]:
        for text in matched[:2]:
            for run in list(re.finditer(r"[A-Za-z]\w*", text))[:2]:
                yield text[: run.start()] + word + text[run.end() :]
    for word in words[:_MOST_WORDS]:
        for text in matched[:1]:
            following = re.sub(r"[A-Za-z]\w*", lambda _, word=word: word, text, count=1)  # type: ignore[misc]
            yield from (f"{text}{mark}{following}" for mark in ("; ", " "))
