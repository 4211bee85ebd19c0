"""How much a module or a part of it does: what the rules about deleted and weakened code compare."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_codemode.edits.rules.cases import Case, answer, cases_of, constants_of, leaves, literal, table_of
from pytest_codemode.edits.rules.constancy import is_constant, truth

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(slots=True)
class Function:
    """One function, without the functions in it."""

    line: int
    constants: int = 0
    """`return` statements of a literal (or of nothing)."""
    computed: int = 0
    """`return` and `yield` of anything else."""
    idle: bool = False
    """Whether its body is only `pass`, `...`, `raise` or the return of a literal."""
    literals: dict[str, int] = field(default_factory=dict)
    """`repr` of each literal that it returns, in any branch -> its line."""
    others: int = 0
    """Branches that return anything else, and `yield`s."""
    always: frozenset[str] = frozenset()
    """Those of `literals` that it returns on no condition but that of the expression itself."""


@dataclass(slots=True)
class Shape:
    """Counts over a tree, docstrings left out."""

    statements: int = 0
    raises: int = 0
    """`raise` and `assert` statements."""
    void_checks: int = 0
    """`if` statements that raise, on a condition that has only one value."""
    functions: dict[str, Function] = field(default_factory=dict)
    definitions: set[str] = field(default_factory=set)
    constants: dict[str, int] = field(default_factory=dict)
    """`repr` of each constant -> line of its first place."""
    cases: list[Case] = field(default_factory=list)
    tables: list[tuple[Case, ...]] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    """Names that the module binds to literals -> their `repr`s."""


def shape_of(tree: ast.AST, owner: str = "", *, in_function: bool = False) -> Shape:
    """Return the shape of a tree; qualnames start with `owner`, which is a function if it stands in one."""
    shape = Shape(known=constants_of(tree.body) if isinstance(tree, ast.Module) else {})
    around = Function(1) if in_function else None
    if around is not None:
        shape.functions[owner] = around
    _walk(tree, owner, around, shape)
    return shape


def _walk(node: ast.AST, owner: str, function: Function | None, shape: Shape) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            if _is_text(child):
                continue
            _count(child, function, shape)
        elif isinstance(child, ast.Constant):
            shape.constants.setdefault(repr(child.value), child.lineno)
        elif isinstance(child, ast.Yield | ast.YieldFrom) and function is not None:
            function.computed += 1
            function.others += 1
        if isinstance(child, _DEFINITIONS):
            qualname = f"{owner}.{child.name}" if owner else child.name
            shape.definitions.add(qualname)
            inner = None
            if not isinstance(child, ast.ClassDef):
                inner = Function(child.lineno, idle=_idle(child.body), always=_always(child.body))
                shape.functions[qualname] = inner
                nodes = list(ast.walk(child))  # once: every candidate of a search comes this way
                inner.literals.update(_chosen(nodes, child.body, shape.known))
                if function is None:
                    shape.cases.extend(cases_of(nodes, child.body, shape.known))
            _walk(child, qualname, inner, shape)
        else:
            _walk(child, owner, function, shape)


def _count(node: ast.stmt, function: Function | None, shape: Shape) -> None:
    shape.statements += not isinstance(node, ast.Pass)
    if table := table_of(node):
        shape.tables.append(table)
    shape.raises += isinstance(node, ast.Raise | ast.Assert)
    if isinstance(node, ast.If | ast.Assert) and truth(node.test) is not None:
        raising = isinstance(node, ast.Assert) or any(isinstance(item, ast.Raise) for item in node.body)
        shape.void_checks += raising
    if isinstance(node, ast.Return) and function is not None:
        for leaf in leaves(node.value):
            text = answer(leaf, shape.known) if leaf is not None else "None"
            if text is None:
                function.others += 1
            else:
                function.literals.setdefault(text, node.lineno)
        if is_constant(node.value):
            function.constants += 1
        else:
            function.computed += 1


def _always(body: list[ast.stmt]) -> frozenset[str]:
    """Return the literals of the first `return` that stands in the body itself, if it returns nothing else."""
    first = next((node for node in body if isinstance(node, ast.Return)), None)
    found = [literal(leaf) for leaf in leaves(first.value)] if first is not None else []
    return frozenset(text for text in found if text) if all(text is not None for text in found) else frozenset()


def _chosen(nodes: Sequence[ast.AST], body: Sequence[ast.stmt], known: dict[str, str]) -> dict[str, int]:
    """Return the literals that a branch of a function binds to a name that is returned -> their lines."""
    returned = {node.value.id for node in nodes if isinstance(node, ast.Return) and isinstance(node.value, ast.Name)}
    if not returned:
        return {}
    always = {id(node) for node in body}
    found: dict[str, int] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in returned and id(node) not in always:
                text = answer(value, known)
                if text is not None:
                    found.setdefault(text, node.lineno)
    return found


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _idle(body: list[ast.stmt]) -> bool:
    real = [node for node in body if not _is_text(node)]
    return all(
        isinstance(node, ast.Pass | ast.Raise) or (isinstance(node, ast.Return) and is_constant(node.value))
        for node in real
    )
