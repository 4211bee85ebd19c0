"""Which files are a project's own code, judged by their paths alone: the same answer on both sides of the fence."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

_FOREIGN = frozenset(
    {"site-packages", "dist-packages", "node_modules", "__pycache__", "venv", "env", "build", "dist", "__pypackages__"}
)
_TESTS = frozenset({"test", "tests"})
_BESIDE = frozenset(
    {
        *("doc", "docs", "example", "examples", "sample", "samples", "demo", "demos", "testing", "typing_tests"),
        *("bench", "benches", "benchmark", "benchmarks", "script", "scripts", "tool", "tools", "ci", "misc"),
        *("downstream", "requirements", "releases", "typing-examples"),
    }
)
"""Folders at the top that hold what is about the project and not in it."""
_TOOL_FILES = frozenset(
    {
        *("setup.py", "noxfile.py", "conftest.py", "fabfile.py", "dodo.py", "versioneer.py", "hatch_build.py"),
        *("sitecustomize.py", "usercustomize.py", "tasks.py", "conf.py"),
    }
)
SOURCE_FOLDERS = ("src", "lib")
"""Folders that hold packages and are none themselves, where they have no `__init__.py`."""


def is_test(path: str) -> bool:
    """Return whether `path` (posix, relative to rootdir) belongs to the tests, as their usual names go."""
    pure = PurePosixPath(path)
    return (
        pure.name == "conftest.py"
        or fnmatchcase(pure.name, "test_*.py")
        or fnmatchcase(pure.name, "*_test.py")
        or bool(_TESTS & set(pure.parts[:-1]))
    )


def own_code(paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of `paths` (posix, relative to rootdir) that are the project's packages and modules, sorted.

    What is found below `src` counts alone with packages at the top; else packages, folders of packages (a namespace)
    and modules at the top. Tests, documentation, examples and what builds the project are left out.
    """
    sources = sorted(path for path in set(paths) if path.endswith(".py") and not is_test(path) and not _foreign(path))
    packages = {path.rpartition("/")[0] for path in sources if path.endswith("__init__.py")}
    layout = next((folder for folder in SOURCE_FOLDERS if _holds_code(folder, sources, packages)), "")
    regular = any("/" not in package for package in packages if package)
    return tuple(path for path in sources if _is_own(path.split("/"), layout, packages, regular))


def module_name(path: str, listing: Container[str] = ()) -> str:
    """Return the dotted name by which the project's own code imports a file, as `shop.cart` for `src/shop/cart.py`.

    Args:
        path: posix, relative to rootdir.
        listing: paths of the project's files: what tells a package that is called `lib` from a folder of packages.
    """
    parts = path.removesuffix(".py").split("/")
    if len(parts) > 1 and parts[0] in SOURCE_FOLDERS and f"{parts[0]}/__init__.py" not in listing:
        parts = parts[1:]
    if len(parts) > 1 and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


def _foreign(path: str) -> bool:
    return any(part in _FOREIGN or part.startswith(".") or part.endswith(".egg-info") for part in path.split("/"))


def _holds_code(folder: str, sources: Sequence[str], packages: set[str]) -> bool:
    return folder not in packages and any(path.startswith(f"{folder}/") for path in sources)


def _is_own(parts: Sequence[str], layout: str, packages: set[str], regular: bool) -> bool:
    top = parts[0]
    if len(parts) == 1:
        return not layout and top not in _TOOL_FILES
    if top == layout:
        return True
    if top in _BESIDE or (top in SOURCE_FOLDERS and top not in packages and not layout):
        return False
    if top in packages:
        return True
    # A folder without `__init__.py` is a namespace where packages lie in it, or where there is nothing else.
    inner = any(package.startswith(f"{top}/") for package in packages)
    return not layout and (inner or not regular)
