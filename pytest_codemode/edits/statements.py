"""Splices for edits of statements and expressions."""

from __future__ import annotations

import io
import tokenize

from pytest_codemode.core.patch import DeleteStatement, InsertStatement, ReplaceExpression, ReplaceStatement
from pytest_codemode.edits.spans import Block, Outline, Statement
from pytest_codemode.edits.splice import EditError, Splice, lines_after, lines_before, placed, whole_lines
from pytest_codemode.edits.text import LINE_END

_OPERATORS = frozenset(
    ("**", "//", "<<", ">>", "==", "!=", "<=", ">=", "->", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", ":=")
)
_OPERATOR_CHARACTERS = frozenset("+-*/%@&|^~<>=!:.")
_COMPOUND = ("if ", "for ", "while ", "with ", "try:", "def ", "class ", "async ", "match ", "@")


def find_statement(outline: Outline, edit: ReplaceStatement | InsertStatement | DeleteStatement) -> Statement:
    """Return the statement or clause that starts at the edit's line and reads as its `old`.

    Raises:
        EditError: there is none, or more than one.
    """
    source = outline.source
    if not 1 <= edit.line <= len(source.starts):
        raise EditError(f"{edit.path} has no line {edit.line}")
    candidates = outline.starting_at(edit.line)
    found = [item for item in candidates if edit.old.strip() in _first_lines(outline, item)]
    start = source.starts[edit.line - 1]
    line = source.text[start : source.line_stop(start)].strip()
    if not candidates:
        raise EditError(f"no statement starts at line {edit.line} of {edit.path}, which reads `{line}`")
    if not found:
        raise EditError(f"line {edit.line} of {edit.path} reads `{line}`, not `{edit.old.strip()}`")
    if len(found) > 1:
        raise EditError(f"`{edit.old.strip()}` stands more than once in line {edit.line} of {edit.path}")
    return found[0]


def _first_lines(outline: Outline, statement: Statement) -> set[str]:
    """Return what may be given as the statement's first line: with and without comment, later statements and body."""
    source = outline.source
    forms: set[str] = set()
    for start in {statement.start, statement.keyword}:
        stop = source.line_stop(start)
        ends = {stop, min(stop, statement.end), min(stop, statement.header_end)}
        forms |= {source.text[start:end].strip() for end in ends}
    return forms


def replace_statement(outline: Outline, edit: ReplaceStatement) -> Splice:
    """Return the splice of a `ReplaceStatement`."""
    statement = find_statement(outline, edit)
    block = outline.blocks[statement.block]
    lines = placed(outline, edit.source, block.indent)
    if edit.header_only:
        return _replace_header(outline, statement, lines)
    group = _line_mates(outline, statement)
    if (block.inline or len(group) > 1) and (len(lines) > 1 or lines[0].lstrip().startswith(_COMPOUND)):
        return _expand(outline, group, {statement.index: lines})
    stop = statement.end if statement.clause else statement.full_end
    if _ends_in_comment(lines) and statement == group[-1]:
        stop = outline.source.line_stop(stop)
    text = outline.source.newline.join(_elif(statement, lines)).removeprefix(block.indent)
    return Splice(statement.start, stop, text, statement.owner)


def _replace_header(outline: Outline, statement: Statement, lines: list[str]) -> Splice:
    if statement.header_end == statement.end and statement.kind != "Match":
        raise EditError(f"the statement at line {statement.line} has no body: leave `header_only` out")
    lines = _elif(statement, lines)
    if not _ends_in_comment(lines) and not lines[-1].endswith(":"):
        lines[-1] += ":"
    text = outline.source.newline.join(lines).lstrip(" \t\f")
    return Splice(statement.start if text.startswith("@") else statement.keyword, statement.header_end, text)


def _elif(statement: Statement, lines: list[str]) -> list[str]:
    """Return the lines with `elif` where a proposer wrote `if` for the header of an `elif`."""
    bare = lines[0].lstrip(" \t\f")
    if statement.kind == "Elif" and bare.startswith("if"):
        margin = lines[0][: len(lines[0]) - len(bare)]
        return [f"{margin}el{bare}", *lines[1:]]
    return lines


def insert_statement(outline: Outline, edit: InsertStatement) -> Splice:
    """Return the splice of an `InsertStatement`; nothing is ever put above a docstring."""
    statement = find_statement(outline, edit)
    if statement.clause:
        raise EditError(f"nothing can stand beside `{edit.old.strip()}`: name a statement inside or around it")
    block = outline.blocks[statement.block]
    lines = placed(outline, edit.source, block.indent)
    docstring = block.docstring and statement.index == block.statements[0]
    after = edit.where == "after" or docstring
    group = _line_mates(outline, statement)
    if block.inline or statement != group[-1 if after else 0]:
        own = _own_lines(outline, statement, block)
        return _expand(outline, group, {statement.index: [*own, *lines] if after else [*lines, *own]})
    if after:
        return lines_after(outline.source, statement.full_end, lines, statement.owner)
    return lines_before(outline.source, outline.source.line_start(statement.start), lines, statement.owner)


def delete_statement(outline: Outline, statement: Statement, *, leave_pass: bool) -> Splice:
    """Return the splice that removes a statement or clause, or puts `pass` in its place."""
    source = outline.source
    stop = statement.end if statement.clause else statement.full_end
    if leave_pass:
        return Splice(statement.start, stop, "pass", statement.owner)
    if statement.clause:
        return Splice(*whole_lines(source, statement.start, stop), "", statement.owner)
    group = _line_mates(outline, statement)
    place = group.index(statement)
    if place + 1 < len(group):
        return Splice(statement.start, group[place + 1].start, "", statement.owner)
    if place:
        return Splice(group[place - 1].end, statement.end, "", statement.owner)
    return Splice(*whole_lines(source, statement.start, stop), "", statement.owner)


def replace_expression(outline: Outline, edit: ReplaceExpression) -> Splice:
    """Return the splice of a `ReplaceExpression`: whole tokens only."""
    source = outline.source
    text = source.text
    if not edit.old:
        raise EditError("its `old` is empty")
    if not 1 <= edit.line <= len(source.starts):
        raise EditError(f"{edit.path} has no line {edit.line}")
    begin = source.starts[edit.line - 1]
    start = begin + edit.column
    where = f"line {edit.line}, column {edit.column} of {edit.path}"
    line_stop = source.line_stop(begin)
    stop = _match(text, start, edit.old) if begin <= start < line_stop else None
    if stop is None:
        stands = text[start:line_stop] if begin <= start <= line_stop else ""
        raise EditError(f"{where} reads `{stands}`, not `{edit.old}`")
    if _splits_token(text, start, stop, edit.old):
        raise EditError(f"`{edit.old}` is only part of a longer token at {where}")
    new = LINE_END.sub(source.newline, edit.new)
    before = " " if _in_word(text[start - 1 : start]) and _in_word(new[:1]) else ""
    after = " " if _in_word(text[stop : stop + 1]) and _in_word(new[-1:]) else ""
    return Splice(start, stop, before + new + after)


def _match(text: str, start: int, old: str) -> int | None:
    """Return where `old` ends in `text` if it stands at `start`, whatever the line ends are."""
    position = start
    for number, part in enumerate(LINE_END.split(old)):
        if number:
            end = LINE_END.match(text, position)
            if end is None:
                return None
            position = end.end()
        if not text.startswith(part, position):
            return None
        position += len(part)
    return position


def _splits_token(text: str, start: int, stop: int, old: str) -> bool:
    """Return whether `old` is cut out of a longer name, number or operator."""
    before, after = text[start - 1 : start], text[stop : stop + 1]
    if (_in_word(old[0]) and _in_word(before)) or (_in_word(old[-1]) and _in_word(after)):
        return True
    if set(old) <= _OPERATOR_CHARACTERS:
        return any(pair in _OPERATORS and pair != old for pair in (before + old, old + after))
    return False


def _in_word(character: str) -> bool:
    return character == "_" or character.isalnum()


def _line_mates(outline: Outline, statement: Statement) -> list[Statement]:
    """Return the statements that share a line with this one by semicolons, itself included, in order."""
    if statement.clause:
        return [statement]
    numbers = outline.blocks[statement.block].statements
    here = numbers.index(statement.index)
    first = last = here
    while first and _joined(outline, numbers[first - 1], numbers[first]):
        first -= 1
    while last + 1 < len(numbers) and _joined(outline, numbers[last], numbers[last + 1]):
        last += 1
    return [outline.statements[number] for number in numbers[first : last + 1]]


def _joined(outline: Outline, left: int, right: int) -> bool:
    between = outline.source.text[outline.statements[left].full_end : outline.statements[right].start]
    return not between.lstrip(" \t\f;").startswith(("#", "\n", "\r")) and ";" in between


def _own_lines(outline: Outline, statement: Statement, block: Block) -> list[str]:
    text = outline.source.text[statement.start : statement.full_end]
    first, *rest = LINE_END.split(text)
    return [block.indent + first, *rest]


def _expand(outline: Outline, group: list[Statement], lines: dict[int, list[str]]) -> Splice:
    """Return the splice that gives each statement of a shared line its own lines, some of them replaced by `lines`."""
    block = outline.blocks[group[0].block]
    text, newline = outline.source.text, outline.source.newline
    stop = group[-1].end
    rest = text[stop : outline.source.line_stop(stop)]
    stop += len(rest.rstrip()) if rest.strip() == ";" else 0
    new = [line for item in group for line in lines.get(item.index) or _own_lines(outline, item, block)]
    if block.inline:
        start = outline.statements[block.header].header_end
        return Splice(start, stop, newline + newline.join(new), group[0].owner)
    return Splice(group[0].start, stop, newline.join(new).removeprefix(block.indent), group[0].owner)


def _ends_in_comment(lines: list[str]) -> bool:
    """Return whether the last line carries a comment."""
    if "#" not in lines[-1]:
        return False
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO("\n".join(lines).lstrip() + "\n").readline))
    except (tokenize.TokenError, SyntaxError):
        return False
    return any(token.type == tokenize.COMMENT and token.start[0] == len(lines) for token in tokens)
