"""What a test says of an exception: which ones a reviewer accepts, and the stable part of their messages."""

from __future__ import annotations

import re

from pytest_codemode.core.exploring import Described, Raised, Recipe
from pytest_codemode.testgen.writing.shown import PYTEST, Expression, named
from pytest_codemode.testgen.writing.stability import CHANGING

_META = re.compile(r"[\\.^$*+?{}\[\]|()]")
_MAX_MATCH = 60
_MIN_MATCH = 2
_BROAD = ("builtins:Exception", "builtins:BaseException")
_NONSENSE = (
    "TypeError", "AttributeError", "KeyError", "IndexError", "NameError", "UnboundLocalError", "RecursionError",
    "AssertionError", "MemoryError",
)  # fmt: skip
"""What comes of arguments that no caller would give: never worth a test unless somebody meant it."""


def refused_exception(described: Described, recipe: Recipe, outcome: str, raised: Raised) -> str:
    """Return in one phrase why an exception is nothing to assert, empty if it is."""
    name = _name(raised.type)
    if outcome == "exited" and not raised.explicit:
        return "it ends the interpreter"
    if name == "AssertionError" and not raised.message and not declared(described, raised):
        return "an AssertionError that says nothing: the arguments make no sense"
    if raised.explicit or declared(described, raised) or (recipe.origin == "docstring" and recipe.expected):
        return ""
    if name in _NONSENSE:
        return f"{_article(name)} {name} that nobody raised: the arguments make no sense"
    return f"{_article(name)} {name} that it neither raises itself nor documents"


def declared(described: Described, raised: Raised) -> bool:
    """Return whether the docstring names the exception or one of its bases."""
    names = {_name(item) for item in (raised.type, *raised.bases)} - {"Exception", "BaseException", "object"}
    return any(re.search(rf"\b{re.escape(name)}\b", described.doc) for name in names)


def raising(raised: Raised) -> Expression | None:
    """Return the text `pytest.raises(...)` that expects it, None if no class of it can be imported."""
    message = pattern(raised)
    for kind in (raised.type, *raised.bases):
        found = named(kind)
        if found is None or (kind in _BROAD and not message):
            continue
        match = f", match={message}" if message else ""
        return Expression(f"pytest.raises({found.text}{match})", (*found.imports, PYTEST))
    return None


def pattern(raised: Raised) -> str:
    """Return the pattern of a message as source text, empty if there is nothing in it to hold on to.

    Only messages that the project wrote: the interpreter's own change from release to release.
    """
    stable = stable_part(raised.message) if raised.explicit else ""
    if not stable:
        return ""
    escaped = _META.sub(r"\\\g<0>", stable)
    if "\\" not in escaped:
        return repr(escaped)
    quote = "'" if '"' in escaped else '"'
    plain = escaped.isprintable() and quote not in escaped
    return f"r{quote}{escaped}{quote}" if plain and escaped.isascii() else repr(escaped)


def stable_part(message: str) -> str:
    """Return the longest part of a message's first line that is the same everywhere, cut at a word."""
    line = next((line.strip() for line in message.splitlines() if line.strip()), "")
    if len(line) > 2 and line[0] == line[-1] and line[0] in "'\"" and line[0] not in line[1:-1]:
        line = line[1:-1]  # a KeyError's message is the repr of its key
    spans = [(found.start(), found.end()) for changing in CHANGING for found in changing.finditer(line)]
    pieces, position = [], 0
    for start, stop in sorted(spans):
        pieces.append(line[position : max(start, position)])
        position = max(stop, position)
    pieces.append(line[position:])
    best = max((piece.strip(" '\"<>(),:") if spans else piece for piece in pieces), key=len)
    if len(best) > _MAX_MATCH:
        best = _cut(best[:_MAX_MATCH])
    return best if len(best) >= _MIN_MATCH or (not spans and best.isdigit()) else ""


def _cut(text: str) -> str:
    """Return the beginning of a text up to the end of a sentence, else of a word."""
    end = max(text.rfind(sign) for sign in (". ", ": ", "; "))
    if end >= _MAX_MATCH // 3:
        return text[:end]
    return text.rpartition(" ")[0] or text


def _name(type_name: str) -> str:
    return type_name.partition(":")[2].rpartition(".")[2] or type_name


def _article(name: str) -> str:
    return "an" if name[:1] in "AEIOU" else "a"
