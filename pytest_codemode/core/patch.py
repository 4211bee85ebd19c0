"""What a proposer may do to a file: a closed union of edits, and patches made of them.

Every position refers to the file as it is *before* the patch. Lines are 1-based, columns are 0-based and count
characters (code points) of the decoded line, as in libcst. `old` is what the proposer believes stands there: an edit
whose `old` does not match is `Unapplicable`, never applied somewhere else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class ReplaceDefinition:
    """Replace a function or class, decorators included, by `source` (its own indentation is adjusted)."""

    KIND: ClassVar[str] = "replace_definition"
    path: str
    qualname: str
    """Dotted name stack without `<locals>`, as `Cart.total` or `outer.inner`."""
    source: str
    occurrence: int = 0
    """Which one, counting from 0, where a qualname occurs more than once (overloads, property setters)."""


@dataclass(frozen=True, slots=True)
class InsertDefinition:
    """Insert a function or class beside another one, or at the end of a module or class."""

    KIND: ClassVar[str] = "insert_definition"
    path: str
    anchor: str
    """Qualname to stand beside, or with `where="end"` the class to append to; empty for the module."""
    where: Literal["before", "after", "end"]
    source: str


@dataclass(frozen=True, slots=True)
class DeleteDefinition:
    """Delete a function or class with its decorators and the comment lines that lead it."""

    KIND: ClassVar[str] = "delete_definition"
    path: str
    qualname: str
    occurrence: int = 0


@dataclass(frozen=True, slots=True)
class ReplaceStatement:
    """Replace the statement that starts at `line` by one or more statements."""

    KIND: ClassVar[str] = "replace_statement"
    path: str
    line: int
    old: str
    """First line of the statement as it stands, stripped."""
    source: str
    """New statements; indentation is adjusted to the place."""
    header_only: bool = False
    """For a compound statement: replace only its header (`if x:`) and keep the body."""


@dataclass(frozen=True, slots=True)
class InsertStatement:
    """Insert statements before or after the statement that starts at `line`."""

    KIND: ClassVar[str] = "insert_statement"
    path: str
    line: int
    old: str
    where: Literal["before", "after"]
    source: str


@dataclass(frozen=True, slots=True)
class DeleteStatement:
    """Delete the statement that starts at `line`; a body left empty gets `pass`."""

    KIND: ClassVar[str] = "delete_statement"
    path: str
    line: int
    old: str


@dataclass(frozen=True, slots=True)
class ReplaceExpression:
    """Replace the expression (or name, keyword, operator token) that starts at a position."""

    KIND: ClassVar[str] = "replace_expression"
    path: str
    line: int
    column: int
    old: str
    """Exact text that stands at the position; may span lines, with `\\n` as line end."""
    new: str


@dataclass(frozen=True, slots=True)
class AddImport:
    """Add an import statement after the existing ones; adding one that is there changes nothing."""

    KIND: ClassVar[str] = "add_import"
    path: str
    statement: str
    """As `import math` or `from a.b import c as d`."""


@dataclass(frozen=True, slots=True)
class RemoveImport:
    """Remove the import that binds `name` at module level."""

    KIND: ClassVar[str] = "remove_import"
    path: str
    name: str
    """The bound name, as `np` for `import numpy as np`."""


@dataclass(frozen=True, slots=True)
class CreateModule:
    """Create a new file; one that exists is `Unapplicable`."""

    KIND: ClassVar[str] = "create_module"
    path: str
    source: str


Edit = (
    ReplaceDefinition
    | InsertDefinition
    | DeleteDefinition
    | ReplaceStatement
    | InsertStatement
    | DeleteStatement
    | ReplaceExpression
    | AddImport
    | RemoveImport
    | CreateModule
)


@dataclass(frozen=True, slots=True)
class Patch:
    """Edits of one or several files that stand or fall together."""

    edits: tuple[Edit, ...]
    proposer: str
    """Name of the proposer, as `search`."""
    template: str = ""
    """Which rule of the proposer made it, as `compare.boundary`."""
    rationale: str = ""
    """One sentence for the user."""
    prior: float = 0.0
    """The proposer's own estimate, larger is better; only compared within one proposer."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file the patch touches, sorted."""
        return tuple(sorted({edit.path for edit in self.edits}))


Files = dict[str, bytes]
"""Posix path relative to rootdir -> the file's bytes."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A patch applied in memory."""

    patch: Patch
    files: Files
    """Only the files whose bytes changed, new ones included."""
    fingerprint: str = field(default="")
    """SHA-256 of paths and new bytes: equal for two patches that give the same tree."""

    @staticmethod
    def of(patch: Patch, files: Files) -> Applied:
        """Return the patch with its new `files` and their fingerprint."""
        digest = hashlib.sha256()
        for path in sorted(files):
            digest.update(path.encode() + b"\0" + hashlib.sha256(files[path]).digest())
        return Applied(patch, files, digest.hexdigest())


@dataclass(frozen=True, slots=True)
class Unapplicable:
    """A patch that cannot be applied; told back to the proposer as it stands."""

    patch: Patch
    reason: str
