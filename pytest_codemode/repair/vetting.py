"""The policy of `edits.policy`, bound to one project and one task."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from pytest_codemode.core.errors import ConfigError
from pytest_codemode.core.failure import Failure
from pytest_codemode.core.patch import Applied
from pytest_codemode.core.project import Project
from pytest_codemode.core.task import RepairTask
from pytest_codemode.edits.policy import ALWAYS_ON, RULES, Finding, PolicyContext, examine, undefined_names
from pytest_codemode.edits.rules.cases import literal
from pytest_codemode.repair.judge import Veto
from pytest_codemode.sandbox.sources import source_roots
from pytest_codemode.worktree.editable import EditableSet, test_files
from pytest_codemode.worktree.sources import SourceTree


class Vetting:
    """Builds the two stages of the policy for a task."""

    def __init__(
        self,
        project: Project,
        tree: SourceTree,
        editable: EditableSet,
        globs: tuple[str, ...],
        off: frozenset[str] = frozenset(),
    ) -> None:
        self._project = project
        self._tree = tree
        self._editable = editable
        self._globs = globs
        self._off = off
        self._importable = importable(project)

    def vetoes(self, task: RepairTask) -> tuple[Veto, Veto]:
        """Return (the stage before anything runs, the stage for patches that passed their tests)."""
        context = self._context(task)

        def first(applied: Applied) -> tuple[str, tuple[str, ...]]:
            return _sorted_out(examine(applied, self._tree.read, context))

        def second(applied: Applied) -> tuple[str, tuple[str, ...]]:
            changed = ((path, self._tree.read(path) or b"", data) for path, data in applied.files.items())
            found = (finding for one in changed for finding in undefined_names(*one))
            return _sorted_out(finding for finding in found if finding.rule not in self._off)

        return first, second

    def _context(self, task: RepairTask) -> PolicyContext:
        involved = task.sources.keys()

        def allowed(path: str) -> bool:
            # Without globs of the user's, only what the failing tests execute or import may change.
            return self._editable.allows(path) and (bool(self._globs) or path in involved)

        return PolicyContext(
            rootdir=self._project.rootdir,
            editable=allowed,
            tests=test_files(task.nodeids),
            installed=self._importable,
            assertion_literals=assertion_literals(task.failures, task.test_sources.values()),
            test_literals=test_literals(task.test_sources.values()),
            symlinks=lambda path: self._editable.why_not(path) == "behind a symbolic link",
            disabled_rules=self._off,
        )


def switched_off(names: Iterable[str]) -> frozenset[str]:
    """Return the rules that `--codemode-allow` switches off.

    Raises:
        ConfigError: a name is no rule's, or one of a rule that always holds.
    """
    off = frozenset(names)
    known = {rule.name for rule in RULES} - ALWAYS_ON
    if wrong := sorted(off - known):
        raise ConfigError(
            f"--codemode-allow: {wrong[0]!r} is no rule that can be switched off; there are {_list(known)}"
        )
    return off


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _sorted_out(findings: Iterable[Finding]) -> tuple[str, tuple[str, ...]]:
    found = tuple(findings)
    refused = next((f"{f.rule}: {f.sentence}" for f in found if f.severity == "refused"), "")
    return refused, tuple(dict.fromkeys(f.rule for f in found if f.severity == "suspicious"))


def assertion_literals(failures: Iterable[Failure], test_sources: Iterable[bytes]) -> frozenset[str]:
    """Return the `repr`s of strings and numbers in the failing comparisons and in the tests' assertions."""
    found: set[str] = set()
    for text in (operand for failure in failures for operand in (failure.left, failure.right)):
        found |= _constants(text)
    for source in test_sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            continue
        for node in (n for n in ast.walk(tree) if isinstance(n, ast.Assert)):
            found |= _literals(node)
    return frozenset(found)


def test_literals(test_sources: Iterable[bytes]) -> frozenset[str]:
    """Return the `repr`s of all literals in the tests' files."""
    found: set[str] = set()
    for source in test_sources:
        try:
            found |= _literals(ast.parse(source))
        except (SyntaxError, ValueError):
            continue
    return frozenset(found)


def _constants(text: str) -> set[str]:
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return set()
    return _literals(tree)


def _literals(tree: ast.AST) -> set[str]:
    """Return the `repr`s of constants, and of lists, tuples, sets and dictionaries of them."""
    kinds = (ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.UnaryOp)
    return {text for node in ast.walk(tree) if isinstance(node, kinds) and (text := literal(node)) is not None}


def importable(project: Project) -> Callable[[str], bool]:
    """Return a predicate: can the project's interpreter import a module? Looks at files, imports nothing."""
    root = Path(project.rootdir)
    folders = [Path(entry) for entry in project.sys_path] + [root / entry for entry in source_roots(project)]
    known: dict[str, bool] = {}

    def installed(module: str) -> bool:
        name = module.partition(".")[0]
        if name not in known:
            known[name] = name in sys.stdlib_module_names or any(_holds(folder, name) for folder in folders)
        return known[name]

    return installed


def _holds(folder: Path, name: str) -> bool:
    if (folder / name).is_dir() or (folder / f"{name}.py").is_file():
        return True
    return any(folder.glob(f"{name}.*.so"))
