"""Where a patch may change and make files: told from names alone, those in the patch and those in the tested tree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePosixPath

from pytest_codemode.cli.ci.legible import hidden
from pytest_codemode.edits.rules.paths import path_findings, protected
from pytest_codemode.edits.rules.registry import PolicyContext

_GIT_PARTS = re.compile(r"\.git.*|git~\d+", re.IGNORECASE)
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3]) *(\..*)?", re.IGNORECASE)
"""What Windows takes for a device, whatever stands behind the dot."""
_TEST_FOLDER = re.compile(r"(.*[_-])?tests?([_-].*)?", re.IGNORECASE)
_CI_FOLDERS = frozenset(("ci", "jenkins", "buildkite", "azure-pipelines"))
"""In the root of the repository or of the project; those that begin with a dot are refused anywhere."""
_BUILD_FILES = frozenset(
    ("hatch_build.py", "versioneer.py", "toxfile.py", "fabfile.py", "dodo.py", "pavement.py", "conanfile.py")
)
_ROOT_FILES = frozenset(("tasks.py", "build.py", "conf.py"))
"""Of builds and task runners where they stand in the root; elsewhere they are common names of modules."""
_DOCS_FOLDERS = frozenset(("doc", "docs"))
_SOURCE_FOLDERS = ("src", "lib", "python")
_TOOLS = frozenset(
    (
        *("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "xdist", "execnet", "coverage", "hypothesis"),
        *("pip", "setuptools", "pkg_resources", "wheel", "hatchling", "flit_core", "poetry", "tox", "nox"),
    )
)
"""Modules of the test run and of the installation, which are nearly everywhere."""


class Tree:
    """The files of the tested commit.

    Args:
        paths: all of them, relative to the root of the repository.
        folder: of the project, `.` for the root.
    """

    def __init__(self, paths: frozenset[str], folder: str) -> None:
        self._paths = paths
        self._root = "" if folder == "." else f"{folder}/"
        self._tests = frozenset(path for path in paths if _is_test(path))
        self._names = frozenset(name for path in paths for name in _names(path))
        self._keys = {_key(name): name for name in self._names}
        self._modules = {_module(path): path for path in sorted(paths) if self._top(path)}

    def why_not(self, path: str, new: frozenset[str]) -> str:
        """Return why the patch may not touch `path`, in a few words; an empty text if it may.

        Args:
            path: relative to the root of the repository.
            new: what the patch makes; `path` is among it or in the tree.
        """
        if reason := self._of_tests(path) or self._runs_elsewhere(path):
            return reason
        if path not in new:
            return ""
        return self._taken(path, new) or self._shadows(path, new)

    def _of_tests(self, path: str) -> str:
        if protected(path, self._tests):
            return f"it is {protected(path, self._tests)}"
        for folder in _folders(path):
            if _TEST_FOLDER.fullmatch(PurePosixPath(folder).name) and self._holds_tests(folder):
                return f"{folder} holds tests"
        return ""

    def _holds_tests(self, folder: str) -> bool:
        # A package of another kind of test (`ab_test`) may have tests of its own, in a folder that says so.
        below = (test.removeprefix(f"{folder}/") for test in self._tests if test.startswith(f"{folder}/"))
        return any(not {"test", "tests"} & set(test.split("/")[:-1]) for test in below)

    def _runs_elsewhere(self, path: str) -> str:
        """Tell what is run by a build, a task runner or a CI service rather than by the project."""
        pure = PurePosixPath(path)
        roots = (path, path.removeprefix(self._root))
        name = pure.name.lower()
        if any(root.split("/")[0].lower() in _CI_FOLDERS for root in roots if "/" in root):
            return "it is a continuous integration file"
        in_root = any("/" not in root for root in roots)
        of_docs = name == "conf.py" and not _DOCS_FOLDERS.isdisjoint(path.lower().split("/"))
        settings = name in _BUILD_FILES or (in_root and name in _ROOT_FILES) or of_docs
        return "it is a configuration file" if settings else ""

    def _taken(self, path: str, new: frozenset[str]) -> str:
        """Tell whether a file system, Windows or an import would take the new name for something else."""
        for part in path.split("/"):
            if _DEVICES.fullmatch(part):
                return f"{part!r} is a device to Windows"
        folder = path.removesuffix(".py")
        if folder in self._names and folder not in self._paths:
            return f"the folder {folder!r} would be imported no more"
        made = {_key(name): name for other in new for name in _names(other)}
        for name in _names(path):
            there = name if name in self._names else self._keys.get(_key(name), made[_key(name)])
            if there != name:
                return f"many file systems take it for the same name as {there!r}"
        return ""

    def _shadows(self, path: str, new: frozenset[str]) -> str:
        """Tell whether an import would find the new file in the place of another module."""
        context = PolicyContext(
            rootdir="",
            editable=lambda _: True,
            tests=self._tests,
            installed=lambda name: name in _TOOLS or name.startswith("pytest_"),
        )
        found = path_findings({}, dict.fromkeys(new, b""), context, self._paths.__contains__)
        if sentence := next((item.sentence for item in found if item.path == path), ""):
            return sentence
        taken = self._modules.get(_module(path), path) if self._top(path) else path
        return "" if taken == path else f"an import might find it in the place of {taken}"

    def _top(self, path: str) -> bool:
        """Return whether it is a module or a package in a folder of the project that is usually on Python's path."""
        pure = PurePosixPath(path)
        folder = pure.parent.parent if pure.name == "__init__.py" else pure.parent
        return pure.suffix == ".py" and str(folder) in self._import_roots()

    def _import_roots(self) -> frozenset[str]:
        return frozenset(str(PurePosixPath(self._root, folder)) for folder in ("", *_SOURCE_FOLDERS))


def unusual(path: str) -> str:
    """Return why `path` is no name that a source file is given, in a few words; an empty text if it is one."""
    for part in path.split("/"):
        if _GIT_PARTS.fullmatch(part) or part != part.strip(" .") or not part or set(part) & set('\\:*?"<>|`'):
            return f"{part!r} is no name of a source file"
        if any(map(hidden, part)):
            return f"{part!r} holds a character that nobody sees"
    return ""


def _is_test(path: str) -> bool:
    return path.endswith(".py") and protected(path, frozenset()) == "a test file"


def _module(path: str) -> str:
    pure = PurePosixPath(path)
    return pure.parent.name if pure.name == "__init__.py" else pure.stem


def _folders(path: str) -> Iterator[str]:
    return (str(parent) for parent in PurePosixPath(path).parents if parent.name)


def _names(path: str) -> Iterator[str]:
    """Yield the path and those of the folders around it."""
    yield path
    yield from _folders(path)


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
