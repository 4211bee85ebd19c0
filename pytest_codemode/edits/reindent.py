"""Source given in an edit, brought to the indentation of its place; the inside of multi-line strings is untouched."""

from __future__ import annotations

import io
import re
import tokenize

from pytest_codemode.edits.text import LINE_END

_OPENERS = frozenset({tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER})
_FSTRING_START = getattr(tokenize, "FSTRING_START", -1)
_FSTRING_END = getattr(tokenize, "FSTRING_END", -1)


def reindent(source: str, indent: str, unit: str) -> list[str]:
    """Return the lines of `source` (no line ends) with `indent` as their outermost indentation.

    Deeper levels keep their width, unless `source` indents by spaces and the file by tabs or the other way round:
    then every level becomes one `unit`. A source that cannot be tokenized is moved as a whole; it will not compile.
    """
    lines = LINE_END.sub("\n", source).rstrip().split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    base = _margin(lines)
    try:
        levels, inside = _layout("\n".join(lines) + "\n")
    except (tokenize.TokenError, SyntaxError):
        levels, inside = {}, frozenset()
    convert = _needs_conversion(lines, base, inside, unit)
    mapping = {base: indent}
    for number, level in levels.items():
        margin = _whitespace(lines[number - 1])
        mapping[margin] = indent + (unit * level if convert else margin.removeprefix(base))
    placed: list[str] = []
    for number, line in enumerate(lines, 1):
        margin = _whitespace(line)
        body = line[len(margin) :]
        if number in inside:
            placed.append(line)
        else:
            placed.append(_moved(margin, mapping, base, indent) + body if body else "")
    return placed


def _whitespace(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t\f"))]


def _moved(margin: str, mapping: dict[str, str], base: str, indent: str) -> str:
    """Return where a line with `margin` goes: as its level, or as far from a known level as it was."""
    if margin in mapping:
        return mapping[margin]
    known = max((old for old in mapping if margin.startswith(old)), key=len, default=None)
    if known is None:
        return indent + margin.removeprefix(base)
    return mapping[known] + margin[len(known) :]


def _margin(lines: list[str]) -> str:
    """Return the leading whitespace of the first line that is no comment, else of the first line."""
    first = next(
        (line for line in lines if line.strip() and not line.lstrip().startswith("#")), lines[0] if lines else ""
    )
    return _whitespace(first)


def _needs_conversion(lines: list[str], base: str, inside: frozenset[int], unit: str) -> bool:
    """Return whether the source indents by another character than the file."""
    other = "\t" if unit.startswith(" ") else " "
    relative = (line.removeprefix(base) for number, line in enumerate(lines, 1) if number not in inside)
    return any(line.startswith(other) and line.strip() for line in relative)


def _layout(source: str) -> tuple[dict[int, int], frozenset[int]]:
    """Return the block level of each line that starts a statement, and the lines that start inside a string.

    Raises:
        tokenize.TokenError, SyntaxError: the source is no Python.
    """
    levels: dict[int, int] = {}
    inside: set[int] = set()
    depth, fresh = 0, True
    opened: list[int] = []
    outer = 1 if re.match(r"[ \t\f]+\S", source) else 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.INDENT:
            depth += 1
        elif token.type == tokenize.DEDENT:
            depth -= 1
        elif fresh and token.type not in _OPENERS:
            levels[token.start[0]] = max(0, depth - outer)
        if token.type == tokenize.STRING:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif token.type == _FSTRING_START:
            opened.append(token.start[0])
        elif token.type == _FSTRING_END:
            inside.update(range(opened.pop() + 1, token.end[0] + 1))
        fresh = token.type == tokenize.NEWLINE or (fresh and token.type in _OPENERS)
    return levels, frozenset(inside)
