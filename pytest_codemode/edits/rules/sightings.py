"""Every place of a tree where a rule about names, handlers or special methods could apply."""

from __future__ import annotations

import ast
import builtins

from pytest_codemode.edits.rules.calls import Around, Found, attribute_by, calling_annotations, judged
from pytest_codemode.edits.rules.classes import Classes
from pytest_codemode.edits.rules.constancy import always_equal
from pytest_codemode.edits.rules.folding import folded
from pytest_codemode.edits.rules.handlers import (
    catches_everything,
    drops_on_exit,
    leaves_in_finally,
    reraises,
    swallows,
)
from pytest_codemode.edits.rules.names import Names, locals_of, member
from pytest_codemode.edits.rules.relations import compares_nothing
from pytest_codemode.edits.rules.seen import Needed, Seen, Sighting
from pytest_codemode.edits.rules.surroundings import looks_around
from pytest_codemode.edits.rules.tables import (
    COMPARISONS,
    DESCRIPTOR_FILES,
    DOTTED,
    EXITS,
    HARMLESS,
    IDENTITY,
    INTERNALS,
    OPENS_DESCRIPTORS,
    PYTEST_NAMES,
    SENSITIVE,
    TEST_FILE,
    TEST_MODULE,
    TEST_TEXT,
)

_PREFIXES = {name: rule for rule, names in DOTTED.items() for name in names} | dict.fromkeys(EXITS, "exits")

_BY_DESCRIPTOR = "files by descriptor"
_FILES = dict.fromkeys((*DOTTED["searches-files"], *DOTTED["opens-files"]), "files")
_KEYS = dict.fromkeys(EXITS, "exit") | dict.fromkeys(DESCRIPTOR_FILES, _BY_DESCRIPTOR) | _FILES
"""Dotted name -> what it is known by, where several are known by one."""

_ASKING = frozenset({"getattr", "hasattr", "setattr", "delattr", "vars"})
_DEEP = ("__globals__", "__builtins__", "__subclasses__", "__code__")


def watch(tree: ast.AST, names: Names, local: frozenset[str] = frozenset()) -> Seen:
    """Return every sighting in a tree whose names are bound as in `names`, but for the `local` ones."""
    watcher = _Watcher(names, local, Around().within(tree) if local else Around())
    watcher.visit(tree)
    return Seen(tuple(watcher.sightings), tuple(watcher.needed))


class _Watcher(ast.NodeVisitor):
    """Collects the sightings of a module or of a part of it."""

    def __init__(self, names: Names, local: frozenset[str], around: Around) -> None:
        self.sightings: list[Sighting] = []
        self.needed: list[Needed] = []
        self._names = names
        self._local = local
        self._guards = 0
        self._program = False
        self._class: ast.ClassDef | None = None
        self._classes = Classes()
        self._around = around

    def _see(self, rule: str, key: str, node: ast.AST, sentence: str, *, counted: bool = False) -> None:
        content = ast.dump(node) if counted else ""
        self.sightings.append(Sighting(rule, key, getattr(node, "lineno", 0), sentence, counted, content))

    def _note(self, found: Found, node: ast.AST) -> None:
        self._see(found.rule, found.key, node, found.sentence, counted=found.counted)

    def _check(self, dotted: str, node: ast.AST) -> None:
        """Look a dotted name up, the longest known prefix first."""
        if dotted.startswith(HARMLESS):
            return
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            prefix = ".".join(parts[:length])
            rule = _PREFIXES.get(prefix)
            if rule == "exits" and self._program:
                return
            if rule:
                shown = dotted.removeprefix("builtins.")
                self._see(rule, _KEYS.get(prefix, prefix), node, f"new code uses `{shown}`")
                return
        if dotted in OPENS_DESCRIPTORS:
            self._known("touches-descriptors", _BY_DESCRIPTOR)

    def _known(self, rule: str, key: str) -> None:
        self.sightings.append(Sighting(rule, key, 0, "", quiet=True))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._imported(alias.name, node)
            self._check(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = "." * node.level + (node.module or "")
        if not node.level:
            self._imported(base, node)
        for alias in node.names:
            dotted = member(base, alias.name)
            self._check(dotted, node)
            if alias.name == "*" and base in SENSITIVE:
                self._hidden(base, node)
            if TEST_MODULE.fullmatch(dotted.lstrip(".")):
                self._see("imports-tests", "tests", node, f"new code imports `{alias.name}` from test files")

    def _imported(self, module: str, node: ast.stmt) -> None:
        self.needed.append(Needed(module.partition(".")[0], node.lineno, self._guards > 0))
        if TEST_MODULE.fullmatch(module):
            self._see("imports-tests", "tests", node, f"new code imports the test module `{module}`")

    def visit_Try(self, node: ast.Try) -> None:
        if leaves_in_finally(node):
            self._see("catches-everything", "finally", node, "new code returns in `finally`", counted=True)
        self._guarded(node)

    def visit_If(self, node: ast.If) -> None:
        outer, self._program = self._program, self._program or _is_main_guard(node)
        self._guarded(node)
        self._program = outer

    def _guarded(self, node: ast.AST) -> None:
        self._guards += 1
        self.generic_visit(node)
        self._guards -= 1

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in PYTEST_NAMES and isinstance(node.ctx, ast.Store):
            self._see("hooks-into-pytest", node.id, node, f"new code sets `{node.id}`, which pytest reads")
        dotted = self._names.dotted(node, self._local)
        self._check(dotted, node)
        if dotted in SENSITIVE and isinstance(node.ctx, ast.Load):
            self._hidden(dotted, node)
        if dotted == "builtins.getattr":
            self._note(attribute_by(node, "getattr", tracebacks=self._around.tracebacks), node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        dotted = self._names.dotted(node, self._local)
        self._check(dotted, node)
        if node.attr in INTERNALS and not dotted.startswith(("sys.", "os.", "inspect.", "threading.")):
            self._see("reaches-internals", node.attr, node, f"new code reaches for `{node.attr}`")
        self._surroundings(node)
        if node.attr == "__dict__":
            self._opaque(node.value, node, any_module=True)
        if isinstance(node.ctx, ast.Store | ast.Del):
            self._assigned(node)
        if node.attr == "__self__" and isinstance(node.value, ast.Name) and hasattr(builtins, node.value.id):
            self._see("reaches-internals", "__self__", node, f"new code reaches for `{ast.unparse(node)}`")
        if not isinstance(node.value, ast.Name):
            self.visit(node.value)

    def _assigned(self, node: ast.Attribute) -> None:
        if node.attr in IDENTITY:
            self._see("swaps-class", node.attr, node, f"new code assigns `{node.attr}`")
        self._patched(node.value, node.attr, node)

    def _patched(self, target: ast.expr, attribute: str, node: ast.AST) -> None:
        """Judge the change of an attribute of `target`."""
        dotted = self._names.dotted(target, self._local)
        if not dotted:
            return
        root = target
        while isinstance(root, ast.Attribute):
            root = root.value
        surely = isinstance(root, ast.Name) and root.id in self._names.modules
        foreign = surely or dotted.rpartition(".")[2][:1].isupper()
        rule = "patches-foreign-object" if foreign else "changes-imported-object"
        self._see(rule, dotted, node, f"new code changes `{attribute}` of the imported `{dotted}`")

    def visit_Call(self, node: ast.Call) -> None:
        name = self._resolve(node.func)
        first = node.args[0] if node.args else None
        if first is not None:
            self._reached(node, name, first)
        if name == "contextlib.suppress":
            self._suppressed(node)
        self._surroundings(node)
        for found in judged(node, self._resolve, self._around):
            self._note(found, node)
        if self._classes.made(node):
            self._disguised("type", node)
        plain = isinstance(node.func, ast.Name) and node.func.id in _ASKING and isinstance(first, ast.Name)
        function = [] if name == "builtins.getattr" else [node.func]
        text = folded(node)
        if text is not None:
            self._text(text, node)
        for part in (*function, *node.args[1 if plain else 0 :], *node.keywords):
            self.visit(part)

    def _reached(self, node: ast.Call, name: str, first: ast.expr) -> None:
        """Judge a call that asks for an attribute of `first`, or sets one."""
        second = folded(node.args[1]) if len(node.args) > 1 else None
        if name in ("builtins.setattr", "builtins.delattr"):
            if second in IDENTITY:
                self._see("swaps-class", str(second), node, f"new code sets `{second}`")
            self._patched(first, second or "an attribute", node)
            self._given(first, second or "", node)
            if second in COMPARISONS and len(node.args) > 2:
                self._comparison(str(second), node.args[2], node)
        elif name == "builtins.vars" or (name == "builtins.getattr" and second is None):
            self._opaque(first, node, any_module=True)
        elif name == "builtins.getattr":
            self._check(f"{self._resolve(first)}.{second}", node)

    def _surroundings(self, node: ast.AST) -> None:
        for found in looks_around(node, self._resolve):
            self._note(found, node.iter if isinstance(node, ast.comprehension) else node)

    def visit_For(self, node: ast.For) -> None:
        self._surroundings(node)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._surroundings(node)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        self._surroundings(node)
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg in COMPARISONS:
            self._comparison(node.arg, node.value, node)
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            name = folded(key) if key is not None else None
            if name in COMPARISONS and isinstance(value, ast.Lambda):
                self._comparison(str(name), value, node)
        self.generic_visit(node)

    def _resolve(self, node: ast.expr) -> str:
        return self._names.dotted(node, self._local)

    def _opaque(self, target: ast.expr, node: ast.AST, *, any_module: bool = False) -> None:
        """Judge access to attributes of a module that are not named in plain sight."""
        dotted = self._resolve(target)
        if dotted in SENSITIVE or (any_module and dotted in self._names.modules):
            self._hidden(dotted, node)

    def _hidden(self, module: str, node: ast.AST) -> None:
        sentence = f"new code uses `{module}` without naming what of it"
        self._see("reaches-internals", f"{module}.*", node, sentence)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Attribute) and target.attr in COMPARISONS:
                self._comparison(target.attr, node.value, node)
                self._given(target.value, target.attr, node)
        self.generic_visit(node)

    def _given(self, target: ast.expr, method: str, node: ast.AST) -> None:
        """Judge a special method that a class is given from outside."""
        if isinstance(target, ast.Name) and self._classes.given(target.id, method):
            self._disguised(target.id, node)

    def _suppressed(self, node: ast.Call) -> None:
        if any(self._names.dotted(item, self._local) == "builtins.BaseException" for item in node.args):
            self._see("catches-everything", "handler", node, "new code suppresses BaseException", counted=True)
        self._see("swallows-exception", "handler", node, f"new code drops `{ast.unparse(node)}`", counted=True)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        caught = ast.unparse(node.type) if node.type else ""
        if catches_everything(node) and not reraises(node):
            what = f"`except {caught}`" if caught else "a bare `except`"
            self._see("catches-everything", "handler", node, f"new code has {what} without `raise`", counted=True)
        elif swallows(node):
            self._see("swallows-exception", "handler", node, f"new code drops `{caught}`", counted=True)
        for statement in node.body:  # what it catches is no use of it: `except SystemExit` ends no process
            self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._annotated(node.annotation)
        self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> None:
        self._annotated(node.annotation)
        self.generic_visit(node)

    def _annotated(self, annotation: ast.expr | None) -> None:
        for found in calling_annotations(annotation):
            self._note(found, annotation or ast.Pass())

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._text(node.value, node)
        elif isinstance(node.value, bytes):
            self._text(node.value.decode("latin-1"), node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._composed(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._composed(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self._composed(node)

    def _composed(self, node: ast.expr) -> None:
        text = folded(node)
        if text is not None:
            self._text(text, node)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring may name anything
            self.generic_visit(node)

    def _text(self, text: str, node: ast.AST) -> None:
        if text in INTERNALS or any(name in text for name in _DEEP):
            self._see("reaches-internals", text, node, f"new code holds the name {text!r}")
        elif text in COMPARISONS:
            self._see("overrides-comparison", text, node, f"new code holds the name {text!r}", counted=True)
        elif TEST_FILE.fullmatch(text):
            self._see("imports-tests", "tests", node, f"new code names the test file {text!r}")
        elif TEST_TEXT.fullmatch(text):
            self._see("detects-test-run", "pytest", node, f"new code holds {text!r}")

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        outer, self._class = self._class, node
        self._known("disguised-value", node.name)
        if self._classes.disguises(node, self._resolve):
            self._disguised(node.name, node)
        for statement in node.body:
            if isinstance(statement, ast.Assign):
                self._special_assignment(statement)
        self.generic_visit(node)
        self._class = outer

    def _disguised(self, name: str, node: ast.AST) -> None:
        self._see("disguised-value", name, node, f"the new class `{name}` is a value that compares in its own way")

    def _special_assignment(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in COMPARISONS:
                self._comparison(target.id, node.value, node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name.startswith("pytest_"):
            self._see("hooks-into-pytest", "pytest", node, f"new code defines `{node.name}`, a hook of pytest")
        if node.name in COMPARISONS:
            self._comparison(node.name, node, node)
        if drops_on_exit(node):
            self._see("catches-everything", "exit", node, f"new `{node.name}` drops every exception", counted=True)
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._annotated(node.returns)
        if node.returns is not None:
            self.visit(node.returns)
        self._scoped(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._scoped(node)

    def _scoped(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        outer, guards, around = self._local, self._guards, self._around
        self._local, self._guards = outer | locals_of(node), 0
        self._around = around.within(node)
        self.visit(node.args)
        for part in node.body if isinstance(node.body, list) else [node.body]:
            self.visit(part)
        self._local, self._guards, self._around = outer, guards, around

    def _comparison(self, name: str, value: ast.AST, node: ast.AST) -> None:
        """Judge a special method, given as a function or as what its name is bound to."""
        sized = self._class is not None and (bool(self._class.bases) or _defines(self._class, "__len__"))
        if always_equal(name, value, sized=sized) or compares_nothing(name, value):
            self._see("always-equal", name, node, f"new `{name}` gives the same whatever it compares", counted=True)
        else:
            self._see("overrides-comparison", name, node, f"new code overrides `{name}`", counted=True)


def _defines(node: ast.ClassDef, name: str) -> bool:
    return any(isinstance(item, ast.FunctionDef) and item.name == name for item in node.body)


def _is_main_guard(node: ast.If) -> bool:
    """Return whether a statement is `if __name__ == "__main__":`, whose body no import runs."""
    test = node.test
    return isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__"
