"""What the files of a task define and import together: callees, modules, names of siblings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cached_property

from pytest_codemode.core.failure import Failure
from pytest_codemode.core.observed import ObservedFunction
from pytest_codemode.core.task import RepairTask
from pytest_codemode.proposers.search.culprits import Culprit, culprits_of, passed_in
from pytest_codemode.proposers.search.hints import Hints, read_hints
from pytest_codemode.proposers.search.kinds import Kinds
from pytest_codemode.proposers.search.roles import roles_of
from pytest_codemode.proposers.search.scope import Scope
from pytest_codemode.proposers.search.source import Function, SourceFile

_LOAD = ast.Load()
_NOT_RAISED = re.compile(r"DID NOT RAISE (?:any of )?<class '([\w.]+)'>")
_RAISES = re.compile(r"raises\(\(?([\w., ]+)")


class Project:
    """The files of a task, parsed when first asked for."""

    def __init__(self, task: RepairTask) -> None:
        self.task = task
        self.hints: Hints = read_hints(task.failures)
        self._files: dict[str, SourceFile | None] = {}
        self._scopes: dict[str, Scope] = {}
        self._kinds: dict[tuple[SourceFile, Function | None], Kinds] = {}
        self._written: dict[SourceFile, dict[tuple[type[ast.expr], str], list[ast.expr]]] = {}

    def file(self, path: str) -> SourceFile | None:
        """Return a file of the task (a test file too), or None where it is none or does not parse."""
        if path not in self._files:
            data = self.task.sources.get(path, self.task.test_sources.get(path))
            self._files[path] = SourceFile.parse(path, data) if data is not None else None
        return self._files[path]

    def scope(self, source: SourceFile) -> Scope:
        """Return the names of `source`."""
        if source.path not in self._scopes:
            self._scopes[source.path] = Scope(source)
        return self._scopes[source.path]

    def kinds(self, source: SourceFile, function: Function | None) -> Kinds:
        """Return what is known of the local names of `function`."""
        if (source, function) not in self._kinds:
            name = function.name if function is not None else ""
            self._kinds[source, function] = Kinds(function, self.hints.locals.get((source.path, name), {}))
        return self._kinds[source, function]

    def observed(self, source: SourceFile, function: Function | None) -> ObservedFunction | None:
        """Return what `function` (the outermost one, for a nested one) held in failing and in passing runs."""
        if function is None or not self.task.observed:
            return None
        names: list[str] = []
        current: ast.AST | None = function
        while current is not None:
            if isinstance(current, Function | ast.ClassDef):
                names.append(current.name)
            current = source.parents.get(current)
        qualname = ".".join(reversed(names))
        return next((one for one in self.task.observed if (one.path, one.qualname) == (source.path, qualname)), None)

    def written(self, source: SourceFile) -> dict[tuple[type[ast.expr], str], list[ast.expr]]:
        """Return the expressions of `source` that are written more than once, by kind and text, in order."""
        if source not in self._written:
            found: dict[tuple[type[ast.expr], str], list[ast.expr]] = {}
            for node in source.nodes:
                if not isinstance(node, ast.expr) or not isinstance(getattr(node, "ctx", _LOAD), ast.Load):
                    continue
                if node.lineno == node.end_lineno and not isinstance(self._outer(source, node), ast.JoinedStr):
                    found.setdefault((type(node), source.text_of(node)), []).append(node)
            self._written[source] = {key: nodes for key, nodes in found.items() if len(nodes) > 1}
        return self._written[source]

    def _outer(self, source: SourceFile, node: ast.expr) -> ast.AST | None:
        """Return the f-string that `node` is part of (its positions are wrong before 3.12), else its parent."""
        current: ast.AST | None = node
        while isinstance(current, ast.expr | ast.FormattedValue) and not isinstance(current, ast.JoinedStr):
            current = source.parents.get(current)
        return current

    @cached_property
    def culprits(self) -> dict[tuple[SourceFile, ast.stmt], tuple[Culprit, ...]]:
        """Statement that raised -> the expressions that its exception speaks of, the surest first."""
        found: dict[tuple[SourceFile, ast.stmt], dict[ast.expr, Culprit]] = {}
        for failure in self.task.failures:
            for source, statement, culprit in self._culprits(failure):
                found.setdefault((source, statement), {}).setdefault(culprit.node, culprit)
        return {place: tuple(culprits.values()) for place, culprits in found.items()}

    def _culprits(self, failure: Failure) -> Iterator[tuple[SourceFile, ast.stmt, Culprit]]:
        """Yield what the exception speaks of, and where the caller handed it in."""
        source, caller = (self._source_of(failure, depth) for depth in (1, 2))
        if source is None:
            return
        for statement, culprit in culprits_of(failure, source):
            yield source, statement, culprit
            argument = passed_in(failure, culprit, source, caller) if caller is not None else None
            if caller is not None and argument is not None:
                yield caller, *argument

    def _source_of(self, failure: Failure, depth: int) -> SourceFile | None:
        """Return the editable file of the innermost frame (depth 1) or of one further out."""
        path = failure.frames[-depth].path if len(failure.frames) >= depth else ""
        return self.file(path) if path in self.task.sources else None

    @cached_property
    def by_role(self) -> dict[str, tuple[tuple[SourceFile, ast.expr], ...]]:
        """Role -> the expressions of editable files that stand in it, see `roles_of`."""
        found: dict[str, list[tuple[SourceFile, ast.expr]]] = {}
        for source in self.files:
            for node in source.nodes:
                if isinstance(node, ast.expr):
                    for role in roles_of(source, node):
                        found.setdefault(role, []).append((source, node))
        return {role: tuple(nodes[:200]) for role, nodes in found.items()}

    @cached_property
    def files(self) -> tuple[SourceFile, ...]:
        """Every editable file that parses."""
        return tuple(found for path in self.task.sources if (found := self.file(path)))

    @cached_property
    def test_files(self) -> tuple[SourceFile, ...]:
        """Every file of the failing tests that parses."""
        return tuple(found for path in self.task.test_sources if (found := self.file(path)))

    @cached_property
    def told(self) -> str:
        """What the failing tests say: their own code, the messages, the values of the locals."""
        names = {nodeid.rpartition("::")[2].partition("[")[0] for nodeid in self.task.nodeids}
        parts = [self.hints.texts, *self.task.nodeids]
        for source in self.test_files:
            for node in source.statements:
                if isinstance(node, Function) and node.name in names:
                    parts.append(source.text_of(node))
        parts += (text for known in self.hints.locals.values() for text in known.values())
        return "\n".join(parts)

    @cached_property
    def functions(self) -> dict[str, tuple[tuple[SourceFile, Function], ...]]:
        """Function name -> its definitions in editable files; a class's name -> its `__init__`."""
        found: dict[str, list[tuple[SourceFile, Function]]] = {}
        for source in self.files:
            for node in source.statements:
                if isinstance(node, Function):
                    found.setdefault(node.name, []).append((source, node))
                    owner = source.parents.get(node)
                    if node.name == "__init__" and isinstance(owner, ast.ClassDef):
                        found.setdefault(owner.name, []).append((source, node))
        return {name: tuple(nodes) for name, nodes in found.items()}

    @cached_property
    def decorated(self) -> frozenset[str]:
        """Names of functions whose every definition has a decorator: properties, most likely."""
        found = self.functions.items()
        return frozenset(name for name, made in found if all(function.decorator_list for _, function in made))

    @cached_property
    def classes(self) -> dict[str, tuple[SourceFile, ast.ClassDef]]:
        """Class name -> its definition."""
        return {
            node.name: (source, node)
            for source in self.files
            for node in source.statements
            if isinstance(node, ast.ClassDef)
        }

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Every attribute that some class of the task is known to have."""
        found: dict[str, None] = {}
        for source, node in self.classes.values():
            found.update(dict.fromkeys(self.scope(source).members(node)))
        return tuple(found)

    @cached_property
    def named_attributes(self) -> tuple[str, ...]:
        """Attributes (no methods) of classes that an error names, as in `unsupported operand: 'int' and 'Item'`."""
        found: dict[str, None] = {}
        for name, (source, node) in self.classes.items():
            if f"'{name}'" in self.hints.texts:
                scope = self.scope(source)
                found.update(dict.fromkeys(m for m in scope.members(node) if m not in scope.methods(node)))
        return tuple(found)

    @cached_property
    def expected_exceptions(self) -> tuple[str, ...]:
        """Names of exceptions that the failing tests say should be raised."""
        tests = "\n".join(source.text for source in self.test_files)
        groups = [*_NOT_RAISED.findall(self.hints.texts), *_RAISES.findall(tests)]
        names = (name.strip().rpartition(".")[2] for group in groups for name in group.split(","))
        return tuple(dict.fromkeys(name for name in names if name.isidentifier()))

    @cached_property
    def imports(self) -> dict[str, str]:
        """Name -> the import statement that binds it, absolute ones in any file of the task."""
        found: dict[str, str] = {}
        for source in (*self.files, *self.test_files):
            for node in source.statements:
                if isinstance(node, ast.Import):
                    for alias in node.names:
                        name = alias.asname or alias.name.partition(".")[0]
                        found.setdefault(name, ast.unparse(ast.Import([alias])))
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    for alias in node.names:
                        statement = ast.unparse(ast.ImportFrom(node.module, [alias], 0))
                        found.setdefault(alias.asname or alias.name, statement)
        return found

    def defining_module(self, name: str, importer: str) -> str | None:
        """Return the statement by which `importer` (a path) can import `name` from a file of the task."""
        for source in self.files:
            if source.path != importer and name in self.scope(source).module_names:
                return f"from {_module_for(source.path, importer)} import {name}"
        return None


def _module_for(path: str, importer: str) -> str:
    """Return how `importer` names the module at `path`: relative inside one package, else dotted."""
    folder, _, leaf = path.rpartition("/")
    stem = leaf.removesuffix(".py")
    if folder and folder == importer.rpartition("/")[0] and not folder.endswith("src"):
        return f".{stem}"
    dotted = path.removesuffix(".py").removeprefix("src/").removesuffix("/__init__")
    return dotted.replace("/", ".")
