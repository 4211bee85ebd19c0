"""Numbers within texts: where code makes numbers of parts of a text, texts with those numbers that it asks about."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from pytest_codemode.testgen.inputs.scope import FunctionNode, walked

_RUN = re.compile(r"\d+(?:\.\d+)?")
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]+(?![0-9A-Za-z])")
_MOST_TEXTS, _MOST_NUMBERS = 6, 12
_MANY_RUNS = 8
_LONGEST = 40
"""Characters of a text with everything at its place."""


def asked_numbers(functions: Iterable[FunctionNode]) -> tuple[list[int], frozenset[int]]:
    """Return what numbers made of texts are compared with, or next to it, and the bases that texts are read in."""
    numbers: dict[int, None] = {}
    bases: set[int] = set()
    for function in functions:
        own = [base for node in walked(function) if (base := _base(node))]
        bases.update(own)
        if own:
            numbers.update(dict.fromkeys(_compared(function)))
    return list(numbers)[:_MOST_NUMBERS], frozenset(bases)


def _base(node: ast.AST) -> int:
    """Return in which base a call makes a number of a text; 0 if it does not."""
    match node:
        case ast.Call(func=ast.Name(id="int"), args=[_, ast.Constant(value=int(base))]):
            return base
        case ast.Call(
            func=ast.Name(id="int"), args=[_], keywords=[ast.keyword(arg="base", value=ast.Constant(value=int(b)))]
        ):
            return b
        case ast.Call(func=ast.Name(id="int" | "float" | "Decimal"), args=[_]):
            return 10
        case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="int" | "float"), *_]):
            return 10
    return 0


def _compared(function: FunctionNode) -> Iterator[int]:
    for node in walked(function):
        if isinstance(node, ast.Compare):
            for operand in (node.left, *node.comparators):
                for inner in ast.walk(operand) if isinstance(operand, ast.Tuple | ast.List | ast.Set) else [operand]:
                    if isinstance(inner, ast.Constant) and type(inner.value) is int and 0 <= inner.value < 10**9:
                        yield from (inner.value, inner.value + 1, max(inner.value - 1, 0))


def renumbered(texts: Iterable[str], numbers: list[int], bases: frozenset[int]) -> Iterator[str]:
    """Yield texts with one of the numbers in them replaced, as wide as before where that is possible."""
    for text in list(texts)[:_MOST_TEXTS]:
        for number in numbers:
            for base in sorted(bases & {10, 16}):
                runs = (_RUN if base == 10 else _HEXADECIMAL).finditer(text)
                for run in list(runs)[:_MANY_RUNS]:
                    yield text[: run.start()] + written(number, base, len(run[0])) + text[run.end() :]


def layouts(functions: Iterable[FunctionNode]) -> Iterator[str]:
    """Yield texts with digits where code cuts a text: at fixed places, with the characters it asks for, or at marks."""
    for function in functions:
        places: dict[str, dict[int, str]] = {}
        for node in walked(function):
            yield from _split(node)
            match node:
                case ast.Subscript(value=ast.Name(id=name), slice=ast.Slice() as cut):
                    start, stop = _index(cut.lower, 0), _index(cut.upper, None)
                    if start is not None and start >= 0:
                        for at in range(start, min(stop if stop and stop > start else start + 2, _LONGEST)):
                            places.setdefault(name, {}).setdefault(at, "1")
                case ast.Compare(
                    left=ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int(at))),
                    comparators=[ast.Constant(value=str(one))],
                ) if len(one) == 1 and 0 <= at < _LONGEST:
                    places.setdefault(name, {})[at] = one
        rows = ["".join(row.get(at, "0") for at in range(max(row) + 1)) for row in places.values()]
        yield from (text for row in rows for text in dict.fromkeys((row, row.replace("1", "0"))))


def _index(node: ast.expr | None, missing: int | None) -> int | None:
    """Return a constant index; None where it is something else, or negative."""
    if node is None:
        return missing
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def _split(node: ast.AST) -> Iterator[str]:
    """Yield a text for a split that is unpacked into names: `hour, minute = text.split(":")`."""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=parts)], value=value):
            for inner in ast.walk(value):
                match inner:
                    case ast.Call(
                        func=ast.Attribute(attr="split" | "rsplit"), args=[ast.Constant(value=str(mark)), *_]
                    ):
                        yield mark.join(["1"] * len(parts))


def replaced_numbers(text: str, old: int, new: int) -> Iterator[str]:
    """Yield a text with a number that stands in it, decimal or hexadecimal, replaced by another of the same width."""
    for rule, base in ((_RUN, 10), (_HEXADECIMAL, 16)):
        for run in rule.finditer(text):
            if run[0].isalnum() and int(run[0], base) == old:
                yield text[: run.start()] + written(new, base, len(run[0])) + text[run.end() :]


def written(number: int, base: int, width: int) -> str:
    """Return a number in base 10 or 16, with zeros before it up to a width."""
    return format(number, "d" if base == 10 else "x").rjust(width, "0")


def recounted(functions: Iterable[FunctionNode], texts: Iterable[str]) -> Iterator[str]:
    """Yield texts with as many marks in them as code asks for that counts them, or splits at them."""
    known = list(texts)
    for function in functions:
        marks = list(dict.fromkeys(mark for node in walked(function) if (mark := _counted(node))))
        wanted = [number for number in dict.fromkeys(_compared(function)) if number <= _MANY_RUNS] if marks else []
        for mark in marks[:3]:
            for text in [text for text in known if mark in text][:_MOST_TEXTS]:
                pieces = text.split(mark)
                for number in wanted:
                    more = number + 1 - len(pieces)
                    yield mark.join([*pieces[:2], *["1"] * more, *pieces[2:]] if more > 0 else pieces[: number + 1])


def _counted(node: ast.AST) -> str:
    """Return what a call counts in a text or splits it at."""
    match node:
        case ast.Call(func=ast.Attribute(attr="count" | "split" | "rsplit"), args=[ast.Constant(value=str(mark)), *_]):
            return mark
    return ""
