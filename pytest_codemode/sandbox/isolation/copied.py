"""The levels without namespaces: the tree is copied, and Landlock with seccomp, or nothing, fences the worker in."""
# ruff: noqa: PTH103, PTH110, PTH118, PTH119, PTH120  # paths are text here: links must stay as they are

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO

from pytest_codemode.core.project import Project
from pytest_codemode.sandbox.isolation import readable, tree_copy
from pytest_codemode.sandbox.isolation.launching import Launched, launch, resource_limits
from pytest_codemode.worker import landlock
from pytest_codemode.worker.removal import remove_tree


class CopiedEnclosure:
    """One worker's place: a private folder with a copy of the tree, scratch, and this package if it is needed.

    The folder is made in `parent`, the system's temporary folder by default.
    """

    def __init__(self, project: Project, *, fenced: bool, parent: str | None = None) -> None:
        self._project = project
        self._fenced = fenced
        self._launched: Launched | None = None
        self._folder = os.path.realpath(tempfile.mkdtemp(prefix="codemode-", dir=parent))
        # The folder's name is kept: projects derive names from it.
        self.root = os.path.join(self._folder, "tree", os.path.basename(project.rootdir))
        self.scratch = os.path.join(self._folder, "scratch")
        self.library = ""
        self.inner_landlock = landlock.abi() > 0
        try:
            self._fill()
        except BaseException:
            self.close()
            raise

    def start(
        self, argv: Sequence[str], *, env: dict[str, str], stdin: int, stdout: int, stderr: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start `argv` in the copy of `Project.invocation_dir`; ends what was started before.

        Raises:
            SandboxError: the fence cannot be put up.
        """
        self.kill()
        plan = {
            "fenced": self._fenced,
            "owner": os.getpid(),
            "private": self._folder,
            "readable": self.readable_paths(),
            "writable": [self.root, self.scratch],
            "network": self._project.network,
            "limits": resource_limits(self._project.limits),
            "processes": self._project.limits.processes,
            "folder": self._working_folder(),
            "argv": list(argv),
            "env": env,
        }
        self._launched = launch("launcher_landlock", plan, stdin=stdin, stdout=stdout, stderr=stderr)
        return self._launched.process

    def kill(self) -> None:
        """Kill everything inside at once; safe to call twice."""
        if self._launched is not None:
            self._launched.kill()
            self._launched = None

    def close(self) -> None:
        """`kill`, then remove the private folder. Links in it are removed, never followed."""
        self.kill()
        remove_tree(self._folder)

    def readable_paths(self) -> list[str]:
        """Return host paths to allow reading: everything but the original tree, of which only the copy is to be used.

        What the copy leaves out, as an environment in the tree, is read where it is.
        """
        own = [self._folder, readable.PACKAGE_FOLDER] if not self.library else [self._folder]
        return [
            path
            for path in (*readable.view(self._project).real_paths, *own)
            if not readable.within(path, self._project.rootdir) or not os.path.exists(self._inside(path))
        ]

    def _fill(self) -> None:
        os.makedirs(os.path.dirname(self.root))
        os.makedirs(os.path.join(self.scratch, "home"), 0o700)
        tree_copy.copy(self._project.rootdir, self.root, self._project.limits.disk_bytes)
        if not readable.importable_at_start(self._project):
            self.library = os.path.join(self._folder, "library")
            skipped = shutil.ignore_patterns("__pycache__")
            shutil.copytree(readable.PACKAGE_FOLDER, os.path.join(self.library, "pytest_codemode"), ignore=skipped)

    def _inside(self, path: str) -> str:
        return os.path.normpath(os.path.join(self.root, os.path.relpath(path, self._project.rootdir)))

    def _working_folder(self) -> str:
        """Return the copy of the invocation folder; a folder above or beside the tree has none, so the tree's root."""
        if readable.within(self._project.invocation_dir, self._project.rootdir):
            return self._inside(self._project.invocation_dir)
        return self.root
