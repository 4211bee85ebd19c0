"""What a worker says can be called, checked: names that are names, defaults that are literals, nothing too large.

Of it the trusted side makes calls. What does not fit is left out: an odd function is no reason to end a run.
"""

from __future__ import annotations

import ast
import keyword
import sys
from dataclasses import replace

from pytest_codemode.core.exploring import ANY, Described, Parameter, Shape

MAX_DOC = 20_000
"""Characters of a docstring."""
MAX_DEFAULT = 2_000
MAX_PARAMETERS = 100
MAX_FIXTURES = 100
MAX_DEPTH = 12
"""Of shapes within shapes."""
MAX_SHAPES = 2_000
"""Of one function."""
MAX_MEMBERS = 1_000


def fitting(told: tuple[Described, ...], path: str, module: str = "") -> tuple[Described, ...]:
    """Return the functions of a file that are what they can be.

    Args:
        told: as the worker described them.
        path: of the file that was asked about.
        module: its name, if that was asked for; else it has to fit the path.
    """
    checked = (_checked(one, path, module) for one in told)
    return tuple(one for one in checked if one is not None)


def fits(module: str, path: str) -> bool:
    """Return whether a file can have a module's name: one of the two ends as the other does."""
    own = path.removesuffix(".py").removesuffix("/__init__").split("/")
    own = [] if own == ["__init__"] else own
    parts = module.split(".")
    shared = min(len(own), len(parts))
    if not path.endswith(".py") or not is_dotted(module) or own[len(own) - shared :] != parts[len(parts) - shared :]:
        return False
    # Only what is imported from the root itself can be called as a module of Python's is.
    return parts[0] not in sys.stdlib_module_names or parts == own or (own[0] in ("src", "lib") and parts == own[1:])


def is_dotted(name: str) -> bool:
    """Return whether a text is names with dots between them."""
    return all(map(_is_name, name.split(".")))


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _checked(one: Described, path: str, module: str) -> Described | None:
    names_module = one.module == module if module and is_dotted(module) else fits(one.module, path)
    if one.path != path or not names_module or not is_dotted(one.qualname) or len(one.parameters) > MAX_PARAMETERS:
        return None
    shapes = _Shapes()
    parameters = shapes.parameters(one.parameters)
    if parameters is None:
        return None
    return replace(
        one,
        parameters=parameters,
        returns=shapes.checked(one.returns),
        owner=shapes.checked(one.owner) if one.owner is not None else None,
        doc=one.doc[:MAX_DOC],
        fixtures=tuple(name for name in one.fixtures[:MAX_FIXTURES] if _is_name(name)),
    )


class _Shapes:
    """The types of one function; so many may they be together."""

    def __init__(self) -> None:
        self._left = MAX_SHAPES

    def parameters(self, given: tuple[Parameter, ...], depth: int = 0) -> tuple[Parameter, ...] | None:
        """Return them, None if one of them has no name."""
        if len(given) > MAX_PARAMETERS or not all(_is_name(one.name) for one in given):
            return None
        return tuple(replace(one, shape=self.checked(one.shape, depth), default=_default(one.default)) for one in given)

    def checked(self, shape: Shape, depth: int = 0) -> Shape:
        """Return the type, anything in the place of what is none."""
        self._left -= 1
        if depth >= MAX_DEPTH or self._left < 0 or (shape.name and not _is_reference(shape.name)):
            return ANY
        parameters = self.parameters(shape.parameters, depth + 1)
        members = shape.members[:MAX_MEMBERS]
        fine = _is_literal if shape.kind == "literal" else _is_name
        if parameters is None or len(shape.items) > MAX_PARAMETERS:
            return ANY
        return replace(
            shape,
            items=tuple(self.checked(item, depth + 1) for item in shape.items),
            members=tuple(member for member in members if fine(member)),
            parameters=parameters,
        )


def _is_reference(name: str) -> bool:
    module, _, qualname = name.partition(":")
    return is_dotted(module) and is_dotted(qualname)


def _default(text: str | None) -> str | None:
    return text if text is None or text == "..." or _is_literal(text) else "..."


def _is_literal(text: str) -> bool:
    if len(text) > MAX_DEFAULT:
        return False
    try:
        tree = ast.parse(text, mode="eval").body
        ast.literal_eval(tree)
        size = len(text.encode())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return (tree.col_offset, tree.end_lineno, tree.end_col_offset) == (0, 1, size)  # no comment, no further line
