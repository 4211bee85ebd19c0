"""The only module that writes to the user's tree: all files of a patch or none, whenever the process is killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.worktree import journal as journals
from pytest_codemode.worktree.editable import EditableSet
from pytest_codemode.worktree.journal import Change, Journal
from pytest_codemode.worktree.place import Place, checked_parts, place, remove_folder
from pytest_codemode.worktree.statedir import READ_ONLY, existing_state_dirs, foreign_state, state_dir

Contents = Mapping[str, bytes | None]
"""Posix path relative to rootdir -> the file's bytes; None where there is no such file."""


class TreeChanged(ConfigError):
    """Files do not stand as codemode read them; nothing was written."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = tuple(sorted(paths))
        named = ", ".join(self.paths)
        super().__init__(f"changed while codemode was running: {named}; nothing was written, run it on the new state")


def write(rootdir: Path, baseline: Contents, changes: Contents, *, tests: bool = False) -> tuple[str, ...]:
    """Write `changes` to the tree, all or nothing, and return the paths that were written.

    Args:
        rootdir: the project's root.
        baseline: how each file of `changes` must stand on disk; a path that is missing here must not exist.
        changes: how each is to stand.
        tests: whether they are tests that a run wrote.

    Raises:
        TreeChanged: a file does not stand as in `baseline`.
        ConfigError: a file lies outside the tree or behind a symbolic link, or the tree cannot be written.
    """
    written = tuple(sorted(path for path in changes if changes[path] != baseline.get(path)))
    for _step in write_steps(rootdir, baseline, {path: changes[path] for path in written}, tests=tests):
        pass
    return written


def write_steps(rootdir: Path, baseline: Contents, changes: Contents, *, tests: bool = False) -> Iterator[str]:
    """Do what `write` does, yielding the name of each step that has reached the disk."""
    _check(rootdir, baseline, changes)
    planned = tuple(_planned(rootdir, path, baseline.get(path), changes[path]) for path in sorted(changes))
    journal = Journal(planned, tests)
    try:
        kept = journals.save(state_dir(rootdir), rootdir, journal)
    except OSError as problem:
        raise _unwritable(rootdir, problem) from problem
    yield "journal"
    try:
        for change in journal.changes:
            _prepare(rootdir, change, change.new)
            yield f"prepared {change.path}"
        _check(rootdir, baseline, changes)
        for change in journal.changes:
            _settle(rootdir, change, change.new)
            yield f"written {change.path}"
    except OSError as problem:
        _take_back(rootdir, journal, kept)
        raise _unwritable(rootdir, problem) from problem
    except BaseException:
        _take_back(rootdir, journal, kept)
        raise
    journals.remove(kept)
    yield "settled"


def recover(rootdir: Path) -> str | None:
    """Finish or take back writes that were killed; return the sentence to show the user, None if there were none.

    Does nothing while another codemode process holds the tree: then the write is that one's.

    Raises:
        ConfigError: there is something to settle, but the tree cannot be written.
    """
    foreign = foreign_state(rootdir)
    sentences = [foreign] if foreign else []
    for state in existing_state_dirs(rootdir):
        if not journals.pending(state):
            continue
        with _locked(state / "lock") as holder:
            if holder is None:
                sentences += [_settled(rootdir, kept) for kept in journals.pending(state)]
                journals.sweep(state)
    return " ".join(sentences) or None


@contextmanager
def lock(rootdir: Path) -> Iterator[None]:
    """Hold the tree: a second run on it is refused. The system releases it however this process ends.

    Raises:
        ConfigError: another process holds it.
    """
    with _locked(state_dir(rootdir) / "lock") as holder:
        if holder is not None:
            who = f"process {holder}" if holder else "another process"
            remedy = f"end it (kill {holder})" if holder else "end it"
            raise ConfigError(f"codemode is already working on {rootdir} ({who}); wait until it is done, or {remedy}")
        yield


@contextmanager
def _locked(path: Path) -> Iterator[str | None]:
    """Try to lock `path`; yield None if it is ours, else the process id in it (may be empty)."""
    with os.fdopen(_open_lock(path), "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = file.read(20).strip()
            yield text.decode("ascii") if text.isdigit() else ""
            return
        except OSError as problem:
            raise ConfigError(f"{path} cannot be locked ({problem.strerror}); remove it") from problem
        file.truncate()
        file.write(b"%d\n" % os.getpid())
        file.flush()
        yield None
        file.seek(0)
        file.truncate()


def _open_lock(path: Path) -> int:
    """Return a descriptor of the lock file; one that is anything else than our own plain file is not touched."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError as problem:
        raise ConfigError(f"{path} cannot be locked ({problem.strerror}); make it writable or remove it") from problem
    status = os.fstat(descriptor)
    # A second name for a file of the user's would let the lock empty that file.
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_nlink > 1:
        os.close(descriptor)
        raise ConfigError(f"{path} cannot be locked (not a plain file of yours); remove it")
    return descriptor


def check_editable(rootdir: Path, paths: Iterable[str], *, tests: bool = False) -> None:
    """Refuse a kept patch that would touch anything but the project's own code, whoever kept it.

    With `tests`, of a run that wrote tests, it may touch test files and nothing else.

    Raises:
        ConfigError: it would.
    """
    editable = EditableSet(rootdir, (), frozenset())
    for path in paths:
        checked_parts(path)
        own = editable.is_test(path) and Path(path).name != "conftest.py"
        reason = editable.why_not(path, tests=tests and own) or ("no test file" if tests and not own else "")
        if reason:
            raise ConfigError(f"{path!r} is no file that a patch may touch ({reason}); nothing was written")


def _check(rootdir: Path, baseline: Contents, changes: Contents) -> None:
    changed = [path for path in changes if _current(rootdir, path) != baseline.get(path)]
    if changed:
        raise TreeChanged(changed)


def _current(rootdir: Path, path: str) -> bytes | None:
    try:
        with place(rootdir, path) as found:
            return found.read()
    except FileNotFoundError:
        return None


def _planned(rootdir: Path, path: str, old: bytes | None, new: bytes | None) -> Change:
    parents = [parent.as_posix() for parent in reversed(Path(path).parents) if parent != Path()]
    folders = tuple(parent for parent in parents if not (rootdir / parent).exists())
    return Change(path, old, new, journals.temporary_name(path), folders if new is not None else ())


def _prepare(rootdir: Path, change: Change, data: bytes | None) -> None:
    """Put `data` on disk beside the file, with the file's mode and a later time."""
    if data is None:
        return
    with place(rootdir, change.path, make_folders=True) as target:
        fresh = target.sibling(change.temporary)
        fresh.remove()
        _create(fresh, data, target.stat())


def _create(fresh: Place, data: bytes, like: os.stat_result | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(fresh.name, flags, 0o666, dir_fd=fresh.folder)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if like is not None:
            if os.geteuid() == 0:
                os.fchown(descriptor, like.st_uid, like.st_gid)
            os.fchmod(descriptor, like.st_mode & 0o7777)
            # Python takes a .pyc for current if second and size are the same: never the same second twice.
            seconds = max(int(time.time()), int(like.st_mtime) + 1)
            os.utime(descriptor, (seconds, seconds))
        os.fsync(descriptor)


def _settle(rootdir: Path, change: Change, data: bytes | None) -> None:
    """Let the prepared file take its place, or the file go."""
    with place(rootdir, change.path) as target:
        if data is None:
            target.remove()
        else:
            target.replace_by(target.sibling(change.temporary))
        target.sync()


def _take_back(rootdir: Path, journal: Journal, kept: Path) -> None:
    try:
        _restore(rootdir, journal.changes)
        journals.remove(kept)
    except OSError as problem:
        where = problem.filename or rootdir
        raise ConfigError(
            f"a write failed halfway and could not be taken back ({problem.strerror}: {where}); make {rootdir} "
            "writable and run `codemode runs list`, which settles it"
        ) from problem


def _restore(rootdir: Path, changes: Iterable[Change]) -> None:
    """Take back what of `changes` was done, and remove what was made on the way."""
    for change in changes:
        if change.new != change.old and _current(rootdir, change.path) == change.new:
            _prepare(rootdir, change, change.old)
            _settle(rootdir, change, change.old)
    _tidy(rootdir, changes)


def _tidy(rootdir: Path, changes: Iterable[Change]) -> None:
    """Remove temporary files, and folders that were made and stayed empty."""
    for change in changes:
        with contextlib.suppress(FileNotFoundError), place(rootdir, change.path) as target:
            target.sibling(change.temporary).remove()
        for folder in reversed(change.folders):
            remove_folder(rootdir, folder)


def _settled(rootdir: Path, kept: Path) -> str:
    """Settle the write of one journal and return the sentence for the user."""
    try:
        journal = journals.load(kept, rootdir)
        check_editable(rootdir, (change.path for change in journal.changes), tests=journal.tests)
        sentence = _finish_or_restore(rootdir, journal.changes)
    except (ValueError, ConfigError) as problem:
        # Or it would stop every further command.
        aside = _set_aside(kept)
        return f"An interrupted write cannot be settled ({problem}); what it was to write is kept in {aside}."
    except OSError as problem:
        raise _unwritable(rootdir, problem) from problem
    journals.remove(kept)
    return sentence


def _set_aside(kept: Path) -> Path:
    try:
        return journals.set_aside(kept)
    except OSError as problem:
        raise ConfigError(f"{kept} cannot be settled, nor set aside ({problem.strerror}); remove it") from problem


def _finish_or_restore(rootdir: Path, changes: tuple[Change, ...]) -> str:
    current = {change.path: _current(rootdir, change.path) for change in changes}
    strange = [change.path for change in changes if current[change.path] not in (change.old, change.new)]
    done = [change for change in changes if current[change.path] == change.new]
    if strange or not done:
        _restore(rootdir, changes)
        edited = f"; {', '.join(strange)} had been edited since and was left alone" if strange else ""
        return f"An interrupted write was taken back: {_names(changes)} as before{edited}."
    for change in changes:
        if current[change.path] != change.new:
            _prepare(rootdir, change, change.new)
            _settle(rootdir, change, change.new)
    _tidy(rootdir, changes)
    return f"An interrupted write was completed: {_names(changes)}."


def _names(changes: Iterable[Change]) -> str:
    return ", ".join(change.path for change in changes)


def _unwritable(rootdir: Path, problem: OSError) -> ConfigError:
    name = problem.filename or rootdir
    if problem.errno in READ_ONLY:
        return ConfigError(
            f"{name} cannot be written ({problem.strerror}); make {rootdir} writable, or keep the patch only with "
            "--codemode-diff"
        )
    return ConfigError(f"{name} cannot be written ({problem.strerror}); nothing was changed")
