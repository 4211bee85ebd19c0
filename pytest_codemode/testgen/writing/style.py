"""How a project writes its tests: where they live, what they are called, what they are formatted with."""

from __future__ import annotations

import configparser
import posixpath
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any, Literal

from pytest_codemode.core.own_code import SOURCE_FOLDERS
from pytest_codemode.testgen.writing.configuration import formatter_settings
from pytest_codemode.testgen.writing.reading import Habits, habits, imported_modules

Read = Callable[[str], bytes | None]
"""Returns the bytes of a path relative to rootdir, None where there is no such file."""
NEVER = frozenset({"conftest.py", "setup.py", "noxfile.py", "sitecustomize.py", "usercustomize.py", "__init__.py"})
"""Files that are no test modules, whatever the configuration says."""
_NAMING = re.compile(r"\w*\*\w*\.py")
Async = Literal["none", "asyncio strict", "asyncio auto", "anyio"]


@dataclass(frozen=True, slots=True)
class Style:
    """What the project does."""

    asynchronous: Async = "none"
    """The plugin that runs its coroutine tests, and the mode of pytest-asyncio."""
    unittest: bool = False
    """Whether its tests are methods of `unittest.TestCase` only."""
    settings: tuple[str, ...] = ()
    """Of ruff's formatter and of its sorting of imports, each `key = value` in TOML."""
    line_length: int = 88
    annotated: bool = False
    """Whether its test functions say `-> None`."""
    prefix: str = "test_"
    """What the name of a test function begins with."""
    patterns: tuple[str, ...] = ("test_*.py", "*_test.py")
    """`python_files`."""
    naming: str = "test_*.py"
    """What a test module is called, the source's name in the place of `*`."""
    roots: tuple[str, ...] = ("tests",)
    """Where tests live, likeliest first: `testpaths`, else where there are most."""
    packages: bool = False
    """Whether folders of tests have an `__init__.py`, so that two modules may have one name."""
    first_party: tuple[str, ...] = ()
    """Top names of what the project itself is imported by."""
    sources: tuple[str, ...] = ()
    """Its Python files that are no tests."""
    tests: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Its test modules, each with the modules that it imports."""


def read_style(rootdir_files: Read, listing: Sequence[str], test_files: Sequence[str], inifile: str) -> Style:
    """Return the style that the project's configuration and its tests show.

    Args:
        rootdir_files: Reads a file of the project.
        listing: Paths of the project's files.
        test_files: Those of them that are test modules.
        inifile: pytest's configuration, relative to rootdir; empty if it has none.
    """
    ini = _pytest_options(rootdir_files, inifile)
    texts = {path: raw for path in sorted(test_files) if (raw := rootdir_files(path)) is not None}
    seen = habits(texts.values())
    patterns = _words(ini.get("python_files")) or ("test_*.py", "*_test.py")
    modules = {path: raw for path, raw in texts.items() if _holds_tests(path, patterns)}
    sources = tuple(sorted(path for path in listing if path.endswith(".py") and path not in texts and not _aside(path)))
    settings, length = formatter_settings(rootdir_files, seen)
    first_party = _first_party(sources)
    roots = _roots(_words(ini.get("testpaths")), test_files, listing)
    return Style(
        asynchronous=_asynchronous(rootdir_files, ini, seen),
        unittest=seen.unittest and not seen.functions,
        settings=settings,
        line_length=length,
        annotated=seen.annotated,
        prefix=_prefix(_words(ini.get("python_functions"))),
        patterns=patterns,
        naming=_naming(patterns, test_files),
        roots=roots,
        packages=any(posixpath.join(posixpath.dirname(path), "__init__.py") in set(listing) for path in test_files)
        or posixpath.join(roots[0], "__init__.py") in set(listing),
        first_party=first_party,
        sources=sources,
        tests=tuple((path, imported_modules(raw)) for path, raw in modules.items()),
    )


def _pytest_options(read: Read, inifile: str) -> Mapping[str, Any]:
    """Return pytest's options of its configuration file, as they stand there."""
    raw = read(inifile) if inifile else None
    if raw is None:
        return {}
    text = raw.decode("utf-8", "replace")
    if inifile.endswith(".toml"):
        try:
            table = tomllib.loads(text)
        except (ValueError, RecursionError):  # `TOMLDecodeError` is the first
            return {}
        tool = _table(_table(table, "tool"), "pytest")
        return _table(table, "pytest") or _table(tool, "ini_options") or tool
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    section = "tool:pytest" if inifile.endswith(".cfg") else "pytest"
    return dict(parser[section]) if parser.has_section(section) else {}


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _asynchronous(read: Read, ini: Mapping[str, Any], seen: Habits) -> Async:
    mode = str(ini.get("asyncio_mode", "")).strip().lower()
    if mode == "auto":
        return "asyncio auto"
    if mode or seen.asyncio:
        return "asyncio strict"
    if seen.anyio or str(ini.get("anyio_mode", "")):
        return "anyio"
    names = (
        "pyproject.toml",
        "setup.cfg",
        "tox.ini",
        "requirements-dev.txt",
        "requirements.txt",
        "requirements-test.txt",
    )
    asked = any(b"pytest-asyncio" in (read(name) or b"") or b"pytest_asyncio" in (read(name) or b"") for name in names)
    return "asyncio strict" if asked else "none"


def _prefix(functions: Sequence[str]) -> str:
    """Return what a test function's name begins with, so that pytest collects it."""
    if not functions or any("test_".startswith(item.partition("*")[0]) for item in functions):
        return "test_"
    start = functions[0].partition("*")[0]
    if start and not start.isidentifier():
        return "test_"
    return start if start.endswith("_") or not start else f"{start}_"


def _naming(patterns: Sequence[str], test_files: Sequence[str]) -> str:
    """Return the pattern that most test modules follow."""
    usable = [pattern for pattern in patterns if _NAMING.fullmatch(pattern) and pattern != "*.py"]
    counts = Counter(dict.fromkeys(usable, 0))
    counts.update(pattern for path in test_files for pattern in usable if fnmatch(posixpath.basename(path), pattern))
    return max(usable, key=lambda pattern: counts[pattern]) if usable else "test_*.py"


def _roots(testpaths: Sequence[str], test_files: Sequence[str], listing: Sequence[str]) -> tuple[str, ...]:
    given = [posixpath.normpath(path) for path in testpaths if not path.endswith(".py") and _is_inside(path)]
    if given:
        return tuple(given)
    known = [part for part in ("tests", "test") if any(path.startswith(f"{part}/") for path in listing)]
    counts = Counter(path.partition("/")[0] if "/" in path else "" for path in test_files)
    most = [folder for folder, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return tuple(dict.fromkeys((*(part for part in known if part in most), *most, *known))) or ("tests",)


def _is_inside(path: str) -> bool:
    """Return whether a folder is one of the project's that tests may be put into."""
    odd = path.startswith(("/", "~", "$")) or re.search(r"[*?\[\]\\\x00-\x1f:]", path)
    parts = posixpath.normpath(path).split("/")
    return not odd and ".." not in parts and not any(part.startswith(".") and part != "." for part in parts)


def _holds_tests(path: str, patterns: Sequence[str]) -> bool:
    """Return whether tests may be put into a file: pytest takes it for a test module by its name."""
    name = posixpath.basename(path)
    return name not in NEVER and any(fnmatch(name if "/" not in one else path, one) for one in patterns)


def _aside(path: str) -> bool:
    name = posixpath.basename(path)
    return name in ("setup.py", "conftest.py", "noxfile.py") or path.startswith(("docs/", "tests/", "test/"))


def _first_party(sources: Sequence[str]) -> tuple[str, ...]:
    folders = [folder for folder in (*SOURCE_FOLDERS, "python") if f"{folder}/__init__.py" not in sources]
    inner = (path.partition("/")[2] if path.partition("/")[0] in folders else path for path in sources)
    tops = (path.partition("/")[0].removesuffix(".py") for path in inner)
    return tuple(sorted({top for top in tops if top.isidentifier()}))
