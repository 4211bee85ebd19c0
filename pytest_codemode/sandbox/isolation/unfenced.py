"""The level `none`: limits, a scrubbed environment and a copy of the tree; foreign code can reach everything else.

Only when it was asked for by name.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_codemode.core.outcome import Capabilities
from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.isolation import readable
from pytest_codemode.sandbox.isolation.copied import CopiedEnclosure

NOT_EXAMINED = Capabilities()


@dataclass(frozen=True, slots=True)
class Unfenced:
    """No isolation."""

    capabilities: Capabilities = NOT_EXAMINED
    notes: tuple[str, ...] = ("no isolation: foreign code can read and change everything you can",)
    level: str = "none"

    def enclose(self, project: Project) -> CopiedEnclosure:
        """Make a place for one worker on `project`.

        Raises:
            SandboxError: the tree is too large to copy.
        """
        readable.check_rootdir(project.rootdir)
        return CopiedEnclosure(project, fenced=False)
