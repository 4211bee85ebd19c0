"""What is asked about the parts of a written test: names that it binds, and texts by which it could reach further."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Sequence

from pytest_codemode.testgen.asking.standard import HIDDEN
from pytest_codemode.testgen.writing.permitted import MODULES_BEHIND

INVISIBLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What moves a reader's cursor, or shows a line in another order than it runs."""


def bound_by(body: Sequence[ast.stmt]) -> frozenset[str]:
    """Return the names that statements bind in their own function."""
    found: set[str] = set()
    for node in body:
        match node:
            case ast.Assign(targets=targets):
                found |= {item.id for item in targets if isinstance(item, ast.Name)}
            case ast.With(items=items, body=inner) | ast.AsyncWith(items=items, body=inner):
                found |= {item.optional_vars.id for item in items if isinstance(item.optional_vars, ast.Name)}
                found |= bound_by(inner)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
    return frozenset(found)


def is_bare(node: ast.AsyncFunctionDef) -> bool:
    """Return whether a nested coroutine takes nothing and has no decorators."""
    arguments = node.args
    given = (arguments.args, arguments.posonlyargs, arguments.kwonlyargs, node.decorator_list)
    return not any(given) and not (arguments.vararg or arguments.kwarg or node.returns)


def texts_of(node: ast.expr) -> tuple[str, ...]:
    """Return the texts of a literal, or of a tuple or list of them; none if there is anything else."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    found = tuple(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
    return found if len(found) == len(parts) else ()


def reaches(text: str) -> bool:
    """Return whether a text names what a test may not reach by a name."""
    return "__" in text or any(part in HIDDEN or part in MODULES_BEHIND for part in text.split("."))


def is_harmless(node: ast.expr) -> bool:
    """Return whether a literal names no attribute that is closed."""
    return isinstance(node, ast.Constant) and not (isinstance(node.value, str) and reaches(node.value))


def is_name(name: str) -> bool:
    """Return whether a text can be a name of the test's own."""
    return name.isidentifier() and not keyword.iskeyword(name) and not is_dunder(name)


def is_dunder(name: str) -> bool:
    """Return whether a name is one of those that Python keeps for itself."""
    return name.startswith("__") and name.endswith("__")
