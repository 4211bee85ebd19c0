"""Splices for edits of whole functions and classes."""

from __future__ import annotations

import ast

from pytest_codemode.core.patch import DeleteDefinition, InsertDefinition, ReplaceDefinition
from pytest_codemode.edits.outline import parse_quietly
from pytest_codemode.edits.reindent import reindent
from pytest_codemode.edits.spans import Definition, Outline, Statement
from pytest_codemode.edits.splice import EditError, Splice, lines_after, lines_before, placed
from pytest_codemode.edits.text import LINE_END, SourceError


def find_definition(outline: Outline, edit: ReplaceDefinition | DeleteDefinition) -> Definition:
    """Return the definition an edit names.

    Raises:
        EditError: there is none of that name and occurrence.
    """
    found = outline.definition(edit.qualname, edit.occurrence)
    if found is None:
        count = len(outline.occurrences(edit.qualname))
        if count:
            raise EditError(f"{edit.path} defines `{edit.qualname}` {count} times: no occurrence {edit.occurrence}")
        raise EditError(f"{edit.path} does not define `{edit.qualname}`{_nearest(outline, edit.qualname)}")
    return found


def _nearest(outline: Outline, qualname: str) -> str:
    """Return a hint at definitions of the same last name elsewhere in the file."""
    last = qualname.rpartition(".")[2]
    others = dict.fromkeys(item.qualname for item in outline.definitions if item.qualname.rpartition(".")[2] == last)
    return f" (it defines {', '.join(f'`{name}`' for name in others)})" if others else ""


def replace_definition(outline: Outline, edit: ReplaceDefinition) -> Splice:
    """Return the splice of a `ReplaceDefinition`; leading comments stay unless the source brings its own."""
    definition = find_definition(outline, edit)
    statement = definition.statement
    indent = outline.blocks[statement.block].indent
    lines = placed(outline, edit.source, indent)
    _require_definition(edit.source)
    stop = outline.source.line_stop(statement.full_end)
    text = outline.source.newline.join(lines)
    if lines[0].lstrip().startswith("#"):
        return Splice(definition.leading, stop, text, statement.owner)
    return Splice(statement.start, stop, text.removeprefix(indent), statement.owner)


def _require_definition(source: str) -> None:
    try:
        tree = parse_quietly("\n".join(reindent(source, "", "    ")) + "\n")
    except SourceError as error:
        raise EditError(f"the new source cannot be used: {error}") from None
    if not any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in tree.body):
        raise EditError("the new source defines no function or class")


def delete_definition(outline: Outline, definition: Definition, *, leave_pass: bool) -> Splice:
    """Return the splice that removes a definition with its comments and the blank lines that set it apart."""
    statement = definition.statement
    source = outline.source
    if leave_pass:
        return Splice(statement.start, statement.full_end, "pass", statement.owner)
    start, stop = definition.leading, source.next_line(_tail(outline, statement))
    while stop < len(source.text) and not source.text[stop : source.line_stop(stop)].strip():
        stop = source.next_line(stop)
    if stop == len(source.text):
        while start and not source.text[source.line_start(start - 1) : start].strip():
            start = source.line_start(start - 1)
    return Splice(start, stop, "", statement.owner)


def _tail(outline: Outline, statement: Statement) -> int:
    """Return the end of a definition with the more deeply indented comment lines that trail it."""
    source = outline.source
    indent = outline.blocks[statement.block].indent
    stop = end = statement.full_end
    while (start := source.next_line(stop)) < len(source.text):
        stop = source.line_stop(start)
        line = source.text[start:stop]
        bare = line.lstrip(" \t\f")
        if bare and not (bare.startswith("#") and len(line) - len(bare) > len(indent)):
            break
        end = stop if bare else end
    return end


def insert_definition(outline: Outline, edit: InsertDefinition) -> Splice:
    """Return the splice of an `InsertDefinition`, set apart by blank lines (two in a module, one elsewhere)."""
    _require_definition(edit.source)
    if edit.where == "end":
        return _append_to_class(outline, edit) if edit.anchor else _append_to_module(outline, edit)
    anchors = outline.occurrences(edit.anchor)
    if not anchors:
        raise EditError(f"{edit.path} does not define `{edit.anchor}`{_nearest(outline, edit.anchor)}")
    if len({anchor.statement.block for anchor in anchors}) > 1:
        raise EditError(f"`{edit.anchor}` stands in several places of {edit.path}: it cannot be an anchor")
    anchor = anchors[0 if edit.where == "before" else -1]
    indent = outline.blocks[anchor.statement.block].indent
    lines = placed(outline, edit.source, indent)
    if edit.where == "before":
        return lines_before(outline.source, anchor.leading, [*lines, *_gap(indent)], anchor.statement.owner)
    tail = _tail(outline, anchor.statement)
    return lines_after(outline.source, tail, [*_gap(indent), *lines], anchor.statement.owner)


def _gap(indent: str) -> list[str]:
    return [""] if indent else ["", ""]


def _append_to_class(outline: Outline, edit: InsertDefinition) -> Splice:
    found = outline.occurrences(edit.anchor)
    if len(found) != 1 or found[0].function:
        state = "is no class" if found and found[0].function else f"is defined {len(found)} times"
        raise EditError(f"`{edit.anchor}` {state} in {edit.path}: nothing can be appended to it")
    statement = found[0].statement
    block = outline.blocks[found[0].body]
    lines = placed(outline, edit.source, block.indent)
    if not block.inline:
        return lines_after(outline.source, _tail(outline, statement), ["", *lines], edit.anchor)
    newline = outline.source.newline
    old = outline.source.text[statement.header_end : statement.full_end].strip(" \t\f;")
    kept = "" if old in ("pass", "...") else newline + block.indent + old
    text = f"{kept}{newline}{newline if kept else ''}{newline.join(lines)}"
    return Splice(statement.header_end, outline.source.line_stop(statement.full_end), text, edit.anchor)


def _append_to_module(outline: Outline, edit: InsertDefinition) -> Splice:
    """Append to the module, above a trailing `if __name__ == ...:` block, which must see the new name."""
    source = outline.source
    lines = placed(outline, edit.source, "")
    numbers = outline.blocks[0].statements
    last = outline.statements[numbers[-1]] if numbers else None
    if last and last.kind == "If" and "__name__" in source.text[last.start : last.header_end]:
        return lines_before(source, source.line_start(last.start), [*lines, "", ""])
    end = len(source.text)
    body = source.text.rstrip(" \t\f\r\n")
    gap = max(0, 2 - (len(LINE_END.findall(source.text[len(body) :])) - 1)) if body else 0
    ended = not source.text or source.text.endswith(("\n", "\r"))
    text = ("" if ended else source.newline) + source.newline * min(gap, 2) + source.newline.join(lines)
    return Splice(end, end, text + (source.newline if ended else ""))
