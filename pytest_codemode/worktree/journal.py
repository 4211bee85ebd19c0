"""What a write is going to do, on disk before it is done: whoever finds it can finish the write or take it back."""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pytest_codemode.core.codec import encode
from pytest_codemode.worktree.seal import seal, unseal
from pytest_codemode.worktree.statedir import is_own, subfolder
from pytest_codemode.worktree.untrusted import parsed, read_file

FOLDER = "journal"


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a write."""

    path: str
    """Posix path relative to rootdir."""
    old: bytes | None
    """None: there was no such file."""
    new: bytes | None
    """None: the file is to go."""
    temporary: str
    """Name of the new content's file in the same folder, until it takes the old one's place."""
    folders: tuple[str, ...] = ()
    """Folders that the write had to make for it, outermost first, relative to rootdir."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Changes that stand or fall together."""

    changes: tuple[Change, ...]
    tests: bool = False
    """Whether they are tests that a run wrote: then they are test files, and else never."""
    schema: int = 1


def temporary_name(path: str) -> str:
    """Return a name beside `path` that no other write uses and that no tool takes for a module."""
    return f"{_temporary_stem(path)}{secrets.token_hex(6)}"


def _temporary_stem(path: str) -> str:
    return f".{path.rpartition('/')[2][:100]}.codemode-"


def save(state: Path, rootdir: Path, journal: Journal) -> Path:
    """Put `journal` on disk for good and return its file: there is all of it or nothing."""
    sealed = seal(rootdir, FOLDER, json.dumps(encode(journal)).encode("ascii"))
    folder = subfolder(state, FOLDER)
    path = folder / f"{secrets.token_hex(8)}.json"
    partial = path.with_suffix(".partial")
    with partial.open("xb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _sync(folder)
    return path


def load(path: Path, rootdir: Path) -> Journal:
    """Return the journal in `path`.

    Raises:
        ValueError: it is damaged, or not from this user's codemode for the project at `rootdir`.
        FileNotFoundError: it is gone.
    """
    try:
        record = unseal(rootdir, FOLDER, read_file(path, own=True))
    except ValueError as problem:
        raise ValueError(f"{path.name} {problem}") from problem
    journal: Journal = parsed(Journal, record, "journal")
    for change in journal.changes:
        _check(change)
    return journal


def _check(change: Change) -> None:
    """Refuse what `write` would not have planned: then a journal can do no more than a write, whoever made it."""
    stem = _temporary_stem(change.path)
    if not re.fullmatch(re.escape(stem) + "[0-9a-f]{12}", change.temporary):
        raise ValueError(f"{change.temporary!r} is no temporary file of {change.path!r}")
    parents = {parent.as_posix() for parent in PurePosixPath(change.path).parents} - {".", "/"}
    if strange := [folder for folder in change.folders if folder not in parents]:
        raise ValueError(f"{strange[0]!r} is no folder above {change.path!r}")


def remove(path: Path) -> None:
    """Forget a journal whose write is settled."""
    path.unlink(missing_ok=True)
    _sync(path.parent)


def set_aside(path: Path) -> Path:
    """Keep what cannot be settled under a name that is no journal's, and return its new path."""
    stem = path.stem[:50]  # whoever planted it may have used all the letters a name can have
    aside = path.with_name(f"{stem}.damaged")
    if os.path.lexists(aside):
        aside = path.with_name(f"{stem}.{secrets.token_hex(4)}.damaged")
    return path.rename(aside)


def pending(state: Path) -> tuple[Path, ...]:
    """Return the journals of writes that were not settled."""
    folder = state / FOLDER
    return tuple(sorted(folder.glob("*.json"))) if is_own(folder) else ()


def sweep(state: Path) -> None:
    """Remove what never became a journal; only for who holds the tree, or it could be another's that is just made."""
    folder = state / FOLDER
    for partial in folder.glob("*.partial") if is_own(folder) else ():
        if not partial.is_dir() or partial.is_symlink():
            partial.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
