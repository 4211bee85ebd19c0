"""Project files that note calls of some functions, and a test that reports them: all of it runs in the sandbox."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pytest_codemode.core.codec import decode
from pytest_codemode.core.outcome import RunResult
from pytest_codemode.core.patch import Files
from pytest_codemode.worker.noting.notes import MAX_ROWS, PART_CHARS, PARTS

MOST_FUNCTIONS = 12
"""Functions of one file that are watched where a patch changes something outside of functions."""

_NOTES = "pytest_codemode.worker.noting.notes"
_PROBE = """\
import pytest

from {notes} import PARTS, report


@pytest.mark.parametrize("part", range(PARTS))
def test_{name}(part):
    report({token!r}, part)
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One call of a watched function, as the sandbox tells it."""

    key: str
    """Equal for equal arguments of the same function."""
    call: str
    """As `f(1, 2)`, bounded."""
    result: str
    """Bounded; as `3`, `raises ValueError`, `does not end`."""
    passing: bool
    """Whether a test that passes unpatched made the call, or the one it is near to."""
    near: bool
    """Whether no test made it: its arguments were varied."""
    raised: bool
    steady: bool
    """Whether equal arguments gave equal results each time."""


MAX_SAID = 200
"""Characters of each text of a row: more than the notes have."""
_Row = tuple[str, str, str, bool, bool, bool, bool]
"""The fields of `Seen`, in order."""
Records = Mapping[str, Seen]
"""By key."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is watched, and how it is told.

    Args:
        token: begins the report; drawn for each run, as tests print lines too.
        functions: path -> qualnames.
        failing: node ids of the tests that fail on the unpatched code.
        beside: the test file that the probe is put beside.
    """

    token: str
    functions: Mapping[str, tuple[str, ...]]
    failing: tuple[str, ...]
    beside: str

    @property
    def name(self) -> str:
        """Of the probe."""
        return f"codemode_{self.token}"

    @property
    def probe_path(self) -> str:
        """Path of the test file that is added."""
        return (PurePosixPath(self.beside).parent / f"test_{self.name}.py").as_posix()

    @property
    def probe(self) -> str:
        """Node id of the function whose cases report a part each."""
        return f"{self.probe_path}::test_{self.name}"

    def files(self, sources: Files) -> Files:
        """Return `sources` (path -> bytes of each watched file) with what notes the calls, and the probe."""
        changed = {path: self._watching(sources[path], names) for path, names in self.functions.items()}
        probe = _PROBE.format(notes=_NOTES, name=self.name, token=self.token)
        return {**sources, **changed, self.probe_path: probe.encode("ascii")}

    def _watching(self, source: bytes, functions: tuple[str, ...]) -> bytes:
        # By `__import__`: nothing is bound in the module, and the project may have a `globals` of its own.
        namespace = "__import__('builtins').globals()"
        watch = f"__import__({_NOTES!r}, fromlist=['watch']).watch"
        return source + f"\n{watch}({namespace}, {functions!a}, {self.failing!a})\n".encode("ascii")

    def records(self, result: RunResult) -> Records | None:
        """Return what the probe reported, None if it did not or it cannot be read."""
        found = result.by_nodeid()
        parts = [found.get(f"{self.probe}[{number}]") for number in range(PARTS)]
        told = "".join(f"\n{phase.output}\n" for part in parts if part is not None for phase in part.phases)
        for text in (told, result.output):  # with `-s` nothing is captured
            lines = [rest.partition("\n")[0] for rest in text.split(f"\n{self.token} ")[1:]]
            if lines:
                return _decoded("".join(lines))
        return None


def _decoded(text: str) -> Records | None:
    """Return what the notes tell; bounded as they are, for whoever prints a report may be somebody else."""
    if len(text) > PARTS * PART_CHARS:
        return None
    try:
        rows: tuple[_Row, ...] = decode(tuple[_Row, ...], json.loads(text), "calls")
    except (ValueError, RecursionError):
        return None
    told = (
        Seen(key[:MAX_SAID], call[:MAX_SAID], result[:MAX_SAID], *rest) for key, call, result, *rest in rows[:MAX_ROWS]
    )
    return {seen.key: seen for seen in told}


def changed_functions(old: bytes, new: bytes, executed: Sequence[str]) -> tuple[str, ...]:
    """Return the functions (qualnames) whose definitions differ.

    Where anything else differs too, those of `executed` that stand in both files may behave in another way.
    """
    try:
        before, after = _definitions(old), _definitions(new)
    except (SyntaxError, ValueError):
        return ()
    both = [name for name in before if name in after]
    changed = [name for name in both if name and before[name] != after[name]]
    if before.get("") != after.get("") or before.keys() != after.keys():
        changed += [name for name in executed if name in both and name not in changed][:MOST_FUNCTIONS]
    return tuple(changed)


def _definitions(source: bytes) -> dict[str, str]:
    """Return qualname -> dump of each function outside of functions, and "" -> dump of what is none."""
    found: dict[str, str] = {}
    rest: list[str] = []
    _collect(ast.parse(source).body, "", found, rest)
    return {**found, "": "\n".join(rest)}


def _collect(body: Iterable[ast.stmt], prefix: str, found: dict[str, str], rest: list[str]) -> None:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[f"{prefix}{node.name}"] = found.get(f"{prefix}{node.name}", "") + ast.dump(node)
        elif isinstance(node, ast.ClassDef):
            rest += [ast.dump(part) for part in (*node.decorator_list, *node.bases, *node.keywords)]
            _collect(node.body, f"{prefix}{node.name}.", found, rest)
        else:
            rest.append(ast.dump(node))
