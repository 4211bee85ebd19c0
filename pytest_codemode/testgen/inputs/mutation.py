"""Small changes of an expression's literals: numbers, texts, containers, wherever they stand in it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from pytest_codemode.testgen.inputs.expressions import LONGEST, literal, parsed, unparsed

_LETTERS = "abzAZ019 _-.,:;/\\'\"()[]{}<>=+*%#@!?&|~^$\n\té"
_SEPARATORS = (" ", "", "-", "_", ",", "\n", "; ", "=", ":", "")
_TEXT_LIMIT = 120


@dataclass(frozen=True, slots=True)
class Material:
    """What a mutation may put in."""

    texts: Sequence[str]
    numbers: Sequence[int | float]


def sites(tree: ast.expr) -> list[ast.expr]:
    """Return the literals of an expression, outermost first; those within f-strings left out."""
    found: list[ast.expr] = []
    edge: list[ast.AST] = [tree]
    while edge:
        node = edge.pop(0)
        if isinstance(node, ast.JoinedStr):
            continue
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            found.append(node)
            continue
        if isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.Set | ast.Dict):
            found.append(node)
        edge.extend(ast.iter_child_nodes(node))
    return found


def value_at(node: ast.expr) -> object:
    """Return the value of a literal; a marker of its own where it is none."""
    try:
        value: object = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return NotImplemented
    return value


def replaced(tree: ast.expr, old: ast.expr, new: str) -> str:
    """Return an expression's text with one node replaced; empty if that gives none, or a giant one."""
    node = parsed(new)
    if node is None:
        return ""
    if tree is old:
        return unparsed(node)
    place = _place(tree, old)
    if place is None:
        return ""
    parent, name, at = place
    _put(parent, name, at, node)
    text = unparsed(tree)
    _put(parent, name, at, old)
    return text if len(text) <= LONGEST else ""


def _place(tree: ast.AST, wanted: ast.AST) -> tuple[ast.AST, str, int | None] | None:
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if value is wanted:
                return node, name, None
            if isinstance(value, list):
                for at, item in enumerate(value):
                    if item is wanted:
                        return node, name, at
    return None


def _put(parent: ast.AST, name: str, at: int | None, node: ast.AST) -> None:
    if at is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[at] = node


def mutated(text: str, random: Random, material: Material) -> str:
    """Return an expression with one literal changed by chance; empty if it has none."""
    tree = parsed(text)
    if tree is None:
        return ""
    places = sites(tree)
    if not places:
        return ""
    node = random.choice(places)
    new = _changed(node, random, material)
    return replaced(tree, node, new) if new else ""


def _changed(node: ast.expr, random: Random, material: Material) -> str:  # noqa: PLR0911  # one return per kind
    match node:
        case ast.List() | ast.Tuple() | ast.Set():
            return _container(node, random, material)
        case ast.Dict():
            return _dict(node, random, material)
    value = value_at(node)
    match value:
        case bool():
            return str(not value)
        case int():
            return literal(_number(value, random, material))
        case float():
            return literal(_float(value, random, material))
        case str():
            return literal(_text(value, random, material.texts)[:_TEXT_LIMIT])
        case bytes():
            texts = [text for text in material.texts if text.isascii()]
            return literal(_text(value.decode("latin-1"), random, texts)[:_TEXT_LIMIT].encode("latin-1", "replace"))
        case None:
            return random.choice(("0", '""', "[]", "1", '"a"', "True"))
    return ""


def _number(value: int, random: Random, material: Material) -> int | float:
    near = (value + 1, value - 1, value * 2, -value, value * 10, value // 2, 0, value + 7, value * value, value + 100)
    if material.numbers and random.random() < 0.4:
        return random.choice(material.numbers) + random.choice((0, 0, 1, -1))
    chosen = random.choice(near)
    return chosen if abs(chosen) < 10**15 else value + 1


def _float(value: float, random: Random, material: Material) -> float:
    if material.numbers and random.random() < 0.4:
        return float(random.choice(material.numbers)) + random.choice((0.0, 0.5, -0.5))
    if value != value or abs(value) > 1e15:  # noqa: PLR0124  # nan is not itself
        return 1.0
    near = (value + 1, value - 1, value * 2, -value, value / 2, round(value, 1), 0.0, value * 1000, value + 0.01)
    return float(f"{random.choice(near):.6g}")


def _text(value: str, random: Random, texts: Sequence[str]) -> str:  # noqa: C901, PLR0911, PLR0912  # one way per kind
    at = random.randint(0, len(value))
    stop = min(len(value), at + random.randint(1, 3))
    new = random.choice(texts) if texts and random.random() < 0.6 else random.choice(_LETTERS)
    match random.randrange(14):
        case 0 | 1:
            return value[:at] + new + value[at:]
        case 2:
            return value[:at] + value[stop:]
        case 3:
            return value[:stop] + value[at:]
        case 4:
            return value[:at] + new + value[stop:]
        case 5:
            return new
        case 6:
            return random.choice((value.upper(), value.lower(), value.title(), value.swapcase()))
        case 7:
            return value + random.choice(_SEPARATORS) + new
        case 8:
            return new + random.choice(_SEPARATORS) + value
        case 9:
            return random.choice((f" {value}", f"{value} ", value.strip(), value[::-1], value * 2))
        case 10 if any(c.isdigit() for c in value):
            digits = [i for i, c in enumerate(value) if c.isdigit()]
            i = random.choice(digits)
            return value[:i] + random.choice("0123456789") + value[i + 1 :]
        case 11 if len(value) > 1:
            i = random.randrange(len(value) - 1)
            return value[:i] + value[i + 1] + value[i] + value[i + 2 :]
        case 12:
            return value[: len(value) // 2]
        case _:
            return value[:at] + random.choice(_LETTERS) + value[at + 1 :]


def _container(node: ast.List | ast.Tuple | ast.Set, random: Random, material: Material) -> str:
    items = [unparsed(item) for item in node.elts]
    way = random.randrange(7)
    if way == 0 and items:
        items.pop(random.randrange(len(items)))
    elif way == 1 and items:
        items.append(random.choice(items))
    elif way == 2 and items:
        items.insert(random.randint(0, len(items)), mutated(random.choice(items), random, material) or "0")
    elif way == 3:
        items.reverse()
    elif way == 4:
        items.append(_fresh(random, material))
    elif way == 5:
        items = [f"[{', '.join(items)}]"] if isinstance(node, ast.List) else items[:1]
    else:
        items = items * 2 if len(items) < 8 else items[: len(items) // 2]
    if isinstance(node, ast.List):
        return f"[{', '.join(items)}]"
    if isinstance(node, ast.Set):
        return f"{{{', '.join(items)}}}" if items else "set()"
    return f"({', '.join(items)}{',' if len(items) == 1 else ''})"


def _dict(node: ast.Dict, random: Random, material: Material) -> str:
    pairs = [(unparsed(k), unparsed(v)) for k, v in zip(node.keys, node.values, strict=True) if k is not None]
    way = random.randrange(5)
    if way == 0 and pairs:
        pairs.pop(random.randrange(len(pairs)))
    elif way == 1 and pairs:
        at = random.randrange(len(pairs))
        pairs[at] = (pairs[at][0], _fresh(random, material))
    elif way == 2 and pairs:
        at = random.randrange(len(pairs))
        pairs[at] = (_key(random, material), pairs[at][1])
    elif way == 3 and pairs:
        at = random.randrange(len(pairs))
        pairs[at] = (pairs[at][0], f"{{{pairs[at][0]}: {pairs[at][1]}}}")
    else:
        pairs.append((_key(random, material), _fresh(random, material)))
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"


def _key(random: Random, material: Material) -> str:
    return (
        literal(random.choice(material.texts))
        if material.texts and random.random() < 0.7
        else random.choice(('"c"', "1"))
    )


def _fresh(random: Random, material: Material) -> str:
    plain = ("0", "1", "2", '"a"', '""', "None", "[]", "[1, 2]", "{}", "1.5", "True", "-1", '"b"', '{"a": 1}', "(1, 2)")
    if material.texts and random.random() < 0.4:
        return literal(random.choice(material.texts))
    return random.choice(plain)
