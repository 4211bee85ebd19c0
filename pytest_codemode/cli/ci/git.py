"""The `git` command in a checkout that others have filled: no hooks, no helpers, no questions, its words as data."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pytest_codemode.core.errors import CodemodeError
from pytest_codemode.workbench import git

_PASSWORD = re.compile(r"://[^/@\s]+@")
LOCAL_S = 60.0
REMOTE_S = 300.0


class GitError(CodemodeError):
    """A git command failed; the text is its own."""


class Git:
    """Runs git in one folder.

    Args:
        folder: in the work tree.
        environment: of its processes.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._environment = environment

    def run(
        self, *words: str, given: bytes = b"", variables: Mapping[str, str] | None = None, limit_s: float = LOCAL_S
    ) -> bytes:
        """Run a git command and return what it prints.

        Args:
            words: the command.
            given: its standard input.
            variables: added to its environment.
            limit_s: seconds.

        Raises:
            GitError: it failed, did not end, or there is no git.
        """
        try:
            done = git.run(
                self._folder,
                *words,
                limit_s=limit_s,
                given=given,
                environment=self._environment,
                variables=variables,
            )
        except subprocess.TimeoutExpired:
            raise GitError(f"git {words[0]} did not end within {limit_s:.0f} s") from None
        except OSError as problem:
            raise GitError(f"git cannot be started ({problem.strerror}); install it") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip() or f"status {done.returncode}"
            raise GitError(f"git {words[0]}: {_PASSWORD.sub('://...@', said)}")
        return done.stdout

    def line(self, *words: str, given: bytes = b"", variables: Mapping[str, str] | None = None) -> str:
        """Run a git command and return the one line that it prints.

        Raises:
            GitError: see `run`.
        """
        return self.run(*words, given=given, variables=variables).decode("utf-8", "replace").strip()

    def commit(self, revision: str) -> str:
        """Return the full id of the commit that `revision` names.

        Raises:
            GitError: it names none.
        """
        # A name that begins with a dash would be an option; git itself admits no such branch.
        if not revision or revision.startswith("-"):
            raise GitError(f"{revision!r} names no commit")
        return self.line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
