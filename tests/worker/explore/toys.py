"""A project whose calls are tried out, and short ways to ask for it."""

from dataclasses import replace
from typing import Any

from pytest_codemode.core.exploring import Explored, ExploreRequest, Import, Observation, Recipe
from tests.sandbox.toys import Sandboxed

MODULE = "shop.goods"
PATH = "src/shop/goods.py"


def recipe(call: str, *names: str, key: str = "", module: str = MODULE, **fields: Any) -> Recipe:
    """A call of the first of `names`, which are imported from `module`."""
    function = names[0] if names else call.partition("(")[0]
    imports = tuple(Import(module, name) for name in (names or (function,)))
    return Recipe(key or call, function, call, imports, **fields)


def explore(box: Sandboxed, *recipes: Recipe, path: str = PATH, full: bool = True, **fields: Any) -> Explored:
    """What comes of a request, everything told."""
    unlike = tuple(replace(one, key=f"{place} {one.key}") for place, one in enumerate(recipes))
    request = ExploreRequest(path, recipes=unlike, full=full, **fields)
    return box.portal.call(box.service.explore, [request])[0]


def observe(box: Sandboxed, call: str, *names: str, **fields: Any) -> Observation:
    """What comes of one call."""
    given = {name: fields.pop(name) for name in ("setup", "fixtures", "flavour", "module") if name in fields}
    explored = explore(box, recipe(call, *names, **given), **fields)
    assert explored.status == "finished", explored.reason
    return explored.observations[0]
