"""Paths of the user's run that lead into the project through symbolic links, as a sandbox knows them.

A sandbox holds the project under its real path alone: `/link/tests` does not exist there. Only the part of a path that
leads into the project is replaced: a link inside the project keeps its name, and so do the node ids below it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_PATH_OPTIONS = frozenset(
    {"--rootdir", "-c", "--config-file", "--inifile", "--confcutdir", "--ignore", "--ignore-glob", "--deselect"}
)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the project is."""

    rootdir: str
    """Absolute, symlinks resolved."""
    invocation_dir: str
    """Absolute, symlinks resolved: what relative paths are relative to."""

    def real(self, path: str) -> str:
        """Return `path`, by its real name if it leads into the project through a link from outside; may not exist."""
        lexical = os.path.normpath(Path(self.invocation_dir, path))
        if not path or self._inside(lexical):
            return path
        *above, last = [Path(lexical), *Path(lexical).parents][::-1]
        for ancestor in (*above, last):
            resolved = os.path.realpath(ancestor)
            if self._inside(resolved):
                return os.path.normpath(Path(resolved, Path(lexical).relative_to(ancestor)))
        return path

    def _inside(self, path: str) -> bool:
        return Path(path).is_relative_to(self.rootdir)

    def real_nodeid(self, argument: str) -> str:
        """Return an argument as `PATH::test_x[a]` with the real name of its path."""
        path, separator, rest = argument.partition("::")
        return f"{self.real(path)}{separator}{rest}"

    def arguments(self, arguments: Sequence[str], selection: Collection[str]) -> tuple[str, ...]:
        """Return a command line with real paths.

        Args:
            arguments: the command line.
            selection: those of the arguments that name tests.
        """
        return tuple(self._argument(before, token, selection) for before, token in _with_previous(arguments))

    def _argument(self, before: str, token: str, selection: Collection[str]) -> str:
        if before in _PATH_OPTIONS or (token in selection and not _takes_value(before)):
            return self.real_nodeid(token)
        name, equals, value = token.partition("=")
        if equals and name in _PATH_OPTIONS:
            return f"{name}={self.real_nodeid(value)}"
        if token.startswith("-c") and len(token) > 2:
            return f"-c{self.real(token[2:])}"
        return token

    def search_path(self, value: str) -> str:
        """Return the value of PYTHONPATH with real paths."""
        return os.pathsep.join(map(self.real, value.split(os.pathsep)))

    def environment_outside(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return the environment for a process of ours: modules of the project do not come before its own there.

        Only where this package itself is imported from stays on PYTHONPATH, also within the project.
        """
        own = Path(__file__).resolve().parents[2]
        entries = ((entry, Path(self.invocation_dir, entry).resolve()) for entry in _entries(environment))
        kept = [entry for entry, place in entries if place == own or not place.is_relative_to(self.rootdir)]
        rest = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
        return rest | ({"PYTHONPATH": os.pathsep.join(kept)} if kept else {})


def _entries(environment: Mapping[str, str]) -> list[str]:
    value = environment.get("PYTHONPATH", "")
    return value.split(os.pathsep) if value else []


def _with_previous(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    return pairwise(("", *arguments))


def _takes_value(token: str) -> bool:
    """Return whether a token is, or ends in, a short option whose value is the next one: `-k`, `-vm`."""
    return token.startswith("-") and not token.startswith("--") and token[-1:] in set("kmrpoW")
