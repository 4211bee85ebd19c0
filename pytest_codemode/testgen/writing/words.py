"""What is said of a call in a few words: its arguments, and what it rejects of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from pytest_codemode.testgen.writing.cases import Argument, Text
from pytest_codemode.testgen.writing.source import NoLiteral, literal, snake

_ADJECTIVES = (
    "negative|empty|unknown|invalid|missing|duplicate|duplicated|unsupported|bad|malformed|illegal|unexpected|wrong|"
    "expired|insufficient|unrecognized|unrecognised|undefined|incomplete|ambiguous|incompatible|nonpositive|blank"
)
_QUALIFIED = re.compile(rf"\b({_ADJECTIVES})\s+([a-z][a-z_]*)", re.IGNORECASE)
_MUST = re.compile(
    r"\b([a-z][a-z_]*)\s+(?:must|should|cannot|can't|can not|may not|needs to|has to|is not|isn't)\b", re.I
)
_EMPTY = {"str": "text", "bytes": "bytes", "list": "list", "tuple": "tuple", "dict": "dict", "set": "set"}
_SMALL = frozenset({"the", "a", "an", "of", "for", "to", "is", "it", "this", "value", "and", "or", "in", "not", "be"})


def rejections(text: Text) -> Iterator[str]:
    """Return what may be said of a call that raises, as `rejects_negative_rate`, the most telling first."""
    raised = text.case.observation.raised
    message = raised.message if raised is not None else ""
    arguments = text.arguments or ()
    marked = [(item, mark(item)) for item in arguments if mark(item)]
    named = [words for item, words in marked if _mentioned(item.parameter, message)]
    only = [words for _, words in marked] if len(arguments) == 1 else []
    yield from (f"rejects_{words}" for words in (named or only)[:1])
    found = _QUALIFIED.search(message)
    if found and found[2].lower() not in _SMALL:
        yield f"rejects_{slug(found[1])}_{snake(found[2])}"
    kind = raised.type if raised is not None else "builtins:Exception"
    own = f"raises_{snake(kind.partition(':')[2].rpartition('.')[2])}"
    if not kind.startswith("builtins:"):
        yield own
    mentioned = [item.parameter for item in arguments if _mentioned(item.parameter, message)]
    subject = _MUST.search(message)
    if subject and subject[1].lower() not in _SMALL:
        mentioned.append(subject[1])
    if mentioned:
        yield f"rejects_invalid_{snake(mentioned[0])}"
    if marked:
        yield f"rejects_{marked[0][1]}"
    if len(arguments) == 1 and arguments[0].parameter:
        yield f"rejects_invalid_{snake(arguments[0].parameter)}"
    yield own
    given = "_and_".join(slug(value_words(item)) for item in arguments)
    yield f"{own}_for_{given}"


def rejection(text: Text) -> str:
    """Return the most telling of `rejections`."""
    return next(rejections(text))


def _mentioned(name: str, message: str) -> bool:
    return bool(name) and re.search(rf"\b{re.escape(name)}\b", message) is not None


def mark(argument: Argument) -> str:
    """Return what is out of the ordinary about an argument, as `negative_rate` or `empty_text`; empty if nothing is."""
    try:
        value = literal(argument.text)
    except NoLiteral:
        return "empty_set" if argument.text == "set()" else ""
    name = snake(argument.parameter)
    if isinstance(value, bool):
        return ""
    if value is None:
        return f"missing_{name}" if name else "none"
    if isinstance(value, int | float):
        kind = "negative" if value < 0 else "zero" if value == 0 else ""
        return f"{kind}_{name or 'number'}" if kind else ""
    if isinstance(value, str) and value and not value.strip():
        return f"blank_{name or 'text'}"
    kind = _EMPTY.get(type(value).__name__, "")
    return f"empty_{name or kind}" if kind and not value else ""


def value_words(argument: Argument) -> str:
    """Return an argument in a few words: what is out of the ordinary about it, else a piece of it."""
    marked = mark(argument)
    if marked:
        return marked.replace("_", " ")
    try:
        value = literal(argument.text)
    except NoLiteral:
        return _words_of_call(argument.text)[:30].strip()
    if isinstance(value, list | tuple | set | dict):
        flat = " ".join(re.findall(r"\w+", repr(value)))
        return flat if len(flat) <= 20 else f"{len(value)} items"
    if not isinstance(value, str):
        return str(value)
    if re.fullmatch(r"-\d[\d.,]*", value):
        return f"minus {value[1:]}"
    words = " ".join(re.findall(r"[A-Za-z0-9]+", _unaccented(value)))
    return words[:30].strip() or f"{argument.parameter or 'text'} of {len(value)} characters"


def _words_of_call(text: str) -> str:
    """Return the words of an expression; a day as it is written, and of dotted names the last."""
    day = re.fullmatch(r"(?:datetime\.)?date\((\d+), (\d+), (\d+)\)", text)
    if day:
        return f"{int(day[1]):04}-{int(day[2]):02}-{int(day[3]):02}"
    return " ".join(re.findall(r"[A-Za-z0-9]+", re.sub(r"\b[A-Za-z_]\w*\.(?=[A-Za-z_])", "", _unaccented(text))))


def _unaccented(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def slug(words: str) -> str:
    """Return words as a part of a name, in ASCII."""
    return re.sub(r"[^A-Za-z0-9]+", "_", _unaccented(words)).strip("_").lower()
