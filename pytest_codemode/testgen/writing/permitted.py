"""What a written test may import, and ask of a module: told by files alone, never by what was seen where code ran."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from pytest_codemode.core.exploring import Described, Import
from pytest_codemode.core.own_code import module_name
from pytest_codemode.edits.outline import parse_quietly
from pytest_codemode.edits.text import SourceError, decode_source
from pytest_codemode.sandbox.describing import fits
from pytest_codemode.testgen.asking.importing import Importable, foreign_imports
from pytest_codemode.testgen.asking.standard import HIDDEN, MODULES
from pytest_codemode.testgen.writing.style import Style

Read = Callable[[str], bytes | None]
"""Returns the bytes of a path relative to rootdir, None where there is no such file."""

_MORE: Mapping[str, frozenset[str]] = {
    "pytest": frozenset({"approx", "raises", "warns", "param", "deprecated_call", "CaptureFixture", "MonkeyPatch"})
    | {"LogCaptureFixture"},
    "asyncio": frozenset({"run", "sleep", "Event", "Lock", "Queue", "Semaphore", "QueueEmpty", "QueueFull"}),
    "datetime": frozenset({"time"}),  # called like a module
    "types": frozenset({"GeneratorType", "CoroutineType", "AsyncGeneratorType", "FunctionType", "MethodType"})
    | {"BuiltinFunctionType", "ModuleType", "NoneType", "GenericAlias", "UnionType", "EllipsisType"},
    "typing": frozenset({"Any", "Union", "Optional", "Literal", "Callable", "Iterable", "Sequence", "Mapping"})
    | {"List", "Dict", "Set", "Tuple", "Type", "TypeVar", "NamedTuple"},
    "inspect": frozenset({"Parameter", "Signature", "BoundArguments"}),
    "pathlib": frozenset({"PosixPath", "WindowsPath"}),
    "os.path": frozenset({"join", "basename", "dirname", "split", "splitext", "normpath", "sep"}),
    "time": frozenset({"struct_time", "gmtime"}),
    "threading": frozenset({"Thread", "Semaphore", "Condition"}),
    "functools": frozenset({"partialmethod", "cached_property"}),
    "logging": frozenset({"LoggerAdapter", "Formatter", "NullHandler", "Filter", "CRITICAL", "NOTSET"}),
    "http.cookies": frozenset({"SimpleCookie", "Morsel"}),
    "queue": frozenset({"Empty", "Full", "SimpleQueue"}),
    "_queue": frozenset({"Empty"}),
    "importlib.metadata": frozenset({"PackageNotFoundError"}),
    "string": frozenset({"Template", "printable", "capwords"}),
    "io": frozenset({"TextIOWrapper", "BufferedReader", "BufferedWriter", "UnsupportedOperation"}),
    "csv": frozenset({"Error", "Dialect", "excel", "excel_tab", "unix_dialect", "QUOTE_ALL", "QUOTE_MINIMAL"}),
    "_csv": frozenset({"Error"}),
    "socket": frozenset({"gaierror", "timeout", "AF_INET", "AF_INET6", "SOCK_STREAM"}),
    "configparser": frozenset({"Error"}),
    "zipfile": frozenset({"BadZipFile", "LargeZipFile"}),
}
"""Module -> names that tests may use, beside those that calls of a model may."""
_ERRORS = frozenset(
    {
        *("argparse", "asyncio", "asyncio.exceptions", "concurrent.futures", "configparser", "dataclasses", "email"),
        *("email.errors", "getopt", "graphlib", "http.client", "http.cookies", "json", "json.decoder", "locale"),
        *("lzma", "pickle", "_pickle", "plistlib", "shutil", "sqlite3", "ssl", "subprocess", "tarfile", "tomllib"),
        *("unittest", "urllib.error", "xml.parsers.expat", "xml.etree.ElementTree", "zipimport", "contextvars"),
        *("ctypes", "tokenize", "codecs", "inspect", "enum", "string", "ast", "socket", "os", "warnings"),
    }
)
"""Of these, exceptions may be named: that does nothing."""
_AN_ERROR = re.compile(r"[A-Z]\w*(Error|Exception|Warning|Expired|Timeout|Cancelled|Interrupt)")
_NEVER = frozenset({"main", "test"})
MODULES_BEHIND = frozenset(
    {
        *("os", "sys", "subprocess", "shutil", "socket", "ctypes", "importlib", "builtins", "pty", "posix", "nt"),
        *("runpy", "multiprocessing", "pickle", "marshal", "_os", "_sys", "_io", "_socket", "_posixsubprocess"),
        *("ftplib", "smtplib", "pathlib", "tempfile", "webbrowser", "antigravity", "sysconfig", "imp", "pkgutil"),
    }
)
"""Modules that others hold as an attribute, and by which everything can be reached."""


class Permitted:
    """What tests of some functions may use.

    Args:
        described: the functions, their modules as they were told.
        style: knows the project's files.
        existing: the test module, None for a new one.
        read: reads the project's files; None: names of the functions' own packages are taken on trust.
    """

    def __init__(
        self, described: Iterable[Described], style: Style, existing: bytes | None = None, read: Read | None = None
    ) -> None:
        functions = tuple(described)
        self._read = read
        paths = tuple(dict.fromkeys((*style.sources, *(path for path, _ in style.tests))))
        named = {} if read is None else _named(functions, paths, read)
        self._project = Importable(paths, lambda path: _text(read(path) if read else None) or None, named)
        self._modules = {*named, *(module_name(path, paths) for path in paths)} if read is not None else set()
        tops = {one.module.partition(".")[0] for one in functions}
        self._trusted = frozenset(tops - sys.stdlib_module_names) if read is None else frozenset()
        texts = {one.path: _text(read(one.path)) for one in functions} if read is not None else {}
        self._foreign, self._words = _used((*texts.values(), _text(existing)))
        wanted = {(one.path, one.qualname.rpartition(".")[2]) for one in functions}
        self.own = frozenset(name for path, name in wanted if name in _defined(texts.get(path, "")))
        """What the functions are called, where their files define it."""

    def problem(self, item: Import) -> str:
        """Return why an import is not taken, as one phrase; empty if it is."""
        parts = (*item.module.split("."), *((item.name,) if item.name else ()))
        if not all(part.isidentifier() for part in parts) or any(_dunder(part) for part in parts[:-1]):
            return f"{item.module[:60]!r} is no module's name"
        return "" if self._is_fine(item) else f"`{'.'.join(parts)[:80]}` may not be used in a test"

    def _is_fine(self, item: Import) -> bool:
        module, name = item.module, item.name
        if module in self._modules:
            return not name or self._project.is_own(module, name)
        if module.partition(".")[0] in self._trusted:
            return name not in MODULES_BEHIND | HIDDEN and not _dunder(name)
        if module in MODULES or module in _MORE or module in _ERRORS:
            return not name or self._of_standard(module, name)
        return self._of_others(module, name)

    def _of_standard(self, module: str, name: str) -> bool:
        if name in _NEVER | HIDDEN | MODULES_BEHIND:
            return False
        if name in _MORE.get(module, ()) or (module in _ERRORS and _AN_ERROR.fullmatch(name) is not None):
            return True
        return module in MODULES and not self._project.problem(Import(module, name))

    def _of_others(self, module: str, name: str) -> bool:
        """Return whether the function's file or the test module uses that of what others have made."""
        if module.partition(".")[0] in sys.stdlib_module_names:
            return False
        known = any(one == module or one.startswith(f"{module}.") for one in self._foreign)
        return known and (not name or name in self._words)

    def follow(self, module: str, parts: Sequence[str]) -> str:
        """Return why `module.part.part...` may not be used, empty if it may."""
        for place, part in enumerate(parts):
            if self.is_module(f"{module}.{part}"):
                module = f"{module}.{part}"
                continue
            if problem := self.problem(Import(module, part)):
                return problem
            own = module in self._modules or module in MODULES or module in _MORE
            rest = () if own else parts[place + 1 :]
            unknown = next((name for name in rest if name not in self._words), "")
            foreign = module.partition(".")[0] not in self._trusted and unknown
            return f"`{unknown[:60]}` is nothing that the function's file uses" if foreign else ""
        return f"`{module}` is a module: use a name of it"

    def is_module(self, module: str) -> bool:
        """Return whether a dotted name is, or begins, that of a module which may be used."""
        known = (*self._modules, *MODULES, *_MORE, *_ERRORS, *self._foreign)
        return any(one == module or one.startswith(f"{module}.") for one in known)


def _named(functions: Sequence[Described], paths: Sequence[str], read: Read) -> dict[str, str]:
    """Return module -> path of the project's files, below the folder that the functions' modules are imported from."""
    found: dict[str, str] = {}
    for one in functions:
        if not fits(one.module, one.path) or read(one.path) is None:
            continue
        known = module_name(one.path)
        folder, prefix = _root(one.module, one.path), ""
        if folder is None:
            prefix, folder = one.module.removesuffix(known), ""
        inside = [path for path in paths if path.startswith(folder)]
        found |= {f"{prefix}{module_name(path[len(folder) :], paths)}".rstrip("."): path for path in inside}
        found[one.module] = one.path
    return found


def _root(module: str, path: str) -> str | None:
    """Return the folder below which a file has a module's name, with a slash behind; None if there is none."""
    tail = module.replace(".", "/")
    for ending in (f"{tail}.py", f"{tail}/__init__.py"):
        if path == ending or path.endswith(f"/{ending}"):
            return path[: len(path) - len(ending)]
    return None


def _dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


@lru_cache(maxsize=256)
def _text(raw: bytes | None) -> str:
    try:
        return decode_source(raw).text if raw else ""
    except SourceError:
        return ""


@lru_cache(maxsize=256)
def _defined(text: str) -> frozenset[str]:
    try:
        nodes = ast.walk(parse_quietly(text))
    except SourceError:
        return frozenset()
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@lru_cache(maxsize=256)
def _used(texts: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the modules of others that files import, and the names that they use."""
    modules: set[str] = set()
    words: set[str] = set()
    for text in texts:
        for module, name in foreign_imports(text):
            modules |= {module} - {""}
            words.add(name)
        try:
            nodes = ast.walk(parse_quietly(text))
        except SourceError:
            continue
        words |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    foreign = {one for one in modules if one.partition(".")[0] not in sys.stdlib_module_names}
    return frozenset(foreign), frozenset(words - {""})
