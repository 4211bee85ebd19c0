"""Keeps the map of tests in the project's state folder, sealed: one that came with a checkout does not count."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.worktree.seal import seal, unseal
from pytest_codemode.worktree.statedir import existing_state_dirs, state_dir
from pytest_codemode.worktree.untrusted import read_file

NAME = "map.json"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class MapStore:
    """Implements `sandbox.index.Store` for the project at `rootdir`."""

    def __init__(self, rootdir: Path) -> None:
        self._rootdir = rootdir

    def load(self) -> tuple[bytes | None, str]:
        """Return (the record, None if there is none that counts; why it does not, empty if there is nothing to say)."""
        problem = ""
        for state in existing_state_dirs(self._rootdir):
            try:
                folder = os.open(state, _FOLDER)
            except OSError:
                continue
            try:
                return unseal(self._rootdir, NAME, read_file(NAME, folder=folder, own=True)), ""
            except FileNotFoundError:
                continue
            except ValueError as refused:
                problem = f"{state / NAME} {refused}; it is ignored and made anew"
            finally:
                os.close(folder)
        return None, problem

    def save(self, record: bytes) -> str:
        """Keep `record` in place of the last one: a reader sees all of one or all of the other."""
        try:
            state = state_dir(self._rootdir)
            sealed = seal(self._rootdir, NAME, record)
            folder = os.open(state, _FOLDER)
        except (ConfigError, OSError) as problem:
            return f"the map of tests is not kept: {problem}"
        try:
            _replace(folder, sealed)
        except OSError as problem:
            return f"the map of tests is not kept in {state} ({problem.strerror})"
        finally:
            os.close(folder)
        return ""


def _replace(folder: int, data: bytes) -> None:
    """Put `data` in the place of the file; whatever stands there, a link too, is replaced and never followed."""
    fresh = f"{NAME}.{secrets.token_hex(8)}"
    try:
        with os.fdopen(os.open(fresh, _NEW, 0o600, dir_fd=folder), "wb") as file:
            file.write(data)
        os.replace(fresh, NAME, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(fresh, dir_fd=folder)
