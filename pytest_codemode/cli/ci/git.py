"""The `git` command in a checkout that others have filled: no hooks, no helpers, no questions, its words as data."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pytest_codemode.core.errors import CodemodeError

_HARMLESS = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "commit.gpgSign=false"),
    *("-c", "protocol.ext.allow=never"),
    *("-c", "core.quotePath=false"),
)
_OF_ANOTHER_REPOSITORY = frozenset(
    ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_NAMESPACE")
)
"""What git sets for a hook; here the folder says which repository is meant."""
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
        given = os.environ if environment is None else environment
        kept = {name: value for name, value in given.items() if name not in _OF_ANOTHER_REPOSITORY}
        self._environment = {**kept, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}

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
        environment = {**self._environment, **(variables or {})}
        try:
            done = subprocess.run(
                ["git", *_HARMLESS, *words],
                cwd=self._folder,
                env=environment,
                input=given,
                capture_output=True,
                timeout=limit_s,
                check=False,
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
