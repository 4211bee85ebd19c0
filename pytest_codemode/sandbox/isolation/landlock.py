"""The landlock level: no user namespaces needed; Landlock, seccomp and limits around a copy of the tree."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.isolation import readable
from pytest_codemode.sandbox.isolation.copied import CopiedEnclosure

NOT_EXAMINED = Capabilities()


@dataclass(frozen=True, slots=True)
class Landlock:
    """Isolation by Landlock and seccomp, found to work here by its canary."""

    capabilities: Capabilities = NOT_EXAMINED
    notes: tuple[str, ...] = ()
    level: str = "landlock"

    def enclose(self, project: Project) -> CopiedEnclosure:
        """Make a place for one worker on `project`.

        Raises:
            SandboxError: the tree is too large to copy, or it or a mount cannot be shown safely.
        """
        readable.check_rootdir(project.rootdir)
        return CopiedEnclosure(project, fenced=True)
