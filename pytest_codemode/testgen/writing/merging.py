"""One more name for an import statement that is there, so that no module is imported from twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_codemode.edits.spans import Import as Imported
from pytest_codemode.edits.spans import Outline, Statement
from pytest_codemode.edits.splice import Splice, lines_after, lines_before
from pytest_codemode.testgen.writing.formatting import formatted
from pytest_codemode.testgen.writing.style import Style


@dataclass(frozen=True, slots=True)
class Line:
    """One name that a module imports, as it stands in it."""

    module: str
    name: str = ""
    alias: str = ""

    @property
    def part(self) -> str:
        """What stands behind `import`."""
        return (self.name or self.module) + (f" as {self.alias}" if self.alias else "")


def merged(contents: Outline, line: Line, style: Style) -> Splice | None:
    """Return the insertion of a name into a statement that imports from its module, None if there is none to fit."""
    text = contents.source.text
    alike = [
        item for item in contents.imports if item.top and item.module == line.module and item.name not in ("", "*")
    ]
    if not alike or any("force-single-line = true" in item for item in style.settings):
        return None
    statement = alike[0].statement
    items = [item for item in alike if item.statement.index == statement.index]
    ahead = [item for item in items if sort_key(item.name) < sort_key(line.name)]
    names = [text[start:stop] for start, stop in items[0].spans]
    names.insert(ahead[-1].position + 1 if ahead else 0, line.part)
    if "\n" in text[statement.start : statement.end]:
        below = _merged_below(contents, statement, items, ahead, line)
        return below or _merged_anew(contents, statement, names, line.module, style)
    end = contents.source.line_stop(statement.start)
    if "#" in text[statement.start : end]:
        return None  # what the comment says of the names that are there, nobody has said of another
    if end - contents.source.line_start(statement.start) + len(line.part) + 2 > style.line_length:
        return _merged_anew(contents, statement, names, line.module, style)
    if ahead:
        stop = ahead[-1].spans[ahead[-1].position][1]
        return Splice(stop, stop, f", {line.part}")
    start = items[0].spans[0][0]
    return Splice(start, start, f"{line.part}, ")


def _merged_below(
    contents: Outline, statement: Statement, items: Sequence[Imported], ahead: Sequence[Imported], line: Line
) -> Splice | None:
    """Return the insertion of a line into an import that has a name on each of its lines."""
    source = contents.source
    starts = [span[0] for span in items[0].spans]
    own_lines = {source.line_of(start) for start in starts}
    if len(own_lines) < len(starts) or source.line_of(statement.start) in own_lines:
        return None
    start, stop = items[0].spans[ahead[-1].position if ahead else 0]
    indent = source.text[source.line_start(start) : start]
    if not ahead:
        return lines_before(source, source.line_start(start), [f"{indent}{line.part},"])
    if not source.text[stop : source.line_stop(stop)].lstrip().startswith(","):
        return None
    return lines_after(source, stop, [f"{indent}{line.part},"])


def _merged_anew(
    contents: Outline, statement: Statement, names: Sequence[str], module: str, style: Style
) -> Splice | None:
    """Return the statement with these names, laid out as the formatter does; None where a comment stands in it."""
    source = contents.source
    if "#" in source.text[statement.start : source.line_stop(statement.end)]:
        return None
    text = formatted(f"from {module} import {', '.join(names)}", style.settings).rstrip("\n")
    return Splice(statement.start, statement.end, text.replace("\n", source.newline))


def sort_key(name: str) -> tuple[int, str]:
    """Return the place of a name within one import, as ruff sorts them: constants, classes, others."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[:1].isupper() else 2), name
