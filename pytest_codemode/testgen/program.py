"""A call as a program that somebody can paste."""

from __future__ import annotations

from pytest_codemode.core.exploring import Import, Recipe

_ASYNC = ("coroutine",)


def import_line(one: Import) -> str:
    """Return the import as a statement."""
    return f"from {one.module} import {one.name}" if one.name else f"import {one.module}"


def as_program(recipe: Recipe) -> str:
    """Return the call with what it needs before it; of fixtures their names alone."""
    lines = [import_line(one) for one in dict.fromkeys(recipe.imports)]
    if recipe.fixtures:
        lines.append(f"# with the fixtures {', '.join(recipe.fixtures)}")
    lines += [value if name == "_" else f"{name} = {value}" for name, value in recipe.setup]
    wrapped = {
        "coroutine": "asyncio.run({})",
        "generator": "list({})",
        "context manager": "with {} as entered: pass",
    }.get(recipe.flavour, "{}")
    if recipe.flavour in _ASYNC:
        lines.insert(0, "import asyncio")
    return "\n".join([*lines, wrapped.format(recipe.call)])
