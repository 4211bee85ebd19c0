"""What a call that a model writes may be: it ends up in the user's suite and runs there, outside the sandbox.

Everything is judged by syntax before anything runs; then `edits.policy` looks at the call as at any new code.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import replace

from pytest_codemode.core.exploring import Import, Recipe
from pytest_codemode.edits.policy import PolicyContext, examine_files
from pytest_codemode.testgen.asking.handles import Handles
from pytest_codemode.testgen.asking.harm import Harm
from pytest_codemode.testgen.asking.importing import Importable
from pytest_codemode.testgen.asking.paths import Places, works_with_files
from pytest_codemode.testgen.asking.standard import BUILTINS, FIXTURES, HIDDEN
from pytest_codemode.testgen.inputs.generator import Target

OFFERED = tuple(FIXTURES)
"""pytest's own fixtures that a call may use."""
MAX_TEXT = 600
"""Characters of one expression."""
MAX_SETUP, MAX_IMPORTS, MAX_FIXTURES = 10, 12, 6
MAX_NODES = 400
"""Of the syntax trees of a call together."""
_FORBIDDEN = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
_DOUBTFUL = frozenset({"opens-files", "computed-attribute", "changes-imported-object", "seeds-random", "exits"})
"""Rules of the policy that only rank a patch; of a call in a test they are as bad as the others."""
_PLACE = "call_of_a_model.py"


class Rules:
    """What may be called to reach one function.

    Args:
        target: the function.
        importable: what may be imported.
        fixtures: the project's own that a test in its module sees.
    """

    def __init__(self, target: Target, importable: Importable, fixtures: Collection[str]) -> None:
        self._target = target
        self._importable = importable
        self._fixtures = frozenset(fixtures) | frozenset(OFFERED)
        self._own = target.described.qualname.rpartition(".")[2]
        self._files = works_with_files(target.described, target.source, importable.text)
        self._harm = Harm(importable)

    def examined(self, recipe: Recipe) -> Recipe | str:
        """Return the recipe as it can be tried, imports of what its module defines added; else what is wrong."""
        try:
            return self._examined(recipe)
        except (RecursionError, MemoryError):
            return "it is nested too deeply"

    def _examined(self, recipe: Recipe) -> Recipe | str:
        if problem := _too_much(recipe) or self._names(recipe):
            return problem
        setup: list[tuple[str, ast.expr]] = []
        for name, text in (*recipe.setup, ("", recipe.call)):
            tree = parsed(text)
            if isinstance(tree, str):
                return f"{_where(name)}: {tree}"
            setup.append((name, tree))
        if sum(1 for _, tree in setup for _ in ast.walk(tree)) > MAX_NODES:
            return f"it is too long: more than {MAX_NODES} parts"
        recipe = self._completed(_flattened(recipe, setup), setup)
        problems = (*self._imports(recipe), *self._expressions(recipe, setup))
        return next(iter(problems), "") or self._policy(recipe) or recipe

    def _names(self, recipe: Recipe) -> str:
        imported = {one.bound for one in recipe.imports}
        for name, _ in recipe.setup:
            if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__") or name in vars(builtins):
                return f"setup: {name[:60]!r} is no name for a value"
            if unicodedata.normalize("NFKC", name) != name:
                return f"setup: {name[:60]!r} is no name for a value"
            if name in recipe.fixtures:
                return f"setup: `{name}` is a fixture already"
            if name in imported:
                return f"setup: `{name}` is imported already"
        unknown = [name for name in recipe.fixtures if name not in self._fixtures]
        if unknown:
            return f"fixtures: there is no {unknown[0][:60]!r} here; there are {', '.join(sorted(self._fixtures))}"
        return ""

    def _completed(self, recipe: Recipe, setup: list[tuple[str, ast.expr]]) -> Recipe:
        """Add the imports of names that the function's module defines, and forget those that nothing uses."""
        described = self._target.described
        names = [name for _, tree in setup for name in free_names(tree)]
        known = {one.bound for one in recipe.imports} | {name for name, _ in setup} | set(recipe.fixtures)
        own = described.qualname.partition(".")[0]  # which may be called like a built-in
        missing = [
            name for name in dict.fromkeys(names) if name not in known and (name == own or name not in vars(builtins))
        ]
        added = tuple(
            Import(described.module, name) for name in missing if self._importable.is_own(described.module, name)
        )
        used = tuple(one for one in dict.fromkeys(recipe.imports) if one.bound in names)
        return replace(recipe, imports=(*used, *added))

    def _imports(self, recipe: Recipe) -> Iterator[str]:
        bound: dict[str, Import] = {}
        for one in recipe.imports:
            if problem := self._importable.problem(one):
                yield f"imports: {problem}"
            other = bound.setdefault(one.bound, one)
            if other != one and (other.name or one.name):
                yield f"imports: `{one.bound}` would be two things"

    def _expressions(self, recipe: Recipe, setup: list[tuple[str, ast.expr]]) -> Iterator[str]:
        known = {one.bound for one in recipe.imports} | set(recipe.fixtures)
        handles = Handles(
            self._target.described,
            self._importable,
            self._harm,
            recipe.imports,
            recipe.fixtures,
            files=self._files,
        )
        places = Places(recipe.fixtures, files=self._files)
        for name, tree in setup:
            where = _where(name)
            for problem in (
                *_grammar(tree, self._own),
                *self._undefined(tree, known),
                *handles.problems(tree),
                places.problem(tree, self._own),
                places.arguments(tree, self._target.described, self._target.source) if self._files else "",
            ):
                if problem:
                    yield f"{where}: {problem}"
            places.bind(name, tree)
            handles.bind(name, tree)
            known.add(name)

    def _undefined(self, tree: ast.expr, known: Collection[str]) -> Iterator[str]:
        for name in free_names(tree):
            if name in known or name in BUILTINS:
                continue
            closed = name in vars(builtins)
            yield f"`{name}` may not be used here" if closed else f"nothing defines `{name}`: import it, or set it up"

    def _policy(self, recipe: Recipe) -> str:
        source = as_module(recipe)
        context = PolicyContext("", lambda path: True, installed=lambda module: module != _PLACE.removesuffix(".py"))
        for finding in examine_files({}, {_PLACE: source.encode("utf-8", "replace")}, context):
            if finding.severity == "refused" or finding.rule in _DOUBTFUL:
                return f"{finding.sentence.replace('new code', 'it')} ({finding.rule})"
        return ""


def parsed(text: str) -> ast.expr | str:
    """Return an expression's tree, or why it is none."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as problem:
        return f"it is no Python expression ({problem.msg})"
    except (ValueError, RecursionError, MemoryError):
        return "it is no Python expression"


def free_names(tree: ast.expr) -> tuple[str, ...]:
    """Return the names that an expression reads and does not bind itself, in the order of the tree."""
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    read = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return tuple(name for name in dict.fromkeys(read) if name not in bound)


def as_module(recipe: Recipe) -> str:
    """Return the text of a module that does what a recipe does, to be judged and never run."""
    lines = [f"from {one.module} import {one.name}" if one.name else f"import {one.module}" for one in recipe.imports]
    body = [f"    {name} = ({text})" for name, text in recipe.setup]
    return "\n".join((*lines, f"def made({', '.join(recipe.fixtures)}):", *body, f"    return ({recipe.call})", ""))


def _flattened(recipe: Recipe, setup: list[tuple[str, ast.expr]]) -> Recipe:
    """Put what stands on several lines, or has a comment behind it, on one."""
    texts = [
        ast.unparse(tree) if "\n" in text or "#" in text else text
        for (_, tree), text in zip(setup, (*(text for _, text in recipe.setup), recipe.call), strict=True)
    ]
    names = [name for name, _ in recipe.setup]
    return replace(recipe, setup=tuple(zip(names, texts, strict=False)), call=texts[-1])


def _too_much(recipe: Recipe) -> str:
    texts = (recipe.call, *(text for _, text in recipe.setup))
    if any(len(text) > MAX_TEXT for text in texts):
        return f"an expression has more than {MAX_TEXT} characters; a test that people read is shorter"
    for what, given, most in (
        ("setup", recipe.setup, MAX_SETUP),
        ("imports", recipe.imports, MAX_IMPORTS),
        ("fixtures", recipe.fixtures, MAX_FIXTURES),
    ):
        if len(given) > most:
            return f"{what}: {len(given)} entries; at most {most}"
    return ""


def _grammar(tree: ast.expr, own: str) -> Iterator[str]:
    """Yield what no call may hold, whatever it is about."""
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and "{" in text and "__" in text:
            yield f"{text[:60]!r} may not be used here: as a format it reads private state"
        if isinstance(node, _FORBIDDEN):
            yield f"`{ast.unparse(node)[:60]}` may not stand in a call: it is made, and awaited where that is due"
        if not isinstance(node, ast.Attribute):
            continue
        hidden = node.attr.startswith("__") and node.attr != own
        if hidden or (node.attr in HIDDEN and node.attr != own):
            yield f"`.{node.attr[:60]}` may not be used here"


def _where(name: str) -> str:
    return f"setup of `{name}`" if name else "call"
