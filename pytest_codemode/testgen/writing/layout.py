"""Which test module the tests of a source file go into: the one there is, else a new one in the project's layout."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pytest_codemode.testgen.writing.style import NEVER, Style, read_style

__all__ = ["Style", "read_style", "test_file_for"]


def test_file_for(source_path: str, style: Style) -> str:
    """Return the test module of a source file: by its name, else by what it imports, else a new one."""
    return _by_name(source_path, style) or _by_imports(source_path, style) or _new(source_path, style)


test_file_for.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test where it is imported


def _by_name(source_path: str, style: Style) -> str:
    stem = _stem(source_path)
    wanted = {f"test_{stem}.py", f"{stem}_test.py", style.naming.replace("*", stem), f"test{stem}.py"}
    found = [(path, modules) for path, modules in style.tests if posixpath.basename(path) in wanted]
    others = [path for path in style.sources if path != source_path and _stem(path) == stem]
    if others:  # `a/utils.py` and `b/utils.py`
        found = [item for item in found if not _tests_another(*item, source_path, others, style)]
    ranked = [(not _imports(modules, source_path, style), -_near(path, source_path), path) for path, modules in found]
    return min(ranked)[2] if ranked else ""


def _tests_another(path: str, modules: Sequence[str], source_path: str, others: Sequence[str], style: Style) -> bool:
    if _imports(modules, source_path, style):
        return False
    if any(_imports(modules, other, style) for other in others):
        return True
    return max(_near(path, other) for other in others) >= _near(path, source_path)


def _by_imports(source_path: str, style: Style) -> str:
    """Return the test module that imports this source file more than any other of the project's."""
    ranked = []
    for path, modules in style.tests:
        own = _imports(modules, source_path, style)
        of_others = [other for other in style.sources if other != source_path and _imports(modules, other, style)]
        if own and not any(posixpath.basename(path) in _names(other, style) for other in of_others):
            ranked.append((len(of_others), -_near(path, source_path), path))
    best = min(ranked, default=None)
    return best[2] if best and best[0] == 0 else ""


def _names(source_path: str, style: Style) -> set[str]:
    stem = _stem(source_path)
    return {f"test_{stem}.py", f"{stem}_test.py", style.naming.replace("*", stem)}


def _new(source_path: str, style: Style) -> str:
    stem = _stem(source_path)
    folder = _folder(source_path, style)
    taken = {path for path, _ in style.tests}
    names = {posixpath.basename(path) for path in taken} | NEVER
    taken |= {path for path in style.sources if path != source_path} | {posixpath.join(folder, name) for name in NEVER}
    path = posixpath.join(folder, style.naming.replace("*", stem))
    clash = path in taken or (not style.packages and posixpath.basename(path) in names)
    parents = _dotted(source_path).split(".")[:-1] if not source_path.endswith("__init__.py") else []
    if clash or any(other != source_path and _stem(other) == stem for other in style.sources):
        for depth in range(1, len(parents) + 1):
            longer = "_".join((*parents[-depth:], stem))
            path = posixpath.join(folder, style.naming.replace("*", longer))
            if path not in taken and (style.packages or posixpath.basename(path) not in names):
                return path
    number = 2
    while path in taken:
        path = posixpath.join(folder, style.naming.replace("*", f"{stem}_{number}"))
        number += 1
    return path


def _folder(source_path: str, style: Style) -> str:
    """Return where the tests of its neighbours are, else the folder of tests that mirrors its own, else the root."""
    here = posixpath.dirname(source_path)
    names = {name for path in style.sources if posixpath.dirname(path) == here for name in _names(path, style)}
    near = Counter(posixpath.dirname(path) for path, _ in style.tests if posixpath.basename(path) in names)
    if near:
        return min(near, key=lambda folder: (-near[folder], folder))
    own = _bare(source_path).partition("/")[0]
    others = set(style.first_party) - {own}  # packages that bring their own tests say nothing of this one's
    root = next((root for root in style.roots if root.partition("/")[0] not in others), "tests")
    folders = {posixpath.dirname(path) for path, _ in style.tests}
    parts = _bare(here).split("/") if _bare(here) else []
    for start in (0, 1):
        mirrored = posixpath.join(root, *parts[start:])
        if mirrored != root and mirrored in folders:
            return mirrored
    inside = Counter(
        folder
        for path, _ in style.tests
        if (folder := posixpath.dirname(path)) == root or folder.startswith(f"{root}/")
    )
    if inside and root not in inside:  # tests/unit, tests/integration
        unit = [folder for folder in inside if posixpath.basename(folder) == "unit"]
        return unit[0] if unit else min(inside, key=lambda folder: (-inside[folder], folder))
    return "" if root == "." else root


def _stem(path: str) -> str:
    """Return what a source file is called; a package by its folder, a private module without its underscore."""
    stem = posixpath.basename(path).removesuffix(".py")
    if stem in ("__init__", "__main__"):
        stem = posixpath.basename(posixpath.dirname(path)) or stem.strip("_")
    return re.sub(r"\W", "_", stem.strip("_") or stem)


def _bare(path: str) -> str:
    return re.sub(r"^(src|lib|python)(/|$)", "", path)


def _dotted(path: str) -> str:
    return _bare(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imports(modules: Sequence[str], source_path: str, style: Style) -> bool:
    """Return whether a test imports that source file, or something from it."""
    known = _by_module(style.sources)
    return any(_source_of(module, known) == source_path for module in modules)


def _source_of(module: str, known: Mapping[str, str]) -> str:
    return known.get(module) or known.get(module.rpartition(".")[0], "")


@lru_cache(maxsize=8)
def _by_module(sources: tuple[str, ...]) -> dict[str, str]:
    """Return each source file by the names it may be imported by: the roots of a path are not known here."""
    found: dict[str, str] = {}
    for depth in range(4):
        for path in sources:
            parts = _dotted(path).split(".")
            name = ".".join(parts[depth:])
            if name and (depth == 0 or len(parts) > depth + 1):
                found.setdefault(name, path)
    return found


def _near(path: str, source_path: str) -> int:
    """Return how many folders the two have in common, wherever they begin."""
    own = set(posixpath.dirname(_bare(source_path)).split("/"))
    return len(own & set(posixpath.dirname(path).split("/")) - {""})
