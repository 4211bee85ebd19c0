"""What a proposed patch may touch, decided without trust in whoever proposes it: first by its text, then by its effect.

The job that made the patch has run the code of a change. Were that code to break out of its sandbox, the patch would be
its own. What `edits.policy` says of places (`places`) and of characters that deceive a reader (`legible`) is asked here
again, more strictly where more is at stake; what its rules say of the code itself is not: that is for the reader.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from pytest_codemode.cli.ci.git import Git
from pytest_codemode.cli.ci.globs import matches
from pytest_codemode.cli.ci.legible import why_illegible
from pytest_codemode.cli.ci.places import Tree, unusual
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.edits.apply import check_path
from pytest_codemode.edits.splice import EditError
from pytest_codemode.edits.unified import Change, changes

MAX_BYTES = 1 << 20
_FILE, _EXECUTABLE, _NONE = "100644", "100755", "000000"


class RefusedPatchError(CodemodeError):
    """A patch does what none of ours does."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A patch whose text is in order."""

    diff: bytes
    added: Mapping[str, tuple[bytes, ...]]
    """Path relative to the root of the repository -> the lines that come."""

    @property
    def paths(self) -> frozenset[str]:
        """The files that it changes or makes."""
        return frozenset(self.added)


class _Blob(NamedTuple):
    """A file before and after."""

    path: str
    old: str
    """Id of its content; empty for a new file."""
    new: str


def verified(diff: bytes, folder: str, only: Sequence[str]) -> Verified:
    """Return the patch if its text is in order.

    Args:
        diff: its bytes.
        folder: of the project, relative to the root of the repository; the paths in the diff are relative to it.
        only: globs of paths as in the diff; empty for every Python file.

    Raises:
        RefusedPatchError: it is not.
    """
    if len(diff) > MAX_BYTES:
        raise RefusedPatchError(f"the patch is larger than {MAX_BYTES:,} bytes")
    try:
        found = changes(diff)
    except ValueError as problem:
        raise RefusedPatchError(f"the patch is refused: {problem}") from None
    paths = [posixpath.normpath(posixpath.join(folder, change.path)) for change in found]
    for change, path in zip(found, paths, strict=True):
        reason = _why_not(change, only) or unusual(path)
        if reason:
            raise RefusedPatchError(f"the patch is refused: {change.path}: {reason}")
    if len(set(paths)) != len(paths):
        raise RefusedPatchError("the patch is refused: it changes a file twice")
    return Verified(diff, {path: change.added for change, path in zip(found, paths, strict=True)})


def _why_not(change: Change, only: Sequence[str]) -> str:
    try:
        check_path(change.path)
    except EditError as problem:
        return str(problem)
    if change.kind == "gone":
        return "it would be deleted"
    if PurePosixPath(change.path).suffix != ".py":
        return "it is no Python file"
    if only and not matches(change.path, only):
        return f"it is outside {', '.join(only)}"
    return ""


def patched_tree(patch: Verified, base: str, folder: str, git: Git, index: str) -> str:
    """Return the id of the tree that `patch` makes of the one of `base`; no file is checked out.

    Args:
        patch: its text is in order.
        base: full id of the commit.
        folder: of the project, relative to the root of the repository.
        git: runs in the root of the repository.
        index: path of a file that is made for this.

    Raises:
        RefusedPatchError: it does not apply, or does something that its text did not say.
        GitError: there is no such commit.
    """
    _check_places(patch, folder, git.run("ls-tree", "-r", "-z", "--name-only", "--full-tree", base))
    variables = {"GIT_INDEX_FILE": index}
    git.run("read-tree", base, variables=variables)
    where = [] if folder == "." else [f"--directory={folder}"]
    try:
        git.run("apply", "--cached", "-p1", "--whitespace=nowarn", *where, "-", given=patch.diff, variables=variables)
    except CodemodeError as problem:
        raise RefusedPatchError(f"the patch does not fit the tested commit {base[:12]}: {problem}") from None
    tree = git.line("write-tree", variables=variables)
    raw = git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", base, tree, "--")
    for blob in _effect(patch, raw):
        old, new = (git.run("cat-file", "blob", name) if name else b"" for name in (blob.old, blob.new))
        if reason := why_illegible(old, new, patch.added[blob.path]):
            raise RefusedPatchError(f"the patch is refused: {blob.path}: {reason}")
    return tree


def _check_places(patch: Verified, folder: str, listed: bytes) -> None:
    paths = frozenset(listed.decode("utf-8", "surrogateescape").split("\0")) - {""}
    tree, new = Tree(paths, folder), patch.paths - paths
    for path in sorted(patch.paths):
        if reason := tree.why_not(path, new):
            raise RefusedPatchError(f"the patch is refused: {path}: {reason}")


def _effect(patch: Verified, raw: bytes) -> Iterator[_Blob]:
    """Yield what differs; refuse a tree in which anything does but the content of the patch's own files."""
    fields = raw.decode("utf-8", "surrogateescape").split("\0")
    facts, paths = fields[0:-1:2], fields[1::2]
    if set(paths) != patch.paths:
        raise RefusedPatchError("the patch is refused: it changes other files than it says")
    for fact, path in zip(facts, paths, strict=True):
        before, after, old, new, _ = fact.removeprefix(":").split(" ")
        made = (before, after) == (_NONE, _FILE)
        if not made and not (before == after and after in (_FILE, _EXECUTABLE)):
            raise RefusedPatchError(f"the patch is refused: {path} would change from mode {before} to {after}")
        yield _Blob(path, "" if made else old, new)
