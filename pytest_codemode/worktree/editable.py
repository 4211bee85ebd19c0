"""Which files a patch may touch: the project's own code, never its tests, configuration or anything ignored."""

from __future__ import annotations

import fnmatch
import subprocess
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path, PurePosixPath

from pytest_codemode.workbench import git
from pytest_codemode.workbench.files import behind_link

_TEST_FOLDERS = frozenset({"test", "tests"})
_NEVER_PARTS = frozenset({".git", ".codemode", "site-packages", "dist-packages", "node_modules", ".tox", ".venv"})
_NEVER_NAMES = frozenset({"conftest.py", "setup.py", "noxfile.py", "sitecustomize.py", "usercustomize.py"})


def test_files(nodeids: Iterable[str]) -> frozenset[str]:
    """Return the files that hold the collected tests; a module that only holds doctests is not one of them."""
    return frozenset(nodeid.partition("::")[0] for nodeid in nodeids if not _is_doctest(nodeid))


def _is_doctest(nodeid: str) -> bool:
    # A doctest item is named by the dotted name of the object, a test function never has a dot outside its parameters
    # (which may hold `::` too).
    _, found, name = nodeid.partition("[")[0].rpartition("::")
    return bool(found) and "." in name


class EditableSet:
    """Decides by path alone; asks git once about ignored files where git exists.

    Args:
        rootdir: absolute host path of the project.
        globs: what the user allowed with `--codemode-editable`; empty for every file that is not excluded.
        tests: files that hold collected tests, relative to rootdir.
        prefixes: absolute paths of the interpreter's own trees (`sys.prefix` and the like).
    """

    def __init__(
        self, rootdir: Path, globs: tuple[str, ...], tests: frozenset[str], prefixes: tuple[str, ...] = ()
    ) -> None:
        self._rootdir = rootdir
        self._globs = globs
        self._tests = tests
        self._prefixes = tuple(
            PurePosixPath(prefix).relative_to(rootdir).as_posix()
            for prefix in prefixes
            if PurePosixPath(prefix).is_relative_to(rootdir) and PurePosixPath(prefix) != PurePosixPath(rootdir)
        )

    def allows(self, path: str) -> bool:
        """Return whether a patch may touch `path` (posix, relative to rootdir)."""
        return not self.why_not(path)

    def why_not(self, path: str, *, tests: bool = False) -> str:
        """Return the reason in a few words, empty if `path` may be touched; with `tests` by tests that are written."""
        pure = PurePosixPath(path)
        excluded = (
            ("outside the project", pure.is_absolute() or ".." in pure.parts or "\0" in path),
            ("not a Python file", pure.suffix != ".py"),
            ("a test file", not tests and self.is_test(path)),
            ("configuration", pure.name in _NEVER_NAMES or bool(_NEVER_PARTS & set(pure.parts))),
            ("part of the interpreter's environment", any(pure.is_relative_to(prefix) for prefix in self._prefixes)),
            ("not in --codemode-editable", bool(self._globs) and not _matches(path, self._globs)),
            ("behind a symbolic link", behind_link(self._rootdir, path)),
        )
        reason = next((text for text, holds in excluded if holds), "")
        return reason or ("ignored by git" if self._ignored(path) else "")

    def is_test(self, path: str) -> bool:
        """Return whether `path` belongs to the tests."""
        pure = PurePosixPath(path)
        return (
            path in self._tests
            or pure.name == "conftest.py"
            or fnmatch.fnmatch(pure.name, "test_*.py")
            or fnmatch.fnmatch(pure.name, "*_test.py")
            or bool(_TEST_FOLDERS & set(pure.parts[:-1]))
        )

    def _ignored(self, path: str) -> bool:
        # A project in an ignored folder of another repository (a scratch copy) is not ignored file by file.
        return self._git_ignores(path) and not self._git_ignores(".")

    @lru_cache(maxsize=4096)  # noqa: B019  # one instance a run; asking git costs 3 ms a file
    def _git_ignores(self, path: str) -> bool:
        try:
            asked = git.run(self._rootdir, "check-ignore", "-q", "--", path, limit_s=10)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return asked.returncode == 0


def _matches(path: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatch(path, glob) or PurePosixPath(path).is_relative_to(glob.rstrip("/")) for glob in globs)
