"""What a suite leaves out, function by function: pure, from what was measured and the file's text.

A nested function, a lambda and a comprehension belong to the outermost function or method around them. What runs when
the module is imported (class bodies, decorators and `def` lines among it) belongs to `<module>`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_codemode.core.exploring import Arc, Measured
from pytest_codemode.edits.outline import outline
from pytest_codemode.edits.spans import Outline
from pytest_codemode.edits.text import SourceError
from pytest_codemode.testgen.numbering import Numbering

MODULE = "<module>"


@dataclass(frozen=True, slots=True)
class Target:
    """What tests are wanted for."""

    path: str
    """Posix, relative to rootdir."""
    qualname: str = ""
    """A function, a method, or a class for all its methods; empty for the whole file."""

    def includes(self, path: str, qualname: str) -> bool:
        """Return whether a function of a file is asked for."""
        if path != self.path:
            return False
        return not self.qualname or qualname == self.qualname or qualname.startswith(f"{self.qualname}.")


@dataclass(frozen=True, slots=True)
class FunctionGap:
    """One function, and what no test executes of it; lines are 1-based."""

    path: str
    """Posix, relative to rootdir."""
    qualname: str
    """As `Cart.total`, or `<module>`."""
    line: int
    """Of its `def` keyword; 1 for a module."""
    first: int
    """Of its first decorator or `def`."""
    last: int
    statements: tuple[int, ...]
    """First lines of all of its statements."""
    branches: tuple[Arc, ...]
    """Every way that one of its lines with more than one has."""
    missing_lines: tuple[int, ...]
    missing_branches: tuple[Arc, ...]
    """Those that begin at a missing line too."""

    @property
    def missing(self) -> int:
        """How many lines and branches are left out."""
        return len(self.missing_lines) + len(self.missing_branches)

    def within(self, lines: Iterable[int]) -> frozenset[int]:
        """Return those of the lines that are the function's."""
        return frozenset(line for line in lines if self.first <= line <= self.last)

    @property
    def percent(self) -> float:
        """Executed statements and branches, of all."""
        total = len(self.statements) + len(self.branches)
        return 100.0 * (total - self.missing) / total if total else 100.0


def gaps(
    measured: Iterable[Measured],
    sources: Mapping[str, bytes],
    targets: Sequence[Target],
    changed: Mapping[str, frozenset[int]] | None = None,
) -> tuple[FunctionGap, ...]:
    """Return the functions that the suite does not execute as a whole, most left out first.

    Args:
        measured: the files.
        sources: path -> bytes of the files, as they were measured.
        targets: what is asked about; nothing else is returned.
        changed: path -> 1-based lines: nothing else counts as left out. None: everything does.
    """
    wanted = {target.path for target in targets}
    found: list[FunctionGap] = []
    for file in measured:
        raw = sources.get(file.path)
        if raw is None or file.path not in wanted or not (file.missing or file.missing_branches):
            continue
        if changed is not None:
            file = _only(file, raw, changed.get(file.path, frozenset()))  # noqa: PLW2901  # the same file, narrowed
        found += (
            function
            for function in functions(file, raw)
            if function.missing and any(target.includes(file.path, function.qualname) for target in targets)
        )
    return tuple(sorted(found, key=lambda gap: (-gap.missing, gap.path, gap.line)))


def functions(file: Measured, raw: bytes) -> tuple[FunctionGap, ...]:
    """Return every function of a file that has statements, and the module, in the order of the file.

    A file that this interpreter cannot parse is all module.
    """
    try:
        spans = tuple(_spans(outline(raw)))
    except SourceError:
        spans = ()
    last = raw.count(b"\n") + 1
    whole = _Span(MODULE, 1, 1, 1, last)
    of_line = {line: span for span in spans if span.body for line in range(span.body, span.last + 1)}
    of_way = {(span.line, -span.first): span for span in spans if not span.body}
    members: defaultdict[_Span, _Members] = defaultdict(_Members)
    for line in file.statements:
        members[of_line.get(line, whole)].statements.append(line)
    for line in file.missing:
        members[of_line.get(line, whole)].missing_lines.append(line)
    for arc in file.branches:
        members[of_way.get(arc) or of_line.get(arc[0], whole)].branches.append(arc)
    for arc in file.missing_branches:
        members[of_way.get(arc) or of_line.get(arc[0], whole)].missing_branches.append(arc)
    made = (_function(file.path, span, found) for span, found in members.items())
    return tuple(sorted(made, key=lambda function: (function.first, function.qualname != MODULE)))


def _only(file: Measured, raw: bytes, lines: frozenset[int]) -> Measured:
    """Return the file with what is missing on `lines` alone, or on a way to or from them."""
    first = Numbering(raw).first_line
    changed = lines | {first(line) for line in lines}
    return Measured(
        path=file.path,
        statements=file.statements,
        missing=tuple(line for line in file.missing if line in changed),
        branches=file.branches,
        missing_branches=tuple(arc for arc in file.missing_branches if not changed.isdisjoint(arc)),
    )


@dataclass(frozen=True, slots=True)
class _Span:
    qualname: str
    line: int
    first: int
    body: int
    """Line of its first statement; 0 if that stands on the line of the `def`: to run it is one way out of that."""
    last: int


class _Members:
    def __init__(self) -> None:
        self.statements: list[int] = []
        self.branches: list[Arc] = []
        self.missing_lines: list[int] = []
        self.missing_branches: list[Arc] = []


def _spans(found: Outline) -> Iterator[_Span]:
    """Yield where the bodies of the outermost functions and methods stand."""
    within = 0
    for definition in found.definitions:
        statement = definition.statement
        if not definition.function or statement.start < within:
            continue
        within = statement.full_end
        block = found.blocks[definition.body]
        body = found.statements[block.statements[0]].line
        lines = (statement.keyword_line, statement.line, 0 if block.inline else body, statement.end_line)
        yield _Span(definition.qualname, *lines)


def _function(path: str, span: _Span, found: _Members) -> FunctionGap:
    return FunctionGap(
        path=path,
        qualname=span.qualname,
        line=span.line,
        first=span.first,
        last=span.last,
        statements=tuple(found.statements),
        branches=tuple(found.branches),
        missing_lines=tuple(found.missing_lines),
        missing_branches=tuple(found.missing_branches),
    )
