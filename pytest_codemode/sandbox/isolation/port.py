"""What a mechanism of isolation offers to the pool: a fenced place in which one worker runs."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import IO, Protocol

from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.core.project import Project


class Enclosure(Protocol):
    """One worker slot's fenced place. It lives until `close`; one process tree runs in it."""

    @property
    def root(self) -> str:
        """Absolute path of the project inside; equals `Project.rootdir` where an overlay exists."""
        ...

    @property
    def scratch(self) -> str:
        """Absolute path inside of a sized, private, writable folder (TMPDIR of everything in there)."""
        ...

    @property
    def library(self) -> str:
        """Folder inside to put on `PYTHONPATH` so that `pytest_codemode` is found; empty if it is found anyway."""
        ...

    @property
    def inner_landlock(self) -> bool:
        """Whether a fork inside can be confined further by Landlock (see `worker.confine`)."""
        ...

    def start(
        self, argv: Sequence[str], *, env: dict[str, str], stdin: int, stdout: int, stderr: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start `argv` inside, in `Project.invocation_dir`; the handle's death takes the whole tree with it.

        Raises:
            SandboxError: the fence cannot be put up.
        """
        ...

    def kill(self) -> None:
        """Kill everything inside at once, whatever it does; safe to call twice."""
        ...

    def close(self) -> None:
        """`kill`, then remove everything temporary on the host."""
        ...


class Isolation(Protocol):
    """A mechanism that was found to work here by running its canary."""

    @property
    def level(self) -> str:
        """As in `core.outcome.SandboxInfo.level`."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the canary showed to be enforced."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Why no better level is in force, with the remedy."""
        ...

    def enclose(self, project: Project) -> Enclosure:
        """Make a place for one worker on `project`; the tree in there is private and thrown away."""
        ...
