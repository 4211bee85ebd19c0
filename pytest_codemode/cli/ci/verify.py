"""What a proposed patch may touch, decided without trust in whoever proposes it: first by its text, then by its effect.

The job that made the patch has run the code of a change. Were that code to break out of its sandbox, the patch would be
its own; so everything that `edits.policy` has refused there is refused here again, as far as it can be told from files.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pytest_codemode.cli.ci.git import Git
from pytest_codemode.cli.ci.globs import matches
from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.edits.apply import check_path
from pytest_codemode.edits.rules.paths import protected
from pytest_codemode.edits.splice import EditError
from pytest_codemode.edits.unified import Change, changes

MAX_BYTES = 1 << 20
_FILE, _EXECUTABLE, _NONE = "100644", "100755", "000000"
_GIT_PARTS = re.compile(r"\.git.*|git~\d+", re.IGNORECASE)
_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They show a line in another order than the one it is run in.

Source: Boucher, Anderson, "Trojan Source", 2021 (CVE-2021-42574)."""


class RefusedPatchError(CodemodeError):
    """A patch does what none of ours does."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A patch whose text is in order."""

    diff: bytes
    paths: frozenset[str]
    """Relative to the root of the repository."""


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
        reason = _why_not(change, only) or _protected(path)
        if reason:
            raise RefusedPatchError(f"the patch is refused: {change.path}: {reason}")
    if len(set(paths)) != len(paths):
        raise RefusedPatchError("the patch is refused: it changes a file twice")
    return Verified(diff, frozenset(paths))


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
    return _unreadable(change.added)


def _protected(path: str) -> str:
    for part in path.split("/"):
        if _GIT_PARTS.fullmatch(part) or part != part.strip(" .") or not part or set(part) & set('\\:*?"<>|'):
            return f"{part!r} is no name of a source file"
        if any(unicodedata.category(char) in ("Cf", "Cc", "Co", "Cn") for char in part):
            return f"{part!r} holds an invisible character"
    kind = protected(path, frozenset())
    return f"it is {kind}" if kind else ""


def _unreadable(added: Sequence[bytes]) -> str:
    for line in added:
        if _BIDIRECTIONAL & set(line.decode("utf-8", "replace")):
            return "a new line holds a character that changes the order in which it is shown"
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
    variables = {"GIT_INDEX_FILE": index}
    git.run("read-tree", base, variables=variables)
    where = [] if folder == "." else [f"--directory={folder}"]
    try:
        git.run("apply", "--cached", "-p1", "--whitespace=nowarn", *where, "-", given=patch.diff, variables=variables)
    except CodemodeError as problem:
        raise RefusedPatchError(f"the patch does not fit the tested commit {base[:12]}: {problem}") from None
    tree = git.line("write-tree", variables=variables)
    _check_effect(patch, git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", base, tree))
    return tree


def _check_effect(patch: Verified, raw: bytes) -> None:
    """Refuse a tree in which anything differs but the content of the patch's own files."""
    fields = raw.decode("utf-8", "surrogateescape").split("\0")
    facts, paths = fields[0:-1:2], fields[1::2]
    for fact, path in zip(facts, paths, strict=True):
        before, after, *_ = fact.removeprefix(":").split(" ")
        same = before == after and after in (_FILE, _EXECUTABLE)
        if not same and (before, after) != (_NONE, _FILE):
            raise RefusedPatchError(f"the patch is refused: {path} would change from mode {before} to {after}")
    if set(paths) != patch.paths:
        raise RefusedPatchError("the patch is refused: it changes other files than it says")
