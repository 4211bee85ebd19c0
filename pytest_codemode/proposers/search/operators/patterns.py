"""Regular expressions that nearly match: another quantifier, anchor, set of characters, escape or flag."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator

from pytest_codemode.proposers.search.operators.quoting import concerned, texts, written
from pytest_codemode.proposers.search.operators.shapes import called_name
from pytest_codemode.proposers.search.site import Draft, Site

_FUNCTIONS = frozenset(["compile", "match", "search", "sub", "subn", "findall", "finditer", "split", "fullmatch"])
_NAMED = re.compile(r"(?i)(?:^|_)(?:re|rx|regexp?|pattern|expr(?:ession)?)s?(?:_|$)")
_SURE = re.compile(r"\\[dwsbDWSBAZ]|\(\?|\[[^\]]+\][*+?{]|\.[*+]|[^\\]\{\d+(?:,\d*)?\}")
"""What hardly any text but a regular expression has in it."""
_SOME = re.compile(r"[\\^$*+?\[\](|)]")
_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:[aiLmsux-]+\)|[:=!>]|<[=!]|P?<\w+>|P=\w+\))?|(?:[*+?]|\{\d*,?\d*\})[?+]?|.",
    re.DOTALL,
)
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d*,?\d*\})[?+]?$")
_SETS = ("\\d", "\\w", "\\s", "\\S", "\\D", "\\W", ".")
_LONGEST = 300

_Mutations = Iterator[tuple[str, float]]


def is_pattern(site: Site, node: ast.Constant, value: str) -> bool:
    """Whether a text is a regular expression: passed to `re`, named like one, or written like one."""
    if not 1 <= len(value) <= _LONGEST or not _SOME.search(value):
        return False
    parent = site.parent(node)
    if isinstance(parent, ast.Call) and called_name(parent) in _FUNCTIONS and parent.args[:1] == [node]:
        return isinstance(parent.func, ast.Name) or site.text(parent.func).startswith("re.")
    targets = getattr(site.statement, "targets", [getattr(site.statement, "target", None)])
    named = any(isinstance(target, ast.Name) and _NAMED.search(target.id) for target in targets)
    return named or _SURE.search(value) is not None


def _mutated(site: Site, mutate: Callable[[list[str]], _Mutations]) -> Iterator[Draft]:
    """Yield a draft for each new expression that can be compiled."""
    for node, value in texts(site):
        if not is_pattern(site, node, value):
            continue
        seen, likely = {value}, concerned(site, node)
        for new, weight in mutate(_TOKEN.findall(value)):
            if new not in seen and _compiles(new, value):
                seen.add(new)
                yield site.replace(node, written(site.text(node), new), weight * likely)


def _compiles(new: str, old: str) -> bool:
    """Whether `new` is a regular expression; where the old one is a piece of one or has placeholders, it may be none.

    Only compiled, never matched: an expression may take for ever on a text.
    """
    return _is_expression(new) or not _is_expression(old)


def _is_expression(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sets that a later release may read in another way
        try:
            re.compile(text)
        except (re.error, OverflowError, RecursionError):
            return False
    return True


def _with(tokens: list[str], at: int, *new: str, drop: int = 1) -> str:
    return "".join([*tokens[:at], *new, *tokens[at + drop :]])


def quantifier(site: Site) -> Iterator[Draft]:
    """How often a part of a regular expression may occur: `+` and `*`, `{6}` and `{1,6}`, `?` added or dropped."""
    yield from _mutated(site, _quantified)


def _quantified(tokens: list[str]) -> _Mutations:
    for at, token in enumerate(tokens):
        if at and _QUANTIFIER.fullmatch(token):
            base = token[:-1] if len(token) > 1 and token[-1] in "?+" and token[0] != "?" else token
            for rank, new in enumerate(_other_counts(base)):
                yield _with(tokens, at, new), 1.0 - 0.1 * rank
            if base in ("+", "*") and token == base:
                yield _with(tokens, at, f"{token}?"), 0.6
        elif _repeatable(tokens, at):
            for new, weight in (("+", 0.5), ("?", 0.5), ("*", 0.4)):
                likely = weight if token[0] in "\\[.)" else 0.5 * weight
                yield _with(tokens, at, token, new), likely


def _other_counts(base: str) -> Iterator[str]:
    if base in ("+", "*", "?"):
        yield from {"+": ("*", ""), "*": ("+", "?", ""), "?": ("", "*")}[base]
        return
    low, comma, high = base[1:-1].partition(",")
    if not comma and low:
        yield from (f"{{1,{low}}}", f"{{{low},}}", "+", f"{{0,{low}}}")
    else:
        yield from ("+", "*", f"{{{low},}}", f"{{{high or low}}}")


def _repeatable(tokens: list[str], at: int) -> bool:
    token = tokens[at]
    following = tokens[at + 1] if at + 1 < len(tokens) else ""
    if (following and _QUANTIFIER.fullmatch(following)) or token in ("\\b", "\\B", "\\A", "\\Z"):
        return False
    return token in (")", ".") or token[0] in "\\[" or (len(token) == 1 and token not in "(|^$*+?{}")


def anchor(site: Site) -> Iterator[Draft]:
    r"""Where a regular expression must begin or end: `^` and `\A`, `$` and `\Z`, `\b`, added or dropped."""
    yield from _mutated(site, _anchored)


def _anchored(tokens: list[str]) -> _Mutations:
    first, last = tokens[0], tokens[-1]
    if first == "^" and last == "$":
        yield _with(["\\A", *tokens[1:-1], "\\Z"], 0, "\\A"), 0.9
    if first in ("^", "\\A", "\\b"):
        for rank, new in enumerate(("", "\\b", "\\A", "(?m:^)")):
            yield _with(tokens, 0, new), 0.8 - 0.1 * rank
    else:
        yield from (("".join([new, *tokens]), weight) for new, weight in (("^", 0.7), ("\\b", 0.6)))
    if last in ("$", "\\Z", "\\b"):
        for rank, new in enumerate(("", "\\Z", "\\b")):
            yield _with(tokens, len(tokens) - 1, new), 0.8 - 0.1 * rank
    else:
        yield from (("".join([*tokens, new]), weight) for new, weight in (("$", 0.7), ("\\b", 0.6), ("\\Z", 0.4)))
    if first not in ("^", "\\A", "\\b") and last not in ("$", "\\Z", "\\b"):
        yield "".join(["^", *tokens, "$"]), 0.5
        yield "".join(["\\b", *tokens, "\\b"]), 0.5


def characters(site: Site) -> Iterator[Draft]:
    r"""Which characters a part of a regular expression takes: `[a-z]` and `\w`, `.` and `[^"]` before a quote."""
    yield from _mutated(site, _other_characters)


def _other_characters(tokens: list[str]) -> _Mutations:
    for at, token in enumerate(tokens):
        if token[0] == "[" and len(token) > 2:
            for rank, new in enumerate(_other_sets(token)):
                yield _with(tokens, at, new), 0.9 - 0.05 * rank
        elif token in _SETS:
            likely = {"\\d": ("\\w", "[\\d.]", "[0-9]"), "\\w": ("[\\w-]", "[\\w.-]", "\\S", "[A-Za-z]", "[^\\W\\d]")}
            for rank, new in enumerate((*likely.get(token, ()), *(other for other in _SETS if other != token))):
                yield _with(tokens, at, new), 0.7 - 0.05 * rank
        elif token == " ":
            yield from ((_with(tokens, at, new), 0.6) for new in ("\\s", "\\s+", "\\s*", " *", " ?"))
        is_set = (token[0] == "[" and len(token) > 2) or token in _SETS
        if stop := _stop_after(tokens, at) if is_set else "":
            yield _with(tokens, at, f"[^{stop}]"), 1.0


def _stop_after(tokens: list[str], at: int) -> str:
    """Return the character that ends the repetition of a set, empty where none does."""
    for token in tokens[at + 1 :]:
        if token == ")" or _QUANTIFIER.fullmatch(token):
            continue
        plain = token[1:] if token[0] == "\\" and not token[1].isalnum() else token
        return token if len(plain) == 1 and plain not in "[]()|^$.*+?" else ""
    return ""


def _other_sets(token: str) -> Iterator[str]:
    """Yield a set in brackets with more characters, or another one."""
    negative = token.startswith("[^")
    inside = token[2:-1] if negative else token[1:-1]
    start = "[^" if negative else "["
    ranges = [part for part in ("A-Z", "a-z", "0-9") if part not in inside]
    if not negative and "a-z" in inside:
        yield "\\w"
    for more in (*ranges, "_", "-", ".", " ", "\\s", "'", "\\w"):
        if more not in inside:
            yield f"{start}{more}{inside}]" if more == "-" and negative else f"{start}{inside}{more}]"
    yield f"[{inside}]" if negative else f"[^{inside}]"
    for part in re.findall(r"\\.|[a-zA-Z0-9]-[a-zA-Z0-9]|[^\\]", inside):
        rest = inside.replace(part, "", 1)
        if rest and len(inside) <= 24:
            yield f"{start}{rest}]"


def escape(site: Site) -> Iterator[Draft]:
    r"""A character of a regular expression that is meant as such is escaped, or no longer: `.` and `\.`."""
    yield from _mutated(site, _escaped)


def _escaped(tokens: list[str]) -> _Mutations:
    for at, token in enumerate(tokens):
        if token in (".", "+", "*", "?", "|", "^", "$", "(", ")"):
            yield _with(tokens, at, f"\\{token}"), 0.8 if token == "." else 0.3
        elif len(token) == 2 and token[0] == "\\" and not token[1].isalnum():
            yield _with(tokens, at, token[1]), 0.5
    if "(" in tokens and tokens.count("(") == 1:
        yield _with(tokens, tokens.index("("), "(?:"), 0.4
    for at, token in enumerate(tokens):
        if token == "(?:":
            yield _with(tokens, at, "("), 0.4


_FLAGS = ("re.IGNORECASE", "re.DOTALL", "re.MULTILINE", "re.VERBOSE", "re.ASCII")


def flag(site: Site) -> Iterator[Draft]:
    """A regular expression gets a flag, in its call or in the text, or loses one."""
    for node in site.expressions:
        if not isinstance(node, ast.Call) or called_name(node) not in _FUNCTIONS or not node.args:
            continue
        if not site.text(node.func).startswith("re."):
            continue
        given = " ".join(site.text(arg) for arg in (*node.args[1:], *(word.value for word in node.keywords)))
        if "re." not in given:
            last = site.source.span(node.args[-1])
            for rank, name in enumerate(_FLAGS):
                word = name if called_name(node) == "compile" else f"flags={name}"
                yield site.splice(*last, f"{site.text(node.args[-1])}, {word}", 0.8 - 0.1 * rank)
    yield from _mutated(site, _flagged)


def _flagged(tokens: list[str]) -> _Mutations:
    if tokens[0].startswith("(?") and tokens[0].endswith(")"):
        yield "".join(tokens[1:]), 0.7
    else:
        yield from (("".join([new, *tokens]), weight) for new, weight in (("(?i)", 0.6), ("(?s)", 0.4), ("(?m)", 0.4)))
