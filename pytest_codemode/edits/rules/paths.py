"""Rules that need only the names of the files a patch changes or creates."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Callable, Iterator

from pytest_codemode.core.patch import Files
from pytest_codemode.edits.apply import check_path
from pytest_codemode.edits.rules.registry import Finding, PolicyContext, finding
from pytest_codemode.edits.splice import EditError

_TEST_FILES = re.compile(r"test_.*\.pyi?|.*_test\.pyi?|conftest\.py")
_SETTINGS = re.compile(
    r"\.?pytest\.(ini|toml)|tox\.(ini|toml)|setup\.(cfg|py)|pyproject\.toml|\.?coveragerc.*|noxfile\.py|manifest\.in|"
    r"requirements.*\.(txt|in)|.*\.lock|\.pre-commit-config\.ya?ml|makefile|\.?travis\.yml|\.gitlab-ci\.yml|"
    r"appveyor\.yml|azure-pipelines\.yml|jenkinsfile|dockerfile|\.env|\.python-version|\.git(ignore|attributes|modules)"
)
_STARTUP = re.compile(r"(site|user)customize\.py|.*\.(pth|pyc|pyo|so|pyd|dylib|egg-link)")
_SNAPSHOTS = re.compile(r".*\.(snap|ambr|approved\.txt|storyshot)")
_FOLDERS = {
    **dict.fromkeys((".git", ".hg", ".svn"), "version control"),
    **dict.fromkeys((".github", ".gitlab", ".circleci", ".ci", ".buildkite"), "continuous integration"),
    **dict.fromkeys(("site-packages", "dist-packages", ".tox", ".nox", ".venv", "venv", ".eggs"), "an installation"),
    **dict.fromkeys(("__snapshots__", "cassettes"), "a snapshot"),
    **dict.fromkeys(("__pycache__", ".pytest_cache", ".codemode", "node_modules"), "generated"),
    "tests": "a test's",
}

Exists = Callable[[str], bool]


def path_findings(old: Files, new: Files, context: PolicyContext, exists: Exists) -> Iterator[Finding]:
    """Yield what is wrong with the places of the files, the gravest first for each."""
    for path in sorted(new):
        try:
            check_path(path)
        except EditError as error:
            yield finding("path-outside-tree", str(error), path)
            continue
        if context.symlinks(path):
            yield finding("path-outside-tree", f"{path} is or lies behind a symbolic link", path)
        kind = protected(path, context.tests)
        if kind:
            yield finding("protected-file", f"{path} is {kind}: a patch may not touch it", path)
        if not context.editable(path):
            yield finding("not-editable", f"{path} is outside the editable set; --codemode-editable widens it", path)
        if path not in old:
            yield from _shadowing(path, context, lambda other: exists(other) or other in old, new)


def protected(path: str, tests: frozenset[str]) -> str:  # noqa: PLR0911  # one return a kind of file
    """Return what kind of file no patch may touch `path` is, ``""`` if it is none."""
    *folders, name = path.split("/")
    lower = name.lower()
    for folder in folders:
        if folder.lower() in _FOLDERS:
            return f"{_FOLDERS[folder.lower()]} file"
        if folder.endswith((".dist-info", ".egg-info")):
            return "an installation file"
    if "snapshots" in folders and (not lower.endswith(".py") or lower.startswith("snap_")):
        return "a snapshot"
    if path in tests or _TEST_FILES.fullmatch(lower) or _beside_tests(folders, tests):
        return "a test file"
    if _SETTINGS.fullmatch(lower):
        return "a configuration file"
    if _STARTUP.fullmatch(lower):
        return "a file that Python loads by itself"
    return "a snapshot" if _SNAPSHOTS.fullmatch(lower) else ""


def _beside_tests(folders: list[str], tests: frozenset[str]) -> bool:
    """Return whether one of the folders is called `test` and holds tests (a package may be called so, too)."""
    prefixes = ("/".join(folders[: number + 1]) + "/" for number, name in enumerate(folders) if name == "test")
    return any(test.startswith(prefix) for prefix in prefixes for test in tests)


def _shadowing(path: str, context: PolicyContext, exists: Exists, new: Files) -> Iterator[Finding]:
    """Yield whether the new file takes the place of a module in an import."""
    folder, name = posixpath.split(path)
    stem, suffix = posixpath.splitext(name)
    if suffix != ".py":
        return
    if stem == "__init__":
        twin = f"{folder}.py"
        folder, stem = posixpath.split(folder)
    else:
        twin = posixpath.join(folder, stem, "__init__.py")
    if exists(twin):
        yield finding("shadows-module", f"{path} would be imported in the place of {twin}", path)
        return
    while folder and (exists(f"{folder}/__init__.py") or f"{folder}/__init__.py" in new):
        folder, stem = posixpath.split(folder)
        if exists(posixpath.join(folder, stem, "__init__.py")):
            return
    if stem in sys.stdlib_module_names or context.installed(stem):
        yield finding("shadows-module", f"{path} would be imported in the place of the module `{stem}`", path)
