"""What the user wants tests for: `--codemode-target` read against the files that are there. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.own_code import is_test, module_name, own_code
from pytest_codemode.edits.outline import outline
from pytest_codemode.edits.text import SourceError
from pytest_codemode.testgen.gaps import Target

OPTION = "--codemode-target"
_MOST_NAMED = 3


class TargetReader:
    """Reads targets.

    Args:
        paths: of every Python file of the project, posix, relative to rootdir.
        read: returns a file's bytes, None if there is no such file.
        rootdir: absolute; a target may be an absolute path below it.
        base: folder that pytest was started in, relative to rootdir; a target may be relative to it.
        tests: further files that hold tests.
    """

    def __init__(
        self,
        paths: Iterable[str],
        read: Callable[[str], bytes | None],
        rootdir: str = "",
        base: str = "",
        tests: frozenset[str] = frozenset(),
    ) -> None:
        self._paths = tuple(sorted(set(paths)))
        self._read = read
        self._rootdir = rootdir
        self._base = base
        self._tests = tests
        listing = frozenset(self._paths)
        self._modules = {path: module_name(path, listing) for path in self._paths}

    def read(self, given: Sequence[str]) -> tuple[Target, ...]:
        """Return the targets, each once; those of the project's own code if none is given.

        Raises:
            ConfigError: one of them matches nothing; the text names what comes nearest.
        """
        if not given:
            own = self._code(own_code(self._paths))
            if not own:
                raise ConfigError(f"no package or module of the project was found; name a path with {OPTION}")
            return tuple(Target(path) for path in own)
        return tuple(dict.fromkeys(target for text in given for target in self._targets(text)))

    def _targets(self, text: str) -> tuple[Target, ...]:
        place, _, qualname = text.strip().partition(":")
        if not place:
            raise ConfigError(
                f"{OPTION}: {text!r} names no file; name a path, a package or a module, as src/shop/cart.py"
            )
        files = self._files(place, text)
        if not qualname:
            return tuple(Target(path) for path in files)
        defining = [path for path in files if qualname in self._defined(path)]
        # What a package shows is often defined in one of its modules.
        exact = [path for path in defining if path == self._exact(place)]
        found = exact or defining
        if len(found) > 1:
            raise ConfigError(
                f"{OPTION}: {text!r} is defined in {_named(found)}; name one of them, as {found[0]}:{qualname}"
            )
        if not found:
            known = [name for path in files for name in self._defined(path)]
            raise ConfigError(f"{OPTION}: {place} defines no {qualname!r}{_nearest(qualname, known)}")
        return (Target(found[0], qualname),)

    def _files(self, place: str, text: str) -> tuple[str, ...]:
        """Return the files that a path, a package or a module stands for."""
        for path in self._spelled(place):
            if path in self._modules:
                if self._is_test(path):
                    raise ConfigError(f"{OPTION}: {text!r} holds tests; name the code that they are to test")
                return (path,)
            below = [one for one in self._paths if path in ("", ".") or one.startswith(f"{path}/")]
            if found := self._code(below):
                return found
        found = self._code(
            path for path, module in self._modules.items() if module == place or module.startswith(f"{place}.")
        )
        if found:
            return found
        code = self._code(self._paths)
        folders = {parent.as_posix() for path in code for parent in PurePosixPath(path).parents} - {"."}
        # A package is named by its folder.
        files = (path for path in code if PurePosixPath(path).name != "__init__.py")
        modules = (self._modules[path] for path in code)
        known = [*files, *(name for name in modules if name != "__init__"), *folders]
        raise ConfigError(f"{OPTION}: {text!r} is no path, package or module of the project{_nearest(place, known)}")

    def _spelled(self, place: str) -> tuple[str, ...]:
        """Return the paths relative to rootdir that `place` may mean."""
        pure = PurePosixPath(place)
        if pure.is_absolute():
            inside = bool(self._rootdir) and pure.is_relative_to(self._rootdir)
            return (_normal(pure.relative_to(self._rootdir)),) if inside else ()
        return tuple(dict.fromkeys((_normal(PurePosixPath(self._base, place)), _normal(pure))))

    def _exact(self, place: str) -> str:
        """Return the one file that a path or a module's name means, empty if there is none."""
        named = (path for path, module in self._modules.items() if module == place and not self._is_test(path))
        return next((path for path in self._spelled(place) if path in self._modules), next(named, ""))

    def _code(self, paths: Iterable[str]) -> tuple[str, ...]:
        return tuple(path for path in paths if not self._is_test(path))

    def _is_test(self, path: str) -> bool:
        return path in self._tests or is_test(path)

    def _defined(self, path: str) -> tuple[str, ...]:
        """Return the functions and classes of a file that stand in no function."""
        raw = self._read(path)
        if raw is None:
            return ()
        try:
            found = outline(raw).definitions
        except SourceError:
            return ()
        inner = [one.qualname for one in found if one.function]
        return tuple(one.qualname for one in found if not any(one.qualname.startswith(f"{outer}.") for outer in inner))


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return what comes nearest to `name`, as the end of a sentence."""
    names = sorted({one for one in known if one})
    near = difflib.get_close_matches(name, names, _MOST_NAMED, 0.6)
    last = {one.rpartition(".")[2]: one for one in names}
    near = near or [last[one] for one in difflib.get_close_matches(name.rpartition(".")[2], last, _MOST_NAMED, 0.6)]
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; there is for example {_named(names)}" if names else ""


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED])
